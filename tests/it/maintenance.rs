//! Maintenance windows from the front door: what waits for one, what is done all the same, and what is
//! refused.

use std::sync::Arc;

use headwater::{
    apply::{Origin, Outcome, Removals},
    cli::{Checked, load_and_check, read},
    model::{Digest, Hierarchy, RunCommand},
    plan::Plan,
    role::controller::{Controller, Purpose, Session},
};
use jiff::{Span, Timestamp, Zoned, tz::TimeZone};

use super::world::World;

/// A window that is not open today, tomorrow or the day after.
fn closed() -> String {
    let now = Zoned::new(Timestamp::now(), TimeZone::UTC);
    let day = now.checked_add(Span::new().days(10)).unwrap();
    window(&format!("0 0 {} {} *", day.day(), day.month()), "1d")
}

/// A window that is always open.
fn open() -> String {
    window("* * * * *", "1m")
}

fn window(schedule: &str, duration: &str) -> String {
    format!(
        "---\napiVersion: headwater.dev/v1alpha1\nkind: MaintenanceWindow\nmetadata:\n  name: window\n\
         spec:\n  sites: [one]\n  schedule: \"{schedule}\"\n  duration: {duration}\n"
    )
}

fn port(world: &World) -> String {
    world.listener("content").rsplit_once(':').unwrap().1.to_owned()
}

#[test]
fn what_may_not_be_done_now_waits_until_the_window_opens_or_somebody_wants_it_at_once() {
    let world = World::converged("minimal");
    world.append("headwater.yaml", &closed());
    world.with_manifests("apply").expect(0);
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    let waits =
        "site ONE is changed in maintenance windows only, and the next one, `window`, opens at ";
    let ended = world.with_manifests("plan --output json --detailed-exitcode").expect(2);
    let plan = ended.json();
    super::plan_schema::assert_valid(&plan);
    assert_eq!(plan["actions"], serde_json::json!([]));
    assert_eq!(plan["complete"], false);
    let waiting = &plan["waiting"][0];
    assert!(waiting["on"].as_str().unwrap().starts_with(waits), "{plan}");
    let until: Timestamp = waiting["until"].as_str().unwrap().parse().unwrap();
    assert!(until > Timestamp::now());
    let text = world.with_manifests("plan").expect(0).stdout;
    assert!(text.contains(waits) && text.ends_with("see what waits.\n"), "{text}");

    let ended = world.with_manifests("apply").expect(1);
    assert!(ended.stdout.contains(waits), "{}", ended.stdout);
    assert_eq!(port(&world), "8080");
    world.with_manifests("apply --outside-windows").expect(0);
    assert_eq!(port(&world), "8090");

    // In a window that is open, and without being told.
    let text = std::fs::read_to_string(world.manifests().join("headwater.yaml")).unwrap();
    let text = text.replace(&closed(), &open()).replace("http: 8090", "http: 8100");
    std::fs::write(world.manifests().join("headwater.yaml"), text).unwrap();
    world.with_manifests("apply").expect(0);
    assert_eq!(port(&world), "8100");
}

#[test]
fn a_saved_plan_is_refused_while_no_window_is_open() {
    let world = World::converged("minimal");
    world.append("headwater.yaml", &closed());
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    let (saved, undo) = (world.path("plan.json"), world.path("undo.json"));
    let (saved, undo) = (saved.to_str().unwrap(), undo.to_str().unwrap());
    world.with_manifests(&format!("plan --outside-windows --out {saved}")).expect(0);
    let ended = world.run(&["apply", "--plan", saved]).expect(3);
    assert!(ended.stderr.contains("outside of maintenance windows"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--outside-windows"), "{}", ended.stderr);
    assert_eq!(port(&world), "8080");
    let all = ["apply", "--plan", saved, "--undo", undo, "--outside-windows"];
    world.run(&all).expect(0);
    assert_eq!(port(&world), "8090");
    // The way back obeys them too.
    world.run(&["apply", "--prune", "--plan", undo]).expect(3);
    assert_eq!(port(&world), "8090");
    world.run(&["apply", "--prune", "--plan", undo, "--outside-windows"]).expect(0);
    assert_eq!(port(&world), "8080");
}

/// The manifests of a world as they are now.
fn hierarchy(world: &World) -> Hierarchy {
    let Checked { loaded, problems } = load_and_check(read(&[world.manifests()]).unwrap());
    assert!(problems.is_empty(), "{problems:?}");
    Hierarchy::resolve(&loaded.declared).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_begins_after_the_window_has_closed() {
    let world = World::converged("minimal");
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    world.append("headwater.yaml", &open());
    let while_open = hierarchy(&world);
    world.edit("headwater.yaml", &open(), &closed());
    let when_closed = Arc::new(hierarchy(&world));
    let session = Session::open(&world.data(), Purpose::Work).await.unwrap();
    let controller = Controller::new(session).unwrap();
    let manifest = Digest::of(b"manifests");
    let looked = controller.look(&while_open, manifest).await.unwrap();
    assert!(looked.plan.actions.iter().any(|it| it.kind.changes_a_site_system()));
    let (events, _listener) = tokio::sync::mpsc::unbounded_channel();
    let origin = Origin::person(RunCommand::Apply, None);
    let manner = (&origin, Removals::Refused);
    let report =
        controller.apply(&when_closed, &looked, manner.0, manner.1, &events).await.unwrap();
    for action in looked.plan.actions.iter().filter(|it| it.kind.changes_a_site_system()) {
        let outcome = &report.outcomes[&action.id];
        assert!(matches!(outcome, Outcome::Waiting { .. } | Outcome::Skipped(_)), "{outcome:?}");
    }
    let again = controller.look(&while_open, manifest).await.unwrap();
    let ids = |plan: &Plan| plan.actions.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again.plan), ids(&looked.plan), "nothing has changed");
    controller.close().await;
}

#[test]
fn the_controller_waits_for_the_window_and_says_so_once() {
    let world = World::converged("minimal");
    world.append("headwater.yaml", &closed());
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    let manifests = world.manifests();
    let arguments = ["controller", "--source", manifests.to_str().unwrap(), "--every", "1s"];
    let mut running = world.start(&arguments, "warn");
    assert!(
        running.until(|line| line.starts_with("waits ") && line.contains("`window`, opens at "))
    );
    assert!(running.until(|line| line.ends_with("The hierarchy is not as the manifests say yet.")));
    assert_eq!(port(&world), "8080");
    let text = std::fs::read_to_string(world.manifests().join("headwater.yaml")).unwrap();
    std::fs::write(world.manifests().join("headwater.yaml"), text.replace(&closed(), &open()))
        .unwrap();
    assert!(running.until(|line| line.ends_with("done. The hierarchy is as the manifests say.")));
    assert_eq!(port(&world), "8090");
    let said = running.said.iter().filter(|line| line.starts_with("waits ")).count();
    assert_eq!(said, 1, "{:?}", running.said);
}
