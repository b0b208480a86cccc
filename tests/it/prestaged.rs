//! Content that is carried by hand to a distribution point that waits for it (PDP-9).

use std::fs;

use super::world::World;

/// The smallest example, whose point waits for prestaged content.
fn waiting() -> World {
    let world = World::of("minimal");
    world.edit("headwater.yaml", "  ports: content\n", "  ports: content\n  prestaged: true\n");
    let ended = world.with_manifests("up --once");
    assert!(ended.stdout.contains("prestaged content on `content`"), "{ended:?}");
    assert!(!world.library("server").join("packages/ONE00001.json").exists());
    world
}

#[test]
fn a_point_takes_what_is_carried_to_it_and_the_plan_is_satisfied() {
    let world = waiting();
    let file = world.path("welcome.content");
    let path = file.to_str().unwrap();
    let exported = world.run(&["content", "export", "welcome", "--out", path]).expect(0);
    let told = format!("from `server` written to {path}");
    assert!(exported.stdout.starts_with("ONE00001 version 1: 1 file, "), "{}", exported.stdout);
    assert!(exported.stdout.contains(&told), "{}", exported.stdout);
    let bytes = fs::read(&file).unwrap();
    assert!(!world.path("welcome.content.new").exists());

    // Of one that is damaged or cut off nothing is taken.
    let extract = ["content", "extract", path, "--point", "content", "--output", "json"];
    let mut damaged = bytes.clone();
    let last = damaged.len() - 100;
    damaged[last] ^= 1;
    for broken in [&damaged[..], &bytes[..bytes.len() - 1], b""] {
        fs::write(&file, broken).unwrap();
        let refused = world.run(&extract).expect(1);
        assert!(refused.stderr.contains("was not taken: "), "{}", refused.stderr);
        assert!(!world.library("server").join("packages/ONE00001.json").exists());
    }
    let nowhere = ["content", "extract", path, "--point", "contents"];
    let told = world.run(&nowhere).expect(1).stderr;
    assert!(told.contains("there is no distribution point `contents`"), "{told}");

    fs::write(&file, &bytes).unwrap();
    let extracted = world.run(&extract).expect(0).json();
    assert_eq!(extracted["packages"]["ONE00001"]["sources"][0], "prestaged content");
    assert_eq!(extracted["bytes"], bytes.len());
    assert_eq!(world.messages("server").last(), Some(&(2330, "content".to_owned())));
    let plan = world.plan();
    assert_eq!(plan["actions"].as_array().unwrap().len(), 0, "{plan}");
    let ended = world.with_manifests("up --once").expect(0);
    assert!(ended.stdout.contains("Nothing to do: the hierarchy is as"), "{}", ended.stdout);
    // What the point has can be carried on from there.
    fs::remove_file(&file).unwrap();
    fs::remove_dir_all(world.data().join("site-systems/server/package-library")).unwrap();
    let again = ["content", "export", "one00001", "--from", "server", "--out", path];
    world.run(&again).expect(0);
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn what_is_not_there_is_not_exported() {
    let world = waiting();
    let file = world.path("none.content");
    let path = file.to_str().unwrap();
    for packages in [&["welcome", "ONE00002"][..], &["farewell"]] {
        let arguments = [&["content", "export"], packages, &["--out", path]].concat();
        let refused = world.run(&arguments).expect(1);
        assert!(refused.stderr.contains("no site system has all of"), "{}", refused.stderr);
    }
    let directory = world.path("none");
    let nowhere = directory.join("none.content");
    let arguments = ["content", "export", "welcome", "--out", nowhere.to_str().unwrap()];
    world.run(&arguments).expect(2);
    assert!(!file.exists());
}
