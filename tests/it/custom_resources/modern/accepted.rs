//! What the examples declare is taken, and comes back as it was meant.

use std::{
    path::Path,
    process::{Command, Output},
};

use kube_cel::apply_defaults;

use super::server::{Modern, modern};
use crate::custom_resources::agreement::{examples, servers};

#[tokio::test]
async fn every_example_is_accepted_and_gets_its_defaults() {
    let Some(server) = modern("examples").await else { return };
    let servers = servers();
    for document in examples() {
        let (kind, value) = (document.kind, &document.value);
        let made = server.tried(kind, value).await;
        let made = made.unwrap_or_else(|why| panic!("{}: {why:#?}", document.file));
        // By what the other tests call a server.
        let wanted = apply_defaults(&servers[&kind].schema, value);
        assert_eq!(made["spec"], wanted["spec"], "{}", document.file);
    }
}

/// `kubectl`, in this namespace; none where it cannot be had, which its set-up has said.
#[expect(clippy::print_stderr, reason = "who runs the tests has to see it")]
fn kubectl(server: &Modern) -> Option<impl Fn(&[&str]) -> Output> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = Command::new(root.join("scripts/kubernetes")).arg("helm").output().unwrap();
    if found.status.code() == Some(3) {
        eprintln!("NOT TESTED: kubectl. {}", String::from_utf8_lossy(&found.stderr));
        return None;
    }
    let folder = String::from_utf8(found.stdout).unwrap();
    let program = Path::new(folder.trim()).join("kubectl");
    let (directory, namespace) = (server.directory.clone(), server.namespace.clone());
    Some(move |arguments: &[&str]| {
        Command::new(&program)
            .args(["--namespace", &namespace])
            .args(arguments)
            .env("KUBECONFIG", directory.join("kubeconfig"))
            .current_dir(root)
            .output()
            .unwrap()
    })
}

/// What was applied differs in nothing from what would be applied: defaults make no difference, so that
/// nothing is done about it and no tool shows what nobody wants.
#[tokio::test]
async fn what_kubectl_has_applied_is_as_it_was_written() {
    for example in ["contoso", "minimal", "remote", "local-updates", "notifications", "windows"] {
        // A name stands for something else in another example.
        let Some(server) = modern(example).await else { return };
        let Some(kubectl) = kubectl(&server) else { return };
        let said = |arguments: &[&str]| {
            let output = kubectl(arguments);
            assert!(output.status.success(), "{arguments:?}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let files = ["--recursive", "--filename", &format!("examples/{example}")];
        said(&[&["apply"][..], &files[..]].concat());
        // It ends with 1 where there is a difference.
        said(&[&["diff"][..], &files[..]].concat());
        let shown = said(&["get", "headwater", "--output", "name"]);
        assert!(!shown.is_empty(), "{example}");
        if example == "contoso" {
            assert!(shown.contains("site.headwater.dev/cen\n"), "{shown}");
            let selected = ["get", "dp", "--field-selector", "spec.site=lis", "--output", "name"];
            assert_eq!(said(&selected), "distributionpoint.headwater.dev/lis-dp\n");
        }
    }
}
