//! A directory that the hierarchy follows: what changes in it is seen at once.

use std::{fs, os::unix::fs::symlink, process::Command};

use assert_cmd::cargo::cargo_bin;

use super::repository::{port, until};
use crate::{running::Running, world::World};

#[track_caller]
fn until_done(running: &mut Running) {
    let done = running.until(|line| line.ends_with("done. The hierarchy is as the manifests say."));
    assert!(done, "{:?}", running.said);
}

/// Nothing of it would happen for an hour, if nobody saw the change.
#[test]
fn what_changes_in_a_directory_is_brought_about_at_once() {
    let world = World::converged("minimal");
    let path = world.path("manifests");
    let mut running =
        world.start(&["controller", "--source", path.to_str().unwrap(), "--every", "1h"], "warn");
    assert!(running.until(|line| line.starts_with("Nothing to do")), "{:?}", running.said);
    world.edit("headwater.yaml", "http: 8080", "http: 8081");
    until_done(&mut running);
    assert_eq!(port(&world), "8081");

    // As an editor saves: beside it, and then in its place.
    let text = fs::read_to_string(path.join("headwater.yaml")).unwrap();
    fs::write(world.path("new"), text.replace("http: 8081", "http: 8082")).unwrap();
    fs::rename(world.path("new"), path.join("headwater.yaml")).unwrap();
    until_done(&mut running);
    assert_eq!(port(&world), "8082");

    // What is broken is told, and does not count.
    world.edit("headwater.yaml", "type: Primary", "type: Primray");
    let told = running.until(|line| line.ends_with("; the last good manifests hold"));
    assert!(told, "{:?}", running.said);
    world.edit("headwater.yaml", "type: Primray", "type: Primary");

    // A new directory, and a file in it that was not there when it was made.
    let inner = path.join("more/inner");
    fs::create_dir_all(&inner).unwrap();
    fs::write(
        inner.join("system.yaml"),
        "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: branch\n\
         spec:\n  site: one\n  address: branch.contoso.example\n",
    )
    .unwrap();
    let made = |line: &str| line.contains("SiteSystem/branch");
    assert!(running.until(made), "{:?}", running.said);
    until_done(&mut running);

    // The whole directory is another one.
    let old = world.path("old");
    fs::rename(&path, &old).unwrap();
    let text = fs::read_to_string(old.join("headwater.yaml")).unwrap();
    fs::create_dir(world.path("other")).unwrap();
    let other = text.replace("http: 8082", "http: 8083");
    fs::write(world.path("other/headwater.yaml"), other).unwrap();
    fs::rename(old.join("more"), world.path("other/more")).unwrap();
    symlink("other", &path).unwrap();
    until_done(&mut running);
    assert_eq!(port(&world), "8083");
    world.edit("headwater.yaml", "http: 8083", "http: 8084");
    until_done(&mut running);
    assert_eq!(port(&world), "8084");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
}

#[test]
fn up_sees_it_too() {
    let world = World::converged("minimal");
    let path = world.path("manifests");
    let mut running = world.start(&["up", "--every", "1h", path.to_str().unwrap()], "warn");
    assert!(running.until(|line| line.starts_with("Nothing to do")), "{:?}", running.said);
    world.edit("headwater.yaml", "http: 8080", "http: 8081");
    until_done(&mut running);
    assert_eq!(port(&world), "8081");
}

#[test]
fn where_the_system_watches_no_more_it_is_told_and_looked_at_by_time() {
    let world = World::of("minimal");
    // Root of a namespace of its own, so that the limit is its own too.
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c"]);
    command.arg("echo 0 >/proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"");
    command.arg(cargo_bin!("headwater")).env("HEADWATER_DATA", world.data());
    command.args(["controller", "--mode", "observe", "--every", "1s", "--source"]);
    let mut running = Running::of(command.arg(world.manifests()));
    until(&mut running, "changes of files are not seen at once, only every 1 s: ");
    world.edit("headwater.yaml", "http: 8080", "http: 8081");
    assert!(running.until(|line| line.ends_with("http: 8081")), "{:?}", running.said);
    let told = running.said.iter().filter(|it| it.contains("not seen at once")).count();
    assert_eq!(told, 1, "{:?}", running.said);
}
