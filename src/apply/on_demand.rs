//! Which packages distribution points may fetch when a client first asks for them (PDP-3).

use futures::{StreamExt, stream};

use crate::{
    error_text::with_causes,
    model::{ContentFacts, Name, PackageState},
    plan::Action,
    wire::agent::AgentCommand,
};

use super::{
    Apply,
    actions::{ActionError, Carried},
};

/// How many distribution points are told at a time.
const AT_A_TIME: usize = 16;

impl Apply {
    /// Tells distribution points that they may fetch a package, or that they may not any more: as the
    /// manifests distribute it to them.
    pub(super) async fn on_demand(&self, action: &Action) -> Carried {
        let id = self.package_id(action)?;
        let declared = self.hierarchy.packages.get(&action.resource.name);
        let wanted = declared.filter(|package| {
            action.targets.iter().all(|target| package.distribute_to.contains(target))
        });
        let (command, done) = if let Some(package) = wanted {
            let PackageState { version, digest, files, bytes, .. } = self.held(package).await?;
            let content = ContentFacts { version, digest, files, bytes };
            let done = format!("{id} comes when a client first asks for it");
            (AgentCommand::OfferPackage { package: id, content }, done)
        } else {
            let done = format!("no client may ask for {id} there any more");
            (AgentCommand::WithdrawPackage { package: id }, done)
        };
        let tell = |target: &Name| {
            let (command, target) = (&command, target.clone());
            async move {
                let told = async {
                    let system = &self.distribution_point(&target)?.site_system;
                    self.tell(action, system, command).await
                };
                told.await.err().map(|error| format!("`{target}`: {}", with_causes(&error)))
            }
        };
        let told = stream::iter(&action.targets).map(tell).buffer_unordered(AT_A_TIME);
        let mut failures: Vec<String> = told.filter_map(async |failed| failed).collect().await;
        if failures.is_empty() {
            return Ok(done);
        }
        failures.sort();
        Err(ActionError::Failed(failures.join("; ")))
    }
}
