//! What is approved is what would be done: nothing more, and not twice.

use std::collections::BTreeSet;

use headwater::{
    model::{Digest, Hierarchy},
    plan::{Approvals, Plan, Work},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    contoso::{contoso, name, port_settings},
    world::World,
};

fn work(plan: &Plan, hierarchy: &Hierarchy) -> Work {
    Work::of(&plan.actions, hierarchy)
}

fn given(digests: &[Digest]) -> BTreeSet<Digest> {
    digests.iter().copied().collect()
}

fn changed() -> Hierarchy {
    contoso(|it| {
        port_settings(it, "update-services", 8550);
        it.packages.get_mut(&name("printer-definitions")).unwrap().spec.source_version += 1;
    })
}

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

#[test]
fn the_digest_is_that_of_what_would_be_done_and_not_of_when() {
    let hierarchy = changed();
    let mut world = World::of(&contoso(|_| ()));
    let plan = world.plan(&hierarchy);
    let digest = work(&plan, &hierarchy).digest();
    world.now += SignedDuration::from_hours(3);
    let mut later = world.plan(&hierarchy);
    for action in &mut later.actions {
        action.reason.push_str(" (since 12:31)");
        for change in &mut action.diff {
            (change.found, change.written) = (None, Vec::new());
        }
    }
    assert_eq!(work(&later, &hierarchy).digest(), digest);

    let other = |change: fn(&mut headwater::model::Declared)| {
        let hierarchy = contoso(|it| {
            port_settings(it, "update-services", 8550);
            it.packages.get_mut(&name("printer-definitions")).unwrap().spec.source_version += 1;
            change(it);
        });
        work(&world.plan(&hierarchy), &hierarchy).digest()
    };
    assert_eq!(other(|_| ()), digest);
    let version = other(|it| {
        it.packages.get_mut(&name("printer-definitions")).unwrap().spec.source_version += 1;
    });
    let source = other(|it| {
        let package = it.packages.get_mut(&name("printer-definitions")).unwrap();
        package.spec.source.path = Some("content/elsewhere".to_owned());
    });
    let port = other(|it| port_settings(it, "update-services", 8560));
    let all = BTreeSet::from([digest, version, source, port]);
    assert_eq!(all.len(), 4, "each of them would do something else");
}

#[test]
fn the_digest_is_the_same_in_another_checkout() {
    let digest_in = |directory: &str| {
        let hierarchy = contoso(|it| {
            let directory = std::path::Path::new(directory);
            macro_rules! all_in {
                ($($list:ident),*) => {$(
                    for resource in it.$list.values_mut() {
                        resource.directory = directory.into();
                    }
                )*};
            }
            all_in!(sites, site_systems, port_settings, software_update_points, packages);
            all_in!(distribution_points, distribution_point_groups);
        });
        work(&World::new().plan(&hierarchy), &hierarchy).digest()
    };
    assert_eq!(digest_in("/commits/a"), digest_in("/somewhere/else/b"));
}

#[test]
fn a_plan_waits_until_its_own_digest_is_approved() {
    let (hierarchy, world) = (changed(), World::of(&contoso(|_| ())));
    let plan = world.plan(&hierarchy);
    let work = work(&plan, &hierarchy);
    let mut approvals = Approvals::default();
    assert_eq!(approvals.look(&work, &given(&[Digest::of(b"another")]), NOW), None);
    let waiting = approvals.waiting.clone().unwrap();
    assert_eq!((waiting.digest, waiting.since), (work.digest(), NOW));
    let changing = plan.actions.iter().filter(|it| it.kind.changes_a_site_system());
    assert_eq!(waiting.count, changing.clone().count());
    assert!(changing.clone().all(|it| !approvals.permit(&it.id)));
    // It has waited since then, for as long as it is the same.
    let later = NOW + SignedDuration::from_hours(1);
    approvals.look(&work, &given(&[]), later);
    assert_eq!(approvals.waiting.as_ref().unwrap().since, NOW);

    assert_eq!(approvals.look(&work, &given(&[waiting.digest]), later), Some(waiting.digest));
    assert_eq!(approvals.waiting, None);
    assert!(changing.clone().all(|it| approvals.permit(&it.id)));
}

#[test]
fn what_is_left_of_an_approved_plan_stays_approved_and_nothing_else() {
    let hierarchy = changed();
    let mut world = World::of(&contoso(|_| ()));
    let plan = world.plan(&hierarchy);
    let whole = work(&plan, &hierarchy);
    let mut approvals = Approvals::default();
    let digest = approvals.look(&whole, &given(&[whole.digest()]), NOW);
    assert!(digest.is_some());
    // The first action is done, and then the power fails.
    let first = &plan.actions[0];
    world.carry_out(
        &hierarchy,
        &Plan { actions: vec![first.clone()], ..plan.clone() },
        super::world::Choice::First,
    );
    approvals.done(&first.id);
    let approvals_read: Approvals =
        serde_json::from_str(&serde_json::to_string(&approvals).unwrap()).unwrap();
    assert_eq!(approvals_read, approvals);
    let rest = world.plan(&hierarchy);
    assert!(!rest.actions.is_empty());
    let left = work(&rest, &hierarchy);
    assert_eq!(approvals.look(&left, &given(&[]), NOW), None);
    assert_eq!(approvals.waiting, None);

    // Other manifests want more: what is new waits, under a digest of its own.
    let more = contoso(|it| {
        port_settings(it, "update-services", 8550);
        port_settings(it, "content", 8090);
        it.packages.get_mut(&name("printer-definitions")).unwrap().spec.source_version += 1;
    });
    let bigger = world.plan(&more);
    approvals.look(&work(&bigger, &more), &given(&[]), NOW);
    let waiting = approvals.waiting.clone().unwrap();
    assert!(waiting.count < bigger.actions.len(), "{waiting:#?}");
    assert!(waiting.actions.iter().all(|id| !approvals.permit(id)));

    // And done again, as a plan that looks the same, it is another one.
    world.converge(&hierarchy, super::world::Choice::First);
    let nothing = world.plan(&hierarchy);
    approvals.look(&work(&nothing, &hierarchy), &given(&[]), NOW);
    assert!(plan.actions.iter().all(|it| !approvals.permit(&it.id)), "carried out is forgotten");
    let mut again = World::of(&contoso(|_| ())).plan(&hierarchy);
    again.actions.truncate(1);
    approvals.look(&work(&again, &hierarchy), &given(&[]), NOW);
    assert!(approvals.waiting.is_some());
}
