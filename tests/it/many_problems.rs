//! A broken document does not hide what is wrong with others.

use std::{fmt::Write, fs};

use assert_cmd::Command;
use serde_json::Value;

/// How many documents there are, in how many files.
const DOCUMENTS: usize = 10_000;
const FILES: usize = 10;
/// Every so many documents one is broken, each time in another way.
const EVERY: usize = 100;

/// The `number`th document, and what is wrong with it, if anything: rule and resource.
fn document(number: usize) -> (String, Option<(&'static str, String)>) {
    let name = format!("sys-{number:05}");
    let good = format!(
        "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: {name}\nspec:\n  \
         site: one\n  address: {name}.contoso.example\n"
    );
    if number % EVERY != EVERY / 2 {
        return (good, None);
    }
    let resource = format!("SiteSystem/{name}");
    let (from, to, rule) = match number / EVERY % 5 {
        0 => ("site: one", "site: [one", "SYNTAX"),
        1 => ("address", "adress", "SCHEMA"),
        2 => ("site: one", "site: won", "REFERENCE"),
        3 => ("kind", "kin", "SCHEMA"),
        _ => {
            ("metadata:\n", "metadata:\n  annotations: {headwater.dev/suspend: \"on\"}\n", "SCHEMA")
        }
    };
    (good.replacen(from, to, 1), Some((rule, resource)))
}

#[test]
fn all_hundred_errors_in_ten_thousand_documents_are_told_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for file in 0..FILES {
        let mut text =
            "apiVersion: headwater.dev/v1alpha1\nkind: Site\nmetadata: {name: one}\nspec: \
                        {siteCode: ONE, type: Primary, mode: Mixed, version: \"2403\", siteServer: \
                        sys-00000}\n"
                .to_owned();
        if file > 0 {
            text.clear();
        }
        for number in file * DOCUMENTS / FILES..(file + 1) * DOCUMENTS / FILES {
            let (document, wrong) = document(number);
            // The broken documents are found by the line they begin on.
            let line = text.lines().count() + 2;
            write!(text, "---\n{document}").unwrap();
            if let Some((rule, resource)) = wrong {
                expected.push((format!("file-{file}.yaml"), line, rule, resource));
            }
        }
        fs::write(directory.path().join(format!("file-{file}.yaml")), text).unwrap();
    }
    assert_eq!(expected.len(), 100);
    let mut command = Command::cargo_bin("headwater").unwrap();
    command.current_dir(directory.path()).args(["validate", "--output", "json", "."]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["summary"]["errors"], 100, "{}", report["summary"]);
    let found = report["diagnostics"].as_array().unwrap();
    for (found, (file, line, rule, resource)) in found.iter().zip(&expected) {
        assert_eq!(found["file"], format!("./{file}"));
        assert_eq!(found["rule"], *rule, "{found}");
        let at = usize::try_from(found["line"].as_u64().unwrap()).unwrap();
        assert!((*line..line + 10).contains(&at), "{found}: {line}");
        // Of a document whose kind is not known nothing more can be said.
        if !found["resource"].is_null() {
            assert_eq!(found["resource"], *resource);
        }
        assert!(!found["help"].is_null(), "{found}");
    }
    assert_eq!(found.len(), expected.len());
}
