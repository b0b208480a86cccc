//! What is not declared any more goes, in reverse.

use headwater::{
    model::{Declared, DistributeTo},
    plan::{ActionKind, Plan},
};

use super::{
    contoso::{contoso, contoso_despite, name, names, remove_distribution_point, remove_site},
    world::{Choice, World, ids, of_kind},
};

const CHOICES: [Choice; 4] = [Choice::First, Choice::Last, Choice::Any(1), Choice::Any(2)];

fn position(plan: &Plan, id: &str) -> usize {
    let found = plan.actions.iter().position(|action| action.id.as_str() == id);
    found.unwrap_or_else(|| panic!("{id} is not planned: {:#?}", ids(plan)))
}

#[test]
fn a_package_leaves_the_points_and_then_the_site_server() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        it.packages.remove(&name("update-catalog"));
    });
    let plan = world.plan(&hierarchy);
    assert_eq!(
        ids(&plan),
        [
            "RemoveContent:Package/cen00001@LIS.lis-dp",
            "RemoveContent:Package/cen00001@AMS.ams-dp3",
            "RemoveContent:Package/cen00001@AMS.ams-dp2",
            "RemoveContent:Package/cen00001@AMS.ams-dp1",
            "RemoveContent:Package/cen00001@CEN",
        ],
        "those that pull it before their sources"
    );
    assert_eq!(plan.actions[3].targets, names(&["ams-dp1"]));
    assert_eq!(plan.actions[3].after.len(), 2, "two pull from it");
    assert_eq!(plan.actions[4].after.len(), 4);
    world.carry_out(&hierarchy, &plan, Choice::Last);
    assert_eq!(ids(&world.plan(&hierarchy)), Vec::<&str>::new());
}

#[test]
fn a_package_that_is_distributed_nowhere_stays_with_its_site_server() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        let package = it.packages.get_mut(&name("update-catalog")).unwrap();
        package.spec.distribute_to = DistributeTo::default();
    });
    let plan = world.plan(&hierarchy);
    assert_eq!(
        ids(&plan),
        [
            "RemoveContent:Package/update-catalog@LIS.lis-dp",
            "RemoveContent:Package/update-catalog@AMS.ams-dp3",
            "RemoveContent:Package/update-catalog@AMS.ams-dp2",
            "RemoveContent:Package/update-catalog@AMS.ams-dp1",
        ]
    );
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
}

#[test]
fn a_transfer_of_what_is_not_wanted_any_more_is_ended() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    let point = world.system(&name("lis-dp")).distribution_point.as_mut().unwrap();
    let job = serde_json::json!({
        "version": 1, "digest": headwater::model::Digest::of(b"files"),
        "state": {"downloading": "ams-dp1"}, "bytesDone": 0, "bytesTotal": 9,
    });
    point.pull_jobs.insert("CEN00009".parse().unwrap(), serde_json::from_value(job).unwrap());
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan), ["RemoveContent:Package/cen00009@LIS.lis-dp"]);
    assert_eq!(world.converge(&hierarchy, Choice::First), 1);
}

#[test]
fn a_package_is_never_removed_under_the_name_of_another_one() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        let mut package = it.packages.remove(&name("update-catalog")).unwrap();
        package.metadata.name = name("cen00001");
        package.spec.package_id = "CEN00002".parse().unwrap();
        it.packages.insert(name("cen00001"), package);
    });
    let plan = world.plan(&hierarchy);
    assert_eq!(of_kind(&plan, ActionKind::RemoveContent), Vec::<&headwater::plan::Action>::new());
    assert!(plan.diagnostics.iter().any(|it| it.message.contains("CEN00001")), "{plan:#?}");
    assert!(!plan.complete);
    world.carry_out(&hierarchy, &plan, Choice::Last);
}

#[test]
fn a_distribution_point_goes_with_its_computer_once_nobody_pulls_from_it() {
    for choice in CHOICES {
        let mut world = World::of(&contoso(|_| ()));
        let hierarchy = contoso(|it| {
            remove_distribution_point(it, "ams-dp2");
            it.site_systems.remove(&name("ams-dp2"));
        });
        let plan = world.plan(&hierarchy);
        let removed = position(&plan, "RemoveDistributionPoint:DistributionPoint/ams-dp2@ams-dp2");
        let after: Vec<_> =
            plan.actions[removed].after.iter().map(headwater::plan::ActionId::as_str).collect();
        assert_eq!(
            after,
            ["DisablePull:DistributionPoint/ams-dp3", "EnablePull:DistributionPoint/lis-dp"]
        );
        assert_eq!(position(&plan, "RemoveSiteSystem:SiteSystem/ams-dp2"), removed + 1);
        assert_eq!(of_kind(&plan, ActionKind::DistributeContent).len(), 0);
        assert_eq!(world.converge(&hierarchy, choice), 1);
    }
}

#[test]
fn a_distribution_point_that_moves_is_there_with_its_content_before_the_old_one_goes() {
    for choice in CHOICES {
        let mut world = World::of(&contoso(|_| ()));
        let hierarchy = contoso(|it| {
            let mut system = it.site_systems[&name("ams-dp1")].clone();
            system.metadata.name = name("ams-new");
            system.spec.address = "ams-new.contoso.example".parse().unwrap();
            it.site_systems.insert(name("ams-new"), system);
            let point = it.distribution_points.get_mut(&name("ams-dp1")).unwrap();
            point.spec.site_system = name("ams-new");
        });
        let plan = world.plan(&hierarchy);
        let removed = position(&plan, "RemoveDistributionPoint:DistributionPoint/ams-dp1@ams-dp1");
        for before in [
            "AddDistributionPoint:DistributionPoint/ams-dp1",
            "DistributeContent:Package/update-catalog@AMS.0",
            "DistributeContent:Package/printer-definitions@AMS.0",
            "EnablePull:DistributionPoint/ams-dp2",
        ] {
            let after = &plan.actions[removed].after;
            assert!(after.iter().any(|id| id.as_str() == before), "{before}: {after:?}");
        }
        assert_eq!(world.converge(&hierarchy, choice), 1);
    }
}

#[test]
fn points_that_leave_their_names_to_others_go_from_below() {
    // `ams-dp2` pulls from `ams-dp1`. Both move to other site systems, where the first one pulls
    // from the second: whom an old one has to wait for is where that stands, not what it is called.
    let moved = |it: &mut Declared| {
        for (point, system) in [("ams-dp1", "ams-new1"), ("ams-dp2", "ams-new2")] {
            let mut new = it.site_systems[&name(point)].clone();
            new.metadata.name = name(system);
            new.spec.address = format!("{system}.contoso.example").parse().unwrap();
            it.site_systems.insert(name(system), new);
            let point = it.distribution_points.get_mut(&name(point)).unwrap();
            point.spec.site_system = name(system);
        }
        let pull = it.distribution_points.get_mut(&name("ams-dp2")).unwrap().spec.pull.take();
        let pull = pull.map(|mut pull| {
            pull.sources.truncate(1);
            pull.sources[0].distribution_point = name("ams-dp2");
            pull
        });
        it.distribution_points.get_mut(&name("ams-dp1")).unwrap().spec.pull = pull;
        let third = it.distribution_points.get_mut(&name("ams-dp3")).unwrap();
        third.spec.pull = None;
    };
    for choice in CHOICES {
        let mut world = World::of(&contoso(|_| ()));
        // The new ones are there, beside the old ones.
        let hierarchy = contoso(moved);
        let mut plan = world.plan(&hierarchy);
        plan.actions.retain(|it| it.kind != ActionKind::RemoveDistributionPoint);
        world.carry_out(&hierarchy, &plan, choice);
        let plan = world.plan(&hierarchy);
        let first = position(&plan, "RemoveDistributionPoint:DistributionPoint/ams-dp2@ams-dp2");
        let second = position(&plan, "RemoveDistributionPoint:DistributionPoint/ams-dp1@ams-dp1");
        assert!(first < second, "{:?}", ids(&plan));
        assert_eq!(plan.actions[second].after, [plan.actions[first].id.clone()]);
        assert_eq!(world.converge(&hierarchy, choice), 1);
    }
}

#[test]
fn a_site_goes_from_below() {
    for choice in CHOICES {
        let mut world = World::of(&contoso(|_| ()));
        let hierarchy = contoso(|it| {
            remove_site(it, "lis");
            remove_site(it, "ams");
            it.packages.remove(&name("printer-definitions"));
        });
        let plan = world.plan(&hierarchy);
        assert!(plan.actions.iter().all(|action| action.kind.removes()), "{:#?}", ids(&plan));
        let order = [
            "RemoveSoftwareUpdatePoint:SoftwareUpdatePoint/lis-active@lis-srv",
            "UninstallUpdateServices:SiteSystem/lis-srv",
            "RemoveSoftwareUpdatePoint:SoftwareUpdatePoint/ams-active@ams-srv",
            "RemoveSiteSystem:SiteSystem/lis-dp",
            "RemoveSiteSystem:SiteSystem/lis-srv",
            "RemoveSiteSystem:SiteSystem/ams-dp1",
            "RemoveSiteSystem:SiteSystem/ams-srv",
        ];
        assert!(order.map(|id| position(&plan, id)).is_sorted(), "{:#?}", ids(&plan));
        let pulled: Vec<_> = of_kind(&plan, ActionKind::RemoveDistributionPoint)
            .iter()
            .map(|action| action.resource.name.clone())
            .collect();
        assert_eq!(pulled, names(&["lis-dp", "ams-dp3", "ams-dp2", "ams-dp1"]));
        assert_eq!(world.converge(&hierarchy, choice), 1);
        assert_eq!(world.systems.len(), 5);
    }
}

#[test]
fn a_site_below_one_that_goes_has_another_parent_first() {
    for choice in CHOICES {
        let mut world = World::of(&contoso(|_| ()));
        let hierarchy = contoso(|it| {
            remove_site(it, "ams");
            it.packages.remove(&name("printer-definitions"));
            it.sites.get_mut(&name("lis")).unwrap().spec.parent = Some(name("sea"));
        });
        let plan = world.plan(&hierarchy);
        let order = [
            "CreateSiteSystem:SiteSystem/lis-srv",
            "ConfigureSoftwareUpdatePoint:SoftwareUpdatePoint/lis-active",
            "RemoveSoftwareUpdatePoint:SoftwareUpdatePoint/ams-active@ams-srv",
            "RemoveSiteSystem:SiteSystem/ams-srv",
        ];
        assert!(order.map(|id| position(&plan, id)).is_sorted(), "{:#?}", ids(&plan));
        assert_eq!(world.converge(&hierarchy, choice), 1);
    }
}

#[test]
fn the_internet_based_point_goes_before_the_active_one() {
    let mut world = World::of(&contoso(|it| {
        // So that the order of names is not the order of removal.
        let mut system = it.site_systems.remove(&name("cen-inet")).unwrap();
        system.metadata.name = name("cen-zone");
        it.site_systems.insert(name("cen-zone"), system);
        let point = it.software_update_points.get_mut(&name("cen-internet")).unwrap();
        point.spec.site_system = name("cen-zone");
    }));
    let hierarchy = contoso(|it| it.software_update_points.clear());
    let removals = world.plan(&hierarchy);
    let points: Vec<_> = of_kind(&removals, ActionKind::RemoveSoftwareUpdatePoint)
        .iter()
        .map(|action| action.resource.name.clone())
        .collect();
    assert_eq!(
        points,
        names(&["lis-active", "ams-active", "sea-active", "cen-internet", "cen-active"])
    );
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
}

#[test]
fn an_update_point_that_moves_serves_its_clients_before_the_old_one_goes() {
    for choice in CHOICES {
        let mut world = World::of(&contoso(|_| ()));
        let hierarchy = contoso(|it| {
            let point = it.software_update_points.get_mut(&name("sea-active")).unwrap();
            point.spec.site_system = name("sea-srv");
            let server = it.site_systems.get_mut(&name("sea-srv")).unwrap();
            server.spec.software.wsus = Some(headwater::model::WsusVersion::V10_0);
        });
        let plan = world.plan(&hierarchy);
        let removed =
            position(&plan, "RemoveSoftwareUpdatePoint:SoftwareUpdatePoint/sea-active@sea-wsus");
        assert!(position(&plan, "PublishClientPolicy:Site/sea") < removed);
        let after = &plan.actions[removed].after;
        assert!(after.iter().any(|id| id.as_str() == "PublishClientPolicy:Site/sea"), "{after:?}");
        assert_eq!(world.converge(&hierarchy, choice), 1);
    }
}

#[test]
fn a_source_goes_after_those_that_pulled_from_it_have_what_they_lack() {
    for choice in CHOICES {
        let mut world = World::of(&contoso(|_| ()));
        let lisbon = world.system(&name("lis-dp")).distribution_point.as_mut().unwrap();
        lisbon.packages.clear();
        let hierarchy = contoso(|it| remove_distribution_point(it, "ams-dp2"));
        let plan = world.plan(&hierarchy);
        let removed = position(&plan, "RemoveDistributionPoint:DistributionPoint/ams-dp2@ams-dp2");
        let after = &plan.actions[removed].after;
        let brought = "DistributeContent:Package/update-catalog@LIS.1";
        assert!(after.iter().any(|id| id.as_str() == brought), "{after:?}");
        assert_eq!(world.converge(&hierarchy, choice), 1);
    }
}

#[test]
fn a_distribution_point_stays_while_somebody_needs_what_it_alone_has() {
    let mut world = World::of(&contoso(|_| ()));
    let lisbon = world.system(&name("lis-dp")).distribution_point.as_mut().unwrap();
    let content = std::mem::take(&mut lisbon.packages);
    // Lisbon still wants the catalog, and none of its sources gets it any more.
    let hierarchy = contoso_despite("PDP-5", |it| {
        remove_distribution_point(it, "ams-dp1");
        let package = it.packages.get_mut(&name("update-catalog")).unwrap();
        package.spec.distribute_to.groups.clear();
        package.spec.distribute_to.distribution_points = names(&["lis-dp"]);
    });
    world.converge(&hierarchy, Choice::Last);
    let plan = world.plan(&hierarchy);
    assert_eq!((ids(&plan), plan.complete), (vec![], false));
    let on = plan.waiting.iter().find(|it| it.resource.name == name("ams-dp1")).unwrap();
    assert!(on.on.starts_with("it holds package CEN00001, which `lis-dp` still needs"), "{on:?}");
    // Somebody has brought it there.
    world.system(&name("lis-dp")).distribution_point.as_mut().unwrap().packages = content;
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan), ["RemoveDistributionPoint:DistributionPoint/ams-dp1@ams-dp1"]);
    assert!(plan.complete);
}
