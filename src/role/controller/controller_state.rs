//! Passes of the controller: every one looks anew (REC-2).

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    apply::{
        Apply, ApplyError, ApplyEvent, ApplyReport, Machines, Outcome, Removals, Trigger, apply,
    },
    blocking::{Interrupted, blocking},
    clock,
    model::{Digest, Hierarchy, Observed},
    observe::{Agents, ReachError, observe},
    plan::{ActionId, Inputs, Plan, plan},
    role::host::DataError,
    store::{Journal, StoreError},
};

use super::Session;

/// The controller could not do a pass at all.
#[derive(Debug, thiserror::Error)]
pub enum ControllerError {
    /// The agents cannot be found.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The plan was not carried out.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The journal cannot be opened.
    #[error("failed to open the journal")]
    Journal(#[from] StoreError),
    /// The data directory.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// How often the controller looks again after it has done something. Twice is usual: once to do
/// it, once to see that nothing is left. More are for failures that a new look heals.
const PASSES: usize = 5;

/// The controller of a hierarchy.
pub struct Controller {
    session: Session,
    journal: Arc<Journal>,
    machines: Arc<Machines>,
}

/// What a look has found.
pub struct Looked {
    /// What there is.
    pub observed: Observed,
    /// What has to be done.
    pub plan: Plan,
    /// The agents that were asked.
    pub agents: Arc<Agents>,
}

/// How converging ended.
pub struct Converged {
    /// The last look.
    pub looked: Looked,
    /// How many actions were done in all passes.
    pub done: usize,
    /// What was not done in the last pass.
    pub left: Vec<(ActionId, Outcome)>,
}

impl Converged {
    /// Whether the hierarchy is as the manifests say.
    pub fn is_complete(&self) -> bool {
        self.looked.plan.actions.is_empty() && self.looked.plan.complete
    }
}

impl Controller {
    /// A controller over a session.
    ///
    /// # Errors
    ///
    /// The journal cannot be opened.
    pub fn new(session: Session) -> Result<Self, ControllerError> {
        let journal = Arc::new(Journal::open(&session.data().journal())?);
        Ok(Self { session, journal, machines: Arc::new(Machines::default()) })
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The journal.
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Closes the session.
    pub async fn close(self) {
        self.session.close().await;
    }

    /// Looks at all site systems.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn observe(
        &self,
        hierarchy: &Hierarchy,
    ) -> Result<(Observed, Arc<Agents>), ControllerError> {
        let session = &self.session;
        let (host, http) = (session.host().clone(), session.http().clone());
        let agents = Agents::find(host, http, session.addresses().clone(), hierarchy).await?;
        let observed = observe(&agents).await;
        Ok((observed, Arc::new(agents)))
    }

    /// Looks at all site systems and plans.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn look(
        &self,
        hierarchy: &Hierarchy,
        manifest_digest: Digest,
    ) -> Result<Looked, ControllerError> {
        let (observed, agents) = self.observe(hierarchy).await?;
        let inputs = Inputs { hierarchy, manifest_digest, observed: &observed, now: clock::now() };
        let plan = plan(inputs);
        Ok(Looked { observed, plan, agents })
    }

    /// Carries a plan out.
    ///
    /// # Errors
    ///
    /// Nothing was done: a removal is refused, or the journal cannot be written.
    pub async fn apply(
        &self,
        hierarchy: &Arc<Hierarchy>,
        looked: &Looked,
        trigger: Trigger,
        removals: Removals,
        events: &UnboundedSender<ApplyEvent>,
    ) -> Result<ApplyReport, ControllerError> {
        let with = Apply {
            hierarchy: hierarchy.clone(),
            agents: looked.agents.clone(),
            machines: self.machines.clone(),
            journal: self.journal.clone(),
            trigger,
            removals,
            events: events.clone(),
        };
        Ok(apply(&with, &looked.plan).await?)
    }

    /// Looks, plans and applies until nothing is left to do, or nothing more can be done now. Only
    /// one process at a time does this to a hierarchy; another one waits.
    ///
    /// # Errors
    ///
    /// As [`Controller::look`] and [`Controller::apply`].
    pub async fn converge(
        &self,
        hierarchy: &Arc<Hierarchy>,
        manifest_digest: Digest,
        trigger: Trigger,
        removals: Removals,
        events: &UnboundedSender<ApplyEvent>,
    ) -> Result<Converged, ControllerError> {
        let data = self.session.data().clone();
        // Waiting for a lock blocks its thread.
        let lock = blocking(move || Ok::<_, ControllerError>(data.reconcile()?)).await?;
        let mut done = 0;
        let mut left = Vec::new();
        for _ in 0..PASSES {
            let looked = self.look(hierarchy, manifest_digest).await?;
            if looked.plan.actions.is_empty() {
                return Ok(Converged { looked, done, left: Vec::new() });
            }
            let report = self.apply(hierarchy, &looked, trigger, removals, events).await?;
            done += report.done();
            left = report
                .outcomes
                .iter()
                .filter(|(_, outcome)| !matches!(outcome, Outcome::Done(_)))
                .map(|(id, outcome)| (id.clone(), outcome.clone()))
                .collect();
            if report.done() == 0 {
                break;
            }
        }
        let looked = self.look(hierarchy, manifest_digest).await?;
        drop(lock);
        Ok(Converged { looked, done, left })
    }
}
