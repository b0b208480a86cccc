//! Passes of the controller: every one looks anew (REC-2).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{mpsc::UnboundedSender, watch};

use crate::{
    apply::{
        Apply, ApplyError, ApplyEvent, ApplyReport, LateReports, Machines, Outcome, Removals,
        Trigger, apply,
    },
    blocking::Interrupted,
    clock,
    model::{Digest, FoundPorts, Hierarchy, Name, Observed, ObservedBuilder},
    net::Trust,
    observe::{Agents, ReachError, observe_into, observe_ports},
    plan::{ActionId, Inputs, NothingDeclared, Plan, plan, refuse_nothing},
    probe::{Prober, RoleToProbe},
    role::host::DataError,
    store::{Journal, StoreError},
};

use super::{Session, UndoError};

/// The controller could not do a pass at all.
#[derive(Debug, thiserror::Error)]
pub enum ControllerError {
    /// The agents cannot be found.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// Nothing is declared, and something is there.
    #[error(transparent)]
    NothingDeclared(#[from] NothingDeclared),
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
    /// The way back.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// Everything was done, and then nobody could be asked.
    #[error(
        "what was planned was carried out, but the site systems could not be asked after it: look \
         again with `headwater plan`"
    )]
    NotSeen(#[source] Box<ControllerError>),
    /// Somebody ended it.
    #[error("it was ended before it was done")]
    Stopped,
}

/// How often the controller looks again after it has done something. Twice is usual: once to do
/// it, once to see that nothing is left. More are for failures that a new look heals.
const PASSES: usize = 5;

/// The controller of a hierarchy.
pub struct Controller {
    session: Session,
    journal: Arc<Journal>,
    machines: Arc<Machines>,
    hurry: watch::Sender<bool>,
    /// Which agents on computers of their own know what of each other, by its digest.
    told: Mutex<BTreeMap<Name, Digest>>,
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
        let (machines, hurry) = (Arc::new(Machines::default()), watch::Sender::new(false));
        Ok(Self { session, journal, machines, hurry, told: Mutex::default() })
    }

    pub(super) fn told(&self) -> MutexGuard<'_, BTreeMap<Name, Digest>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Looks at all site systems, and at the ports of their roles.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn observe(
        &self,
        hierarchy: &Hierarchy,
    ) -> Result<(Observed, Arc<Agents>), ControllerError> {
        self.observe_at(&hierarchy.remote_agents(), hierarchy).await
    }

    /// The same, with other admin addresses of the agents on computers of their own.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn observe_at(
        &self,
        remote: &BTreeMap<Name, String>,
        hierarchy: &Hierarchy,
    ) -> Result<(Observed, Arc<Agents>), ControllerError> {
        let mut observed = ObservedBuilder::default();
        let agents = self.observe_into(remote, &mut observed).await?;
        let mut observed = observed.finish();
        let addresses = self.session.addresses().clone();
        let prober = Prober::new(addresses, self.session.trust().clone(), clock::now());
        observed.ports = observe_ports(&prober, hierarchy, &observed).await;
        Ok((observed, agents))
    }

    /// Looks at all site systems, but not at ports, beside what was observed before.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn observe_into(
        &self,
        remote: &BTreeMap<Name, String>,
        observed: &mut ObservedBuilder,
    ) -> Result<Arc<Agents>, ControllerError> {
        let agents = self.agents(remote).await?;
        observe_into(&agents, observed).await;
        Ok(Arc::new(agents))
    }

    /// Finds the agents of the hierarchy; nothing is asked of them.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn agents(&self, remote: &BTreeMap<Name, String>) -> Result<Agents, ControllerError> {
        Ok(self.session.agents(remote).await?)
    }

    /// Looks at the ports of all roles that are `chosen`, whatever their agents say, and verifies
    /// certificates against `trust` (PORT-5); without one, against what the hierarchy trusts.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn check_ports(
        &self,
        hierarchy: &Hierarchy,
        trust: Option<Trust>,
        chosen: impl Fn(&RoleToProbe<'_>) -> bool,
    ) -> Result<FoundPorts, ControllerError> {
        // Finding the agents makes the loopback addresses of the embedded ones known.
        self.agents(&hierarchy.remote_agents()).await?;
        let trust = trust.unwrap_or_else(|| self.session.trust().clone());
        let prober = Prober::new(self.session.addresses().clone(), trust, clock::now());
        Ok(prober.probe(RoleToProbe::all(hierarchy).filter(chosen)).await)
    }

    /// Looks at all site systems and plans.
    ///
    /// # Errors
    ///
    /// The host does not answer, or nothing is declared while something is there.
    pub async fn look(
        &self,
        hierarchy: &Hierarchy,
        manifest_digest: Digest,
    ) -> Result<Looked, ControllerError> {
        let (observed, agents) = self.observe(hierarchy).await?;
        refuse_nothing(hierarchy, &observed)?;
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
            trust: self.session.trust().clone(),
            machines: self.machines.clone(),
            journal: self.journal.clone(),
            trigger,
            removals,
            events: events.clone(),
            hurry: self.hurry.subscribe(),
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
        self.hurry.send_replace(false);
        let _lock = self.reconcile().await?;
        self.passes(hierarchy, manifest_digest, trigger, removals, events).await
    }

    /// Something else is wanted than what is being converged to: that ends without waiting for
    /// transfers, which go on by themselves (PDP-4, PDP-9).
    pub fn hurry(&self) {
        self.hurry.send_replace(true);
    }

    /// What [`Controller::converge`] does while it holds the lock.
    pub(super) async fn passes(
        &self,
        hierarchy: &Arc<Hierarchy>,
        manifest_digest: Digest,
        trigger: Trigger,
        removals: Removals,
        events: &UnboundedSender<ApplyEvent>,
    ) -> Result<Converged, ControllerError> {
        let mut done = 0;
        let mut left = Vec::new();
        for _ in 0..PASSES {
            let looked = self.look(hierarchy, manifest_digest).await?;
            self.keep_agents(hierarchy, &looked).await;
            self.take_late_reports(hierarchy, &looked).await;
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
            if report.done() == 0 || *self.hurry.borrow() {
                break;
            }
        }
        let looked = self.look(hierarchy, manifest_digest).await?;
        Ok(Converged { looked, done, left })
    }

    /// Transfers that have finished while nobody followed them.
    async fn take_late_reports(&self, hierarchy: &Hierarchy, looked: &Looked) {
        let Looked { observed, agents, .. } = looked;
        let (machines, journal) = (&self.machines, &self.journal);
        LateReports { hierarchy, observed, agents, machines, journal }.take().await;
    }
}
