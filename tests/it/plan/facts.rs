//! A plan depends on facts, and its digest covers them and nothing else.

use headwater::{
    model::{Facts, Known, Listener, Observed},
    plan::{Inputs, plan},
};
use serde_json::json;

use super::{
    contoso::{contoso, manifest_digest, name},
    world::World,
};

#[test]
fn what_changes_by_itself_is_no_fact() {
    let mut world = World::of(&contoso(|_| ()));
    let job = |bytes: u64| {
        let job = json!({
            "version": 1, "digest": headwater::model::Digest::of(b"files"),
            "state": {"downloading": "ams-dp1"}, "bytesDone": bytes, "bytesTotal": 90,
        });
        serde_json::from_value(job).unwrap()
    };
    let point = world.system(&name("lis-dp")).distribution_point.as_mut().unwrap();
    point.pull_jobs.insert("CEN00009".parse().unwrap(), job(0));
    let before = world.observed();
    let server = world.site_server(&name("cen-srv"));
    let message = json!({
        "id": 6702, "site": "CEN", "at": "2026-12-01T00:00:00Z", "subject": "cen-active", "text": "done",
    });
    server.status_messages.push(serde_json::from_value(message).unwrap());
    server.revisions += 1;
    for state in world.systems.values_mut() {
        state.listens_on = "127.128.0.9".to_owned();
        if let Some(point) = &mut state.distribution_point {
            point.listener = Listener::Open("127.128.0.9:80".to_owned());
            for package in point.packages.values_mut() {
                package.sources = vec!["another".to_owned()];
            }
        }
    }
    let point = world.system(&name("lis-dp")).distribution_point.as_mut().unwrap();
    point.pull_jobs.insert("CEN00009".parse().unwrap(), job(80));
    let after = world.observed();
    assert_ne!(before, after);
    assert_eq!(Facts::of(&before), Facts::of(&after));
    assert_eq!(Facts::of(&before).digest(), Facts::of(&after).digest());
}

#[test]
fn what_a_plan_reads_is_a_fact() {
    let world = World::of(&contoso(|_| ()));
    let before = world.observed();
    let changed = |change: &dyn Fn(&mut World)| {
        let mut world = world.clone();
        change(&mut world);
        let after = world.observed();
        assert_ne!(Facts::of(&before), Facts::of(&after));
        assert_ne!(Facts::of(&before).digest(), Facts::of(&after).digest());
    };
    let id = || "CEN00001".parse().unwrap();
    changed(&|it| it.unknown.extend([name("lis-dp")]));
    changed(&|it| drop(it.systems.remove(&name("lis-dp"))));
    changed(&|it| it.system(&name("sea-srv")).administration_console = false);
    changed(&|it| it.site_server(&name("cen-srv")).announced = None);
    changed(&|it| it.site_server(&name("cen-srv")).packages.get_mut(&id()).unwrap().damaged = 1);
    changed(&|it| drop(it.databases.remove(&"SEA".parse().unwrap())));
    changed(&|it| {
        let point = it.system(&name("ams-dp1")).distribution_point.as_mut().unwrap();
        point.packages.get_mut(&id()).unwrap().damaged = 1;
    });
    changed(&|it| {
        let point = it.system(&name("ams-dp1")).distribution_point.as_mut().unwrap();
        point.listener = Listener::Closed("taken".to_owned());
    });
}

#[test]
fn the_reason_why_one_cannot_be_asked_is_no_fact() {
    let unknown = |why: &str| -> Observed {
        [(name("cen-srv"), Known::Unknown(why.to_owned()))].into_iter().collect()
    };
    let absent: Observed = [(name("cen-srv"), Known::Absent)].into_iter().collect();
    assert_eq!(Facts::of(&unknown("refused")), Facts::of(&unknown("no answer after 5 s")));
    assert_eq!(Facts::of(&absent), Facts::of(&Observed::default()));
    assert_ne!(Facts::of(&absent), Facts::of(&unknown("refused")));
}

#[test]
fn facts_read_back_and_their_digest_is_in_the_plan() {
    let hierarchy = contoso(|_| ());
    let world = World::of(&hierarchy);
    let observed = world.observed();
    let facts = Facts::of(&observed);
    let written = serde_json::to_string(&facts).unwrap();
    assert_eq!(serde_json::from_str::<Facts<'_>>(&written).unwrap(), facts);
    let written = serde_json::to_string(&observed).unwrap();
    let read: Observed = serde_json::from_str(&written).unwrap();
    assert_eq!(read, observed);
    let plan = plan(Inputs {
        hierarchy: &hierarchy,
        manifest_digest: manifest_digest(),
        observed: &read,
        now: world.now,
    });
    assert_eq!(plan.observed_digest, facts.digest());
}
