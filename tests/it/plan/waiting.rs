//! Unknown is not absent, and what is suspended stays as it is.

use headwater::{
    model::{SourceType, SynchronizationSource},
    plan::{ActionKind, Plan},
};

use super::{
    contoso::{
        contoso, contoso_despite, name, names, remove_distribution_point, remove_site, suspend,
    },
    world::{Choice, World, ids, of_kind},
};

fn waits(plan: &Plan) -> Vec<String> {
    plan.waiting.iter().map(|it| format!("{}: {}", it.resource, it.on)).collect()
}

#[test]
fn an_unknown_site_system_of_a_converged_hierarchy_is_left_alone() {
    let hierarchy = contoso(|_| ());
    let systems: Vec<_> = hierarchy.site_systems.keys().cloned().collect();
    for unknown in systems {
        let mut world = World::of(&hierarchy);
        world.unknown.insert(unknown.clone());
        let plan = world.plan(&hierarchy);
        assert_eq!(ids(&plan), Vec::<&str>::new(), "{unknown}");
        assert!(!plan.complete);
        assert!(waits(&plan)[0].contains("it cannot be asked"), "{:?}", plan.waiting);
    }
}

#[test]
fn what_needs_something_unknown_waits_and_the_rest_is_made() {
    let hierarchy = contoso(|_| ());
    let systems: Vec<_> = hierarchy.site_systems.keys().cloned().collect();
    for unknown in systems {
        for choice in [Choice::First, Choice::Last] {
            let mut world = World::new();
            world.unknown.insert(unknown.clone());
            let plan = world.plan(&hierarchy);
            assert!(!plan.complete);
            world.carry_out(&hierarchy, &plan, choice);
            let next = world.plan(&hierarchy);
            assert_eq!(ids(&next), Vec::<&str>::new(), "{unknown}");
            assert!(!next.complete);
            world.unknown.clear();
            assert_eq!(world.converge(&hierarchy, choice), 1, "{unknown}");
        }
    }
}

#[test]
fn nothing_is_made_below_a_site_whose_server_is_unknown() {
    let mut world = World::new();
    world.unknown.insert(name("ams-srv"));
    let hierarchy = contoso(|_| ());
    let plan = world.plan(&hierarchy);
    let sites: std::collections::BTreeSet<_> =
        plan.actions.iter().map(|action| action.site.as_str()).collect();
    assert_eq!(sites.into_iter().collect::<Vec<_>>(), ["CEN", "SEA"]);
}

#[test]
fn a_parent_is_not_removed_while_something_that_may_be_below_is_unknown() {
    let mut world = World::of(&contoso(|_| ()));
    world.unknown.insert(name("lis-srv"));
    let hierarchy = contoso(|it| {
        remove_site(it, "lis");
        remove_site(it, "ams");
        it.packages.remove(&name("printer-definitions"));
    });
    let plan = world.plan(&hierarchy);
    assert!(!plan.complete);
    let removed: Vec<_> = of_kind(&plan, ActionKind::RemoveSiteSystem)
        .iter()
        .map(|action| action.resource.name.clone())
        .collect();
    assert_eq!(removed, names(&["ams-dp1", "ams-dp2", "ams-dp3", "lis-dp"]));
}

#[test]
fn a_former_site_server_that_does_not_answer_is_taken_for_what_it_is_declared_to_be() {
    for choice in [Choice::First, Choice::Last] {
        let mut world = World::of(&contoso(|_| ()));
        world.unknown.insert(name("lis-srv"));
        let hierarchy = contoso(|it| {
            remove_site(it, "ams");
            it.packages.remove(&name("printer-definitions"));
            let lis = it.sites.get_mut(&name("lis")).unwrap();
            (lis.spec.parent, lis.spec.site_server) = (Some(name("sea")), name("lis-dp"));
        });
        world.converge(&hierarchy, choice);
        assert!(!world.systems.contains_key(&name("ams-srv")));
        world.unknown.clear();
        world.converge(&hierarchy, choice);
        assert!(world.system(&name("lis-srv")).site_server.is_none());
    }
}

#[test]
fn a_suspended_resource_and_what_needs_it_are_left_alone_by_choice() {
    let hierarchy = contoso(|it| {
        suspend(it.sites.get_mut(&name("ams")));
        suspend(it.software_update_points.get_mut(&name("cen-internet")));
        suspend(it.packages.get_mut(&name("update-catalog")));
    });
    let mut world = World::new();
    let plan = world.plan(&hierarchy);
    assert!(plan.complete, "{:#?}", plan.waiting);
    let touched: Vec<_> =
        plan.actions
            .iter()
            .filter(|it| it.site.as_str() == "AMS" || it.site.as_str() == "LIS")
            .chain(plan.actions.iter().filter(|it| {
                ["cen-internet", "update-catalog"].contains(&it.resource.name.as_str())
            }))
            .collect();
    assert!(touched.is_empty(), "{touched:#?}");
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
    assert_eq!(world.converge(&contoso(|_| ()), Choice::Last), 1);
}

#[test]
fn an_internet_based_point_waits_for_the_active_one_wherever_its_updates_come_from() {
    let hierarchy = contoso(|it| {
        suspend(it.software_update_points.get_mut(&name("cen-active")));
        let point = it.software_update_points.get_mut(&name("cen-internet")).unwrap();
        point.spec.source = Some(SynchronizationSource {
            r#type: SourceType::Import,
            url: None,
            file: Some("/carried/by/hand.cab".to_owned()),
        });
    });
    let plan = World::new().plan(&hierarchy);
    let on = "SoftwareUpdatePoint/cen-internet: its active point `cen-active` has to be there";
    assert!(waits(&plan).iter().any(|waits| waits == on), "{:#?}", waits(&plan));
    assert!(plan.complete);
}

#[test]
fn nothing_comes_from_a_site_server_that_does_not_serve_yet() {
    let mut world = World::of(&contoso(|it| {
        remove_site(it, "ams");
        it.packages.remove(&name("printer-definitions"));
        it.sites.get_mut(&name("lis")).unwrap().spec.parent = Some(name("sea"));
        it.sites.get_mut(&name("cen")).unwrap().spec.site_server = name("cen-inet");
    }));
    let hierarchy = contoso(|it| suspend(it.site_systems.get_mut(&name("cen-srv"))));
    let plan = world.plan(&hierarchy);
    let on = "SoftwareUpdatePoint/ams-active: the parent's site server `cen-srv` has to be there";
    assert!(waits(&plan).iter().any(|waits| waits == on), "{:#?}", waits(&plan));
    world.carry_out(&hierarchy, &plan, Choice::First);
}

#[test]
fn nothing_is_removed_from_what_is_suspended() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso_despite("PDP-5", |it| {
        suspend(it.distribution_points.get_mut(&name("ams-dp1")));
        suspend(it.sites.get_mut(&name("cen")));
        suspend(it.packages.get_mut(&name("printer-definitions")));
        it.packages.remove(&name("update-catalog"));
        let package = it.packages.get_mut(&name("printer-definitions")).unwrap();
        package.spec.distribute_to.groups.clear();
    });
    let plan = world.plan(&hierarchy);
    assert_eq!(
        ids(&plan),
        [
            "RemoveContent:Package/cen00001@LIS.lis-dp",
            "RemoveContent:Package/cen00001@AMS.ams-dp3",
            "RemoveContent:Package/cen00001@AMS.ams-dp2",
        ]
    );
    world.carry_out(&hierarchy, &plan, Choice::First);
    assert_eq!(ids(&world.plan(&hierarchy)), Vec::<&str>::new());
}

#[test]
fn prestaged_content_is_waited_for_also_by_those_that_pull_it() {
    let hierarchy = contoso(|it| {
        it.distribution_points.get_mut(&name("ams-dp2")).unwrap().spec.prestaged = true;
    });
    let mut world = World::new();
    let plan = world.plan(&hierarchy);
    assert!(plan.complete, "somebody chose that: {:#?}", plan.waiting);
    for action in of_kind(&plan, ActionKind::DistributeContent) {
        for waiting in ["ams-dp2", "ams-dp3"] {
            assert!(!action.targets.contains(&name(waiting)), "{}", action.id);
        }
    }
    assert!(
        waits(&plan)
            .contains(&"Package/update-catalog: prestaged content on `ams-dp2` (PDP-9)".to_owned())
    );
    world.carry_out(&hierarchy, &plan, Choice::Last);
    // Somebody brings it there.
    let content = world.systems[&name("ams-dp1")].distribution_point.clone().unwrap().packages;
    world.system(&name("ams-dp2")).distribution_point.as_mut().unwrap().packages = content;
    let next = world.plan(&hierarchy);
    assert_eq!(
        ids(&next),
        [
            "DistributeContent:Package/update-catalog@AMS.1",
            "DistributeContent:Package/printer-definitions@AMS.1",
        ]
    );
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
}

#[test]
fn a_pull_whose_sources_never_get_the_package_is_told() {
    let change = |it: &mut headwater::model::Declared| {
        let package = it.packages.get_mut(&name("update-catalog")).unwrap();
        package.spec.distribute_to.groups.clear();
    };
    let hierarchy = contoso_despite("PDP-5", change);
    let mut world = World::new();
    let plan = world.plan(&hierarchy);
    assert!(!plan.complete);
    assert_eq!(plan.diagnostics.len(), 1);
    assert_eq!(plan.diagnostics[0].rule, "PDP-5");
    assert!(plan.diagnostics[0].message.contains("`lis-dp`"));
    world.carry_out(&hierarchy, &plan, Choice::Last);
    assert_eq!(ids(&world.plan(&hierarchy)), Vec::<&str>::new());
    // What has it already lacks nothing.
    let mut world = World::of(&contoso(|_| ()));
    world.converge(&hierarchy, Choice::First);
    let plan = world.plan(&hierarchy);
    assert!(plan.complete && plan.diagnostics.is_empty(), "{plan:#?}");
}

#[test]
fn a_site_system_never_changes_its_site() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        let mut system = it.site_systems.remove(&name("sea-wsus")).unwrap();
        system.spec.site = name("cen");
        it.site_systems.insert(name("sea-wsus"), system);
        let point = it.software_update_points.get_mut(&name("sea-active")).unwrap();
        point.spec.site_system = name("sea-srv");
        let server = it.site_systems.get_mut(&name("sea-srv")).unwrap();
        server.spec.software.wsus = Some(headwater::model::WsusVersion::V10_0);
    });
    let plan = world.plan(&hierarchy);
    assert_eq!(plan.diagnostics.iter().map(|it| it.rule.as_str()).collect::<Vec<_>>(), ["TOP-3"]);
    assert!(plan.actions.iter().all(|action| !action.targets.contains(&name("sea-wsus"))));
    world.carry_out(&hierarchy, &plan, Choice::Last);
}

#[test]
fn two_roles_of_one_kind_on_a_site_system_do_not_take_turns() {
    let hierarchy = contoso_despite("PDP-1", |it| {
        let mut point = it.distribution_points[&name("ams-dp1")].clone();
        point.metadata.name = name("zweiter");
        it.distribution_points.insert(name("zweiter"), point);
    });
    let mut world = World::new();
    let plan = world.plan(&hierarchy);
    assert!(plan.diagnostics.iter().any(|it| it.message.contains("cannot carry two")));
    world.carry_out(&hierarchy, &plan, Choice::Last);
    assert_eq!(ids(&world.plan(&hierarchy)), Vec::<&str>::new());
}

#[test]
fn a_source_stays_while_a_suspended_point_pulls_from_it() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        remove_distribution_point(it, "ams-dp1");
        it.site_systems.remove(&name("ams-dp1"));
        suspend(it.site_systems.get_mut(&name("ams-dp2")));
    });
    let plan = world.plan(&hierarchy);
    assert!(plan.complete, "somebody chose that");
    assert_eq!(of_kind(&plan, ActionKind::RemoveDistributionPoint).len(), 0, "{:#?}", ids(&plan));
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
    let resumed = contoso(|it| {
        remove_distribution_point(it, "ams-dp1");
        it.site_systems.remove(&name("ams-dp1"));
    });
    assert_eq!(world.converge(&resumed, Choice::Last), 1);
    assert!(!world.systems.contains_key(&name("ams-dp1")));
}
