//! What is told to stay stays when its document is gone, and so does all that it needs.

use headwater::{
    model::{Hierarchy, PRUNE, Resource, SiteSystemSettings},
    plan::{ActionKind, Plan, refuse_nothing},
};

use super::{
    contoso::{contoso, name, remove_distribution_point, remove_site},
    world::{Choice, World, ids, of_kind},
};

fn keep<Spec>(resource: Option<&mut Resource<Spec>>) {
    let annotations = &mut resource.unwrap().metadata.annotations;
    annotations.insert(PRUNE.to_owned(), "disabled".to_owned());
}

fn waits<'a>(plan: &'a Plan, resource: &str) -> Vec<&'a str> {
    assert!(plan.complete, "somebody chose that: {:#?}", plan.waiting);
    let waiting = plan.waiting.iter().filter(|it| it.resource.to_string() == resource);
    waiting.map(|it| it.on.as_str()).collect()
}

/// Carries out what becomes of the kept things when the documents are gone, and what is left then.
fn left(world: &mut World, hierarchy: &Hierarchy) -> Plan {
    world.converge(hierarchy, Choice::Last);
    let plan = world.plan(hierarchy);
    assert_eq!(ids(&plan), Vec::<&str>::new());
    plan
}

#[test]
fn a_kept_distribution_point_stays_with_its_computer_its_sources_and_its_site_server() {
    let mut world = World::of(&contoso(|it| {
        keep(it.distribution_points.get_mut(&name("lis-dp")));
    }));
    let hierarchy = contoso(|it| {
        remove_site(it, "lis");
        remove_site(it, "ams");
        it.packages.remove(&name("printer-definitions"));
    });
    let plan = left(&mut world, &hierarchy);
    let on = waits(&plan, "DistributionPoint/lis-dp");
    assert!(on[0].contains("`headwater.dev/prune: disabled` keeps it"), "{on:?}");
    // It pulls from all three of Amsterdam, and their site server has to stay as long as they do.
    let points = world.systems.iter().filter(|(_, state)| state.distribution_point.is_some());
    let points: Vec<_> = points.map(|(system, _)| system.as_str()).collect();
    assert_eq!(points, ["ams-dp1", "ams-dp2", "ams-dp3", "lis-dp"]);
    for (server, roles) in [("ams-srv", false), ("lis-srv", false), ("cen-wsus", true)] {
        assert_eq!(world.systems[&name(server)].update_point.is_some(), roles, "{server}");
    }
    assert_eq!(
        waits(&plan, "SiteSystem/lis-dp"),
        ["its distribution point `lis-dp` has to go first"]
    );
    assert_eq!(waits(&plan, "SiteSystem/ams-srv").len(), 1);
}

#[test]
fn a_kept_update_point_stays_with_all_that_is_above_it() {
    let mut world = World::of(&contoso(|it| {
        keep(it.software_update_points.get_mut(&name("lis-active")));
    }));
    let hierarchy = contoso(|it| {
        remove_site(it, "lis");
        remove_site(it, "ams");
        it.packages.remove(&name("printer-definitions"));
    });
    let plan = left(&mut world, &hierarchy);
    assert!(waits(&plan, "SoftwareUpdatePoint/lis-active")[0].contains("keeps it"));
    assert!(waits(&plan, "SoftwareUpdatePoint/ams-active")[0].contains("`lis-active`"));
    for (system, services) in [("lis-srv", true), ("ams-srv", true), ("lis-dp", false)] {
        let there = world.systems.get(&name(system));
        assert_eq!(there.is_some_and(|it| it.update_services.is_some()), services, "{system}");
    }
}

#[test]
fn a_kept_site_system_and_a_kept_site_stay_without_their_roles() {
    for (site, stays) in [(false, "ams-dp3"), (true, "ams-srv")] {
        let mut world = World::of(&contoso(|it| {
            if site {
                keep(it.sites.get_mut(&name("ams")));
            } else {
                keep(it.site_systems.get_mut(&name("ams-dp3")));
            }
        }));
        let hierarchy = contoso(|it| {
            remove_site(it, "lis");
            remove_site(it, "ams");
            it.packages.remove(&name("printer-definitions"));
        });
        let plan = left(&mut world, &hierarchy);
        let on = waits(&plan, &format!("SiteSystem/{stays}"));
        assert!(on[0].contains("keeps it"), "{on:?}");
        let state = &world.systems[&name(stays)];
        assert_eq!((&state.distribution_point, &state.update_point), (&None, &None));
        assert!(world.systems.contains_key(&name("ams-srv")));
        assert!(!world.systems.contains_key(&name("ams-dp1")));
    }
}

#[test]
fn nothing_takes_the_place_of_what_is_kept() {
    let mut world = World::of(&contoso(|it| {
        keep(it.distribution_points.get_mut(&name("ams-dp3")));
        keep(it.software_update_points.get_mut(&name("sea-active")));
    }));
    let hierarchy = contoso(|it| {
        let mut point = it.distribution_points[&name("ams-dp3")].clone();
        remove_distribution_point(it, "ams-dp3");
        point.metadata.name = name("ams-dp4");
        it.distribution_points.insert(name("ams-dp4"), point);
        let mut point = it.software_update_points.remove(&name("sea-active")).unwrap();
        point.metadata.name = name("sea-other");
        it.software_update_points.insert(name("sea-other"), point);
    });
    let plan = left(&mut world, &hierarchy);
    assert!(waits(&plan, "DistributionPoint/ams-dp4")[0].contains("the place of `ams-dp3`"));
    assert!(waits(&plan, "SoftwareUpdatePoint/sea-other")[0].contains("the place of `sea-active`"));
}

#[test]
fn what_was_kept_goes_when_it_was_declared_again_without() {
    let mut world = World::of(&contoso(|it| {
        keep(it.distribution_points.get_mut(&name("ams-dp3")));
    }));
    let without = contoso(|it| remove_distribution_point(it, "ams-dp3"));
    left(&mut world, &without);
    let again = contoso(|_| ());
    let plan = world.plan(&again);
    let told = of_kind(&plan, ActionKind::ConfigureDistributionPoint);
    assert_eq!((told.len(), told[0].diff.len()), (1, 1));
    assert_eq!((told[0].diff[0].path.as_str(), &told[0].resource.name), ("keep", &name("ams-dp3")));
    world.converge(&again, Choice::First);
    let plan = world.plan(&without);
    assert_eq!(of_kind(&plan, ActionKind::RemoveDistributionPoint).len(), 1);
}

#[test]
fn what_has_moved_is_not_kept_where_it_was() {
    let mut world = World::of(&contoso(|it| {
        keep(it.distribution_points.get_mut(&name("ams-dp1")));
    }));
    let hierarchy = contoso(|it| {
        let mut system = it.site_systems[&name("ams-dp1")].clone();
        system.metadata.name = name("ams-new");
        system.spec.address = "ams-new.contoso.example".parse().unwrap();
        it.site_systems.insert(name("ams-new"), system);
        let point = it.distribution_points.get_mut(&name("ams-dp1")).unwrap();
        point.spec.site_system = name("ams-new");
        keep(Some(point));
    });
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
    assert_eq!(world.systems[&name("ams-dp1")].distribution_point, None);
}

#[test]
fn settings_of_earlier_versions_read_and_say_nothing_of_it() {
    let settings = r#"{"site": "CEN", "address": "cen.contoso.example", "software": {}}"#;
    let read: SiteSystemSettings = serde_json::from_str(settings).unwrap();
    assert!(!read.keep);
    assert!(!serde_json::to_string(&read).unwrap().contains("keep"));
}

#[test]
fn an_empty_desired_state_is_refused_as_soon_as_anything_is_there() {
    let nothing = contoso(|it| *it = headwater::model::Declared::default());
    let mut world = World::new();
    assert_eq!(refuse_nothing(&nothing, &world.observed()), Ok(()));
    world.unknown.insert(name("cen-srv"));
    let refused = refuse_nothing(&nothing, &world.observed()).unwrap_err();
    assert!(refused.to_string().contains("but one is there, first `cen-srv`"), "{refused}");
    let world = World::of(&contoso(|_| ()));
    let refused = refuse_nothing(&nothing, &world.observed()).unwrap_err();
    assert_eq!((refused.count, refused.first), (world.systems.len(), name("ams-dp1")));
    assert_eq!(refuse_nothing(&contoso(|_| ()), &world.observed()), Ok(()));
}
