//! A broken document does not hide what is wrong with others.

use std::{fmt::Write, fs, path::Path, sync::Arc};

use assert_cmd::Command;
use headwater::{
    check::check_beside,
    manifest::{SourceText, load},
};
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

const SITE: &str = "kind: Site\nmetadata: {name: cen}\nspec: {siteCode: CEN, type: Central, mode: \
                    Mixed, version: \"2403\", siteServer: srv}\n";
const SERVER: &str = "kind: SiteSystem\nmetadata: {name: srv}\nspec: {site: cen, address: a.example, \
                      internetAccess: true, software: {wsus: \"10.0\"}}\n";

/// What is told of documents: rule and message.
fn told(documents: &[&str]) -> Vec<String> {
    let whole = |document: &&str| format!("---\napiVersion: headwater.dev/v1alpha1\n{document}");
    let text = documents.iter().map(whole).collect::<Vec<_>>().concat();
    let directory = Arc::from(Path::new("/"));
    let loaded = load(vec![SourceText { name: "manifest".to_owned(), directory, text }]);
    let rules = check_beside(&loaded.declared, &loaded.unread);
    let problems = loaded.problems.iter().chain(&rules);
    problems.map(|problem| format!("{}: {}", problem.rule, problem.message)).collect()
}

#[test]
fn nobody_is_blamed_for_naming_a_document_that_is_not_yaml() {
    let spec = "spec: {site: cen, address: [}\n";
    for head in [
        "kind: SiteSystem\nmetadata: {name: srv}\n",
        "kind: SiteSystem\nmetadata:\n  name: \"srv\"\n",
        "kind: SiteSystem\nmetadata:\n  name: srv # c\n",
        "kind: \"SiteSystem\"\nmetadata:\n  name: srv\n",
        "kind: SiteSystem\nmetadata:\n  labels:\n    name: foo\n  name: srv\n",
        "kind: SiteSystem\nmetadata:\n  nom: srv\n",
        "metadata:\n  name: srv\n",
        "",
    ] {
        let told = told(&[SITE, &format!("{head}{spec}")]);
        assert_eq!(told.len(), 1, "{head}: {told:?}");
        assert!(told[0].starts_with("SYNTAX: "), "{told:?}");
    }
    // A name that is known hides nothing else.
    let other = format!("kind: SiteSystem\nmetadata: {{name: other}}\n{spec}");
    assert!(told(&[SITE, &other]).contains(&"REFERENCE: site system `srv` is not declared".into()));
}

#[test]
fn a_site_that_is_not_yaml_may_have_the_code_of_a_package() {
    let site = SITE.replace("type: Central", "type: [");
    let package = "kind: Package\nmetadata: {name: forms}\nspec: {packageId: CEN00001, source: \
                   {path: forms}}\n";
    let told = told(&[&site, SERVER, package]);
    assert!(told.iter().all(|it| !it.starts_with("REFERENCE: ")), "{told:?}");
}

#[test]
fn a_broken_update_point_stands_for_its_own_site_only() {
    let child = |name: &str, code: &str| {
        let site = SITE.replace("{name: cen}", &format!("{{name: {name}}}"));
        site.replace("CEN, type: Central", &format!("{code}, type: Primary, parent: cen"))
    };
    let point = |name: &str, site: &str| {
        format!(
            "kind: SoftwareUpdatePoint\nmetadata: {{name: {name}}}\nspec: {{site: {site}, \
             siteSystem: srv, role: Active}}\n"
        )
    };
    let broken = point("ams-active", "ams").replace("role", "rule");
    let (ams, lis) = (child("ams", "AMS"), child("lis", "LIS"));
    let told = told(&[SITE, SERVER, &ams, &lis, &point("cen-active", "cen"), &broken]);
    let missing = |site| {
        let start = format!("SUP-1: site `{site}` has no active software update point");
        told.iter().any(|it| it.starts_with(&start))
    };
    assert!(missing("lis") && !missing("ams"), "{told:?}");
}
