//! What is known of a namespace between looks: what the statuses of its objects are made of.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{
    objects::{ObjectKey, Snapshot},
    picture::Picture,
    standing::{self, Progress, Standings},
    status::{
        ConditionStatus, ConditionType, PlanStatus, PlannedAction, Reconciliation, ResourceStatus,
        WaitingAction,
    },
    telling::Happened,
    wanted::{Refused, Removed, Wanted},
};
use crate::{
    apply::{ApplyEvent, Outcome},
    model::{
        self, Digest, Kind, Name, Observed, ResourceId, SUSPEND, SYNC_REQUESTED_AT, StatusMessage,
        StatusMessageId,
    },
    plan::{ActionId, Plan, PlanToApprove},
};

/// What has ended for a resource in one pass.
#[derive(Debug, Default)]
struct Ended {
    /// When it was first told: what ends later in the pass is told in the same place.
    told: Option<Timestamp>,
    actions: Vec<(String, Outcome)>,
}

/// How many actions a plan's status tells.
const MOST_ACTIONS: usize = 100;
/// How many reconciliations an object's status tells.
const MOST_RECONCILIATIONS: usize = 5;

/// What is known of a namespace. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What the last look has found.
    picture: Arc<Picture>,
    /// The site systems that do not answer, whether they are declared or not, and why.
    silent: BTreeMap<Name, String>,
    /// How far the actions are.
    progress: BTreeMap<ActionId, Progress>,
    /// What has ended in this pass, by resource.
    ended: BTreeMap<ResourceId, Ended>,
    /// What has happened and is not told yet.
    happened: Vec<Happened>,
    /// What has happened in this pass to its actions: two that did the same are told as one.
    done: HashSet<Happened>,
    to_approve: Option<PlanToApprove>,
    manifests: Option<Digest>,
    /// Whether nothing was left to do for these manifests before.
    settled: bool,
    /// What was observed last and is not shared yet, and the digest of its facts.
    observed: Option<(Digest, Observed)>,
    /// The digest of what was shared.
    shared: Option<Digest>,
    /// When the newest status message was made that was told.
    messages_until: Option<Timestamp>,
}

impl Known {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pass over these manifests begins.
    pub(super) fn begins(&self, manifests: Digest) {
        let mut state = self.state();
        state.settled &= state.manifests == Some(manifests);
        state.manifests = Some(manifests);
        state.progress.clear();
        state.ended.clear();
        state.done.clear();
    }

    /// A look has found this.
    pub(super) fn looked(&self, picture: Picture, observed: &Observed, plan: &Plan) {
        let mut state = self.state();
        state.new_messages(observed);
        let is_new = state.shared != Some(plan.observed_digest);
        state.observed = is_new.then(|| (plan.observed_digest, observed.clone()));
        let silent = observed.site_systems.iter().filter_map(|(name, it)| match it {
            model::Known::Unknown(why) => Some((name.clone(), why.clone())),
            model::Known::Present(_) | model::Known::Absent => None,
        });
        state.silent = silent.collect();
        state.progress.retain(|id, _| picture.places.contains_key(id));
        state.picture = Arc::new(picture);
    }

    /// Something has happened in the pass; whether there is something to tell.
    pub(super) fn hears(&self, event: &ApplyEvent) -> bool {
        let mut state = self.state();
        match event {
            ApplyEvent::Begun { .. } | ApplyEvent::Progress(..) => return false,
            ApplyEvent::Started(id) => {
                state.progress.insert(id.clone(), Progress::Running(None));
            }
            ApplyEvent::Waiting(id, why) => {
                state.progress.insert(id.clone(), Progress::Running(Some(why.clone())));
            }
            ApplyEvent::Finished(id, outcome) => state.finished(id, outcome),
        }
        true
    }

    /// The pass has ended: what is left, and what waits for approval.
    pub(super) fn ended(
        &self,
        left: &[(ActionId, Outcome)],
        to_approve: Option<PlanToApprove>,
        only_told: bool,
    ) {
        let mut state = self.state();
        for (id, outcome) in left {
            state.progress.insert(id.clone(), Progress::Ended(outcome.clone()));
        }
        let waiting = to_approve.iter().flat_map(|it| &it.actions).cloned().collect::<Vec<_>>();
        for id in waiting {
            state.progress.insert(id, Progress::ToApprove);
        }
        if only_told {
            for step in &state.picture.clone().actions {
                state.progress.entry(step.id.clone()).or_insert(Progress::OnlyTold);
            }
        }
        state.to_approve = to_approve;
        let unconfirmed = |id: &ActionId| {
            matches!(state.progress.get(id), Some(Progress::Ended(Outcome::Unconfirmed)))
        };
        state.settled = state.picture.actions.iter().all(|it| unconfirmed(&it.id));
    }

    /// What was observed, if that is otherwise than what was shared, and the digest of its facts.
    pub(super) fn to_share(&self) -> Option<(Digest, Observed)> {
        self.state().observed.clone()
    }

    /// What was observed with this digest is shared.
    pub(super) fn shared(&self, digest: Digest) {
        let mut state = self.state();
        state.observed.take_if(|(it, _)| *it == digest);
        state.shared = Some(digest);
    }

    /// What has happened since this was asked last.
    pub(super) fn happened(&self) -> Vec<Happened> {
        std::mem::take(&mut self.state().happened)
    }

    /// Whether something that is to go has still to be removed, now or later, or nobody can see whether it is
    /// there.
    pub(super) fn is_still_there(&self, kind: Kind, leaving: &Removed) -> bool {
        let state = self.state();
        let picture = &state.picture;
        let waits = |id: &ResourceId| id.kind == kind && picture.waits(id);
        leaving.known.iter().any(|id| picture.removes(id) || waits(id))
            || leaving.on.iter().any(|it| state.silent.contains_key(it))
    }

    /// The statuses of all objects of a pass, by what is known now, and by what they say by now. What an object
    /// has become since the pass began is nothing that is known.
    pub(super) fn statuses(
        &self,
        (snapshot, seen): (&Snapshot, &Snapshot),
        wanted: &Wanted,
        now: Timestamp,
    ) -> BTreeMap<ObjectKey, ResourceStatus> {
        let mut state = self.state();
        for ended in state.ended.values_mut() {
            ended.told.get_or_insert(now);
        }
        let made = snapshot.objects.values().filter_map(|object| {
            let before = seen.objects.get(&object.key).filter(|it| it.uid == object.uid)?;
            let id = object.key.resource()?;
            let suspended = object.annotations.get(SUSPEND).is_some_and(|it| it == "true");
            let (mut standings, retry) =
                standing::standings(&id, &state.picture, &state.progress, suspended);
            if !state.settled {
                // What somebody wants otherwise has not drifted.
                if let Some(drifted) = standings.get_mut(&ConditionType::Drifted) {
                    *drifted = standing::as_wanted();
                }
            }
            if let Some(by) = wanted.leaving.needed.get(&object.key) {
                standing::still_needed(&mut standings, by);
            }
            let on = wanted.leaving.removed.get(&object.key).map(|it| &it.on);
            let mut on = on.into_iter().flatten();
            if let Some((system, why)) = on.find_map(|it| state.silent.get_key_value(it)) {
                standing::not_seen_removed(&mut standings, system, why);
            }
            let mut status = told(&before.status, object.generation, &standings, now);
            status.next_retry = retry;
            if let Some(part) = state.picture.parts.get(&id) {
                let catalog = part.catalog.as_ref();
                status.catalog_version = catalog.and_then(|it| it.version);
                status.catalog = status.catalog_version.map(|it| it.short());
                status.lag = catalog.and_then(|it| it.lag);
                status.last_synchronization = catalog.and_then(|it| it.last.clone());
                status.source.clone_from(&part.source);
                status.content = part.content;
                status.progress = part.content.map(|it| format!("{}/{}", it.present, it.wanted));
            }
            let ready = standings.get(&ConditionType::Ready);
            if ready.is_some_and(|it| it.status == ConditionStatus::True) {
                // What was asked for by hand is done, or is for a schedule to do.
                status.handled_sync_request = object.annotations.get(SYNC_REQUESTED_AT).cloned();
            }
            if let Some(told) = state.ended.get(&id).and_then(Ended::reconciliation) {
                status.reconciliations.retain(|it| it.at != told.at);
                status.reconciliations.insert(0, told);
                status.reconciliations.truncate(MOST_RECONCILIATIONS);
            }
            Some((object.key.clone(), status))
        });
        made.collect()
    }

    /// What the plan's status says.
    pub(super) fn plan(&self, before: &PlanStatus, now: Timestamp) -> PlanStatus {
        let state = self.state();
        let picture = &state.picture;
        let approved = |id: &ActionId| state.progress.get(id) == Some(&Progress::ToApprove);
        let planned = picture.actions.iter().take(MOST_ACTIONS).map(|step| PlannedAction {
            id: step.id.to_string(),
            kind: step.kind.to_string(),
            resource: step.resource.to_string(),
            reason: step.reason.clone(),
            to_approve: approved(&step.id),
        });
        let waiting = picture
            .waiting
            .iter()
            .take(MOST_ACTIONS)
            .map(|it| WaitingAction { resource: it.resource.to_string(), reason: it.on.clone() });
        let ready = standing::plan_ready(picture, &state.progress);
        let old = ResourceStatus { conditions: before.conditions.clone(), ..Default::default() };
        PlanStatus {
            manifest_digest: state.manifests,
            digest_to_approve: state.to_approve.as_ref().map(|it| it.digest),
            approve: state.to_approve.as_ref().map(|it| it.digest.short()),
            conditions: standing::conditions(&ready, &old, None, now),
            actions_total: u64::try_from(picture.actions.len()).unwrap_or(u64::MAX),
            actions: planned.collect(),
            waiting: waiting.collect(),
        }
    }
}

impl State {
    /// Status messages that site servers have kept since the last look are told as events, under the
    /// field's own numbers. Those from before the first look were told by somebody else.
    fn new_messages(&mut self, observed: &Observed) {
        let mut newest = self.messages_until;
        for (_, system) in observed.present() {
            for message in system.site_server.iter().flat_map(|it| &it.status_messages) {
                newest = newest.max(Some(message.at));
                let is_new = self.messages_until.is_some_and(|until| message.at > until);
                if let Some(key) = is_new.then(|| self.subject(message)).flatten() {
                    self.happened.push(Happened {
                        key,
                        reason: format!("StatusMessage{}", message.id.number()),
                        note: message.text.clone(),
                        warning: is_a_failure(message.id),
                    });
                }
            }
        }
        self.messages_until = newest.or(Some(Timestamp::UNIX_EPOCH));
    }

    /// The object that a status message is about.
    fn subject(&self, message: &StatusMessage) -> Option<ObjectKey> {
        // A package may have a distribution point behind it.
        let subject = message.subject.split([' ', ',', '/']).next()?;
        let kinds = [
            Kind::SoftwareUpdatePoint,
            Kind::Package,
            Kind::DistributionPoint,
            Kind::Site,
            Kind::SiteSystem,
        ];
        let known = |kind: &Kind| {
            let name = subject.parse().ok();
            name.is_some_and(|name| {
                self.picture.parts.contains_key(&ResourceId { kind: *kind, name })
            })
        };
        let kind = kinds.into_iter().find(known)?;
        Some(ObjectKey { kind, name: subject.to_owned() })
    }

    fn finished(&mut self, id: &ActionId, outcome: &Outcome) {
        self.progress.insert(id.clone(), Progress::Ended(outcome.clone()));
        let Some(step) = self.picture.step(id) else { return };
        let (kind, resource) = (step.kind.to_string(), step.resource.clone());
        let warning = match outcome {
            Outcome::Done(_) => false,
            Outcome::Failed(_) => true,
            _ => return,
        };
        let happened = Happened {
            key: ObjectKey { kind: resource.kind, name: resource.name.to_string() },
            reason: kind.clone(),
            note: outcome.detail(),
            warning,
        };
        if self.done.insert(happened.clone()) {
            self.happened.push(happened);
        }
        self.ended.entry(resource).or_default().actions.push((kind, outcome.clone()));
    }
}

fn is_a_failure(message: StatusMessageId) -> bool {
    matches!(
        message,
        StatusMessageId::SynchronizationFailed
            | StatusMessageId::PullAtCapacity
            | StatusMessageId::NoSourceHasContent
    )
}

impl Ended {
    /// As a status tells it; none before it is told.
    fn reconciliation(&self) -> Option<Reconciliation> {
        let failed = self.actions.iter().find(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
        Some(Reconciliation {
            at: self.told?,
            actions: self.actions.iter().map(|(kind, _)| kind.clone()).collect(),
            outcome: if failed.is_some() { "Failed" } else { "Done" }.to_owned(),
            message: failed.map(|(_, outcome)| outcome.detail()),
        })
    }
}

/// The status of an object with these conditions; what else it says stays.
fn told(
    before: &ResourceStatus,
    generation: Option<i64>,
    standings: &Standings,
    now: Timestamp,
) -> ResourceStatus {
    ResourceStatus {
        observed_generation: generation,
        conditions: standing::conditions(standings, before, generation, now),
        ..before.clone()
    }
}

/// The statuses of objects that are not valid together.
pub(super) fn refused(
    snapshot: &Snapshot,
    refused: &Refused,
    now: Timestamp,
) -> BTreeMap<ObjectKey, ResourceStatus> {
    let told = snapshot.objects.values().map(|object| {
        let own = refused.problems.get(&object.key).map(String::as_str);
        let standings = standing::refused(own, &refused.first);
        let status = told(&object.status, object.generation, &standings, now);
        (object.key.clone(), status)
    });
    told.collect()
}
