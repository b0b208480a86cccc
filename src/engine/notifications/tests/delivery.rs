//! What is delivered when, and what is not: over a restart, and to receivers that are down.

use super::{ALL, World, failed, manifests, minutes, name, nothing};
use crate::engine::notifications::{LONGEST_QUEUE, Look, Occurrence};

#[test]
fn a_restart_tells_nothing_twice_and_loses_nothing() {
    let all = format!("{ALL}, after: 0s}}");
    let receivers = [("one", all.as_str())];
    let mut world = World::of(&receivers);
    world.hear(Occurrence::InForce(manifests("a")));
    world.pass("a", failed(&["x"]));
    world.restart(&receivers);
    assert_eq!(world.delivered(), ["Happened ManifestsInForce controller", "Begun Failed x"]);
    world.restart(&receivers);
    world.hear(Occurrence::InForce(manifests("a")));
    world.pass("a", failed(&["x"]));
    assert_eq!(world.delivered(), nothing());
    // What was under way may not have arrived: it is sent again, as the same message.
    world.pass("a", Look::default());
    let sent = world.machine.send(world.now);
    assert_eq!(world.machine.send(world.now), []);
    world.restart(&receivers);
    assert_eq!(world.machine.send(world.now), sent);
}

#[test]
fn a_receiver_that_is_down_gets_what_it_has_missed_but_not_all_of_it() {
    let mut world = World::with("after: 0s");
    world.hear(Occurrence::InForce(manifests("a")));
    let one = name("one");
    let mut pauses = Vec::new();
    for _ in 0..12 {
        assert_eq!(world.machine.send(world.now).len(), 1);
        world.machine.failed(&one, "refused", 1.0, world.now);
        let due = world.machine.due().unwrap();
        pauses.push(due.duration_since(world.now).as_secs());
        assert_eq!(world.machine.send(world.now), []);
        world.now = due;
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
    for number in 0..100 {
        let look = if number % 2 == 0 { failed(&["x"]) } else { Look::default() };
        world.pass("a", look);
    }
    let outbox = |world: &World| world.machine.memory().receivers()[&one].outbox().clone();
    assert_eq!((outbox(&world).waiting(), outbox(&world).lost()), (LONGEST_QUEUE, 85));
    assert_eq!(outbox(&world).trouble().unwrap().why, "refused");
    let told = world.delivered();
    assert_eq!(told.len(), LONGEST_QUEUE);
    assert_eq!(told.last().unwrap(), "Ended Failed x");
    assert_eq!((outbox(&world).waiting(), outbox(&world).trouble()), (0, None));
}

#[test]
fn what_is_older_than_a_day_is_not_delivered_any_more() {
    let mut world = World::with("after: 0s");
    world.hear(Occurrence::InForce(manifests("a")));
    world.now = world.now.checked_add(minutes(24 * 60 + 1)).unwrap();
    world.hear(Occurrence::InForce(manifests("b")));
    assert_eq!(world.delivered().len(), 1);
    assert_eq!(world.machine.memory().receivers()[&name("one")].outbox().lost(), 1);
}

#[test]
fn what_is_refused_for_good_does_not_hold_up_the_rest() {
    let mut world = World::with("after: 0s");
    world.hear(Occurrence::InForce(manifests("a")));
    world.hear(Occurrence::InForce(manifests("b")));
    assert_eq!(world.machine.send(world.now).len(), 1);
    world.machine.refused(&name("one"), "too large", world.now);
    assert_eq!(world.delivered().len(), 1);
}
