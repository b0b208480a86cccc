//! The same manifests in another checkout are the same: what they name by a relative path is there
//! again.

use std::{fs, path::Path};

use super::world::{World, root};

/// A checkout of the smallest example, with the export that it imports.
fn checkout(world: &World, name: &str) -> String {
    for part in ["minimal", "wsus-export"] {
        copy(&root().join("examples").join(part), &world.path(name).join(part));
    }
    world.path(name).join("minimal").to_str().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

fn edit(checkout: &str, from: &str, to: &str) {
    let file = Path::new(checkout).join("headwater.yaml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(file, text.replace(from, to)).unwrap();
}

fn assert_only_looks_there(world: &World, checkout: &str) {
    let plan = world.run(&["plan", "--output", "json", checkout]).expect(0).json();
    let actions = plan["actions"].as_array().unwrap();
    let kinds: Vec<&str> = actions.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ConfigureSoftwareUpdatePoint", "VerifyPorts"]);
    let diff = actions[0]["diff"].as_array().unwrap();
    let paths: Vec<&str> = diff.iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["source.file"]);
}

#[test]
fn another_export_in_another_checkout_is_imported_though_the_first_one_is_still_there() {
    let world = World::of("minimal");
    let (one, other) = (checkout(&world, "one"), checkout(&world, "other"));
    world.run(&["apply", &one]).expect(0);
    // No export, so that the attempt to import it is seen.
    fs::write(world.path("other/wsus-export/WSUS-2024-06-19.cab"), "other bytes").unwrap();
    assert_only_looks_there(&world, &other);
    let ended = world.run(&["apply", &other]).expect(1);
    assert!(ended.stdout.contains("is damaged or not an export"), "{}", ended.stdout);
}

#[test]
fn another_checkout_of_what_was_applied_only_looks_there_and_applies_what_was_saved() {
    let world = World::of("minimal");
    let (one, other) = (checkout(&world, "one"), checkout(&world, "other"));
    world.run(&["apply", &one]).expect(0);
    assert_only_looks_there(&world, &other);
    let ended = world.run(&["plan", &other]).expect(0);
    assert!(ended.stdout.contains("note[SYNC-7]"), "{}", ended.stdout);
    let observed = world.path("observed.json");
    let observed = observed.to_str().unwrap();
    world.run(&["observe", "--out", observed]).expect(0);
    // A pipeline reads its manifests wherever it was put: that is no difference.
    for checkout in [&one, &other] {
        world.run(&["plan", "--detailed-exitcode", "--observed", observed, checkout]).expect(0);
    }

    // Saved in one, applied from the other: with its content.
    for checkout in [&one, &other] {
        edit(checkout, "ONE00001\n", "ONE00001\n  sourceVersion: 2\n");
    }
    let plan = world.path("plan.json");
    let plan = plan.to_str().unwrap();
    world.run(&["plan", "--out", plan, &one]).expect(0);
    fs::remove_dir_all(&one).unwrap();
    let ended = world.run(&["apply", "--plan", plan, &other]).expect(0);
    assert!(ended.stdout.contains("done, as planned."), "{}", ended.stdout);

    // The file that was imported is gone with its checkout: the path changes, nothing is imported.
    fs::remove_dir_all(world.path("one")).unwrap();
    assert_only_looks_there(&world, &other);
    world.run(&["apply", &other]).expect(0);
    world.run(&["plan", "--detailed-exitcode", &other]).expect(0);

    // Another file below the same directory is another file.
    let export = world.path("other/wsus-export/WSUS-2024-06-19.cab");
    fs::rename(&export, export.with_file_name("renamed.cab")).unwrap();
    edit(&other, "WSUS-2024-06-19.cab", "renamed.cab");
    let ended = world.run(&["plan", &other]).expect(0);
    assert!(ended.stdout.contains("ImportUpdates"), "{}", ended.stdout);
}
