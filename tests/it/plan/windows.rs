//! Sites with maintenance windows are changed inside them only.

use std::collections::BTreeSet;

use headwater::{
    model::{Declared, DocumentId, Hierarchy, MaintenanceWindowSpec, Resource, SUSPEND},
    plan::{ActionKind, Plan},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    contoso::{contoso, name, remove_distribution_point},
    world::{Choice, World, ids},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Declares a window.
fn window(declared: &mut Declared, called: &str, spec: Value) {
    let spec: MaintenanceWindowSpec = serde_json::from_value(spec).unwrap();
    let resource = Resource {
        document: DocumentId(0),
        directory: std::path::Path::new("/contoso").into(),
        metadata: serde_json::from_value(json!({ "name": called })).unwrap(),
        spec,
    };
    declared.maintenance_windows.insert(name(called), resource);
}

fn at_night(declared: &mut Declared) {
    let spec = json!({"sites": ["ams"], "schedule": "0 2 * * *", "duration": "2h"});
    window(declared, "night", spec);
}

fn sites(plan: &Plan) -> BTreeSet<&str> {
    plan.actions.iter().map(|it| it.site.as_str()).collect()
}

/// The times until which something waits.
fn until(plan: &Plan) -> BTreeSet<Option<Timestamp>> {
    plan.waiting.iter().map(|it| it.until).collect()
}

fn world_at(now: &str) -> World {
    let mut world = World::new();
    world.now = at(now);
    world
}

#[test]
fn a_site_is_made_in_its_window_and_the_others_at_once() {
    let hierarchy = contoso(at_night);
    let mut world = world_at("2026-12-01T00:00:00Z");
    let plan = world.plan(&hierarchy);
    assert!(!sites(&plan).contains("AMS"), "{:#?}", ids(&plan));
    assert!(sites(&plan).contains("SEA"));
    assert!(!plan.complete, "it is not as wanted before the night");
    assert_eq!(until(&plan), BTreeSet::from([Some(at("2026-12-01T02:00:00Z"))]));
    let on = "site AMS is changed in maintenance windows only, and the next one, `night`, opens at \
              2026-12-01T02:00:00Z";
    let server = plan.waiting.iter().find(|it| it.resource.to_string() == "SiteSystem/ams-srv");
    assert_eq!(server.unwrap().on, on);
    assert_eq!(world.plan(&hierarchy), plan, "the same inputs give the same plan");
    world.converge(&hierarchy, Choice::Last);

    world.now = at("2026-12-01T02:00:00Z");
    let plan = world.plan(&hierarchy);
    assert!(sites(&plan).contains("AMS") && plan.complete, "{:#?}", plan.waiting);
    world.converge(&hierarchy, Choice::Last);
    let unlimited = contoso(|_| ());
    assert_eq!(ids(&world.plan(&unlimited)), Vec::<&str>::new());
}

#[test]
fn what_comes_after_something_that_waits_waits_too() {
    let hierarchy = contoso(at_night);
    // AMS is above LIS, which has no window.
    let plan = world_at("2026-12-01T00:00:00Z").plan(&hierarchy);
    assert!(!sites(&plan).contains("LIS"), "{:#?}", ids(&plan));
    let lis = plan.waiting.iter().find(|it| it.resource.to_string() == "SiteSystem/lis-srv");
    assert_eq!(
        lis.unwrap().on,
        "CreateSiteSystem:SiteSystem/ams-srv has to be done first, and waits for its window"
    );
    assert_eq!(lis.unwrap().until, Some(at("2026-12-01T02:00:00Z")));
    let there: BTreeSet<_> = plan.actions.iter().map(|it| &it.id).collect();
    let missing = plan.actions.iter().flat_map(|it| &it.after).find(|id| !there.contains(id));
    assert_eq!(missing, None, "nothing begins before what it comes after");
}

#[test]
fn windows_of_the_whole_hierarchy_are_for_each_site_and_only_for_what_they_allow() {
    let hierarchy = |change: fn(&mut Declared)| {
        contoso(|it| {
            change(it);
            window(
                it,
                "content",
                json!({
                    "schedule": "0 12 * * *", "duration": "1h",
                    "actions": ["DistributeContent", "UpdateContent"],
                }),
            );
            window(
                it,
                "weekend",
                json!({
                    "schedule": "0 22 * * FRI", "duration": "2d", "timeZone": "Europe/Lisbon",
                }),
            );
        })
    };
    let mut world = World::of(&contoso(|_| ()));
    let change = hierarchy(|it| {
        it.packages.get_mut(&name("printer-definitions")).unwrap().spec.source_version += 1;
        remove_distribution_point(it, "lis-dp");
    });
    // A Wednesday.
    world.now = at("2026-12-02T12:30:00Z");
    let plan = world.plan(&change);
    let kinds: BTreeSet<_> = plan.actions.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, BTreeSet::from([ActionKind::UpdateContent]));
    // By then it is nearer to the window for everything than to the one of the next noon.
    assert_eq!(until(&plan), BTreeSet::from([Some(at("2026-12-04T22:00:00Z"))]));
    world.now = at("2026-12-02T13:00:00Z");
    let plan = world.plan(&change);
    assert_eq!(ids(&plan), Vec::<&str>::new());
    let expected = ["2026-12-03T12:00:00Z", "2026-12-04T22:00:00Z"].map(|it| Some(at(it)));
    assert_eq!(until(&plan), BTreeSet::from(expected));
    world.now = at("2026-12-05T04:00:00Z");
    let plan = world.plan(&change);
    assert!(plan.complete && plan.actions.iter().any(|it| it.kind.removes()));
}

#[test]
fn what_only_looks_needs_no_window_and_a_suspended_one_never_opens() {
    let never = contoso(|it| {
        window(it, "never", json!({"schedule": "* * * * *", "duration": "1m"}));
        let never = it.maintenance_windows.get_mut(&name("never")).unwrap();
        never.metadata.annotations.insert(SUSPEND.to_owned(), "true".to_owned());
    });
    let world = World::new();
    let plan = world.plan(&never);
    assert_eq!(ids(&plan), Vec::<&str>::new());
    assert_eq!(until(&plan), BTreeSet::from([None]));
    let on = "no maintenance window of site CEN that ever opens allows CreateSiteSystem";
    assert_eq!(plan.waiting[0].on, on);
    // To be done all the same, when somebody says so.
    let at_once: Hierarchy = never.outside_windows();
    assert_eq!(world.plan(&at_once), world.plan(&contoso(|_| ())));
    for kind in ActionKind::ALL {
        let looks = matches!(kind, ActionKind::VerifyPorts | ActionKind::ValidateContent);
        assert_eq!(kind.changes_a_site_system(), !looks, "{kind}");
    }
}
