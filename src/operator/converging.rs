//! What a pass does once it is known what is wanted: it looks, plans and applies, and says how it stands.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use futures::future::{Fuse, FusedFuture, FutureExt};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    objects::{ObjectKey, Snapshot},
    picture::Picture,
    reconciler::Passes,
    sharing::{SharedError, share},
    wanted::{Leaving, Wanted},
};
use crate::{
    apply::{Origin, Removals},
    clock,
    engine::notifications::Look,
    error_text::with_causes,
    model::{Observation, RunCommand, Trigger},
    role::controller::{self, ControllerError},
    web::{PassEnd, TICK},
};

/// How soon after the last time it is said how it stands while a pass goes on.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// How many statuses are written then at most. All of them are at the end: where thousands change, each would
/// be written several times before.
const TOLD_MEANWHILE: usize = 100;
/// And how many times as long nothing is written as writing took: a busy server has other things to do.
const PAUSE: u32 = 9;

impl Passes {
    /// Looks, plans and applies; what there is to say meanwhile is told now and then.
    pub(super) async fn converge(
        &mut self,
        snapshot: &Snapshot,
        wanted: &Wanted,
    ) -> Result<(PassEnd, Look), ControllerError> {
        let Wanted { hierarchy, declared, digest, leaving, .. } = wanted;
        self.controller.only_removes(controller::Leaving {
            removable: leaving.removable(),
            agents: leaving.agents.clone(),
        });
        let (known, vitals) = (self.known.clone(), self.vitals.clone());
        let (of, documents) = (hierarchy.clone(), declared.clone());
        self.controller.tell_looks(move |observed, plan| {
            vitals.looked(observed, plan);
            known.looked(Picture::of((&of, &documents), observed, plan), observed, plan);
        });
        let this = &*self;
        let origin = Origin {
            command: RunCommand::Operator,
            trigger: Trigger::Loop,
            commit: None,
            manifests: Some(declared.clone()),
        };
        if this.settings.only_observes {
            let looked = this.controller.look(hierarchy, *digest).await?;
            this.controller.keep_agents(hierarchy, &looked).await;
            this.known.ended(&[], None, true);
            return Ok((PassEnd::of_look(&looked.plan), looked.told_only(hierarchy)));
        }
        let (sender, mut events) = mpsc::unbounded_channel();
        let heard = this.vitals.hears(&sender);
        let onward = heard.events().clone();
        let converged = {
            let converging =
                this.controller.converge(hierarchy, *digest, &origin, Removals::Confirmed, &onward);
            let mut converging = pin!(converging);
            let nobody = BTreeSet::new();
            let mut telling = pin!(Fuse::terminated());
            let mut changes = this.objects.changes();
            let mut begun = Instant::now();
            let mut to_tell = begun + TOLD_EVERY;
            let mut news = true;
            let mut ticks = tokio::time::interval(TICK);
            let converged = loop {
                tokio::select! {
                    converged = &mut converging => break converged,
                    Some(event) = events.recv() => news |= this.known.hears(&event),
                    _ = changes.changed() => {
                        if this.objects.revision(&this.namespace) != snapshot.revision {
                            this.controller.hurry();
                        }
                    }
                    () = sleep_until(to_tell), if news && telling.is_terminated() => {
                        (news, begun) = (false, Instant::now());
                        telling.set(this.tell(snapshot, wanted, &nobody, TOLD_MEANWHILE).fuse());
                    }
                    () = &mut telling => {
                        let pause = begun.elapsed().saturating_mul(PAUSE);
                        to_tell = Instant::now() + pause.max(TOLD_EVERY);
                    }
                    _ = ticks.tick() => this.vitals.moves(),
                }
            };
            // What is on its way to the server could overtake what is told next.
            if !telling.is_terminated() {
                telling.await;
            }
            converged
        };
        drop(onward);
        heard.end().await;
        while let Ok(event) = events.try_recv() {
            this.known.hears(&event);
        }
        let converged = converged?;
        this.known.ended(&converged.left, converged.to_approve.clone(), false);
        Ok((PassEnd::of(&converged), converged.told(hierarchy)))
    }

    /// Writes what there is to say of objects that are not gone, by what is known now: of at most so many, the
    /// most urgent ones.
    pub(super) async fn tell(
        &self,
        snapshot: &Snapshot,
        wanted: &Wanted,
        gone: &BTreeSet<ObjectKey>,
        most: usize,
    ) {
        let now = clock::now();
        // What was written meanwhile is what the next statuses are compared with.
        let seen = self.objects.of(&self.namespace);
        let mut statuses = self.known.statuses((snapshot, &seen), wanted, now);
        statuses.retain(|key, _| !gone.contains(key));
        self.teller.statuses(&seen, statuses, most).await;
        let before = seen.plan.as_ref();
        let old = before.and_then(|it| it.status.clone()).unwrap_or_default();
        self.teller.plan(before, &self.known.plan(&old, now)).await;
        self.teller.happened(snapshot, self.known.happened());
    }

    /// Lets others see what was observed, if that has changed.
    pub(super) async fn share(&self, wanted: &Wanted) {
        let Some((digest, observed)) = self.known.to_share() else { return };
        let asked = wanted.hierarchy.remote_agents();
        let observation = Observation::new(clock::now(), asked, observed);
        let shared = share(self.teller.client(), &self.namespace, &observation).await;
        match shared {
            // It will be no smaller before it is another.
            Ok(()) | Err(SharedError::TooLarge(_)) => self.known.shared(digest),
            Err(_) => {}
        }
        if let Err(error) = shared {
            let why = with_causes(&error);
            tracing::warn!(namespace = self.namespace, "what was observed is not shared: {why}");
        }
    }

    /// Lets go what is removed, if somebody could see that, and what shall stay where it is; tells what that is.
    pub(super) async fn let_go(
        &self,
        snapshot: &Snapshot,
        leaving: &Leaving,
        seen: bool,
    ) -> BTreeSet<ObjectKey> {
        let gone = snapshot.objects.values().filter(|object| {
            if !object.deleted || !object.is_held() {
                return false;
            }
            match leaving.removed.get(&object.key) {
                Some(leaving) => seen && !self.known.is_still_there(object.key.kind, leaving),
                None => leaving.orphaned.contains(&object.key),
            }
        });
        let gone = gone.cloned();
        self.teller.let_go(gone.collect()).await
    }
}
