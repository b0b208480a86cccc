//! An export that is damaged is refused as a whole: nothing of it gets into the catalog (SYNC-7).

use std::fs;

use super::world::{EXPORT, World, revisions, root};

const FILE: &str = "file: ";

/// The smallest example, with an export of its own that can be damaged.
fn world(mut world: World) -> (World, Vec<u8>) {
    let good = fs::read(root().join(EXPORT)).unwrap();
    point_to_own_file(&mut world);
    (world, good)
}

fn point_to_own_file(world: &mut World) {
    let path = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().find(|line| line.trim_start().starts_with(FILE)).unwrap();
    let own = format!("    {FILE}{}", world.path("export.cab").display());
    world.edit("headwater.yaml", line, &own);
}

fn flipped(good: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = good.to_vec();
    bytes[at] ^= 0x10;
    bytes
}

/// Damaged exports, with what each has to be told of.
fn damaged(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    // In the signature, the length, the folder, the first block, the middle and the end. (Bits that
    // nobody reads are no damage: the six kilobytes that are kept free for a signature.)
    let places = [0, 8, 6_184, 6_250, 6_300, good.len() / 2, good.len() - 1];
    let mut all: Vec<(String, Vec<u8>)> = places
        .into_iter()
        .map(|at| (format!("a bit flipped at {at}"), flipped(good, at)))
        .collect();
    for length in [0, 20, good.len() / 3, good.len() - 1] {
        all.push((format!("cut off after {length}"), good[..length].to_vec()));
    }
    all.push(("bytes appended".to_owned(), [good, b"more"].concat()));
    all.push(("not a cabinet".to_owned(), b"<html>404 not found</html>\n".repeat(100)));
    all
}

#[track_caller]
fn assert_refused(world: &World, command: &str, what: &str) {
    let ended = world.with_manifests(command);
    assert_eq!(ended.code, 1, "{what}: {}{}", ended.stdout, ended.stderr);
    let file = world.path("export.cab");
    let named = format!(
        "export file {} is damaged or not an export: nothing was imported: ",
        file.display()
    );
    assert!(ended.stderr.contains(&named), "{what}: {}", ended.stderr);
    assert!(ended.stdout.contains("The hierarchy is not as the manifests say yet."), "{what}");
}

#[test]
fn a_damaged_export_is_refused_and_a_good_one_heals() {
    let (world, good) = world(World::of("minimal"));
    for (what, bytes) in damaged(&good) {
        fs::write(world.path("export.cab"), bytes).unwrap();
        assert_refused(&world, "up --once", &what);
        assert_eq!(revisions(&world.catalog("server")), 0, "{what}");
        assert_eq!(world.messages("server").last().unwrap().0, 6703, "{what}");
    }
    fs::write(world.path("export.cab"), &good).unwrap();
    world.with_manifests("up --once").expect(0);
    assert_eq!(revisions(&world.catalog("server")), 4125);
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
}

#[test]
fn a_damaged_export_in_the_place_of_a_good_one_changes_nothing() {
    let (world, good) = world(World::converged("minimal"));
    let version = |world: &World| {
        let status = world.status();
        let point = &status["updatePoints"][0];
        assert_eq!(point["updates"], 4125);
        [point["catalogVersion"].clone(), point["siteDatabaseVersion"].clone()]
    };
    let before = version(&world);
    let newest = |world: &World| -> i64 {
        let catalog = world.catalog("server");
        catalog.query_row("SELECT last_change FROM catalog", [], |row| row.get(0)).unwrap()
    };
    let newest_before = newest(&world);
    fs::write(world.path("export.cab"), &good).unwrap();
    world.with_manifests("apply").expect(0);
    for (what, bytes) in damaged(&good).into_iter().step_by(3) {
        fs::write(world.path("export.cab"), bytes).unwrap();
        let plan = world.plan();
        let kinds: Vec<_> =
            plan["actions"].as_array().unwrap().iter().map(|it| it["kind"].as_str()).collect();
        assert!(kinds.contains(&Some("ImportUpdates")), "{what}: {plan}");
        assert_refused(&world, "apply", &what);
        assert_eq!(version(&world), before, "{what}");
        assert_eq!(newest(&world), newest_before, "{what}");
    }
    let text = world.with_manifests("status").expect(0).stdout;
    assert!(text.contains("6703"), "{text}");
    fs::write(world.path("export.cab"), &good).unwrap();
    world.with_manifests("apply").expect(0);
    assert_eq!(version(&world), before);
    assert_eq!(newest(&world), newest_before);
}

#[test]
fn an_export_that_is_not_there_is_told() {
    let (world, good) = world(World::of("minimal"));
    let ended = world.with_manifests("up --once").expect(1);
    let told = format!("export file {} is not there", world.path("export.cab").display());
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    fs::create_dir(world.path("export.cab")).unwrap();
    let ended = world.with_manifests("up --once").expect(1);
    assert!(ended.stderr.contains("is not a plain file"), "{}", ended.stderr);
    fs::remove_dir(world.path("export.cab")).unwrap();
    fs::write(world.path("export.cab"), &good).unwrap();
    world.with_manifests("up --once").expect(0);
}

#[test]
fn an_export_that_is_named_later_and_not_there_is_told_each_time() {
    let (world, _) = world(World::converged("minimal"));
    for _ in 0..2 {
        let ended = world.with_manifests("apply").expect(1);
        assert!(ended.stderr.contains("export.cab is not there"), "{}", ended.stderr);
    }
    assert_eq!(world.status()["updatePoints"][0]["updates"], 4125);
    let good = fs::read(root().join(EXPORT)).unwrap();
    fs::write(world.path("export.cab"), good).unwrap();
    world.with_manifests("apply").expect(0);
}
