//! What a controller is known by: it is told what happens, and tells whoever asks.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, registry::Registry};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::JoinHandle,
    time::Instant,
};

use super::{
    counted::Counted,
    figures::Figures,
    found::{Found, Lags},
    health::Health,
    process::Process,
    received::received,
};
use crate::{
    apply::{ApplyEvent, Outcome},
    clock,
    model::{Digest, Libraries, ManifestsInForce, Observed},
    plan::{ActionId, Plan},
    role::controller::Converged,
    world::spawn,
};

/// What a controller is known by. Clones share it.
#[derive(Clone)]
pub struct Vitals(Arc<Inner>);

struct Inner {
    registry: Registry,
    counted: Counted,
    state: Arc<Mutex<State>>,
}

/// How a pass has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassEnd {
    /// The hierarchy is as the manifests say.
    Complete,
    /// What is left waits for its time, or for somebody to confirm it.
    Waiting,
    /// Something has failed, somebody could not be asked, or what has to be done is only looked at.
    Incomplete,
    /// It could not be done at all.
    Failed,
}

/// What is known now.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) health: Health,
    /// Where manifests come from in git, and how that stands.
    pub(super) git: Option<ManifestsInForce>,
    /// When a pass last ended in which nothing had failed.
    pub(super) succeeded: Option<Timestamp>,
    pub(super) found: Option<Found>,
    pub(super) lags: Lags,
    libraries: Libraries,
    /// The manifests of the present pass.
    manifests: Option<Digest>,
    /// The manifests for which the last pass left nothing to do.
    settled: Option<Digest>,
    /// Whether the pass has looked already.
    looked: bool,
    /// Actions that are planned and not begun.
    pub(super) queued: u64,
    /// Actions that are under way, and since when.
    pub(super) running: BTreeMap<ActionId, Instant>,
}

impl Vitals {
    /// Nothing is known yet.
    pub fn new() -> Self {
        let (counted, state) = (Counted::default(), Arc::<Mutex<State>>::default());
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Process { since: clock::now() }));
        let ours = registry.sub_registry_with_prefix("headwater");
        counted.register(ours);
        ours.register_collector(Box::new(AskedFor(Arc::clone(&state))));
        Self(Arc::new(Inner { registry, counted, state }))
    }

    /// The loop moves.
    pub fn moves(&self) {
        self.state().health.moves(Instant::now());
    }

    /// Another one does the work, and this one only waits for its turn; or it does no more.
    pub fn waits_for_its_turn(&self, waits: bool) {
        let mut state = self.state();
        state.health.waits = waits;
        if !waits {
            // It did not have to move before.
            state.health.moves(Instant::now());
        }
    }

    /// Of an operator: whether it knows all objects there are.
    pub fn knows_objects(&self, all: bool) {
        self.state().health.objects = Some(all);
    }

    /// Manifests of files and directories are in force.
    pub fn files_in_force(&self) {
        self.state().health.manifests = true;
    }

    /// How it stands with manifests out of git.
    pub fn git(&self, manifests: &ManifestsInForce) {
        let mut state = self.state();
        state.health.manifests = manifests.commit.is_some();
        // What is remembered at the start was refused by somebody before.
        let Some(before) = state.git.replace(manifests.clone()) else { return };
        let refused = |it: ManifestsInForce| it.refused.map(|it| it.id);
        let now = refused(manifests.clone());
        if now.is_some() && now != refused(before) {
            self.0.counted.commits_refused.inc();
        }
    }

    /// A pass over these manifests begins.
    pub fn pass_begins(&self, manifests: Digest) {
        let mut state = self.state();
        state.health.begins(Instant::now());
        (state.manifests, state.looked) = (Some(manifests), false);
        state.queued = 0;
        state.running.clear();
    }

    /// The controller has looked at all site systems, and planned.
    pub fn looked(&self, observed: &Observed, plan: &Plan) {
        let mut state = self.state();
        state.health.sign(Instant::now());
        let found = Found::of(observed, plan, clock::now());
        state.lags.look(&found);
        if !state.looked && state.manifests.is_some() && state.settled == state.manifests {
            for (kind, actions) in &found.planned {
                self.0.counted.drift(*kind, *actions);
            }
        }
        state.looked = true;
        for (system, bytes) in received(&state.libraries, &observed.libraries) {
            let system = observed.site_systems.get(system).and_then(|known| known.present());
            if let Some(system) = system {
                self.0.counted.received(system.settings.site.as_str(), bytes);
            }
        }
        if state.libraries != observed.libraries {
            state.libraries = observed.libraries.clone();
        }
        state.found = Some(found);
    }

    /// The pass has ended.
    pub fn pass_ends(&self, end: PassEnd) {
        let mut state = self.state();
        let took = state.health.ends(Instant::now()).unwrap_or_default();
        state.settled = state.manifests.filter(|_| end == PassEnd::Complete);
        if matches!(end, PassEnd::Complete | PassEnd::Waiting) {
            state.succeeded = Some(clock::now());
        }
        self.0.counted.pass(end.word(), took);
    }

    /// Something happens in the pass.
    pub fn happens(&self, event: &ApplyEvent) {
        let now = Instant::now();
        let mut state = self.state();
        state.health.sign(now);
        match event {
            ApplyEvent::Begun { actions } => {
                state.queued = u64::try_from(*actions).unwrap_or(u64::MAX);
            }
            ApplyEvent::Progress(..) | ApplyEvent::Waiting(..) => {}
            ApplyEvent::Started(id) => {
                state.queued = state.queued.saturating_sub(1);
                state.running.insert(id.clone(), now);
            }
            ApplyEvent::Finished(id, outcome) => {
                let began = state.running.remove(id);
                if began.is_none() {
                    // It was not even begun.
                    state.queued = state.queued.saturating_sub(1);
                }
                let took = began.map(|began| now.saturating_duration_since(began));
                self.0.counted.action(id.kind(), outcome.word(), took);
            }
        }
    }

    /// Hears of what happens, and passes it on to somebody else.
    pub fn hears(&self, onward: &UnboundedSender<ApplyEvent>) -> Heard {
        let (events, mut received) = unbounded_channel();
        let (vitals, onward) = (self.clone(), onward.clone());
        let hearing = spawn(async move {
            while let Some(event) = received.recv().await {
                vitals.happens(&event);
                // Nobody else has to listen.
                let _ = onward.send(event);
            }
        });
        Heard { events, hearing }
    }

    /// A request came to the hook.
    pub(super) fn hook(&self, outcome: &'static str) {
        self.0.counted.hooks.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// All figures in the text form of OpenMetrics.
    ///
    /// # Errors
    ///
    /// They cannot be written, which does not happen.
    pub(super) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Vitals {
    fn default() -> Self {
        Self::new()
    }
}

impl PassEnd {
    /// How converging has ended.
    pub fn of(converged: &Converged) -> Self {
        // What was skipped comes after something that was not done, which is told beside it or waits for
        // approval.
        let waits = |(_, outcome): &(ActionId, Outcome)| match outcome {
            Outcome::Waiting { .. } | Outcome::Unconfirmed | Outcome::Skipped(_) => true,
            Outcome::Done(_) | Outcome::Failed(_) | Outcome::TriedAgain { .. } => false,
        };
        let left = &converged.left;
        let something_waits = !left.is_empty() || converged.to_approve.is_some();
        if converged.is_complete() {
            Self::Complete
        } else if something_waits && left.iter().all(waits) {
            Self::Waiting
        } else {
            Self::Incomplete
        }
    }

    /// How a pass has ended that only looks.
    pub fn of_look(plan: &Plan) -> Self {
        let complete = plan.actions.is_empty() && plan.complete;
        if complete { Self::Complete } else { Self::Incomplete }
    }

    /// The word for it in figures and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Waiting => "waiting",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

/// Events on their way to somebody else.
#[derive(Debug)]
pub struct Heard {
    events: UnboundedSender<ApplyEvent>,
    hearing: JoinHandle<()>,
}

impl Heard {
    /// Where events are sent.
    pub fn events(&self) -> &UnboundedSender<ApplyEvent> {
        &self.events
    }

    /// Passes on what is still on its way, and ends.
    pub async fn end(self) {
        drop(self.events);
        if let Err(error) = self.hearing.await {
            tracing::debug!(%error, "nobody counts what happens");
        }
    }
}

/// What is put together when somebody asks.
#[derive(Debug)]
struct AskedFor(Arc<Mutex<State>>);

impl Collector for AskedFor {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.write(&mut Figures(encoder), clock::now(), Instant::now())
    }
}
