//! A second controller on the same data directory: it waits, says for whom, and takes over.

use super::{converge::assert_contoso, running::Running, world::World};

fn controller(world: &World) -> Running {
    let directory = world.manifests();
    let source = directory.to_str().unwrap();
    world.start(&["controller", "--source", source, "--every", "1s"], "warn")
}

#[track_caller]
fn until(running: &mut Running, begin: &str) {
    assert!(running.until(|line| line.starts_with(begin)), "{begin}: {:?}", running.said);
}

#[track_caller]
fn until_converged(running: &mut Running) {
    let end = "The hierarchy is as the manifests say.";
    assert!(running.until(|line| line.ends_with(end)), "{:?}", running.said);
}

/// Who waits says for whom.
#[track_caller]
fn until_it_waits(waiting: &mut Running, holder: &Running, command: &str) {
    until(waiting, &format!("waiting: `headwater {command}` (process {} on ", holder.id()));
}

#[test]
fn when_the_first_is_killed_the_second_takes_over() {
    let world = World::converged("minimal");
    let mut first = controller(&world);
    until(&mut first, "Nothing to do");
    let held = world.status()["heldBy"].clone();
    assert_eq!(held["processId"], first.id());
    assert_eq!((&held["command"], &held["reconciles"]), (&"controller".into(), &true.into()));
    let text = world.run(&["status"]).expect(0).stdout;
    let kept = format!("Kept by `headwater controller` (process {} on ", first.id());
    assert!(text.contains(&kept), "{text}");
    let mut second = controller(&world);
    until_it_waits(&mut second, &first, "controller");
    // A third one that nobody needs ends when it is asked to.
    let mut third = controller(&world);
    until_it_waits(&mut third, &first, "controller");
    let (code, said) = third.terminate();
    assert_eq!(code, 0, "{said:?}");

    first.kill();
    // It goes by the manifests of now, not by those of its start.
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    until(&mut second, "the hierarchy is free");
    until_converged(&mut second);
    while !world.listener("content").ends_with(":8090") {
        until_converged(&mut second);
    }
    assert_eq!(world.status()["heldBy"]["processId"], second.id());
    let (code, said) = second.terminate();
    assert_eq!(code, 0, "{said:?}");
    assert!(world.status()["heldBy"].is_null(), "who asks is nobody to tell of");
}

#[test]
fn when_the_first_ends_in_the_middle_the_second_goes_on() {
    let world = World::of("contoso");
    let mut first = controller(&world);
    assert!(first.until(|line| line.starts_with("done ")), "{:?}", first.said);
    let mut second = controller(&world);
    until_it_waits(&mut second, &first, "controller");
    assert!(first.until(|line| line.starts_with("done     Add")), "{:?}", first.said);
    let (code, said) = first.terminate();
    assert_eq!(code, 0, "{said:?}");
    until(&mut second, "the hierarchy is free");
    until_converged(&mut second);
    let (code, said) = second.terminate();
    assert_eq!(code, 0, "{said:?}");
    assert_contoso(&world);
}

#[test]
fn of_two_that_start_at_once_one_waits_and_any_end_of_the_other_is_taken_over() {
    let world = World::converged("minimal");
    for round in 0..3 {
        let [mut one, mut other] = [controller(&world), controller(&world)];
        let is_told =
            |line: &str| line.starts_with("waiting: ") || line.starts_with("Nothing to do");
        assert!(one.until(is_told) && other.until(is_told), "{:?} {:?}", one.said, other.said);
        let waits = |it: &Running| it.said.iter().any(|line| line.starts_with("waiting: "));
        assert_ne!(waits(&one), waits(&other), "{:?} {:?}", one.said, other.said);
        let (holder, mut waiting) = if waits(&one) { (other, one) } else { (one, other) };
        if round % 2 == 0 {
            holder.kill();
        } else {
            assert_eq!(holder.terminate().0, 0);
        }
        until(&mut waiting, "the hierarchy is free");
        // Who is asked to end while it takes over ends, too.
        if round < 2 {
            until(&mut waiting, "Nothing to do");
        }
        assert_eq!(waiting.terminate().0, 0);
    }
}

#[test]
fn up_ends_at_once_unless_it_shall_wait() {
    let world = World::converged("minimal");
    let mut first = controller(&world);
    until(&mut first, "Nothing to do");
    let refused = world.with_manifests("up").expect(1).stderr;
    let kept = format!("kept by `headwater controller` (process {} on ", first.id());
    assert!(refused.contains(&kept) && refused.contains("--wait"), "{refused}");
    let manifests = world.manifests();
    let arguments = ["up", "--wait", "--every", "1s", manifests.to_str().unwrap()];
    let mut up = world.start(&arguments, "warn");
    until_it_waits(&mut up, &first, "controller");
    assert_eq!(first.terminate().0, 0);
    until(&mut up, "Nothing to do");
    let mut second = controller(&world);
    until_it_waits(&mut second, &up, "up");
    // What is wrong with the command line is said without waiting.
    let source = "git+ssh://git@a.example/b";
    let wrong = world.run(&["controller", "--source", source]).expect(2).stderr;
    assert!(wrong.contains("--ssh-key"), "{wrong}");
}

#[test]
fn one_that_was_stopped_still_holds_it_and_that_is_told() {
    let world = World::converged("minimal");
    let mut first = controller(&world);
    until(&mut first, "Nothing to do");
    let mut second = controller(&world);
    until_it_waits(&mut second, &first, "controller");
    let name = format!("`headwater controller` (process {} on ", first.id());
    first.signal("STOP");
    assert!(
        second.until(|line| line.starts_with(&name) && line.contains("no sign of life since")),
        "{:?}",
        second.said
    );
    let status = world.run(&["status"]).expect(1).stderr;
    assert!(status.contains("does not answer") && status.contains(&name), "{status}");
    first.signal("CONT");
    assert!(
        second.until(|line| line.starts_with(&name) && line.ends_with("signs of life again")),
        "{:?}",
        second.said
    );
    first.signal("STOP");
    first.kill();
    until(&mut second, "the hierarchy is free");
    until(&mut second, "Nothing to do");
}
