//! One thing changes or breaks: the plan is that and its consequences, and nothing else.

use headwater::{
    model::{DistributionPointState, Hierarchy, Listener},
    plan::{Action, ActionKind, Plan},
    view::{PlanView, plan_markdown, plan_summary_text, plan_text},
};
use serde_json::json;

use super::{
    contoso::{contoso, name, names, port_settings},
    world::{Choice, World, ids, of_kind},
};

/// The plan, after checking that nothing is left to do once it is carried out.
fn plan_and_carry_out(world: &mut World, hierarchy: &Hierarchy) -> Plan {
    let plan = world.plan(hierarchy);
    world.carry_out(hierarchy, &plan, Choice::Last);
    let next = world.plan(hierarchy);
    assert_eq!((ids(&next), next.complete), (vec![], true));
    plan
}

fn diff(action: &Action) -> Vec<String> {
    let lines = action.diff.iter();
    lines.map(|line| format!("{}: {} -> {}", line.path, line.before, line.after)).collect()
}

fn point<'a>(world: &'a mut World, system: &str) -> &'a mut DistributionPointState {
    world.system(&name(system)).distribution_point.as_mut().unwrap()
}

#[test]
fn what_is_told_a_site_system_that_is_there_is_a_change() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        it.site_systems.get_mut(&name("ams-dp1")).unwrap().spec.internet_access = true;
    });
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    assert_eq!(ids(&plan), ["CreateSiteSystem:SiteSystem/ams-dp1"]);
    assert_eq!((plan.summary.create, plan.summary.change), (0, 1));
    let view = PlanView::default();
    let text = plan_text(&plan, view, false);
    assert!(text.contains("  ~ CreateSiteSystem SiteSystem/ams-dp1"), "{text}");
    assert!(text.contains("0 to create, 1 to change"), "{text}");
    let markdown = plan_markdown(&plan, view);
    assert!(markdown.contains("## Headwater plan: 1 to change"), "{markdown}");
    assert!(markdown.contains("`~` **CreateSiteSystem**"), "{markdown}");
    let summary = plan_summary_text(&plan, view);
    assert!(summary.contains("~ CreateSiteSystem"), "{summary}");
}

#[test]
fn a_port_changes_alone_where_nothing_is_downstream() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| port_settings(it, "update-services", 8550));
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    assert_eq!(
        ids(&plan),
        [
            "ConfigureSoftwareUpdatePoint:SoftwareUpdatePoint/sea-active",
            "VerifyPorts:SoftwareUpdatePoint/sea-active",
            "PublishClientPolicy:Site/sea",
        ]
    );
    assert_eq!(diff(&plan.actions[0]), ["ports.http: 8540 -> 8550", "ports.https: 8541 -> 8551"]);
    assert_eq!(
        diff(&plan.actions[2]),
        [
            "internetUrl: \"https://sea-wsus.contoso.example:8541\" -> \
             \"https://sea-wsus.contoso.example:8551\"",
            "url: \"https://sea-wsus.contoso.example:8541\" -> \
             \"https://sea-wsus.contoso.example:8551\"",
        ]
    );
}

#[test]
fn downstream_points_follow_the_port_of_their_upstream() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        port_settings(it, "top", 8600);
        let point = it.software_update_points.get_mut(&name("cen-active")).unwrap();
        point.spec.ports = Some(name("top"));
    });
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    let mut expected = Vec::new();
    for point in ["cen-active", "cen-internet", "ams-active", "sea-active"] {
        expected.push(format!("ConfigureSoftwareUpdatePoint:SoftwareUpdatePoint/{point}"));
        expected.push(format!("VerifyPorts:SoftwareUpdatePoint/{point}"));
    }
    expected.push("PublishClientPolicy:Site/cen".to_owned());
    assert_eq!(ids(&plan), expected);
    let follows = "source.url: \"https://cen-wsus.contoso.example:8531\" -> \
                   \"https://cen-wsus.contoso.example:8601\"";
    for action in &of_kind(&plan, ActionKind::ConfigureSoftwareUpdatePoint)[1..] {
        assert_eq!(diff(action), [follows], "{}", action.id);
        let upstream = "VerifyPorts:SoftwareUpdatePoint/cen-active";
        assert!(action.after.iter().any(|id| id.as_str() == upstream), "{:?}", action.after);
    }
}

#[test]
fn the_port_of_a_source_changes_for_those_that_pull_from_it() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        port_settings(it, "first", 8090);
        let point = it.distribution_points.get_mut(&name("ams-dp1")).unwrap();
        point.spec.ports = Some(name("first"));
    });
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    assert_eq!(
        ids(&plan),
        [
            "ConfigureDistributionPoint:DistributionPoint/ams-dp1",
            "EnablePull:DistributionPoint/ams-dp2",
            "EnablePull:DistributionPoint/lis-dp",
        ]
    );
    let new = json!("http://ams-dp1.contoso.example:8090");
    assert_eq!(plan.actions[1].diff[0].after[0]["url"], new);
}

#[test]
fn a_closed_port_is_opened_again() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    let closed = Listener::Closed("the address is in use".to_owned());
    point(&mut world, "ams-dp1").listener = closed.clone();
    world.update_point(&name("lis-srv"), &name("lis-active")).listener = closed;
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    assert_eq!(
        ids(&plan),
        [
            "ConfigureSoftwareUpdatePoint:SoftwareUpdatePoint/lis-active",
            "VerifyPorts:SoftwareUpdatePoint/lis-active",
            "ConfigureDistributionPoint:DistributionPoint/ams-dp1",
        ]
    );
    assert!(plan.actions[0].reason.contains("the address is in use"));
}

#[test]
fn a_missing_file_is_repaired_where_it_is_missing() {
    let hierarchy = contoso(|_| ());
    let package = "AMS00001".parse().unwrap();
    for damaged in ["ams-dp1", "ams-dp2", "ams-dp3", "lis-dp"] {
        let mut world = World::of(&hierarchy);
        point(&mut world, damaged).packages.get_mut(&package).unwrap().damaged = 1;
        let plan = plan_and_carry_out(&mut world, &hierarchy);
        assert_eq!(plan.actions.len(), 1, "{:?}", ids(&plan));
        let action = &plan.actions[0];
        assert_eq!(action.kind, ActionKind::DistributeContent);
        assert_eq!(action.targets, names(&[damaged]));
        assert!(action.id.as_str().ends_with(".repair"), "{}", action.id);
        assert!(action.reason.starts_with("1 file is missing or damaged"), "{}", action.reason);
    }
}

#[test]
fn a_damaged_library_of_a_site_server_takes_the_source_again() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    let held = world.site_server(&name("cen-srv")).packages.values_mut().next().unwrap();
    held.damaged = 2;
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    assert_eq!(ids(&plan), ["DistributeContent:Package/update-catalog@CEN"]);
    assert_eq!(plan.actions[0].targets, []);
}

#[test]
fn a_new_source_version_goes_wave_by_wave() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        it.packages.get_mut(&name("printer-definitions")).unwrap().spec.source_version = 2;
    });
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    let id = |part: &str| format!("UpdateContent:Package/printer-definitions@{part}");
    assert_eq!(ids(&plan), [id("AMS"), id("AMS.0"), id("AMS.1"), id("AMS.2"), id("LIS.3")]);
    let targets: Vec<_> = plan.actions.iter().map(|action| action.targets.clone()).collect();
    assert_eq!(
        targets,
        [&[][..], &["ams-dp1"], &["ams-dp2"], &["ams-dp3"], &["lis-dp"]].map(names)
    );
    let last: Vec<_> = plan.actions[4].after.iter().map(ToString::to_string).collect();
    assert_eq!(last, [id("AMS"), id("AMS.0"), id("AMS.1"), id("AMS.2")]);
}

#[test]
fn pull_is_switched_off_and_on_without_sending_content_again() {
    let pulls = contoso(|_| ());
    let mut world = World::of(&pulls);
    let pushes = contoso(|it| {
        let point = it.distribution_points.get_mut(&name("ams-dp2")).unwrap();
        point.spec.pull.as_mut().unwrap().enabled = false;
    });
    let off = plan_and_carry_out(&mut world, &pushes);
    assert_eq!(ids(&off), ["DisablePull:DistributionPoint/ams-dp2"]);
    assert_eq!(diff(&off.actions[0]), ["pull.enabled: true -> false"]);
    let on = plan_and_carry_out(&mut world, &pulls);
    assert_eq!(ids(&on), ["EnablePull:DistributionPoint/ams-dp2"]);
}

#[test]
fn sources_that_are_kept_while_pull_is_off_are_only_settings() {
    let off = |sources: usize| {
        contoso(|it| {
            let point = it.distribution_points.get_mut(&name("lis-dp")).unwrap();
            let pull = point.spec.pull.as_mut().unwrap();
            pull.enabled = false;
            pull.sources.truncate(sources);
        })
    };
    let mut world = World::of(&off(3));
    let plan = plan_and_carry_out(&mut world, &off(2));
    assert_eq!(ids(&plan), ["ConfigureDistributionPoint:DistributionPoint/lis-dp"]);
}

#[test]
fn another_version_of_wsus_is_installed() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = contoso(|it| {
        let system = it.site_systems.get_mut(&name("lis-srv")).unwrap();
        system.spec.software.wsus = Some(headwater::model::WsusVersion::V3_0Sp2);
    });
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    assert_eq!(
        ids(&plan),
        ["CreateSiteSystem:SiteSystem/lis-srv", "InstallUpdateServices:SiteSystem/lis-srv"]
    );
    assert_eq!(plan.actions[1].after[0], plan.actions[0].id);
}

#[test]
fn a_lost_site_server_gets_back_all_that_it_held() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    world.systems.remove(&name("ams-srv"));
    world.catalogs.remove(&name("ams-srv"));
    world.databases.remove(&"AMS".parse().unwrap());
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    assert_eq!(plan.actions[0].id.as_str(), "CreateSiteSystem:SiteSystem/ams-srv");
    assert!(ids(&plan).contains(&"DistributeContent:Package/printer-definitions@AMS"));
    assert_eq!(plan.summary.remove, 0);
}

#[test]
fn a_lost_site_database_is_filled_in_the_same_plan_that_makes_its_server() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    world.systems.remove(&name("cen-srv"));
    world.databases.remove(&"CEN".parse().unwrap());
    let plan = plan_and_carry_out(&mut world, &hierarchy);
    let sync = plan.actions.iter().find(|it| it.id.as_str().ends_with("Point/cen-active")).unwrap();
    assert_eq!((sync.kind, sync.requirement.as_str()), (ActionKind::Synchronize, "SYNC-4"));
    assert!(sync.after.iter().any(|id| id.as_str() == "CreateSiteSystem:SiteSystem/cen-srv"));
}
