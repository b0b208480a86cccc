//! SSL of update points as it is declared, planned and described (SUP-5, SUP-6).

use headwater::{
    model::{Declared, Hierarchy, Listener, SoftwareUpdatePointSpec, UpdatePointSettings},
    plan::{Action, ActionKind},
};

use super::{
    contoso::{contoso, name},
    world::{Choice, World, ids, of_kind},
};

fn spec<'a>(declared: &'a mut Declared, point: &str) -> &'a mut SoftwareUpdatePointSpec {
    &mut declared.software_update_points.get_mut(&name(point)).unwrap().spec
}

fn settings<'a>(hierarchy: &'a Hierarchy, point: &str) -> &'a UpdatePointSettings {
    &hierarchy.update_points[&name(point)].settings
}

#[test]
fn an_internet_based_point_is_configured_as_the_active_one_unless_it_says_otherwise() {
    let hierarchy = contoso(|it| {
        let active = spec(it, "cen-active");
        active.ssl = Some(false);
        active.languages = vec!["nl".to_owned(), "en".to_owned()];
        active.certificate = serde_json::from_str(r#"{"selfSigned": true}"#).unwrap();
    });
    let own = settings(&hierarchy, "cen-internet");
    assert!(!own.ssl, "native mode alone would have it");
    assert_eq!(own.languages, ["en", "nl"]);
    assert_eq!(own.certificate, None, "that of another computer");
    let hierarchy = contoso(|it| {
        spec(it, "cen-active").languages = vec!["nl".to_owned()];
        let own = spec(it, "cen-internet");
        own.ssl = Some(false);
        own.languages = vec!["de".to_owned()];
    });
    let own = settings(&hierarchy, "cen-internet");
    assert!(!own.ssl);
    assert_eq!(own.languages, ["de"]);
    // It is described as it was declared.
    for change in [Some(true), Some(false), None] {
        let hierarchy = contoso(|it| {
            spec(it, "cen-active").ssl = Some(false);
            spec(it, "cen-internet").ssl = change;
        });
        let mut world = World::of(&hierarchy);
        let described = super::adopting::described(&world);
        assert_eq!(settings(&described, "cen-internet"), settings(&hierarchy, "cen-internet"));
        assert_eq!(world.converge(&described, Choice::First), 0);
    }
}

#[test]
fn points_of_the_hierarchy_are_let_in_by_those_above_them() {
    let hierarchy = contoso(|it| {
        let listed = ["wsus.fabrikam.example".to_owned()];
        spec(it, "cen-active").downstream_servers = Some(listed.into());
        spec(it, "lis-active").downstream_servers = Some(Vec::new());
    });
    let listed = |point| settings(&hierarchy, point).downstream_servers.clone();
    let of_top =
        ["ams-active", "cen-active", "cen-internet", "sea-active", "wsus.fabrikam.example"];
    assert_eq!(listed("cen-active").unwrap(), of_top);
    assert_eq!(listed("lis-active").unwrap(), ["lis-active"]);
    assert_eq!(listed("ams-active"), None);
    let described = super::adopting::described(&World::of(&hierarchy));
    assert_eq!(settings(&described, "cen-active"), settings(&hierarchy, "cen-active"));
    assert_eq!(settings(&described, "lis-active"), settings(&hierarchy, "lis-active"));
    // A list that lets nobody in from outside is a change that is told.
    let mut world = World::of(&contoso(|_| ()));
    let closed = contoso(|it| spec(it, "lis-active").downstream_servers = Some(Vec::new()));
    let plan = world.plan(&closed);
    let [configure, _] = &plan.actions[..] else { panic!("{:?}", ids(&plan)) };
    assert_eq!(lines(configure), [r#"downstreamServers: null -> ["lis-active"]"#]);
    world.carry_out(&closed, &plan, Choice::First);
    assert_eq!(ids(&world.plan(&closed)), [""; 0]);
}

fn lines(action: &Action) -> Vec<String> {
    let lines = action.diff.iter();
    lines.map(|line| format!("{}: {} -> {}", line.path, line.before, line.after)).collect()
}

#[test]
fn ssl_is_switched_on_and_off_at_a_point_that_is_there() {
    let without = contoso(|it| spec(it, "sea-active").ssl = Some(false));
    let secured = contoso(|_| ());
    let mut world = World::of(&without);
    let plan = world.plan(&secured);
    assert_eq!(
        ids(&plan),
        [
            "ConfigureSsl:SoftwareUpdatePoint/sea-active",
            "ConfigureSoftwareUpdatePoint:SoftwareUpdatePoint/sea-active",
            "VerifyPorts:SoftwareUpdatePoint/sea-active",
            "PublishClientPolicy:Site/sea",
        ]
    );
    let [ssl, configure, verify, policy] = &plan.actions[..] else { unreachable!() };
    assert_eq!(lines(ssl), ["ssl: false -> true"]);
    assert!(ssl.diff[0].found.is_some(), "{:?}", ssl.diff);
    assert_eq!(configure.after, std::slice::from_ref(&ssl.id));
    assert!(verify.reason.ends_with("has to answer on ports 8540 and 8541"), "{}", verify.reason);
    let url = "http://sea-wsus.contoso.example:8540";
    let secure = "https://sea-wsus.contoso.example:8541";
    assert!(lines(policy).contains(&format!(r#"url: "{url}" -> "{secure}""#)), "{policy:?}");
    world.carry_out(&secured, &plan, Choice::First);
    assert_eq!(ids(&world.plan(&secured)), [""; 0]);
    let back = world.plan(&without);
    assert_eq!(of_kind(&back, ActionKind::ConfigureSsl).len(), 0);
    assert_eq!(lines(&back.actions[0]), ["ssl: true -> false"]);
}

#[test]
fn a_closed_https_port_is_opened_again() {
    let hierarchy = contoso(|_| ());
    let mut world = World::of(&hierarchy);
    let point = world.system(&name("sea-wsus")).update_point.as_mut().unwrap();
    point.https.as_mut().unwrap().listener = Listener::Closed("it is in use".to_owned());
    let plan = world.plan(&hierarchy);
    let configure = &plan.actions[0];
    assert_eq!(configure.kind, ActionKind::ConfigureSoftwareUpdatePoint);
    assert_eq!(configure.reason, "its HTTPS port is closed: it is in use");
    assert_eq!(lines(configure), [r#"listeners.https: "closed: it is in use" -> "open""#]);
    world.carry_out(&hierarchy, &plan, Choice::First);
    assert_eq!(ids(&world.plan(&hierarchy)), [""; 0]);
}
