//! Keeps the hierarchy of one namespace as its objects say: the loop of a controller, over objects.

use std::sync::Arc;

use kube::Client;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    inheriting::{InheritError, inherit},
    objects::{Objects, Snapshot},
    owned::Owned,
    placing::Placing,
    remembering::Told,
    settings::OperatorSettings,
    state::{self, Known},
    telling::Teller,
    wanted::{Wanted, may_be_needed},
    watching::{QUIET, RESTLESS},
};
use crate::{
    chance::dice,
    clock,
    engine::{
        about,
        notifications::{Manifests, Occurrence, PassEnded},
    },
    error_text::with_causes,
    model::{Digest, RunCommand},
    net::trace::Trace,
    notify::{Notifier, NotifyError, Places},
    role::controller::{Controller, ControllerError, Purpose, Session, SessionError},
    web::{PassEnd, TICK, Vitals},
};

/// The hierarchy of a namespace cannot be kept at all.
#[derive(Debug, thiserror::Error)]
pub enum ReconcilerError {
    /// What the operator before has left.
    #[error("namespace `{0}` cannot be taken over")]
    Inherit(String, #[source] Box<InheritError>),
    /// Its data directory.
    #[error("the data directory of namespace `{0}`")]
    Session(String, #[source] Box<SessionError>),
    /// Its journal.
    #[error("the controller of namespace `{0}`")]
    Controller(String, #[source] Box<ControllerError>),
    /// What it remembers of notifications.
    #[error("the notifications of namespace `{0}`")]
    Notifications(String, #[source] Box<NotifyError>),
}

/// Keeps the hierarchy of a namespace.
pub(super) struct Reconciler {
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) objects: Objects,
    pub(super) settings: Arc<OperatorSettings>,
    pub(super) vitals: Vitals,
    /// What was made for site systems.
    pub(super) owned: Owned,
}

impl Reconciler {
    /// Passes again and again, and at once when other objects are wanted, until it is to end.
    ///
    /// # Errors
    ///
    /// It cannot begin.
    pub(super) async fn run(self, ending: CancellationToken) -> Result<(), ReconcilerError> {
        let Self { client, namespace, objects, settings, vitals, owned } = self;
        let hosting = settings.hosting.of(&namespace);
        let placing = hosting.map(|hosting| Placing::new(client.clone(), hosting, owned));
        let purpose = if settings.only_observes {
            Purpose::Watch
        } else {
            Purpose::Stay(RunCommand::Operator)
        };
        let directory = settings.data.join(&namespace);
        let untaken = |error| ReconcilerError::Inherit(namespace.clone(), Box::new(error));
        let keeper = inherit(&client, &namespace, &directory).await.map_err(untaken)?;
        let session = tokio::select! {
            session = Session::open(&directory, purpose) => session,
            // Another command may hold it for long.
            () = ending.cancelled() => return Ok(()),
        };
        let session = session
            .map_err(|error| ReconcilerError::Session(namespace.clone(), Box::new(error)))?;
        let controller = Controller::new(session);
        let controller = controller
            .map_err(|error| ReconcilerError::Controller(namespace.clone(), Box::new(error)))?;
        let controller = controller.with_approval(settings.approval);
        let data = controller.session().data();
        data.agents().keep_by(keeper.clone());
        let told = Told::new(client.clone(), &namespace);
        told.take_over(&data.notifications()).await;
        let places = Places {
            memory: data.notifications(),
            keeper: Some(Arc::new(told)),
            secrets: data.notification_secrets(),
            source: format!("namespace {namespace}"),
        };
        let notifier = Notifier::start(places, controller.session().trust()).await;
        let notifier = notifier
            .map_err(|error| ReconcilerError::Notifications(namespace.clone(), Box::new(error)))?;
        let teller = Teller::new(client, namespace.clone(), Some(settings.instance.clone()));
        let mut passes = Passes {
            controller,
            notifier,
            placing,
            known: Known::default(),
            teller,
            namespace,
            objects,
            settings,
            vitals,
        };
        let ended = tokio::select! {
            () = passes.stay() => Ok(()),
            () = ending.cancelled() => Ok(()),
            error = keeper.superseded() => {
                Err(ReconcilerError::Inherit(passes.namespace.clone(), Box::new(error)))
            }
        };
        passes.teller.end().await;
        passes.notifier.end().await;
        passes.controller.close().await;
        ended
    }
}

/// The passes of a namespace.
pub(super) struct Passes {
    pub(super) controller: Controller,
    notifier: Notifier,
    placing: Option<Placing>,
    pub(super) known: Known,
    pub(super) teller: Teller,
    pub(super) namespace: String,
    pub(super) objects: Objects,
    pub(super) settings: Arc<OperatorSettings>,
    pub(super) vitals: Vitals,
}

impl Passes {
    async fn stay(&mut self) {
        let mut changes = self.objects.changes();
        loop {
            let snapshot = self.objects.of(&self.namespace);
            let trace = Trace::begin();
            trace.within(Box::pin(self.pass(&snapshot))).await;
            let due = Instant::now() + about(self.settings.every, dice());
            let mut ticks = tokio::time::interval(TICK);
            loop {
                if self.objects.revision(&self.namespace) != snapshot.revision {
                    self.settle().await;
                    break;
                }
                tokio::select! {
                    () = sleep_until(due) => break,
                    _ = changes.changed() => {}
                    _ = ticks.tick() => self.vitals.moves(),
                }
            }
        }
    }

    /// Waits until whoever applies objects has applied them all.
    async fn settle(&self) {
        let last = Instant::now() + RESTLESS;
        let mut revision = self.objects.revision(&self.namespace);
        while Instant::now() < last {
            sleep(QUIET).await;
            let now = self.objects.revision(&self.namespace);
            if now == revision {
                return;
            }
            revision = now;
        }
    }

    async fn pass(&mut self, snapshot: &Snapshot) {
        if snapshot.objects.is_empty() {
            return;
        }
        let mut wanted = match Wanted::of(snapshot, &self.settings.content_directory) {
            Ok(wanted) => wanted,
            Err(why) => {
                tracing::warn!(namespace = self.namespace, "objects are not valid: {}", why.first);
                let refused = Some((None, why.first.clone()));
                self.notifier.hear(Occurrence::Source { refused, unreachable: None });
                let refused = state::refused(snapshot, &why, clock::now());
                self.teller.statuses(snapshot, refused, usize::MAX).await;
                return;
            }
        };
        self.vitals.files_in_force();
        let manifests = Manifests { commit: None, digest: wanted.digest };
        self.notifier.tell(wanted.notifications.clone());
        self.notifier.hear(Occurrence::Source { refused: None, unreachable: None });
        self.notifier.hear(Occurrence::InForce(manifests.clone()));
        let held = snapshot
            .objects
            .values()
            .filter(|it| !it.deleted && !it.is_held() && may_be_needed(it.key.kind));
        let held = held.cloned().collect();
        if let Err(error) = self.teller.hold(held).await {
            // Nothing is made that could not be removed later.
            let why = with_causes(&error);
            tracing::warn!(namespace = self.namespace, "objects cannot be held: {why}");
            return;
        }
        self.take_approval(snapshot).await;
        wanted.placed(self.settings.placement);
        if let Some(placing) = &self.placing {
            // What is there already is kept as wanted in any case.
            placing.place(&mut wanted, snapshot, &self.controller).await;
        }
        self.vitals.pass_begins(wanted.digest);
        self.known.begins(wanted.digest);
        let (end, look) = match self.converge(snapshot, &wanted).await {
            Ok((end, look)) => (end, Ok(look)),
            Err(error) => {
                let why = with_causes(&error);
                tracing::warn!(namespace = self.namespace, "the pass has failed: {why}");
                (PassEnd::Failed, Err(why))
            }
        };
        self.vitals.pass_ends(end);
        let seen = look.is_ok();
        self.notifier.hear(Occurrence::PassEnded(PassEnded { manifests, look }));
        let gone = self.let_go(snapshot, &wanted.leaving, seen).await;
        self.tell(snapshot, &wanted, &gone, usize::MAX).await;
        self.share(&wanted).await;
    }

    /// An approval that stands at the plan's object counts once.
    async fn take_approval(&self, snapshot: &Snapshot) {
        let Some(approved) = snapshot.plan.as_ref().and_then(|it| it.approved.as_ref()) else {
            return;
        };
        match approved.parse::<Digest>() {
            Ok(digest) => {
                let given = self.controller.approval_files().give(digest, None, clock::now());
                if let Err(error) = given {
                    let why = with_causes(&error);
                    tracing::warn!(namespace = self.namespace, "an approval is not kept: {why}");
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(namespace = self.namespace, "an approval is no digest: {error}");
            }
        }
        self.teller.used(super::objects::APPROVE).await;
    }
}
