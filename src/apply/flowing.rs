//! Updates that flow on to the sites below while their parent still synchronizes: each of their update
//! points synchronizes with what its upstream has stored so far, again and again. It is the same
//! synchronization as the one that closes the run, and whatever goes wrong with it is that one's affair.

use std::{pin::pin, time::Duration};

use futures::future::join_all;

use super::{Apply, actions::ActionError};
use crate::{
    clock,
    engine::{SyncCommand, SyncEvent},
    error_text::with_causes,
    model::{Name, SiteCode, SourceType},
    wire::agent::{AgentCommand, AgentOutcome},
};

/// How long a point waits before it looks again, if there was something new.
const SOON: Duration = Duration::from_millis(100);

/// The same, if there was nothing, or the upstream could not be asked.
const LATER: Duration = Duration::from_secs(1);

impl Apply {
    /// Does `work`, and has the update points of these sites, and of those below them that want it, take
    /// what their upstream has stored, until the work is done.
    pub(super) async fn while_flowing<T>(
        &self,
        children: Vec<SiteCode>,
        work: impl Future<Output = T>,
    ) -> T {
        let points = self.flowing(children);
        let flows = join_all(points.iter().map(|point| self.take_ahead(point)));
        let mut work = pin!(work);
        tokio::select! {
            biased;
            done = &mut work => done,
            // There are none: they have no end.
            _ = flows => work.await,
        }
    }

    /// The points that take updates ahead of their request.
    fn flowing(&self, mut children: Vec<SiteCode>) -> Vec<Name> {
        let mut points = Vec::new();
        while let Some(code) = children.pop() {
            for command in self.machines.synchronize(&code, SyncEvent::ParentFlows, clock::now()) {
                match command {
                    SyncCommand::LetFlow(child) => children.push(child),
                    SyncCommand::TakeAhead(point) if self.is_below(&point) => points.push(point),
                    _ => {}
                }
            }
        }
        points
    }

    /// Whether the parent's point is what this one synchronizes from: nothing flows to others.
    fn is_below(&self, name: &Name) -> bool {
        let point = self.hierarchy.update_points.get(name);
        point.is_some_and(|it| it.settings.source.r#type == SourceType::ParentSite)
    }

    async fn take_ahead(&self, name: &Name) {
        loop {
            let pause = match self.take_what_is_there(name).await {
                Ok(0) => LATER,
                Ok(_) => SOON,
                Err(error) => {
                    let error = with_causes(&error);
                    tracing::debug!(point = %name, %error, "nothing could be taken ahead");
                    LATER
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// How many revisions were new.
    async fn take_what_is_there(&self, name: &Name) -> Result<u64, ActionError> {
        let agent = self.agents.get(&self.update_point(name)?.site_system)?;
        let taken = agent.command(&AgentCommand::SynchronizeAhead, |_| ()).await?;
        Ok(match taken {
            AgentOutcome::Synchronized { new_revisions, .. } => new_revisions,
            _ => 0,
        })
    }
}
