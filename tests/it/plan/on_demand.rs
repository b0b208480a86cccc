//! Packages that come when a client first asks for them (PDP-3).

use headwater::{
    model::{Declared, Facts, Hierarchy, OnDemandPackage, PackageId},
    plan::{Action, ActionKind, Plan},
};
use serde_json::json;

use super::{
    contoso::{contoso, contoso_despite, name, names, suspend},
    world::{Choice, World, ids, of_kind},
};

const CATALOG: &str = "CEN00001";
const PRINTERS: &str = "AMS00001";

fn id(text: &str) -> PackageId {
    text.parse().unwrap()
}

/// The example, in which these points fetch on demand.
fn on_demand(points: &[&str], change: impl FnOnce(&mut Declared)) -> Hierarchy {
    contoso(|it| {
        for point in names(points) {
            it.distribution_points.get_mut(&point).unwrap().spec.on_demand = true;
        }
        change(it);
    })
}

fn ask(world: &mut World, point: &str, package: &str) {
    let now = world.now;
    offered(world, point, package).unwrap().requested = Some(now);
}

/// What a point may fetch of a package.
fn offered<'a>(
    world: &'a mut World,
    point: &str,
    package: &str,
) -> Option<&'a mut OnDemandPackage> {
    let state = world.system(&name(point)).distribution_point.as_mut().unwrap();
    state.on_demand.get_mut(&id(package))
}

fn holds(world: &mut World, point: &str, package: &str) -> bool {
    let state = world.system(&name(point)).distribution_point.as_ref().unwrap();
    state.packages.contains_key(&id(package))
}

/// The actions that bring content to points.
fn bringing(plan: &Plan) -> Vec<&Action> {
    let mut all = of_kind(plan, ActionKind::DistributeContent);
    all.extend(of_kind(plan, ActionKind::UpdateContent));
    all.retain(|action| !action.targets.is_empty());
    all
}

#[test]
fn nothing_comes_before_a_client_asks_and_then_what_it_asks_for() {
    let hierarchy = on_demand(&["lis-dp"], |_| ());
    let mut world = World::new();
    let first = world.plan(&hierarchy);
    assert!(bringing(&first).iter().all(|it| !it.targets.contains(&name("lis-dp"))));
    let told =
        first.actions.iter().find(|it| it.id.as_str().ends_with("update-catalog@LIS.on-demand"));
    let told = told.unwrap();
    assert_eq!(told.kind, ActionKind::ConfigureDistributionPoint);
    assert_eq!(told.targets, names(&["lis-dp"]));
    assert_eq!(told.reason, "version 1 is fetched on `lis-dp` when a client first asks for it");
    world.carry_out(&hierarchy, &first, Choice::Last);
    let settled = world.plan(&hierarchy);
    assert!(ids(&settled).is_empty() && settled.complete && settled.waiting.is_empty());

    ask(&mut world, "lis-dp", CATALOG);
    let asked = world.plan(&hierarchy);
    assert_eq!(ids(&asked), ["DistributeContent:Package/update-catalog@LIS.3.asked"]);
    let reason = "a client has asked for version 1, on demand on `lis-dp`: pulled";
    assert_eq!(asked.actions[0].reason, reason);
    world.carry_out(&hierarchy, &asked, Choice::First);
    assert!(holds(&mut world, "lis-dp", CATALOG) && !holds(&mut world, "lis-dp", PRINTERS));
    assert!(ids(&world.plan(&hierarchy)).is_empty());
}

#[test]
fn a_new_version_is_distributed_where_it_is_and_offered_where_it_is_not() {
    let mut world = World::of(&on_demand(&["lis-dp"], |_| ()));
    let hierarchy = on_demand(&["lis-dp"], |it| {
        for package in it.packages.values_mut() {
            package.spec.source_version = 2;
        }
    });
    ask(&mut world, "lis-dp", CATALOG);
    let before = on_demand(&["lis-dp"], |_| ());
    world.converge(&before, Choice::First);
    let plan = world.plan(&hierarchy);
    let to_lisbon = plan.actions.iter().filter(|it| it.targets.contains(&name("lis-dp")));
    let told: Vec<_> = to_lisbon.map(|it| (it.id.as_str(), it.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            (
                "UpdateContent:Package/update-catalog@LIS.3",
                "version 1 is there, 2 is wanted on `lis-dp`: pulled"
            ),
            (
                "ConfigureDistributionPoint:Package/printer-definitions@LIS.on-demand.1",
                "version 2 instead of 1 is fetched on `lis-dp` when a client first asks for it"
            ),
        ]
    );
    let told = plan.actions.iter().find(|it| it.id.as_str().ends_with("on-demand.1")).unwrap();
    let [change] = &told.diff[..] else { panic!("{:?}", told.diff) };
    assert_eq!(change.path, "lis-dp.onDemand.version");
    assert_eq!((&change.before, &change.after), (&json!(1), &json!(2)));
    assert_eq!(change.found.as_ref().unwrap().site_system, name("lis-dp"));
    world.carry_out(&hierarchy, &plan, Choice::Last);
    assert!(ids(&world.plan(&hierarchy)).is_empty());
    let content = offered(&mut world, "lis-dp", PRINTERS).unwrap().content;
    assert_eq!(content.version, 2);
}

#[test]
fn what_is_distributed_there_no_longer_may_not_be_fetched_and_nothing_is_removed_by_that() {
    let mut world = World::of(&on_demand(&["lis-dp"], |_| ()));
    let elsewhere = |it: &mut Declared| {
        for package in it.packages.values_mut() {
            package.spec.distribute_to.distribution_points.clear();
        }
    };
    let hierarchy = on_demand(&["lis-dp"], elsewhere);
    let plan = world.plan(&hierarchy);
    assert_eq!(
        ids(&plan),
        [
            "ConfigureDistributionPoint:Package/printer-definitions@LIS.withdrawn",
            "ConfigureDistributionPoint:Package/update-catalog@LIS.withdrawn",
        ]
    );
    assert_eq!((plan.summary.change, plan.summary.remove), (2, 0));
    world.carry_out(&hierarchy, &plan, Choice::First);
    assert_eq!(offered(&mut world, "lis-dp", CATALOG), None);
    assert!(ids(&world.plan(&hierarchy)).is_empty());
    // Without its document too.
    let mut world = World::of(&on_demand(&["lis-dp"], |_| ()));
    let gone = on_demand(&["lis-dp"], |it| drop(it.packages.remove(&name("update-catalog"))));
    let plan = world.plan(&gone);
    let withdrawn = "ConfigureDistributionPoint:Package/cen00001@LIS.withdrawn";
    assert!(ids(&plan).contains(&withdrawn), "{:#?}", ids(&plan));
    world.converge(&gone, Choice::First);
    // What has come is removed, as everywhere.
    let mut world = World::of(&on_demand(&["lis-dp"], |_| ()));
    ask(&mut world, "lis-dp", CATALOG);
    world.converge(&on_demand(&["lis-dp"], |_| ()), Choice::First);
    let removed = world.plan(&hierarchy);
    let removal = "RemoveContent:Package/update-catalog@LIS.lis-dp";
    assert!(ids(&removed).contains(&removal), "{:#?}", ids(&removed));
}

#[test]
fn what_others_pull_from_there_is_brought_there_first() {
    let hierarchy = on_demand(&["ams-dp1"], |_| ());
    let mut world = World::new();
    let plan = world.plan(&hierarchy);
    let first = bringing(&plan);
    let first = first.iter().find(|it| it.targets == names(&["ams-dp1"])).unwrap();
    assert_eq!(first.id.as_str(), "DistributeContent:Package/update-catalog@AMS.0.pulled");
    let reason = "others pull version 1, which is on demand on `ams-dp1`: sent by the site server";
    assert_eq!(first.reason, reason);
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);

    // Where nobody has to have it, one request brings it all the way, and to nobody else.
    let all = ["ams-dp1", "ams-dp2", "ams-dp3", "lis-dp"];
    let hierarchy = on_demand(&all, |_| ());
    let mut world = World::of(&hierarchy);
    assert!(all.iter().all(|point| !holds(&mut world, point, CATALOG)));
    ask(&mut world, "lis-dp", CATALOG);
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
    let there = all.map(|point| holds(&mut world, point, CATALOG));
    assert_eq!(there, [true, true, false, true]);
    assert!(all.iter().all(|point| !holds(&mut world, point, PRINTERS)));
}

#[test]
fn a_source_that_nothing_can_be_done_to_is_waited_for() {
    let hierarchy = on_demand(&["ams-dp1"], |it| {
        suspend(it.distribution_points.get_mut(&name("ams-dp1")));
    });
    let plan = World::new().plan(&hierarchy);
    assert_eq!(bringing(&plan), [] as [&Action; 0]);
    assert!(plan.complete, "somebody chose that: {:#?}", plan.waiting);
    // The point on demand in between can do no better.
    let hierarchy = on_demand(&["ams-dp2"], |it| {
        suspend(it.distribution_points.get_mut(&name("ams-dp1")));
    });
    let plan = World::new().plan(&hierarchy);
    assert_eq!(bringing(&plan), [] as [&Action; 0]);
    assert!(plan.complete, "{:#?}", plan.waiting);
}

#[test]
fn a_suspended_package_is_not_offered_and_one_that_is_not_on_demand_any_more_comes() {
    let hierarchy =
        on_demand(&["lis-dp"], |it| suspend(it.packages.get_mut(&name("update-catalog"))));
    let mut world = World::of(&hierarchy);
    assert_eq!(offered(&mut world, "lis-dp", CATALOG), None);
    assert!(offered(&mut world, "lis-dp", PRINTERS).is_some());

    let mut world = World::of(&on_demand(&["lis-dp"], |_| ()));
    let hierarchy = contoso(|_| ());
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
    assert!(holds(&mut world, "lis-dp", CATALOG) && holds(&mut world, "lis-dp", PRINTERS));
    assert_eq!(offered(&mut world, "lis-dp", CATALOG), None);
}

#[test]
fn prestaged_content_overrides_it() {
    let hierarchy = on_demand(&["lis-dp"], |it| {
        it.distribution_points.get_mut(&name("lis-dp")).unwrap().spec.prestaged = true;
    });
    let mut world = World::of(&hierarchy);
    assert_eq!(offered(&mut world, "lis-dp", CATALOG), None);
    let plan = world.plan(&hierarchy);
    assert!(plan.waiting.iter().any(|it| it.on.contains("PDP-9")), "{:#?}", plan.waiting);
}

#[test]
fn a_transfer_that_is_under_way_is_followed_without_a_request() {
    let hierarchy = on_demand(&["lis-dp"], |_| ());
    let mut world = World::of(&hierarchy);
    let job = json!({
        "version": 1, "digest": headwater::model::Digest::of(b"files"),
        "state": {"downloading": "ams-dp2"}, "bytesDone": 1, "bytesTotal": 90,
    });
    let point = world.system(&name("lis-dp")).distribution_point.as_mut().unwrap();
    point.pull_jobs.insert(id(CATALOG), serde_json::from_value(job).unwrap());
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan), ["DistributeContent:Package/update-catalog@LIS.3.asked"]);
}

#[test]
fn what_is_offered_and_that_it_was_asked_for_are_facts_and_when_is_not() {
    let hierarchy = on_demand(&["lis-dp"], |_| ());
    let mut world = World::of(&hierarchy);
    let before = world.observed();
    ask(&mut world, "lis-dp", CATALOG);
    let asked = world.observed();
    assert_ne!(Facts::of(&before).digest(), Facts::of(&asked).digest());
    world.now += jiff::SignedDuration::from_secs(60);
    ask(&mut world, "lis-dp", CATALOG);
    let later = world.observed();
    assert_ne!(later, asked);
    assert_eq!(Facts::of(&later).digest(), Facts::of(&asked).digest());
    offered(&mut world, "lis-dp", PRINTERS).unwrap().content.version = 7;
    assert_ne!(Facts::of(&world.observed()).digest(), Facts::of(&later).digest());
    // They read back.
    let facts = Facts::of(&later);
    let written = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<Facts<'_>>(&written).unwrap(), facts);
    let moved = headwater::plan::moved_facts(&Facts::of(&before), &facts);
    let text = headwater::view::moved_text(&moved, None);
    assert!(text.contains("distributionPoint.requested"), "{text}");
}

#[test]
fn a_point_that_fetches_on_demand_has_no_more_than_it_is_given() {
    let hierarchy = contoso_despite("PDP-5", |it| {
        it.distribution_points.get_mut(&name("ams-dp1")).unwrap().spec.on_demand = true;
        it.distribution_point_groups.get_mut(&name("amsterdam")).unwrap().spec.members.remove(0);
    });
    let mut world = World::of(&contoso(|_| ()));
    world.system(&name("ams-dp1")).distribution_point = None;
    let plan = world.plan(&hierarchy);
    let told = of_kind(&plan, ActionKind::ConfigureDistributionPoint);
    assert!(told.iter().all(|it| !it.targets.contains(&name("ams-dp1"))), "{told:#?}");
}
