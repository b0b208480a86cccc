//! The repair of what a validation has found: from the sources of a pull distribution point, from the
//! site server for a standard one, and for the site server from where it took the package. What is
//! there is left alone; nothing else than what was there is fetched.

use std::collections::BTreeSet;

use anyhow::{Context, anyhow, bail};
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::mpsc::unbounded_channel;

use super::{
    super::{Failure, operation, working::Working},
    Asked, packages,
};
use crate::{
    model::{
        DistributionPointState, PackageId, PackageOrigin, PackageState, SiteServerState,
        SiteSystemState,
    },
    view::Repair,
    wire::agent::{AgentCommand, AgentEvent, AgentOutcome, ContentLibrary},
};

/// A library that is to be repaired, among all that can be asked.
pub(super) struct Repairing<'a> {
    pub(super) at: &'a Asked,
    pub(super) library: ContentLibrary,
    pub(super) asked: &'a [Asked],
}

impl Repairing<'_> {
    /// Repairs the packages that lack something now: these, or with none whichever.
    pub(super) async fn repair(&self, only: &BTreeSet<PackageId>) -> Result<Vec<Repair>, Failure> {
        let state = state(self.at).await.map_err(operation)?;
        let wanted = |id: &PackageId| only.is_empty() || only.contains(id);
        let mut repairs = Vec::new();
        for (id, held) in packages(&state, self.library).into_iter().flatten() {
            if held.available() || !wanted(id) {
                continue;
            }
            let repaired = match (self.library, &state.distribution_point) {
                (ContentLibrary::DistributionPoint, Some(point)) => {
                    self.point(point, id, held).await
                }
                _ => take_again(self.at, id, held).await,
            };
            repairs.push(match repaired {
                Ok(detail) => Repair { package: id.clone(), repaired: true, detail },
                Err(why) => {
                    Repair { package: id.clone(), repaired: false, detail: format!("{why:#}") }
                }
            });
        }
        Ok(repairs)
    }

    async fn point(
        &self,
        point: &DistributionPointState,
        id: &PackageId,
        held: &PackageState,
    ) -> anyhow::Result<String> {
        if point.settings.prestaged {
            bail!(
                "`{}` waits for prestaged content: carry it there with `headwater content export` \
                 and `content extract`",
                point.name
            );
        }
        if point.settings.pulls() {
            return self.pull(id, held).await;
        }
        self.send(point, id, held).await
    }

    /// Notifies a pull point, and follows its transfer until it is done or waits for a source.
    async fn pull(&self, id: &PackageId, held: &PackageState) -> anyhow::Result<String> {
        let (package, version, digest) = (id.clone(), held.version, held.digest);
        let command = AgentCommand::PullPackage { package, version, digest };
        if let AgentOutcome::AtCapacity { active } = self.at.agent.command(&command, |_| {}).await?
        {
            bail!("the point has {active} transfers and takes no more now: repeat it later");
        }
        let command = AgentCommand::FollowPull { package: id.clone() };
        let (sender, mut waits) = unbounded_channel();
        let mut working = Working::on(format!("repairing {id}"));
        let following = self.at.agent.command(&command, |event| {
            if let AgentEvent::Waiting { until, why } = event {
                // The other end is here.
                let _ = sender.send(format!("{why}; it tries again at {until}"));
            }
            working.show(event);
        });
        let outcome = tokio::select! {
            outcome = following => outcome?,
            Some(why) = waits.recv() => bail!(why),
        };
        let AgentOutcome::Package(state) = outcome else { bail!("it is not there yet") };
        Ok(format!("pulled from {}", state.sources.join(", ")))
    }

    /// Has the site server send what a standard point lacks.
    async fn send(
        &self,
        point: &DistributionPointState,
        id: &PackageId,
        held: &PackageState,
    ) -> anyhow::Result<String> {
        let of_site = |it: &&Asked| {
            let server = it.state.site_server.as_ref();
            server.is_some_and(|it| it.packages.contains_key(id))
        };
        let none = || anyhow!("no site server that can be asked has package {id}");
        let server = self.asked.iter().find(of_site).ok_or_else(none)?;
        let mut theirs = held_by(server, id).await?;
        if !theirs.available() {
            take_again(server, id, &theirs).await.with_context(|| {
                format!("the package is damaged at site server `{}` too", server.name)
            })?;
            theirs = held_by(server, id).await?;
        }
        if theirs.digest != held.digest {
            bail!(
                "site server `{}` has other content of it by now: `headwater apply` distributes that",
                server.name
            );
        }
        let origins = server.state.site_server.as_ref().map(|it| &it.package_origins);
        let priority = origins.and_then(|it| it.get(id)).map(|it| it.priority).unwrap_or_default();
        let command = AgentCommand::SendPackage {
            package: id.clone(),
            version: held.version,
            to: self.at.agent.url().to_owned(),
            pacing: point.settings.pacing(priority).map(Box::new),
        };
        let mut working = Working::on(format!("repairing {id}"));
        match server.agent.command(&command, |event| working.show(event)).await? {
            AgentOutcome::Waits { until, why } => {
                bail!("{why}; it opens at {until}: repeat it then, or let `headwater up` do it")
            }
            _ => Ok(format!("sent by site server `{}`", server.name)),
        }
    }
}

/// Takes a package of a site server in again, from where it was taken: the same content, or nothing.
fn take_again<'a>(
    server: &'a Asked,
    id: &'a PackageId,
    held: &'a PackageState,
) -> BoxFuture<'a, anyhow::Result<String>> {
    async move {
        let origin: &PackageOrigin = server
            .state
            .site_server
            .as_ref()
            .and_then(|it: &SiteServerState| it.package_origins.get(id))
            .ok_or_else(|| {
                anyhow!("nothing is known of where it was taken from: `headwater apply` does")
            })?;
        if origin.source.path().is_none() {
            bail!(
                "it is made of {}, which may be another one by now: `headwater apply` takes it in",
                origin.source.words()
            );
        }
        let command = AgentCommand::TakePackageSource {
            package: id.clone(),
            version: held.version,
            origin: origin.clone(),
            content: Some(held.digest),
            from: None,
        };
        let mut working = Working::on(format!("repairing {id}"));
        server.agent.command(&command, |event| working.show(event)).await?;
        Ok(format!("taken from {}", origin.source.words()))
    }
    .boxed()
}

async fn held_by(server: &Asked, id: &PackageId) -> anyhow::Result<PackageState> {
    let state = state(server).await?;
    let held = state.site_server.and_then(|mut it| it.packages.remove(id));
    held.ok_or_else(|| anyhow!("site server `{}` does not hold package {id} any more", server.name))
}

/// What a site system reports now.
async fn state(of: &Asked) -> anyhow::Result<SiteSystemState> {
    let gone = || anyhow!("site system `{}` is not configured any more", of.name);
    of.agent.state().await?.ok_or_else(gone)
}
