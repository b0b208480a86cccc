//! When the hierarchy synchronizes, and when it does not.

use headwater::{
    model::{Declared, Interval, Schedule, SourceType, SynchronizationSource},
    plan::{ActionKind, Plan},
};

use super::{
    contoso::{contoso, name, request_synchronization},
    world::{Choice, World, ids, of_kind},
};

/// A point that is filled with a file, whatever is above it.
fn filled_by_hand(it: &mut Declared, point: &str) {
    let point = it.software_update_points.get_mut(&name(point)).unwrap();
    point.spec.source = Some(SynchronizationSource {
        r#type: SourceType::Import,
        url: None,
        file: Some("/carried/by/hand.cab".to_owned()),
    });
}

/// Contoso with another WSUS above it.
fn with_upstream(it: &mut Declared) {
    let point = it.software_update_points.get_mut(&name("cen-active")).unwrap();
    point.spec.source = Some(SynchronizationSource {
        r#type: SourceType::UpstreamServer,
        url: Some("http://wsus.fabrikam.example:8530".to_owned()),
        file: None,
    });
}

fn scheduled(it: &mut Declared, every: Option<Interval>, cron: Option<&str>) {
    with_upstream(it);
    let point = it.software_update_points.get_mut(&name("cen-active")).unwrap();
    let cron = cron.map(str::to_owned);
    point.spec.schedule = Some(Schedule { every, cron, time_zone: None, start_at: None });
}

const ALL: [&str; 5] = ["cen-active", "cen-internet", "ams-active", "sea-active", "lis-active"];

fn synchronized(world: &World, hierarchy: &headwater::model::Hierarchy) -> Vec<String> {
    let plan = world.plan(hierarchy);
    let synchronizing = of_kind(&plan, ActionKind::Synchronize);
    synchronizing.iter().map(|action| action.resource.name.to_string()).collect()
}

#[test]
fn a_request_by_hand_is_carried_out_once() {
    let mut world = World::of(&contoso(with_upstream));
    let at = world.now + jiff::SignedDuration::from_mins(5);
    let hierarchy = contoso(|it| {
        with_upstream(it);
        let point = it.software_update_points.get_mut(&name("cen-active"));
        request_synchronization(point, &at.to_string());
    });
    assert_eq!(synchronized(&world, &hierarchy), Vec::<String>::new(), "its time has not come");
    world.now = at;
    assert_eq!(synchronized(&world, &hierarchy), ALL);
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
}

#[test]
fn the_schedule_of_the_top_is_kept() {
    let hierarchy = contoso(|it| scheduled(it, Some(Interval::hours(8)), None));
    let mut world = World::of(&hierarchy);
    world.now += jiff::SignedDuration::from_hours(7);
    assert_eq!(synchronized(&world, &hierarchy), Vec::<String>::new());
    world.now += jiff::SignedDuration::from_hours(1);
    assert_eq!(synchronized(&world, &hierarchy), ALL);
    assert_eq!(world.converge(&hierarchy, Choice::First), 1);
}

/// The kinds of what a schedule asks for, and of the other synchronizations and policies.
fn by_schedule(plan: &Plan) -> [Vec<ActionKind>; 2] {
    let kinds = [
        ActionKind::Synchronize,
        ActionKind::ImportUpdates,
        ActionKind::PublishClientPolicy,
        ActionKind::ConfigureSoftwareUpdatePoint,
    ];
    let concerned = plan.actions.iter().filter(|action| kinds.contains(&action.kind));
    let (scheduled, others): (Vec<_>, Vec<_>) = concerned.partition(|action| action.scheduled);
    [scheduled, others].map(|actions| actions.iter().map(|action| action.kind).collect())
}

#[test]
fn only_what_a_schedule_asks_for_is_scheduled() {
    use ActionKind::{PublishClientPolicy, Synchronize};
    let daily = |it: &mut Declared| scheduled(it, Some(Interval::hours(24)), None);
    let hierarchy = contoso(daily);
    let mut world = World::new();
    let [scheduled, others] = by_schedule(&world.plan(&hierarchy));
    assert_eq!((scheduled.len(), others.len()), (0, 9), "the first time: {others:?}");
    world.converge(&hierarchy, Choice::First);

    let begun = world.now;
    world.now += jiff::SignedDuration::from_hours(24);
    let all = [[Synchronize].repeat(5), [PublishClientPolicy].repeat(4)].concat();
    let [mut scheduled, others] = by_schedule(&world.plan(&hierarchy));
    scheduled.sort_by_key(|kind| *kind == PublishClientPolicy);
    assert_eq!((scheduled, others), (all, Vec::new()));

    // Somebody has changed the schedule: what comes of that follows the change.
    let hourly = contoso(|it| self::scheduled(it, Some(Interval::hours(1)), None));
    world.now = begun + jiff::SignedDuration::from_hours(1);
    let plan = world.plan(&hourly);
    let change = "ConfigureSoftwareUpdatePoint:SoftwareUpdatePoint/cen-active";
    let top = plan.actions.iter().find(|it| it.kind == Synchronize).unwrap();
    assert!(top.after.iter().any(|it| it.as_str() == change), "{top:?}");

    // Somebody asks for it.
    let now = world.now.to_string();
    let by_hand = contoso(|it| {
        daily(it);
        request_synchronization(it.software_update_points.get_mut(&name("cen-active")), &now);
    });
    let [scheduled, others] = by_schedule(&world.plan(&by_hand));
    assert_eq!((scheduled.len(), others.len()), (0, 9), "{others:?}");

    // A site that was not reached catches up.
    world.databases.remove(&"LIS".parse().unwrap());
    let [scheduled, others] = by_schedule(&world.plan(&hierarchy));
    assert_eq!((&scheduled[..], others), (&[Synchronize, PublishClientPolicy][..], Vec::new()));
}

#[test]
fn an_interval_of_nothing_is_never_due() {
    let hierarchy = contoso(|it| scheduled(it, Some(Interval::seconds(0)), None));
    let world = World::of(&hierarchy);
    assert_eq!(synchronized(&world, &hierarchy), Vec::<String>::new());
}

#[test]
fn a_cron_expression_is_due_at_its_next_time() {
    let hierarchy = contoso(|it| scheduled(it, None, Some("0 2 * * *")));
    let mut world = World::of(&hierarchy);
    let day = jiff::SignedDuration::from_hours(24);
    world.now += day - jiff::SignedDuration::from_secs(1);
    let due = synchronized(&world, &hierarchy);
    assert!(due == ALL, "{} has two o'clock behind it: {due:?}", world.now);
    assert_eq!(world.converge(&hierarchy, Choice::First), 1);
    assert_eq!(synchronized(&world, &hierarchy), Vec::<String>::new());
}

#[test]
fn a_new_export_flows_down_the_whole_hierarchy() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    let file = hierarchy.update_points[&name("cen-active")].settings.source.file.clone().unwrap();
    world.elsewhere.insert(file, [1, 2, 3].into());
    let plan = world.plan(&hierarchy);
    assert_eq!(
        ids(&plan)[0],
        "ImportUpdates:SoftwareUpdatePoint/cen-active",
        "{}",
        plan.actions[0].reason
    );
    assert_eq!(plan.summary.synchronize, 5);
    assert_eq!(of_kind(&plan, ActionKind::PublishClientPolicy).len(), 4);
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
}

#[test]
fn another_source_is_synchronized_with_in_the_plan_that_sets_it() {
    let mut world = World::of(&contoso(|_| ()));
    let upstream = contoso(with_upstream);
    assert_eq!(synchronized(&world, &upstream), ALL);
    assert_eq!(world.converge(&upstream, Choice::Last), 1);
    let back = contoso(|_| ());
    assert_eq!(of_kind(&world.plan(&back), ActionKind::ImportUpdates).len(), 1);
    assert_eq!(world.converge(&back, Choice::First), 1);
}

#[test]
fn an_internet_based_point_that_is_filled_by_hand_leaves_the_site_database_alone() {
    World::of(&contoso(|it| filled_by_hand(it, "cen-internet")));
}

#[test]
fn a_child_that_is_filled_by_hand_still_has_its_database_from_its_parent() {
    let hierarchy = contoso(|it| filled_by_hand(it, "ams-active"));
    let mut world = World::of(&hierarchy);
    assert_eq!(world.databases[&"AMS".parse().unwrap()], world.databases[&"CEN".parse().unwrap()]);
    world.databases.remove(&"AMS".parse().unwrap());
    assert_eq!(world.converge(&hierarchy, Choice::First), 1);
}

#[test]
fn a_child_that_is_filled_by_hand_passes_on_what_its_parent_has() {
    let hierarchy = contoso(|it| filled_by_hand(it, "ams-active"));
    let mut world = World::new();
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
    assert_eq!(world.databases[&"LIS".parse().unwrap()], world.databases[&"CEN".parse().unwrap()]);
    // And so it is when something new comes from above.
    let next = contoso(|it| {
        filled_by_hand(it, "ams-active");
        filled_by_hand(it, "cen-active");
    });
    let synchronized = synchronized(&world, &next);
    assert!(synchronized.contains(&"ams-active".to_owned()), "{synchronized:?}");
    assert_eq!(world.converge(&next, Choice::Last), 1);
}

#[test]
fn a_catalog_that_holds_more_than_its_upstream_is_told_and_not_synchronized_for_ever() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    world.catalogs.get_mut(&name("sea-wsus")).unwrap().0.insert(9_999);
    world.converge(&hierarchy, Choice::First);
    let plan = world.plan(&hierarchy);
    assert!(!plan.complete);
    assert_eq!(plan.diagnostics.iter().map(|it| it.rule.as_str()).collect::<Vec<_>>(), ["SYNC-12"]);
}

#[test]
fn clients_hear_of_a_point_only_when_it_has_been_synchronized() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    world.systems.remove(&name("sea-wsus"));
    world.catalogs.remove(&name("sea-wsus"));
    world.system(&name("sea-srv")).site_server.as_mut().unwrap().client_policy = None;
    world.unknown.insert(name("cen-wsus"));
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan), ["CreateSiteSystem:SiteSystem/sea-wsus"]);
    world.carry_out(&hierarchy, &plan, Choice::First);
    world.unknown.clear();
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
}
