//! The machine: what holds, and who is told of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    CommitState, CommitUpdate, Condition, Look, Manifests, Message, MessageContent, Occurrence,
    PassEnded, Receiver, ReceiverMemory, Told, ToldState, occurrence::bounded,
};
use crate::model::{CommitId, Digest, EventKind, Name};

/// As many conditions are remembered: nobody reads more.
const MOST_CONDITIONS: usize = 1_000;

/// As many events stand in one message; the others are counted.
const MOST_EVENTS: usize = 20;

/// As many actions are named of those that have mended something.
const NAMED: usize = 5;

/// The subject of what is about the controller as a whole.
const PASS: &str = "controller";

/// Decides who is told what. It has no clock: each call says what time it is.
#[derive(Debug, Default)]
pub struct Notifications {
    receivers: BTreeMap<Name, Receiver>,
    memory: Memory,
}

/// What was told, what holds and what is still to be delivered: it lasts over a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// How many messages there were.
    #[serde(default)]
    serial: u64,
    /// The manifests in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifests: Option<Manifests>,
    /// The manifests that the hierarchy has once been found to agree with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agreed: Option<Digest>,
    /// Whether it was found so by the last look.
    #[serde(default)]
    converged: bool,
    /// What holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    conditions: BTreeMap<String, Holding>,
    /// What each receiver has heard.
    #[serde(default)]
    receivers: BTreeMap<Name, ReceiverMemory>,
}

/// A condition, and since when it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Holding {
    #[serde(flatten)]
    pub(super) condition: Condition,
    pub(super) since: Timestamp,
    /// Since when it is not found any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gone: Option<Timestamp>,
}

impl Holding {
    pub(super) fn told(&self, state: ToldState) -> Told {
        let Self { condition, since, gone } = self;
        let Condition { kind, subject, site, text } = condition.clone();
        let since = gone.filter(|_| state == ToldState::Ended).unwrap_or(*since);
        Told { event: kind, state, severity: kind.severity(), site, subject, text, since }
    }
}

impl Memory {
    /// What each receiver has heard.
    pub const fn receivers(&self) -> &BTreeMap<Name, ReceiverMemory> {
        &self.receivers
    }
}

impl Notifications {
    /// Goes on from what was remembered.
    pub fn new(memory: Memory) -> Self {
        Self { receivers: BTreeMap::new(), memory }
    }

    /// What has to be remembered.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// These receivers are told from now on, and no others. What waits for one whose settings are
    /// `changed` is sent at once.
    pub fn set_receivers(
        &mut self,
        receivers: BTreeMap<Name, Receiver>,
        changed: &BTreeSet<Name>,
        now: Timestamp,
    ) {
        self.memory.receivers.retain(|name, _| receivers.contains_key(name));
        for name in receivers.keys() {
            let memory = self.memory.receivers.entry(name.clone()).or_default();
            if changed.contains(name) {
                memory.outbox.at_once();
            }
        }
        self.receivers = receivers;
        self.tell(&[], now);
    }

    /// Something has happened.
    pub fn hear(&mut self, occurrence: Occurrence, now: Timestamp) {
        let happened = match occurrence {
            Occurrence::InForce(manifests) => self.in_force(&manifests, now),
            Occurrence::Source { refused, unreachable } => {
                self.source(refused, unreachable, now);
                Vec::new()
            }
            Occurrence::PassEnded(pass) => self.pass_ended(pass, now),
        };
        self.tell(&happened, now);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Timestamp) {
        self.tell(&[], now);
    }

    /// When to call [`Self::tick`] and [`Self::send`] at the latest.
    pub fn due(&self) -> Option<Timestamp> {
        let each = self.receivers.iter().filter_map(|(name, receiver)| {
            self.memory.receivers.get(name)?.due(receiver, &self.memory.conditions)
        });
        each.min()
    }

    /// What is to be sent now, one message at a time to each receiver. What is remembered for one that is
    /// not known yet, after a restart, waits until it is.
    pub fn send(&mut self, now: Timestamp) -> Vec<(Name, Message)> {
        let Self { receivers, memory } = self;
        let all = memory.receivers.iter_mut().filter(|(name, _)| receivers.contains_key(*name));
        all.filter_map(|(name, memory)| Some((name.clone(), memory.outbox.send(now)?))).collect()
    }

    /// What was sent to a receiver has arrived.
    pub fn delivered(&mut self, receiver: &Name, now: Timestamp) {
        if let Some(memory) = self.memory.receivers.get_mut(receiver) {
            memory.outbox.delivered(now);
        }
    }

    /// What was sent to a receiver is refused for good.
    pub fn refused(&mut self, receiver: &Name, why: &str, now: Timestamp) {
        if let Some(memory) = self.memory.receivers.get_mut(receiver) {
            memory.outbox.refused(bounded(why), now);
        }
    }

    /// What was sent to a receiver has not arrived. `dice` is a random number from 0 to 1.
    pub fn failed(&mut self, receiver: &Name, why: &str, dice: f64, now: Timestamp) {
        if let Some(memory) = self.memory.receivers.get_mut(receiver) {
            memory.outbox.failed(bounded(why), dice, now);
        }
    }

    fn in_force(&mut self, manifests: &Manifests, now: Timestamp) -> Vec<Told> {
        if self.memory.manifests.as_ref() == Some(manifests) {
            return Vec::new();
        }
        let before = self.memory.manifests.replace(manifests.clone());
        let text = match &manifests.commit {
            Some(commit) => {
                let text = "it is in force and is being brought about";
                self.commit(commit, CommitState::Pending, text, now);
                format!("commit {} is in force", commit.short())
            }
            None => "other manifests are in force".to_owned(),
        };
        // The same ones out of another commit: what has converged still has.
        if before.is_none_or(|before| before.digest != manifests.digest) {
            (self.memory.agreed, self.memory.converged) = (None, false);
        }
        vec![happened(EventKind::ManifestsInForce, text, now)]
    }

    fn source(
        &mut self,
        refused: Option<(Option<CommitId>, String)>,
        unreachable: Option<String>,
        now: Timestamp,
    ) {
        let mut conditions = Vec::new();
        if let Some((commit, why)) = refused {
            let (subject, text) = match &commit {
                Some(commit) => {
                    self.commit(commit, CommitState::Failure, &why, now);
                    let short = commit.short();
                    (short, format!("commit {short} is refused: {why}"))
                }
                None => ("manifests", format!("the manifests are refused: {why}")),
            };
            conditions.push(Condition::new(EventKind::ManifestsRefused, subject, None, &text));
        }
        if let Some(why) = unreachable {
            conditions.push(Condition::new(EventKind::SourceUnreachable, "source", None, &why));
        }
        self.replace(conditions, |it| is_of_source(it.kind), now);
    }

    fn pass_ended(
        &mut self,
        PassEnded { manifests, look }: PassEnded,
        now: Timestamp,
    ) -> Vec<Told> {
        let Look { converged, mended, planned, conditions } = match look {
            Ok(look) => look,
            Err(why) => {
                let condition = Condition::new(EventKind::Failed, PASS, None, &why);
                // Unknown is not absent: whatever else held may still hold.
                self.replace(
                    vec![condition],
                    |it| it.kind == EventKind::Failed && it.subject == PASS,
                    now,
                );
                self.commit_in_force(&manifests, CommitState::Failure, &why, now);
                return Vec::new();
            }
        };
        // An action that has failed and waits for its next try is still one that has failed.
        let is_over = |it: &Condition| {
            let is_left = it.kind == EventKind::Failed && planned.contains(&it.subject);
            !is_left && !is_of_source(it.kind)
        };
        self.replace(conditions, is_over, now);
        let mut told = Vec::new();
        if self.memory.agreed == Some(manifests.digest) && !mended.is_empty() {
            told.push(happened(EventKind::Drift, drift(&mended), now));
        }
        let is_in_force =
            self.memory.manifests.as_ref().is_some_and(|it| it.digest == manifests.digest);
        if converged && is_in_force && !self.memory.converged {
            let text = match &manifests.commit {
                Some(commit) => format!("the hierarchy is as commit {} says", commit.short()),
                None => "the hierarchy is as the manifests say".to_owned(),
            };
            told.push(happened(EventKind::Converged, text, now));
        }
        if is_in_force {
            self.memory.converged = converged;
            if converged {
                self.memory.agreed = Some(manifests.digest);
            }
        }
        let (state, text) = self.commit_after(converged, planned.len());
        self.commit_in_force(&manifests, state, &text, now);
        told
    }

    /// Tells how it stands with the commit that a pass went by, unless another one is in force by now.
    fn commit_in_force(
        &mut self,
        manifests: &Manifests,
        state: CommitState,
        text: &str,
        now: Timestamp,
    ) {
        if let Some(commit) = &manifests.commit
            && self.memory.manifests.as_ref() == Some(manifests)
        {
            self.commit(commit, state, text, now);
        }
    }

    /// How it stands with a commit after a pass.
    fn commit_after(&self, converged: bool, planned: usize) -> (CommitState, String) {
        if converged {
            return (CommitState::Success, "the hierarchy is as it says".to_owned());
        }
        let holding = self.memory.conditions.values().filter(|it| it.gone.is_none());
        let mut failed = holding.filter(|it| it.condition.kind == EventKind::Failed);
        match failed.next() {
            Some(Holding { condition, .. }) => {
                let more = failed.count();
                let rest = if more == 0 { String::new() } else { format!("; and {more} more") };
                let text = format!("{}: {}{rest}", condition.subject, condition.text);
                (CommitState::Failure, text)
            }
            None => (CommitState::Pending, format!("actions still to be done: {planned}")),
        }
    }

    /// These conditions hold; of the others, those that are `over` do not any more.
    fn replace(
        &mut self,
        conditions: Vec<Condition>,
        over: impl Fn(&Condition) -> bool,
        now: Timestamp,
    ) {
        let found: BTreeMap<String, Condition> =
            conditions.into_iter().map(|condition| (condition.key(), condition)).collect();
        let all = &mut self.memory.conditions;
        for (key, holding) in &mut *all {
            if !found.contains_key(key) && over(&holding.condition) {
                holding.gone.get_or_insert(now);
            }
        }
        for (key, condition) in found {
            let room = all.len() < MOST_CONDITIONS;
            match all.get_mut(&key) {
                Some(holding) => {
                    holding.gone = None;
                    holding.condition = condition;
                }
                None if room => {
                    all.insert(key, Holding { condition, since: now, gone: None });
                }
                None => {}
            }
        }
    }

    /// Tells each receiver what is news to it.
    fn tell(&mut self, happened: &[Told], now: Timestamp) {
        let Self { receivers, memory } = self;
        let commit = memory.manifests.as_ref().and_then(|it| it.commit.clone());
        for (name, receiver) in receivers {
            let its = memory.receivers.entry(name.clone()).or_default();
            let mut events = its.news(receiver, &memory.conditions, now);
            let wanted = happened.iter().filter(|it| receiver.wants(it.event, it.site.as_ref()));
            events.extend(wanted.cloned());
            if events.is_empty() {
                continue;
            }
            events.sort_by_key(|it| (it.state == ToldState::Ended, std::cmp::Reverse(it.severity)));
            let more = events.len().saturating_sub(MOST_EVENTS);
            events.truncate(MOST_EVENTS);
            memory.serial += 1;
            let id = id(memory.serial, now);
            let content = MessageContent::Events { events, more };
            its.outbox.push(Message { id, at: now, commit: commit.clone(), content });
        }
        // What is over, and nobody has still to be told so.
        let told = |key: &str| memory.receivers.values().any(|it| it.has_told(key));
        memory.conditions.retain(|key, holding| holding.gone.is_none() || told(key));
    }

    /// Tells the status of a commit to those who keep it.
    fn commit(&mut self, commit: &CommitId, state: CommitState, text: &str, now: Timestamp) {
        let Self { receivers, memory } = self;
        for (name, _) in receivers.iter().filter(|(_, receiver)| receiver.wants_commits()) {
            let its = memory.receivers.entry(name.clone()).or_default();
            if !its.is_news(commit, state) {
                continue;
            }
            memory.serial += 1;
            let update = CommitUpdate { commit: commit.clone(), state, text: bounded(text) };
            its.outbox.push(Message {
                id: id(memory.serial, now),
                at: now,
                commit: Some(commit.clone()),
                content: MessageContent::CommitStatus(update),
            });
        }
    }
}

/// No other message has the same, unless what is remembered is lost within the second.
fn id(serial: u64, now: Timestamp) -> String {
    format!("{}-{serial}", now.as_second())
}

/// Whether a look at the source finds it, and not one at the site systems.
const fn is_of_source(kind: EventKind) -> bool {
    matches!(kind, EventKind::ManifestsRefused | EventKind::SourceUnreachable)
}

fn happened(kind: EventKind, text: String, now: Timestamp) -> Told {
    let (state, severity) = (ToldState::Happened, kind.severity());
    let subject = PASS.to_owned();
    Told { event: kind, state, severity, site: None, subject, text, since: now }
}

fn drift(mended: &[String]) -> String {
    let named = mended.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = mended.len().saturating_sub(NAMED);
    let rest = if more == 0 { String::new() } else { format!(", and {more} more") };
    bounded(&format!("something was not as the manifests say, and was mended: {named}{rest}"))
}
