//! Updates of local publishers (SYNC-10).

use crate::{
    plan::{Action, ActionKind},
    wire::agent::{AgentCommand, AgentOutcome},
};

use super::{
    Apply,
    actions::{ActionError, Carried},
};

impl Apply {
    /// Has the point of the top site publish an update, or say that it has expired.
    pub(super) async fn local_update(&self, action: &Action) -> Carried {
        let name = &action.resource.name;
        let missing = || ActionError::NotPlanned(action.resource.to_string());
        let command = if action.kind == ActionKind::PublishLocalUpdate {
            let declared = self.hierarchy.local_updates.get(name).ok_or_else(missing)?;
            AgentCommand::PublishLocalUpdate(Box::new(declared.update.clone()))
        } else {
            // Without a document its identity is that of the action.
            let (_, id) = action.id.as_str().rsplit_once('@').ok_or_else(missing)?;
            AgentCommand::ExpireLocalUpdate { update_id: id.parse().map_err(|_| missing())? }
        };
        let system = action.targets.first().ok_or_else(missing)?;
        let agent = self.agents.get(system)?;
        Ok(match self.ask(action, &agent, &command).await? {
            AgentOutcome::Published { revision } => format!("its last revision is {revision}"),
            _ => String::new(),
        })
    }
}
