//! Content: taken in by the site server, sent to standard distribution points, and pulled by the
//! others under Package Transfer Manager.

use futures::{StreamExt, stream};

use crate::{
    error_text::with_causes,
    model::{Name, Package, PackageOrigin, PackageState, StatusMessageId, Unsupported},
    plan::Action,
    wire::agent::{AgentCommand, AgentOutcome},
};

use super::{
    Apply,
    actions::{ActionError, Carried},
};

/// How many distribution points of one action are served at the same time.
const AT_ONCE: usize = 8;

impl Apply {
    pub(super) async fn distribute(&self, action: &Action) -> Carried {
        let name = &action.resource.name;
        let missing = || ActionError::NotPlanned(format!("package `{name}`"));
        let package = self.hierarchy.packages.get(name).ok_or_else(missing)?;
        if action.targets.is_empty() {
            return self.take_source(action, package).await;
        }
        let held = self.held(package).await?;
        let sending = stream::iter(action.targets.clone()).map(|target| {
            let held = &held;
            async move {
                let brought = self.bring(action, package, held, &target).await;
                (target, brought)
            }
        });
        let results: Vec<_> = sending.buffer_unordered(AT_ONCE).collect().await;
        let mut failures = Vec::new();
        let mut waits = None;
        for (target, result) in results {
            match result {
                Ok(()) => {}
                Err(ActionError::Waiting { until, why }) => {
                    waits = Some((until, format!("`{target}`: {why}")));
                }
                Err(error) => failures.push(format!("`{target}`: {}", with_causes(&error))),
            }
        }
        if !failures.is_empty() {
            failures.sort();
            return Err(ActionError::Failed(failures.join("; ")));
        }
        if let Some((until, why)) = waits {
            return Err(ActionError::Waiting { until, why });
        }
        Ok(size(&held))
    }

    /// Takes the package's source into the content library of its site server.
    async fn take_source(&self, action: &Action, package: &Package) -> Carried {
        let Some(path) = package.source.path.clone() else {
            return Err(Unsupported::PackageSource.into());
        };
        let name = &action.resource.name;
        let server = &self.site(&package.site)?.site_server;
        let agent = self.agents.get(server)?;
        let command = AgentCommand::TakePackageSource {
            package: package.id.clone(),
            version: package.version,
            origin: PackageOrigin {
                name: name.clone(),
                path,
                display_name: package.display_name.clone(),
                priority: package.priority,
            },
            content: package.content,
        };
        let text = format!("package {} is being processed", package.id);
        self.message(action, &package.site, StatusMessageId::PackageProcessing, name, text).await;
        let AgentOutcome::Package(state) = self.ask(action, &agent, &command).await? else {
            return Ok(String::new());
        };
        let text = format!("package {} has been processed", package.id);
        self.message(action, &package.site, StatusMessageId::PackageProcessed, name, text).await;
        Ok(size(&state))
    }

    /// The package as its site server holds it.
    async fn held(&self, package: &Package) -> Result<PackageState, ActionError> {
        let server = &self.site(&package.site)?.site_server;
        let state = self.agents.get(server)?.state().await?;
        state
            .and_then(|state| state.site_server)
            .and_then(|mut server| server.packages.remove(&package.id))
            .filter(|held| held.version == package.version && held.available())
            .ok_or_else(|| {
                let what = format!(
                    "site server `{server}` does not hold version {} of package {}: plan again",
                    package.version, package.id
                );
                ActionError::Failed(what)
            })
    }

    async fn bring(
        &self,
        action: &Action,
        package: &Package,
        held: &PackageState,
        target: &Name,
    ) -> Result<(), ActionError> {
        let point = self.distribution_point(target)?;
        if point.settings.pulls() {
            return self.pull(action, package, held, target, point).await;
        }
        let to = self.agents.get(&point.site_system)?.url().to_owned();
        let server = self.agents.get(&self.site(&package.site)?.site_server)?;
        let pacing = point.settings.pacing(package.priority).map(Box::new);
        // Each site server keeps its own budget: where there is a limit, one of them sends at a time.
        let limited = pacing.as_ref().is_some_and(|pacing| pacing.rate_limit.is_some());
        let line = self.machines.line(target);
        let _alone = if limited { Some(line.lock().await) } else { None };
        let (package_id, version) = (package.id.clone(), package.version);
        let command = AgentCommand::SendPackage { package: package_id, version, to, pacing };
        if let AgentOutcome::Waits { until, why } = self.ask(action, &server, &command).await? {
            return Err(ActionError::Waiting { until, why });
        }
        let site = &point.settings.site;
        for (id, text) in [
            (StatusMessageId::ContentSent, format!("package {} was sent", package.id)),
            (
                StatusMessageId::ContentOnDistributionPoint,
                format!("package {} is on the distribution point", package.id),
            ),
        ] {
            self.message(action, site, id, target, text).await;
        }
        Ok(())
    }
}

fn size(package: &PackageState) -> String {
    let files = if package.files == 1 { "file" } else { "files" };
    format!("{} {files}, {} bytes", package.files, package.bytes)
}
