//! The commands of README.md, "On Kubernetes", run as they stand there, in their order, by a shell. So that
//! they can run in a test: the namespace is that of the test, what the oldest API server cannot know is
//! taken out of a copy of the chart, and since no pod ever runs, the operator that the chart would run is
//! started here, and nobody forwards ports to one.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use headwater::model::Kind;
use serde_json::{Value, json};

use super::{
    cluster::{Operator, Place, place},
    contoso::Contoso,
    kubectl::{Said, said},
};

const README: &str = include_str!("../../../README.md");

/// The section.
fn section() -> &'static str {
    let section = README.split_once("\n## On Kubernetes\n").unwrap().1;
    section.split("\n## ").next().unwrap()
}

/// The commands in it. What they print is not there.
fn commands() -> Vec<&'static str> {
    let blocks = section().split("```console\n").skip(1).map(|it| it.split("```").next().unwrap());
    blocks.flat_map(str::lines).map(|line| line.strip_prefix("$ ").unwrap()).collect()
}

/// Without what a server of Kubernetes 1.20 does not know.
fn older(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| key != "x-kubernetes-validations" && key != "selectableFields");
            map.values_mut().for_each(older);
        }
        Value::Array(all) => all.iter_mut().for_each(older),
        _ => {}
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A checkout in which these commands run.
fn checkout(place: &Place) -> PathBuf {
    let (root, here) = (Path::new(env!("CARGO_MANIFEST_DIR")), place.own.path().join("checkout"));
    copy(&root.join("charts/headwater"), &here.join("charts/headwater"));
    std::os::unix::fs::symlink(root.join("examples"), here.join("examples")).unwrap();
    let chart = here.join("charts/headwater/Chart.yaml");
    let text = fs::read_to_string(&chart).unwrap();
    let kept: Vec<&str> = text.lines().filter(|it| !it.starts_with("kubeVersion:")).collect();
    fs::write(&chart, kept.join("\n")).unwrap();
    for entry in fs::read_dir(here.join("charts/headwater/crds")).unwrap() {
        let path = entry.unwrap().path();
        let mut definition = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        older(&mut definition);
        fs::write(&path, definition.to_string()).unwrap();
    }
    here
}

/// Runs a line, and expects that it does what it is for.
#[track_caller]
fn run(place: &Place, line: &str) -> Said {
    let own = place.own.path();
    let line = line
        .replace("--namespace updates", &format!("--namespace {}", place.namespace))
        .replace("/usr/local/bin", own.join("links").to_str().unwrap())
        // Tests have Helm under the names of its versions.
        .replace("helm ", "helm4 ");
    let said = said(place.command("bash").args(["-euc", &line]).current_dir(own.join("checkout")));
    assert_eq!(said.code, 0, "{line}\n{said:#?}");
    said
}

#[tokio::test]
async fn the_commands_of_the_readme_do_what_it_says() {
    let Some(place) = place("readme").await else { return };
    checkout(&place);
    fs::create_dir(place.own.path().join("links")).unwrap();
    let data = Arc::new(tempfile::tempdir().unwrap());
    // The volume of the operator has what relative paths lead to.
    let contoso = Contoso::new();
    let operate = |more: &[&str]| {
        let all = [&["--placement", "Embedded", "--lease", "headwater"][..], more].concat();
        place.operator_with(&data, contoso.content.to_str().unwrap(), &all)
    };
    let mut operator: Option<Operator> = None;
    let mut ran = 0;
    for line in commands() {
        if line.starts_with("kubectl port-forward") || line.starts_with("curl ") {
            // There is no pod; what the second one does is tested in `log_level`.
            continue;
        }
        if line.starts_with("kubectl annotate plan") {
            // The other one has let the lease go.
            if let Some(mut first) = operator.take() {
                first.end();
            }
            operator = Some(operate(&["--require-approval=all"]));
            let other = json!({"spec": {"http": 8091, "https": 8092}});
            place.merge(Kind::PortSettings, PORTS, other).await;
            let waits = place.until_plan(|it| it.digest_to_approve.is_some()).await;
            run(&place, line);
            place.until_plan(|it| it.actions_total == 0 && it.digest_to_approve.is_none()).await;
            assert!(waits.actions_total > 0);
            ran += 1;
            continue;
        }
        let said = run(&place, line);
        ran += 1;
        if line.starts_with("helm install") {
            let made = place.kubectl(&["get", "deployment", "headwater", "-o", "name"]).expect(0);
            assert_eq!(made.out, "deployment.apps/headwater\n");
            operator = Some(operate(&[]));
        } else if line.starts_with("kubectl get headwater") {
            for name in ["site.headwater.dev/cen", "softwareupdatepoint.headwater.dev/lis-active"] {
                assert!(said.out.contains(name), "{said:#?}");
            }
        } else if line.starts_with("kubectl headwater plan") {
            // What was patched is what the manifests would take back.
            assert!(said.out.contains("8091"), "{said:#?}");
        }
    }
    assert_eq!(ran, 11, "commands came or went: is each of them tested?");
    drop(operator);
    escape(&place).await;
}

/// The port settings that are changed.
const PORTS: &str = "content";

/// If no operator will ever run again, an object goes by the command that the text has for it.
async fn escape(place: &Place) {
    let command =
        section().split("`kubectl patch dp NAME").nth(1).unwrap().split('`').next().unwrap();
    place.kubectl(&["delete", "dp", "lis-dp", "--wait=false"]).expect(0);
    let held = place.kubectl(&["get", "dp", "lis-dp", "-o", "jsonpath={.metadata.finalizers}"]);
    assert_eq!(held.expect(0).out, "[\"headwater.dev/removal\"]");
    run(place, &format!("kubectl patch dp lis-dp{command}"));
    place.until_gone(Kind::DistributionPoint, "lis-dp").await;
}
