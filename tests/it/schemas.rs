//! The committed schemas are those of the types.

use std::{collections::BTreeSet, fs, path::Path};

use assert_cmd::Command;

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let made = tempfile::tempdir().unwrap();
    Command::cargo_bin("headwater")
        .unwrap()
        .args(["schema", "--write"])
        .arg(made.path())
        .assert()
        .success();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    assert_eq!(names(made.path()), names(&committed));
    for name in names(&committed) {
        let same =
            fs::read(made.path().join(&name)).unwrap() == fs::read(committed.join(&name)).unwrap();
        assert!(same, "schemas/{name} is out of date: run `headwater schema --write schemas`");
    }
}

#[test]
fn a_kind_has_a_schema_of_its_own() {
    let output =
        Command::cargo_bin("headwater").unwrap().args(["schema", "Site"]).assert().success();
    let schema: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(schema["title"], "Site");
    assert_eq!(schema["$defs"]["SiteCode"]["pattern"], "^[A-Z0-9]{3}$");
    let plan = Command::cargo_bin("headwater").unwrap().args(["schema", "Plan"]).assert().success();
    let committed = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/plan.json"));
    assert_eq!(plan.get_output().stdout, committed.unwrap());
    Command::cargo_bin("headwater").unwrap().args(["schema", "Sight"]).assert().code(2);
}
