//! What was done is undone, on running site systems.

use std::fs;

use serde_json::{Value, json};

use super::world::World;

/// What a plan depends on of what is there: the facts of a plan that is saved.
fn facts(world: &World) -> Value {
    let file = world.path("facts.json").to_str().unwrap().to_owned();
    world.with_manifests(&format!("plan --out {file}")).expect(0);
    let saved: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    saved["basis"]["facts"].clone()
}

fn undo_file(world: &World) -> String {
    world.path("undo.json").to_str().unwrap().to_owned()
}

#[test]
fn a_change_of_contoso_is_undone() {
    let world = World::converged("contoso");
    let before = facts(&world);
    world.edit("ports.yaml", "http: 8080\n  https: 8081", "http: 8090\n  https: 8091");
    world.remove_document("sites/ams.yaml", "DistributionPoint", "ams-dp3");
    world.edit("packages.yaml", "    - ams-dp3\n", "");
    let source = "      - distributionPoint: ams-dp3\n        priority: 1\n";
    world.edit("sites/lis.yaml", source, "");
    let welcome = super::world::root().join("examples/minimal/content/welcome");
    world.append(
        "packages.yaml",
        &format!(
            "\n---\napiVersion: headwater.dev/v1alpha1\nkind: Package\nmetadata:\n  name: welcome\n\
             spec:\n  packageId: AMS00002\n  source:\n    path: {}\n  distributeTo:\n    \
             distributionPoints:\n      - ams-dp1\n      - lis-dp\n",
            welcome.display()
        ),
    );
    let undo = undo_file(&world);
    let ended = world.with_manifests(&format!("apply --prune --undo {undo}")).expect(0);
    let told = format!("`headwater apply --prune --plan {undo}`");
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    assert_ne!(facts(&world), before);

    // Those that others pull from go last, and come first.
    let shown = world.run(&["show", "--output", "json", &undo]).expect(0).json();
    let kind = |it: &Value| format!("{} {}", it["kind"], it["resource"]).replace('"', "");
    let actions: Vec<String> = shown["actions"].as_array().unwrap().iter().map(kind).collect();
    let at = |action: &str| actions.iter().position(|it| it == action).unwrap();
    assert!(
        at("AddDistributionPoint DistributionPoint/ams-dp3")
            < at("EnablePull DistributionPoint/lis-dp")
    );

    let ended = world.run(&["apply", "--prune", "--plan", &undo]).expect(0);
    assert!(ended.stdout.contains("Nothing is left to do"), "{}", ended.stdout);
    assert_eq!(facts(&world), before);
    // It was undone: the same plan does not fit any more.
    let ended = world.run(&["apply", "--prune", "--plan", &undo]).expect(3);
    assert!(ended.stderr.contains("moved: site system `ams-dp3`, distributionPoint"));
    // But what it was made of does.
    let ended = world.run(&["plan", "--detailed-exitcode", "--from", &undo]).expect(0);
    assert!(ended.stdout.contains("No changes"), "{}", ended.stdout);
}

#[test]
fn what_comes_first_is_undone_to_nothing() {
    let world = World::of("minimal");
    let undo = undo_file(&world);
    world.with_manifests(&format!("apply --undo {undo}")).expect(0);
    assert!(world.site_system("server").exists());
    world.run(&["apply", "--prune", "--plan", &undo]).expect(0);
    assert!(!world.site_system("server").exists());
    assert_eq!(facts(&world)["siteSystems"], json!({}));
}

#[test]
fn what_was_done_before_a_failure_has_a_way_back() {
    let world = World::converged("minimal");
    let before = facts(&world);
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    world.edit("headwater.yaml", "content/welcome", "content/nowhere");
    world.edit("headwater.yaml", "ONE00001\n", "ONE00001\n  sourceVersion: 2\n");
    let undo = undo_file(&world);
    let ended = world.with_manifests(&format!("apply --undo {undo}")).expect(1);
    assert!(ended.stdout.contains("failed"), "{}", ended.stdout);
    assert_ne!(facts(&world), before);
    world.run(&["apply", "--prune", "--plan", &undo]).expect(0);
    assert_eq!(facts(&world), before);
}

#[test]
fn what_does_not_come_back_is_told() {
    let world = World::converged("minimal");
    let content = world.path("content");
    fs::create_dir(&content).unwrap();
    fs::write(content.join("page.html"), "first").unwrap();
    let manifest = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(&manifest).unwrap();
    let line = text.lines().find(|line| line.contains("content/welcome")).unwrap();
    world.edit("headwater.yaml", line, &format!("    path: {}", content.display()));
    world.edit("headwater.yaml", "ONE00001\n", "ONE00001\n  sourceVersion: 2\n");
    world.with_manifests("apply").expect(0);
    let before = facts(&world);
    fs::write(content.join("page.html"), "second").unwrap();
    world.edit("headwater.yaml", "sourceVersion: 2", "sourceVersion: 3");
    let undo = undo_file(&world);
    let ended = world.with_manifests(&format!("apply --undo {undo}")).expect(0);
    let told = "reads version 2 again, from";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    let shown = world.run(&["show", &undo]).expect(0);
    assert!(shown.stdout.contains(told), "{}", shown.stdout);
    // Other bytes do not come back under the version that it had.
    let after = facts(&world);
    let ended = world.run(&["apply", "--prune", "--plan", &undo]).expect(1);
    let told = format!("`{}` does not hold what version 2 of package", content.display());
    assert!(ended.stderr.contains(&told) || ended.stdout.contains(&told), "{ended:?}");
    assert_eq!(facts(&world), after, "nothing is published");
    // The directory is as it was again: so is what comes back.
    fs::write(content.join("page.html"), "first").unwrap();
    world.run(&["apply", "--prune", "--plan", &undo]).expect(0);
    assert_eq!(facts(&world), before);
}

#[test]
fn a_way_back_into_a_directory_that_is_not_there_is_refused_before_anything_is_done() {
    let world = World::converged("minimal");
    let before = facts(&world);
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    let undo = world.path("nowhere/undo.json");
    let ended = world.with_manifests(&format!("apply --undo {}", undo.display())).expect(2);
    assert!(ended.stderr.contains("there is no directory"), "{}", ended.stderr);
    assert!(!world.path("nowhere").exists());
    world.edit("headwater.yaml", "http: 8090", "http: 8080");
    assert_eq!(facts(&world), before);
}

#[test]
fn a_refused_change_leaves_no_way_back() {
    let world = World::converged("minimal");
    world.remove_document("headwater.yaml", "Package", "welcome");
    let undo = undo_file(&world);
    world.with_manifests(&format!("apply --undo {undo}")).expect(3);
    assert!(!world.path("undo.json").exists());
}

#[test]
fn a_change_that_is_ended_has_a_way_back() {
    let world = World::converged("minimal");
    let before = facts(&world);
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    // The change waits for the lock, the way back for the change.
    let lock = fs::File::options().append(true).open(world.data().join("reconcile.lock")).unwrap();
    lock.lock().unwrap();
    let undo = undo_file(&world);
    let manifests = world.manifests();
    let arguments = ["apply", "--undo", &undo, manifests.to_str().unwrap()];
    let running = world.start(&arguments, "info");
    drop(lock);
    let (code, said) = running.terminate();
    // It was ended before, in between or after: the file is there if anything was done.
    if world.path("undo.json").exists() {
        world.run(&["plan", "--from", &undo, "--out", &undo]).expect(0);
        world.run(&["apply", "--prune", "--plan", &undo]).expect(0);
    } else {
        assert_ne!(code, 0, "{said:?}");
    }
    assert_eq!(facts(&world), before);
}
