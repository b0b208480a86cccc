//! What operators have done, as their journal has it.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

/// How often each action was done in a namespace, by whichever operator that shares the data directory.
pub(super) fn done(data: &Path, namespace: &str) -> BTreeMap<String, u64> {
    let directory = data.join("data").join(namespace);
    let said = |arguments: &[&str]| -> Value {
        let said = Command::new(env!("CARGO_BIN_EXE_headwater"))
            .args(arguments)
            .args(["--output", "json", "--data"])
            .arg(&directory)
            .output()
            .unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        serde_json::from_slice(&said.stdout).unwrap()
    };
    let mut done = BTreeMap::new();
    for run in said(&["history"])["runs"].as_array().unwrap() {
        let run = said(&["show", &run["id"].to_string()]);
        for action in run["actions"].as_array().unwrap() {
            if action["outcome"] == "done" {
                let id = action["id"].as_str().unwrap().to_owned();
                *done.entry(id).or_default() += 1;
            }
        }
    }
    done
}

/// The actions that were done more than once, but for those that only look whether something is so.
pub(super) fn repeated(done: &BTreeMap<String, u64>) -> Vec<&str> {
    let repeated = done.iter().filter(|(id, count)| **count > 1 && !id.starts_with("VerifyPorts:"));
    repeated.map(|(id, _)| id.as_str()).collect()
}
