//! What is said of an object in each state that it may be in.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    picture::{Part, Picture, Step},
    standing::{Progress, conditions, plan_ready, refused, standings, still_needed},
    status::{ConditionStatus, ConditionType, PackageCounts, ResourceStatus},
};
use crate::{
    apply::Outcome,
    model::{ActionKind, Kind, ResourceId},
    plan::{ActionId, Waiting},
};

fn point() -> ResourceId {
    ResourceId::new(Kind::DistributionPoint, &"dp".parse().unwrap())
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A picture in which the point has these actions.
fn picture(kinds: &[ActionKind]) -> Picture {
    let actions = kinds.iter().map(|kind| Step {
        id: ActionId::from(kind.to_string()),
        kind: *kind,
        resource: point(),
        reason: "it is not there".to_owned(),
        mends: *kind == ActionKind::ConfigureDistributionPoint,
    });
    let part = Part { actions: (0..kinds.len()).collect(), ..Part::default() };
    Picture {
        parts: BTreeMap::from([(point(), part)]),
        actions: actions.collect(),
        complete: true,
        ..Picture::default()
    }
}

/// The status and the reason of the three conditions that every tool reads.
fn three(picture: &Picture, progress: &[(&str, Progress)]) -> [(ConditionStatus, &'static str); 3] {
    let progress = progress.iter().map(|(id, it)| (ActionId::from((*id).to_owned()), it.clone()));
    let (standings, _) = standings(&point(), picture, &progress.collect(), false);
    [ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled].map(|it| {
        let standing = &standings[&it];
        (standing.status, standing.reason)
    })
}

const ADD: &str = "AddDistributionPoint";

#[test]
fn the_three_conditions_say_what_becomes_of_it() {
    use ConditionStatus::{False, True, Unknown};
    let nothing = picture(&[]);
    let quiet = [(True, "AsWanted"), (False, "NothingToDo"), (False, "GoesOn")];
    assert_eq!(three(&nothing, &[]), quiet);
    let add = picture(&[ActionKind::AddDistributionPoint]);
    let goes_on = [(False, "Reconciling"), (True, "Reconciling"), (False, "GoesOn")];
    assert_eq!(three(&add, &[]), goes_on);
    assert_eq!(three(&add, &[(ADD, Progress::Running(None))]), goes_on);
    let failed = Progress::Ended(Outcome::Failed("the port is taken".to_owned()));
    let again = [(False, "ActionFailed"), (True, "TriedAgain"), (False, "GoesOn")];
    assert_eq!(three(&add, &[(ADD, failed)]), again);
    let approval = [(False, "WaitingForApproval"), (True, "WaitingForApproval"), (False, "GoesOn")];
    assert_eq!(three(&add, &[(ADD, Progress::ToApprove)]), approval);
    let told = [(False, "OnlyObserved"), (False, "NothingToDo"), (False, "GoesOn")];
    assert_eq!(three(&add, &[(ADD, Progress::OnlyTold)]), told);
    // What nobody has confirmed to be removed stays, and is no work.
    let remove = picture(&[ActionKind::RemoveDistributionPoint]);
    let left = Progress::Ended(Outcome::Unconfirmed);
    assert_eq!(three(&remove, &[("RemoveDistributionPoint", left)]), quiet);
    let mut silent = picture(&[]);
    silent.parts.get_mut(&point()).unwrap().unknown = Some("it does not answer".to_owned());
    let unknown = [(Unknown, "Unreachable"), (True, "Unreachable"), (False, "GoesOn")];
    assert_eq!(three(&silent, &[]), unknown);
}

#[test]
fn what_somebody_has_chosen_to_wait_is_not_on_its_way() {
    use ConditionStatus::False;
    let waits = |until| {
        let mut picture = picture(&[]);
        picture.waiting.push(Waiting {
            resource: point(),
            on: "a maintenance window".to_owned(),
            chosen: true,
            until,
        });
        picture.parts.get_mut(&point()).unwrap().waiting.push(0);
        picture
    };
    let chosen = [(False, "Waiting"), (False, "NothingToDo"), (False, "GoesOn")];
    assert_eq!(three(&waits(None), &[]), chosen);
    let reconciling = three(&waits(Some(second(1))), &[])[1].1;
    assert_eq!(reconciling, "Reconciling", "it goes on by itself");
}

#[test]
fn a_condition_keeps_its_time_until_it_changes() {
    let (before, _) = standings(&point(), &picture(&[]), &BTreeMap::new(), false);
    let status = ResourceStatus {
        conditions: conditions(&before, &ResourceStatus::default(), Some(1), second(10)),
        ..ResourceStatus::default()
    };
    let add = picture(&[ActionKind::AddDistributionPoint]);
    let (now, _) = standings(&point(), &add, &BTreeMap::new(), false);
    let now = conditions(&now, &status, Some(2), second(20));
    let at = |of| {
        let it = now.iter().find(|it| it.condition_type == of).unwrap();
        assert_eq!(it.observed_generation, Some(2));
        it.last_transition_time
    };
    assert_eq!(at(ConditionType::Ready), second(20));
    assert_eq!(at(ConditionType::Stalled), second(10));
}

#[test]
fn content_is_distributed_when_all_of_it_is_there() {
    let counted = |present, failed| {
        let mut picture = picture(&[]);
        let counts = PackageCounts { wanted: 2, present, coming: 0, failed };
        picture.parts.get_mut(&point()).unwrap().content = Some(counts);
        let (standings, _) = standings(&point(), &picture, &BTreeMap::new(), false);
        let content = &standings[&ConditionType::ContentDistributed];
        (content.status, content.reason)
    };
    assert_eq!(counted(2, 0), (ConditionStatus::True, "ContentAvailable"));
    assert_eq!(counted(1, 0), (ConditionStatus::False, "ContentComing"));
    assert_eq!(counted(1, 1), (ConditionStatus::False, "ContentFailed"));
}

#[test]
fn who_is_not_valid_is_stalled_and_its_neighbours_wait() {
    let own = refused(Some("[PDP-1] spec: it is wrong"), "first");
    assert_eq!(own[&ConditionType::Stalled].status, ConditionStatus::True);
    let others = refused(None, "Package/a: it is wrong");
    assert_eq!(others[&ConditionType::Stalled].status, ConditionStatus::False);
    assert!(others[&ConditionType::Reconciling].message.contains("Package/a"));
}

#[test]
fn what_is_deleted_and_needed_is_not_ready() {
    let (mut standings, _) = standings(&point(), &picture(&[]), &BTreeMap::new(), false);
    still_needed(&mut standings, "Package/a");
    assert_eq!(standings[&ConditionType::Ready].reason, "StillNeeded");
}

#[test]
fn a_plan_is_ready_when_nothing_of_it_is_left_to_do() {
    let remove = picture(&[ActionKind::RemoveDistributionPoint]);
    let ready = |progress: &BTreeMap<ActionId, Progress>| {
        plan_ready(&remove, progress)[&ConditionType::Ready].status
    };
    assert_eq!(ready(&BTreeMap::new()), ConditionStatus::False);
    let id = ActionId::from("RemoveDistributionPoint".to_owned());
    let left = BTreeMap::from([(id, Progress::Ended(Outcome::Unconfirmed))]);
    assert_eq!(ready(&left), ConditionStatus::True);
}
