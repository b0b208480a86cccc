//! A client asks for a package that is not here: if it is on demand (PDP-3), that is written down, and a
//! pull distribution point fetches it at once. A standard one waits until its site server sends it.

use std::time::Duration;

use axum::response::Response;

use super::{
    DistributionPoint, DistributionPointError,
    job::JobRecord,
    point::{Configured, WeakPoint},
    serving::{self, failed},
};
use crate::{
    clock,
    content::{Library, blocking},
    error_text::with_causes,
    model::{OnDemandPackage, PackageId, PullJob, PullJobState},
};

/// When a client shall ask again where the site server has to send the package: a controller looks about
/// as often what was asked for.
const SENT: u64 = 30;

/// The same where it is being pulled and nobody can say yet when it will be there, and the longest.
const PULLED: u64 = 5;
const LONGEST: u64 = 60;

/// How long a transfer that stopped by an error of this computer is left alone, whoever asks: a full disk
/// is not filled the faster the more clients there are.
pub(super) const LEFT_ALONE: Duration = Duration::from_mins(1);

impl WeakPoint {
    /// The answer to a client that asks for a package which is not here, if it will come for that; `None`
    /// if it may not be fetched.
    pub(super) async fn asked_for(&self, package: &PackageId) -> Option<Response> {
        self.upgrade()?.asked_for(package).await
    }

    /// The answer to a distribution point that asks for the list of a package whose own list is still on
    /// its way here, if what comes is shared: it will be there within moments.
    pub(super) async fn list_comes(&self, package: &PackageId) -> Option<Response> {
        let point = self.upgrade()?;
        let configured = point.configured().read().await;
        let configured = configured.as_ref()?;
        let job = configured.jobs.report_of(package)?;
        let comes = matches!(job.state, PullJobState::Downloading(_));
        (comes && configured.library.shares_downloads())
            .then(|| later(&format!("package {package} is on its way here"), 1, true))
    }

    /// Whether files of packages that are not here may be on their way because a client has asked.
    pub(super) fn fetches_on_demand(&self) -> bool {
        self.upgrade().is_some_and(|point| !point.on_demand().is_empty())
    }
}

impl DistributionPoint {
    async fn asked_for(&self, package: &PackageId) -> Option<Response> {
        let offered = self.on_demand().get(package)?;
        let configured = self.configured().read().await;
        let configured = configured.as_ref()?;
        if configured.library.list(package).is_some() {
            return held(configured.library.clone(), package).await;
        }
        let offered = if offered.requested.is_some() {
            offered
        } else {
            tracing::info!(%package, "a client asks for a package that is on demand");
            let (point, package) = (self.clone(), package.clone());
            let asked = blocking(move || point.on_demand().request(&package, clock::now())).await;
            match asked {
                Ok(offered) => offered?,
                Err(error) => return Some(failed(&error)),
            }
        };
        if configured.saved.settings.pulls() {
            self.pull_asked(configured, package, &offered).await;
            Some(pulled(package, configured.jobs.report_of(package).as_ref()))
        } else {
            Some(later(
                &format!("package {package} is being asked of the site server"),
                SENT,
                false,
            ))
        }
    }

    /// Begins to pull what was asked for, unless it is being pulled already. It stays asked for if that
    /// fails: whoever asks next begins it, or the site.
    async fn pull_asked(
        &self,
        configured: &Configured,
        package: &PackageId,
        offered: &OnDemandPackage,
    ) {
        let record = JobRecord {
            package: package.clone(),
            version: offered.content.version,
            digest: offered.content.digest,
            sources: std::collections::BTreeSet::new(),
        };
        let still = || self.on_demand().get(package).is_some();
        match configured.jobs.begin(record, still).await {
            Ok(()) | Err(DistributionPointError::AtCapacity(_)) => {}
            Err(error) => {
                let error = with_causes(&error);
                tracing::error!(%package, error, "what a client asks for cannot be pulled");
            }
        }
    }

    /// Begins to pull what was asked for before a restart, and of which no transfer was written down yet.
    pub(super) async fn pull_all_asked(&self, configured: &Configured) {
        if !configured.saved.settings.pulls() {
            return;
        }
        for (package, offered) in self.on_demand().requested() {
            if configured.library.list(&package).is_none() {
                self.pull_asked(configured, &package, &offered).await;
            }
        }
    }
}

/// The answer where the package is held: if it has come since the client was looked after, it asks again.
/// Another version, or a damaged one, is the site's affair, as of any other package.
async fn held(library: Library, package: &PackageId) -> Option<Response> {
    let wanted = package.clone();
    let whole = blocking(move || Ok(library.whole(&wanted).is_some())).await;
    matches!(whole, Ok(true)).then(|| later(&format!("package {package} has come"), 1, false))
}

fn pulled(package: &PackageId, job: Option<&PullJob>) -> Response {
    let Some(job) = job else {
        // It is there by now, or there are as many transfers as it takes.
        return later(&format!("package {package} has been asked for"), PULLED, false);
    };
    let after = job.seconds_left().unwrap_or(PULLED).clamp(1, LONGEST);
    // Whoever pulls from here waits longer for a file that comes than for one that may never.
    let comes = matches!(job.state, PullJobState::Downloading(_));
    later(&format!("package {package} is being fetched"), after, comes)
}

fn later(what: &str, after: u64, comes: bool) -> Response {
    serving::later(format!("{what}: ask again in {after} seconds\n"), after, comes)
}
