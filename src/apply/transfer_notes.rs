//! Notes in the journal of how far transfer jobs are: people see there what one waits for (PDP-1,
//! PDP-5).

use jiff::Timestamp;

use crate::{
    blocking::blocking,
    clock,
    error_text::with_causes,
    model::{
        Digest, Name, Package, PackageId, PackageState, SiteCode, TransferNote, TransferPhase,
    },
};

use super::{Apply, ApplyError, actions::ActionError, machines::TransferKey};

/// What is noted of one transfer job, and what was noted last.
pub(super) struct Noting {
    package: PackageId,
    version: u32,
    digest: Digest,
    point: Name,
    site: SiteCode,
    last: Option<(TransferPhase, u32, Option<Timestamp>, String)>,
}

impl Noting {
    pub(super) fn of(
        package: &Package,
        held: &PackageState,
        point: &Name,
        site: &SiteCode,
    ) -> Self {
        Self {
            package: package.id.clone(),
            version: package.version,
            digest: held.digest,
            point: point.clone(),
            site: site.clone(),
            last: None,
        }
    }
}

impl Apply {
    /// Notes how far a job is, if there is news of it; `why` says what it waits for.
    pub(super) async fn note(&self, noting: &mut Noting, key: &TransferKey, why: &str) {
        let Some((phase, tries)) = self.machines.transfer_standing(key) else { return };
        let due = self.machines.transfer_due(key);
        let now = (phase, tries, due, why.to_owned());
        if noting.last.as_ref() == Some(&now) || (noting.last.is_none() && why.is_empty()) {
            return;
        }
        noting.last = Some(now);
        let note = TransferNote {
            package: noting.package.clone(),
            version: noting.version,
            digest: noting.digest,
            point: noting.point.clone(),
            site: noting.site.clone(),
            phase,
            tries,
            since: clock::now(),
            due,
            why: why.to_owned(),
        };
        let journal = self.journal.clone();
        told(blocking(move || Ok(journal.note_transfer(&note)?)).await);
    }

    /// Notes that a package was not sent to a standard distribution point, and until when it waits. The
    /// note goes once the package is seen there.
    pub(super) async fn note_unsent(
        &self,
        package: &Package,
        held: &PackageState,
        (point, site): (&Name, &SiteCode),
        error: &ActionError,
    ) {
        let due = match error {
            ActionError::Waiting { until, .. } => Some(*until),
            _ => None,
        };
        let note = TransferNote {
            package: package.id.clone(),
            version: package.version,
            digest: held.digest,
            point: point.clone(),
            site: site.clone(),
            phase: TransferPhase::Sending,
            tries: 0,
            since: clock::now(),
            due,
            why: with_causes(error),
        };
        let journal = self.journal.clone();
        told(blocking(move || Ok(journal.note_transfer(&note)?)).await);
    }

    /// Forgets a job that has finished.
    pub(super) async fn forget_note(&self, package: &Package, point: &Name) {
        let (journal, package, point) = (self.journal.clone(), package.id.clone(), point.clone());
        told(blocking(move || Ok(journal.forget_transfer(&package, &point)?)).await);
    }
}

/// A job goes on without its note: only what is shown of it is missing.
fn told(noted: Result<(), ApplyError>) {
    if let Err(error) = noted {
        tracing::error!(error = %with_causes(&error), "failed to note a transfer job");
    }
}
