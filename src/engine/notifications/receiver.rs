//! One receiver: what it wants to hear, what it has heard, and what is news to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{CommitState, Outbox, Told, ToldState, machine::Holding};
use crate::model::{CommitId, EventKind, EventSeverity, NotificationSpec, SiteCode};

/// The status of as many commits is remembered as told: of those in force and refused lately.
const COMMITS: usize = 8;

/// What a receiver wants to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    kinds: BTreeSet<EventKind>,
    /// Those of all, if there is none.
    sites: BTreeSet<SiteCode>,
    min_severity: EventSeverity,
    after: SignedDuration,
    repeat_every: SignedDuration,
    /// Whether it is told the status of commits, and nothing else.
    commit_status: bool,
}

/// What a receiver has heard, and what it still has to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiverMemory {
    /// When each condition that holds was last told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    told: BTreeMap<String, Timestamp>,
    /// The last status of each commit, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    commits: Vec<(CommitId, CommitState)>,
    /// What is to be delivered.
    #[serde(default)]
    pub(super) outbox: Outbox,
}

impl Receiver {
    /// As a manifest says; the sites by their codes.
    pub fn new(spec: &NotificationSpec, sites: BTreeSet<SiteCode>) -> Self {
        Self {
            kinds: spec.kinds(),
            sites,
            min_severity: spec.min_severity,
            after: spec.after.duration(),
            repeat_every: spec.repeat_every.duration(),
            commit_status: spec.to.commit_status.is_some(),
        }
    }

    /// Whether it is told the status of commits, and nothing else.
    pub(super) const fn wants_commits(&self) -> bool {
        self.commit_status
    }

    /// Whether it wants to hear of this.
    pub(super) fn wants(&self, kind: EventKind, site: Option<&SiteCode>) -> bool {
        !self.commit_status
            && self.kinds.contains(&kind)
            && kind.severity() >= self.min_severity
            && (self.sites.is_empty() || site.is_none_or(|site| self.sites.contains(site)))
    }

    /// How long something of a kind has to last, and to be over.
    fn after(&self, kind: EventKind) -> SignedDuration {
        if kind.may_heal() { self.after } else { SignedDuration::ZERO }
    }

    /// When there is something to tell of a condition, and in which state.
    fn next(&self, holding: &Holding, told: Option<Timestamp>) -> Option<(Timestamp, ToldState)> {
        let after = self.after(holding.condition.kind);
        let (from, pause, state) = match (told, holding.gone) {
            (None, Some(_)) => return None,
            (None, None) => (holding.since, after, ToldState::Begun),
            (Some(told), None) => (told, self.repeat_every, ToldState::Lasting),
            (Some(_), Some(gone)) => (gone, after, ToldState::Ended),
        };
        Some((from.checked_add(pause).ok()?, state))
    }
}

impl ReceiverMemory {
    /// What is to be delivered, and how that went so far.
    pub const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// What is news of the conditions. It counts as told from now on.
    pub(super) fn news(
        &mut self,
        receiver: &Receiver,
        conditions: &BTreeMap<String, Holding>,
        now: Timestamp,
    ) -> Vec<Told> {
        let wanted = |it: &Holding| {
            let condition = &it.condition;
            receiver.wants(condition.kind, condition.site.as_ref())
        };
        // What it does not want to hear of any more.
        self.told.retain(|key, _| conditions.get(key).is_some_and(wanted));
        let mut news = Vec::new();
        for (key, holding) in conditions.iter().filter(|(_, it)| wanted(it)) {
            let next = receiver.next(holding, self.told.get(key).copied());
            let Some((_, state)) = next.filter(|(at, _)| *at <= now) else { continue };
            if state == ToldState::Ended {
                self.told.remove(key);
            } else {
                self.told.insert(key.clone(), now);
            }
            news.push(holding.told(state));
        }
        news
    }

    /// When there is something to tell or to deliver next.
    pub(super) fn due(
        &self,
        receiver: &Receiver,
        conditions: &BTreeMap<String, Holding>,
    ) -> Option<Timestamp> {
        let wanted = conditions
            .iter()
            .filter(|(_, it)| receiver.wants(it.condition.kind, it.condition.site.as_ref()));
        let next = wanted.filter_map(|(key, it)| receiver.next(it, self.told.get(key).copied()));
        next.map(|(at, _)| at).chain(self.outbox.due()).min()
    }

    /// Whether it was told that a condition holds, and not that it is over.
    pub(super) fn has_told(&self, key: &str) -> bool {
        self.told.contains_key(key)
    }

    /// Whether a status of a commit is news. It counts as told from now on.
    pub(super) fn is_news(&mut self, commit: &CommitId, state: CommitState) -> bool {
        let known = self.commits.iter().position(|(it, _)| it == commit);
        if let Some(at) = known {
            let (_, told) = self.commits[at];
            // A commit that was brought about stays so while the work of each day goes on.
            let goes_on = told == CommitState::Success && state == CommitState::Pending;
            if told == state || goes_on {
                return false;
            }
            self.commits.remove(at);
        }
        if self.commits.len() >= COMMITS {
            self.commits.remove(0);
        }
        self.commits.push((commit.clone(), state));
        true
    }
}
