//! How it stands with an object, as its conditions: pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    picture::{Part, Picture},
    status::{Condition, ConditionStatus, ConditionType, PackageCounts, ResourceStatus},
};
use crate::{
    apply::Outcome,
    model::{DELETION_POLICY, Kind, Name, ResourceId},
    plan::ActionId,
};

/// How far an action is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is under way; what it waits for, if for something.
    Running(Option<String>),
    /// It has ended like this.
    Ended(Outcome),
    /// Somebody has to approve it.
    ToApprove,
    /// It is only told: nothing is done.
    OnlyTold,
}

/// How it stands in one respect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) status: ConditionStatus,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// Longer texts say no more to anybody.
const LONGEST_MESSAGE: usize = 2_000;

impl Standing {
    pub(super) fn new(
        status: ConditionStatus,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let mut message = message.into();
        // Old API servers take an empty text for none, and refuse it.
        if message.is_empty() {
            reason.clone_into(&mut message);
        }
        if message.len() > LONGEST_MESSAGE {
            let end = (0..=LONGEST_MESSAGE).rev().find(|at| message.is_char_boundary(*at));
            message.truncate(end.unwrap_or_default());
            message.push('…');
        }
        Self { status, reason, message }
    }

    fn is(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(ConditionStatus::True, reason, message)
    }

    fn is_not(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(ConditionStatus::False, reason, message)
    }
}

/// How it stands in all respects.
pub(super) type Standings = BTreeMap<ConditionType, Standing>;

/// What the conditions of a resource are, by the last look and what has become of its actions.
pub(super) fn standings(
    id: &ResourceId,
    picture: &Picture,
    progress: &BTreeMap<ActionId, Progress>,
    suspended: bool,
) -> (Standings, Option<Timestamp>) {
    let nothing = Part::default();
    let part = picture.parts.get(id).unwrap_or(&nothing);
    let found = Found::of(part, picture, progress);
    let mut standings = found.three();
    let suspended = if suspended {
        Standing::is("Suspended", "headwater.dev/suspend: nothing is done to it")
    } else {
        Standing::is_not("NotSuspended", "it is not suspended")
    };
    standings.insert(ConditionType::Suspended, suspended);
    if let Some(catalog) = &part.catalog {
        standings.insert(
            ConditionType::Synchronized,
            match (catalog.version, catalog.lag) {
                (None, _) => Standing::is_not("NoCatalog", "its catalog is empty"),
                (Some(_), None) => {
                    Standing::is("CatalogHeld", "it has a catalog, and none is above it")
                }
                (Some(_), Some(0)) => {
                    Standing::is("CatalogCurrent", "it has what the one above it has")
                }
                (Some(_), Some(lag)) => Standing::is_not(
                    "CatalogBehind",
                    format!(
                        "the catalog above it is another one: {lag} revisions or more are missing"
                    ),
                ),
            },
        );
    }
    if let Some(counts) = &part.content {
        standings.insert(ConditionType::ContentDistributed, content(id.kind, counts));
    }
    if matches!(id.kind, Kind::SiteSystem | Kind::SoftwareUpdatePoint | Kind::DistributionPoint) {
        let drifted = part.actions.iter().find(|it| picture.actions[**it].mends);
        standings.insert(
            ConditionType::Drifted,
            match drifted {
                Some(number) => {
                    let action = &picture.actions[*number];
                    Standing::is(
                        "OtherwiseThanWanted",
                        format!("{}: {}", action.kind, action.reason),
                    )
                }
                None => as_wanted(),
            },
        );
    }
    (standings, found.retry)
}

fn content(kind: Kind, counts: &PackageCounts) -> Standing {
    let PackageCounts { wanted, present, coming, failed } = *counts;
    let what =
        if kind == Kind::Package { "distribution points have it" } else { "packages are there" };
    let message = format!("{present} of {wanted} {what}, {coming} on their way, {failed} failed");
    match present {
        _ if wanted == present => Standing::is("ContentAvailable", message),
        _ if failed > 0 => Standing::is_not("ContentFailed", message),
        _ => Standing::is_not("ContentComing", message),
    }
}

/// What has become of the actions of a resource.
#[derive(Debug, Default)]
struct Found {
    unknown: Option<String>,
    /// What failed: how many, and the first of them.
    failed: Option<(usize, String)>,
    /// When it is tried again.
    retry: Option<Timestamp>,
    approval: Option<String>,
    only_told: Option<String>,
    /// What goes on, or will by itself.
    moving: Option<String>,
    /// What somebody has chosen not to have now.
    chosen: Option<String>,
    left: usize,
}

impl Found {
    fn of(part: &Part, picture: &Picture, progress: &BTreeMap<ActionId, Progress>) -> Self {
        let mut found =
            Self { unknown: part.unknown.clone(), left: part.actions.len(), ..Self::default() };
        let first = |place: &mut Option<String>, text: String| {
            place.get_or_insert(text);
        };
        for number in &part.actions {
            let action = &picture.actions[*number];
            let said = |what: &str| format!("{}: {what}", action.kind);
            match progress.get(&action.id) {
                Some(Progress::Ended(Outcome::Failed(why))) => found.fails(said(why)),
                Some(Progress::Ended(outcome @ Outcome::TriedAgain { until, .. })) => {
                    found.retry = Some(found.retry.map_or(*until, |it| it.min(*until)));
                    found.fails(said(&outcome.detail()));
                }
                Some(Progress::Ended(outcome @ Outcome::Waiting { .. })) => {
                    first(&mut found.moving, said(&outcome.detail()));
                }
                Some(Progress::Ended(Outcome::Unconfirmed)) => found.left -= 1,
                Some(Progress::ToApprove) => {
                    first(&mut found.approval, said(&action.reason));
                }
                Some(Progress::OnlyTold) => first(&mut found.only_told, said(&action.reason)),
                Some(Progress::Running(Some(waits))) => first(&mut found.moving, said(waits)),
                Some(Progress::Running(None)) => {
                    first(&mut found.moving, said("under way"));
                }
                Some(Progress::Ended(Outcome::Done(_) | Outcome::Skipped(_))) | None => {
                    first(&mut found.moving, said(&action.reason));
                }
            }
        }
        for number in &part.waiting {
            let waiting = &picture.waiting[*number];
            let place = if waiting.chosen && waiting.until.is_none() {
                &mut found.chosen
            } else {
                &mut found.moving
            };
            first(place, format!("it waits: {}", waiting.on));
        }
        found
    }

    fn fails(&mut self, why: String) {
        match &mut self.failed {
            Some((count, _)) => *count += 1,
            None => self.failed = Some((1, why)),
        }
    }

    /// The three conditions that every tool reads.
    fn three(&self) -> Standings {
        let quiet = Standing::is_not("NothingToDo", "nothing is being done about it");
        let goes = Standing::is_not("GoesOn", "nobody has to act");
        let (ready, reconciling, stalled) = if let Some((count, why)) = &self.failed {
            let more =
                if *count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
            let message = format!("{why}{more}");
            (
                Standing::is_not("ActionFailed", message.clone()),
                Standing::is("TriedAgain", message),
                goes,
            )
        } else if let Some(why) = &self.unknown {
            (
                Standing::new(ConditionStatus::Unknown, "Unreachable", why.clone()),
                Standing::is("Unreachable", why.clone()),
                goes,
            )
        } else if let Some(why) = &self.approval {
            let message = format!("somebody has to approve it: {why}");
            (
                Standing::is_not("WaitingForApproval", message.clone()),
                Standing::is("WaitingForApproval", message),
                goes,
            )
        } else if let Some(why) = &self.moving {
            let message = match self.left {
                0 | 1 => why.clone(),
                left => format!("{why} ({left} actions are left)"),
            };
            (
                Standing::is_not("Reconciling", message.clone()),
                Standing::is("Reconciling", message),
                goes,
            )
        } else if let Some(why) = &self.only_told {
            let message = format!("nothing is done about it, the operator only observes: {why}");
            (Standing::is_not("OnlyObserved", message), quiet, goes)
        } else if let Some(why) = &self.chosen {
            (Standing::is_not("Waiting", why.clone()), quiet, goes)
        } else {
            (Standing::is("AsWanted", "it is as this object says"), quiet, goes)
        };
        BTreeMap::from([
            (ConditionType::Ready, ready),
            (ConditionType::Reconciling, reconciling),
            (ConditionType::Stalled, stalled),
        ])
    }
}

/// That of what is not otherwise than wanted.
pub(super) fn as_wanted() -> Standing {
    Standing::is_not("AsWanted", "nobody has changed it since it was as wanted")
}

/// Somebody has deleted it, and something else still needs it.
pub(super) fn still_needed(standings: &mut Standings, by: &str) {
    let message = format!("it is deleted, and stays as long as {by} needs it");
    let ready = Standing::is_not("StillNeeded", message.clone());
    standings.insert(ConditionType::Ready, ready);
    standings.insert(ConditionType::Reconciling, Standing::is("StillNeeded", message));
}

/// Somebody has deleted it, and nobody can see whether it is removed.
pub(super) fn not_seen_removed(standings: &mut Standings, system: &Name, why: &str) {
    let message = format!(
        "it is deleted, and stays until `{system}` says that it is removed: {why}; if it never will, \
         annotate the object with `{DELETION_POLICY}: Orphan`"
    );
    let ready = Standing::new(ConditionStatus::Unknown, "Unreachable", message.clone());
    standings.insert(ConditionType::Ready, ready);
    standings.insert(ConditionType::Reconciling, Standing::is("Unreachable", message));
}

/// How it stands with a plan: it is ready when nothing of it is left to do.
pub(super) fn plan_ready(picture: &Picture, progress: &BTreeMap<ActionId, Progress>) -> Standings {
    let unconfirmed =
        |id: &ActionId| matches!(progress.get(id), Some(Progress::Ended(Outcome::Unconfirmed)));
    let all = Part {
        actions: (0..picture.actions.len())
            .filter(|number| !unconfirmed(&picture.actions[*number].id))
            .collect(),
        waiting: (0..picture.waiting.len()).collect(),
        ..Part::default()
    };
    let found = Found::of(&all, picture, progress);
    let mut three = found.three();
    if let Some(ready) = three.get_mut(&ConditionType::Ready)
        && ready.status == ConditionStatus::True
    {
        *ready = if picture.complete {
            Standing::is("NothingToDo", "everything is as the objects say")
        } else {
            Standing::is_not("NotAllSeen", "some site systems could not be asked")
        };
    }
    three
}

/// The conditions of an object that is not valid, or whose neighbours are not.
pub(super) fn refused(own: Option<&str>, first: &str) -> Standings {
    let (ready, reconciling, stalled) = if let Some(why) = own {
        (
            Standing::is_not("Invalid", why),
            Standing::is_not("Invalid", "nothing is done before it is valid"),
            Standing::is("Invalid", why),
        )
    } else {
        let why = format!("nothing is done before all objects are valid: {first}");
        (
            Standing::is_not("OthersInvalid", why.clone()),
            Standing::is("OthersInvalid", why),
            Standing::is_not("OthersInvalid", "it is valid itself"),
        )
    };
    BTreeMap::from([
        (ConditionType::Ready, ready),
        (ConditionType::Reconciling, reconciling),
        (ConditionType::Stalled, stalled),
    ])
}

/// Conditions as they are written: one that has not changed keeps its time.
pub(super) fn conditions(
    standings: &Standings,
    before: &ResourceStatus,
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    let written = standings.iter().map(|(condition_type, standing)| {
        let before = before.conditions.iter().find(|it| it.condition_type == *condition_type);
        let since = before.filter(|it| it.status == standing.status);
        Condition {
            condition_type: *condition_type,
            status: standing.status,
            observed_generation: generation,
            last_transition_time: since.map_or(now, |it| it.last_transition_time),
            reason: standing.reason.to_owned(),
            message: standing.message.clone(),
        }
    });
    written.collect()
}
