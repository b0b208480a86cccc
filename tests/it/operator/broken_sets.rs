//! The broken manifests of `tests/manifests`, applied document by document where a webhook judges.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use headwater::{
    check::{Problem, Severity, check_beside},
    manifest::{SourceText, load},
    model::Kind,
    operator::Subject,
};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::PostParams, core::DynamicObject};
use serde_json::{Value, json};

use super::{
    cluster::{PATIENCE, Place, resource},
    webhook::JUDGED,
};

/// How the API server says that the webhook has refused something.
pub(super) const DENIED: &str = "admission webhook \"validate.headwater.dev\" denied the request: ";

/// Applies each of these files in a namespace of its own, and gives how many of them the webhook has refused
/// something of. Everything it says is what `check` says of the documents that are there by then, and
/// everything that no other document can mend any more it refuses.
pub(super) async fn refused(place: &Place, files: Vec<PathBuf>) -> usize {
    let applied = stream::iter(files).map(|file| async move {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let namespace = format!("{name}-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
        let object = json!({
            "metadata": {"name": namespace, "labels": {JUDGED: place.namespace}},
        });
        let namespaces: Api<Namespace> = Api::all(place.client.clone());
        let object = serde_json::from_value(object).unwrap();
        namespaces.create(&PostParams::default(), &object).await.unwrap();
        applied(place, &namespace, &fs::read_to_string(&file).unwrap()).await
    });
    let refused: Vec<usize> = applied.buffer_unordered(8).collect().await;
    refused.iter().filter(|it| **it > 0).count()
}

/// Applies the documents of a text in their order; how many the webhook has refused.
async fn applied(place: &Place, namespace: &str, text: &str) -> usize {
    let mut there: Vec<String> = Vec::new();
    let mut refused = 0;
    for document in text.split("\n---\n") {
        // What an API server cannot even be asked about.
        let Ok(value) = serde_yaml::from_str::<Value>(document) else { continue };
        let Ok(kind) = serde_json::from_value::<Kind>(value["kind"].clone()) else { continue };
        let Ok(object) = serde_json::from_value::<DynamicObject>(value.clone()) else { continue };
        let resource = resource(Subject::Kind(kind));
        let api: Api<DynamicObject> =
            Api::namespaced_with(place.client.clone(), namespace, &resource);
        let candidate = there.len();
        let before = problems(&there, candidate);
        there.push(value.to_string());
        let wanted = problems(&there, candidate);
        let wanted: Vec<_> = wanted.into_iter().filter(|it| !before.contains(it)).collect();
        // What the definitions do not know the API server drops before anybody is asked, and annotations that
        // are not for manifests the operator does not read.
        let unseen = ["unknown key", "is not for manifests"];
        if wanted.iter().any(|it| unseen.iter().any(|why| it.contains(why))) {
            there.pop();
            continue;
        }
        let begun = Instant::now();
        let answer = loop {
            let params = PostParams { dry_run: !wanted.is_empty(), ..PostParams::default() };
            match api.create(&params, &object).await {
                Ok(_) if wanted.is_empty() => break None,
                // The operator has not seen yet what is there.
                Ok(_) => assert!(
                    begun.elapsed() < PATIENCE,
                    "{namespace}: this is not refused: {document}\nthough {wanted:#?}"
                ),
                Err(kube::Error::Api(answer)) => break Some(answer.message.clone()),
                Err(error) => panic!("{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let Some(answer) = answer else { continue };
        there.pop();
        // What one document shows by itself the definitions refuse before.
        let Some(said) = answer.strip_prefix(DENIED) else { continue };
        refused += 1;
        let wanted = wanted.join("\n");
        for line in said.lines() {
            assert!(wanted.lines().any(|it| it == line), "{namespace}: {line}\nof {wanted}");
        }
    }
    refused
}

/// What is wrong with documents that no other one can mend, in the words of the webhook: what is about the
/// candidate as it is, else with the name of the document.
fn problems(documents: &[String], candidate: usize) -> Vec<String> {
    let texts = documents.iter().enumerate().map(|(number, text)| SourceText {
        name: number.to_string(),
        directory: Arc::from(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/minimal")),
        text: text.clone(),
    });
    let loaded = load(texts.collect());
    let mut problems = loaded.problems.clone();
    problems.extend(check_beside(&loaded.declared, &loaded.unread));
    let mendable = |it: &Problem| {
        let help = it.help.as_deref().unwrap_or_default();
        it.rule == "REFERENCE" || help.starts_with("declare ")
    };
    let said = problems.iter().filter(|it| it.severity == Severity::Error && !mendable(it));
    let said = said.map(|Problem { rule, message, place, help, .. }| {
        let number = place.document.index();
        let of = if number == candidate {
            String::new()
        } else {
            let document: Value = serde_json::from_str(&documents[number]).unwrap();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!("{}/{}: ", text(&document["kind"]), text(&document["metadata"]["name"]))
        };
        let help = help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{of}[{rule}] {}: {message}{help}", place.path)
    });
    said.collect()
}
