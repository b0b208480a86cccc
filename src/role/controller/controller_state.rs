//! Passes of the controller: every one looks anew (REC-2).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{mpsc::UnboundedSender, watch};

use crate::{
    apply::{
        Apply, ApplyError, ApplyEvent, ApplyReport, Machines, Origin, Outcome, Removals, apply,
    },
    blocking::Interrupted,
    clock,
    model::{CommitId, Digest, FoundPorts, Hierarchy, Name, Observed, ObservedBuilder},
    net::Trust,
    observe::{Agents, ReachError, observe_into, observe_ports},
    plan::{ActionId, Inputs, NothingDeclared, Plan, PlanToApprove, plan, refuse_nothing},
    probe::{Prober, RoleToProbe},
    role::host::DataError,
    store::{Journal, StoreError},
};

use super::{
    ApprovalError, ApprovalFiles, InForceError, Leaving, NeedsApproval, Session, UndoError,
    permitted::{BackOff, Permitted},
    told::mended_by,
};

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
    /// Which commit is in force.
    #[error(transparent)]
    InForce(#[from] InForceError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The way back.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// What is approved cannot be read or written.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
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
    pub(super) machines: Arc<Machines>,
    hurry: watch::Sender<bool>,
    /// The commit that the journal knows to be in force.
    pub(super) noted: Mutex<Option<CommitId>>,
    /// Who hears of each look.
    hears_looks: Option<HearsLooks>,
    approval: Option<NeedsApproval>,
    back_off: BackOff,
    /// Which agents on computers of their own know what of each other, by its digest.
    told: Mutex<BTreeMap<Name, Digest>>,
    pub(super) leaving: Mutex<Option<Arc<Leaving>>>,
}

/// Hears what a look has found, and what has to be done.
type HearsLooks = Box<dyn Fn(&Observed, &Plan) + Send + Sync>;

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
    /// Those of them that have changed what is there, other than content and catalogs.
    pub mended: Vec<ActionId>,
    /// What was not done in the last pass.
    pub left: Vec<(ActionId, Outcome)>,
    /// What waits until somebody approves it.
    pub to_approve: Option<PlanToApprove>,
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
        Ok(Self {
            session,
            journal,
            machines,
            hurry,
            noted: Mutex::default(),
            hears_looks: None,
            approval: None,
            back_off: BackOff::default(),
            told: Mutex::default(),
            leaving: Mutex::default(),
        })
    }

    /// Tells somebody from now on what each look has found, and what has to be done.
    pub fn tell_looks(&mut self, hears: impl Fn(&Observed, &Plan) + Send + Sync + 'static) {
        self.hears_looks = Some(Box::new(hears));
    }

    /// The same controller, which does nothing of that before somebody has approved it.
    #[must_use]
    pub fn with_approval(self, approval: Option<NeedsApproval>) -> Self {
        Self { approval, ..self }
    }

    /// What somebody has to approve.
    pub(super) fn approval(&self) -> Option<NeedsApproval> {
        self.approval
    }

    /// Where it is written down what is approved.
    pub fn approval_files(&self) -> ApprovalFiles {
        ApprovalFiles::of(self.session.data())
    }

    pub(super) fn back_off(&self) -> &BackOff {
        &self.back_off
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
        self.observe_at(&self.remote_agents(hierarchy), hierarchy).await
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
        // Where it is known one by one what is to go, nothing else goes.
        if self.leaving().is_none() {
            refuse_nothing(hierarchy, &observed)?;
        }
        let inputs = Inputs { hierarchy, manifest_digest, observed: &observed, now: clock::now() };
        let plan = plan(inputs);
        if let Some(hears) = &self.hears_looks {
            hears(&observed, &plan);
        }
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
        origin: &Origin,
        removals: Removals,
        events: &UnboundedSender<ApplyEvent>,
    ) -> Result<ApplyReport, ControllerError> {
        self.apply_plan(hierarchy, (&looked.plan, &looked.agents), origin, removals, events).await
    }

    async fn apply_plan(
        &self,
        hierarchy: &Arc<Hierarchy>,
        (plan, agents): (&Plan, &Arc<Agents>),
        origin: &Origin,
        removals: Removals,
        events: &UnboundedSender<ApplyEvent>,
    ) -> Result<ApplyReport, ControllerError> {
        let with = Apply {
            hierarchy: hierarchy.clone(),
            agents: agents.clone(),
            trust: self.session.trust().clone(),
            machines: self.machines.clone(),
            journal: self.journal.clone(),
            origin: origin.clone(),
            removals,
            events: events.clone(),
            hurry: self.hurry.subscribe(),
        };
        Ok(apply(&with, plan).await?)
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
        origin: &Origin,
        removals: Removals,
        events: &UnboundedSender<ApplyEvent>,
    ) -> Result<Converged, ControllerError> {
        self.hurry.send_replace(false);
        let _lock = self.reconcile().await?;
        self.passes(hierarchy, manifest_digest, origin, removals, events).await
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
        origin: &Origin,
        removals: Removals,
        events: &UnboundedSender<ApplyEvent>,
    ) -> Result<Converged, ControllerError> {
        let (mut done, mut mended) = (0, Vec::new());
        let (mut left, mut to_approve) = (Vec::new(), None);
        for _ in 0..PASSES {
            let looked = self.look(hierarchy, manifest_digest).await?;
            self.keep_agents(hierarchy, &looked).await;
            self.take_late_reports(hierarchy, &looked).await;
            if looked.plan.actions.is_empty() {
                // Something may wait for a window that somebody can approve before it opens.
                let permitted =
                    self.permitted(hierarchy, &looked, origin.trigger, removals).await?;
                let Permitted { to_approve, .. } = permitted;
                return Ok(Converged { looked, done, mended, left: Vec::new(), to_approve });
            }
            let permitted = self.permitted(hierarchy, &looked, origin.trigger, removals).await?;
            (left, to_approve) = (permitted.held, permitted.to_approve);
            let plan = permitted.part.as_ref().unwrap_or(&looked.plan);
            if plan.actions.is_empty() {
                break;
            }
            let with = (plan, &looked.agents);
            let report = self.apply_plan(hierarchy, with, origin, removals, events).await?;
            self.remember(hierarchy, plan, &report)?;
            done += report.done();
            mended.extend(mended_by(plan, &report));
            let not_done = report.outcomes.iter().filter(|(_, it)| !matches!(it, Outcome::Done(_)));
            left.extend(not_done.map(|(id, outcome)| (id.clone(), outcome.clone())));
            if report.done() == 0 || *self.hurry.borrow() {
                break;
            }
        }
        let looked = self.look(hierarchy, manifest_digest).await?;
        Ok(Converged { looked, done, mended, left, to_approve })
    }
}
