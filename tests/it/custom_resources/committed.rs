//! The committed definitions are those of the types.

use std::{collections::BTreeSet, fs, path::Path};

use assert_cmd::Command;
use headwater::operator::Subject;

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn crd(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("headwater").unwrap();
    command.arg("crd").args(arguments);
    command
}

#[test]
fn the_committed_definitions_are_those_of_the_types() {
    let made = tempfile::tempdir().unwrap();
    crd(&["--write", made.path().to_str().unwrap()]).assert().success();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/headwater/crds");
    assert_eq!(names(made.path()), names(&committed));
    assert_eq!(names(&committed).len(), Subject::ALL.len());
    for name in names(&committed) {
        let same =
            fs::read(made.path().join(&name)).unwrap() == fs::read(committed.join(&name)).unwrap();
        let mend = "run `headwater crd --write charts/headwater/crds`";
        assert!(same, "charts/headwater/crds/{name} is out of date: {mend}");
    }
}

#[test]
fn one_kind_is_printed_or_all_of_them() {
    let printed = |arguments: &[&str]| {
        let output = crd(arguments).assert().success().get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    let site = printed(&["Site"]);
    assert!(site.starts_with("apiVersion: apiextensions.k8s.io/v1\n"), "{site}");
    let all = printed(&[]);
    assert!(all.starts_with(&site));
    assert_eq!(all.matches("\nkind: CustomResourceDefinition\n").count(), Subject::ALL.len());
    crd(&["Sight"]).assert().code(2);
}
