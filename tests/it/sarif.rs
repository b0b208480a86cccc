//! `headwater validate --output sarif`, for code scanning in pull requests.

use std::{collections::BTreeSet, fs, path::Path};

use assert_cmd::Command;
use headwater::check::RULES;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sarif_in(directory: &Path, paths: &[&str]) -> Value {
    let mut command = Command::cargo_bin("headwater").unwrap();
    command.current_dir(directory).args(["validate", "--output", "sarif"]).args(paths);
    let output = command.output().unwrap();
    assert!(output.stderr.is_empty() && output.stdout.ends_with(b"}\n"), "{paths:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// Against the schema of the standard: for every broken manifest at once, and for none.
#[test]
fn the_log_is_sarif() {
    let schema = fs::read_to_string(root().join("tests/data/sarif/sarif-schema-2.1.0.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(!validator.is_valid(&serde_json::json!({"version": "2.1.0"})), "it asks for runs");
    for paths in
        [&["tests/manifests"][..], &["examples/minimal"], &["tests/manifests/sup-7-ports.yaml"]]
    {
        let log = sarif_in(root(), paths);
        let errors: Vec<String> = validator.iter_errors(&log).map(|it| it.to_string()).collect();
        assert_eq!(errors, [""; 0], "{paths:?}");
    }
}

#[test]
fn every_rule_comes_with_its_help_and_every_result_with_its_rule() {
    let log = sarif_in(root(), &["tests/manifests/sup-7-ports.yaml"]);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    for (described, rule) in rules.iter().zip(RULES) {
        assert_eq!(described["id"], rule.id);
        assert!(described["help"]["text"].as_str().unwrap().contains(rule.why));
        assert!(described["help"]["markdown"].as_str().unwrap().contains("```yaml"));
    }
    for result in results(&log) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    insta::assert_json_snapshot!("sarif", results(&log));
}

/// Files as a repository names them, whatever is given.
#[test]
fn files_are_named_relative_to_where_it_runs() {
    let absolute = root().join("tests/manifests/sup-7-ports.yaml");
    let uri = |directory: &Path, path: &str| {
        let log = sarif_in(directory, &[path]);
        let place = &results(&log)[0]["locations"][0]["physicalLocation"];
        place["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    let expected = "tests/manifests/sup-7-ports.yaml";
    assert_eq!(uri(root(), expected), expected);
    assert_eq!(uri(root(), "./tests/manifests/sup-7-ports.yaml"), expected);
    assert_eq!(uri(root(), absolute.to_str().unwrap()), expected);
    assert_eq!(
        uri(&root().join("tests"), "../tests/manifests/sup-7-ports.yaml"),
        "../tests/manifests/sup-7-ports.yaml"
    );
    let elsewhere = uri(&root().join("examples"), absolute.to_str().unwrap());
    assert_eq!(elsewhere, format!("file://{}", absolute.to_str().unwrap()));
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("site.yaml");
    let fingerprints = |text: &str| -> Vec<String> {
        fs::write(&path, text).unwrap();
        let log = sarif_in(directory.path(), &["site.yaml"]);
        results(&log)
            .iter()
            .map(|it| it["partialFingerprints"]["headwaterProblem/v1"].as_str().unwrap().to_owned())
            .collect()
    };
    for name in ["pdp-3-settings", "sup-7-ports", "duplicate-key", "syntax-unclosed-list"] {
        let text = fs::read_to_string(root().join(format!("tests/manifests/{name}.yaml"))).unwrap();
        let before = fingerprints(&text);
        let all: BTreeSet<&String> = before.iter().collect();
        assert_eq!(all.len(), before.len(), "{name}: each has its own");
        assert_eq!(fingerprints(&format!("# Another line.\n\n{text}")), before, "{name}");
    }
}
