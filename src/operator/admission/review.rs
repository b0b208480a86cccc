//! `AdmissionReview` of `admission.k8s.io/v1`: what is asked, and what is answered.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::judging::judge;
use crate::{
    model::Kind,
    operator::{
        objects::{Object, Objects},
        watched::Watched,
    },
};

/// The API group and version of reviews.
const API: &str = "admission.k8s.io/v1";
/// The longest answer that an API server passes on whole, in bytes.
const LONGEST: usize = 8_000;

#[derive(Deserialize)]
struct Review {
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    uid: String,
    #[serde(default)]
    operation: String,
    kind: GroupKind,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    sub_resource: Option<String>,
    #[serde(default)]
    object: Option<Watched>,
    #[serde(default)]
    old_object: Option<Watched>,
}

#[derive(Deserialize)]
struct GroupKind {
    kind: String,
}

/// Answers a review; `None` if it is none.
pub(super) fn answered(asked: &[u8], objects: &Objects, content: &Path) -> Option<Value> {
    let Review { request } = serde_json::from_slice(asked).ok()?;
    let mut response = json!({"uid": request.uid, "allowed": true});
    let kind = Kind::ALL.into_iter().find(|it| it.as_str() == request.kind.kind);
    let changes = matches!(request.operation.as_str(), "CREATE" | "UPDATE");
    let whole = request.sub_resource.as_deref().unwrap_or_default().is_empty();
    if let (Some(kind), Some(object), true, true) = (kind, request.object, changes, whole) {
        let candidate = Object::of(kind, object);
        let before = request.old_object.map(|it| Object::of(kind, it));
        let wants_the_same = before.is_some_and(|it| it.document == candidate.document);
        // Of what is deleted nothing is made any more, whatever it says now; labels and finalizers are nobody's
        // business here.
        if !candidate.deleted && !wants_the_same {
            let verdict = judge(&objects.of(&request.namespace), candidate, content);
            if !verdict.warnings.is_empty() {
                response["warnings"] = json!(verdict.warnings);
            }
            if !verdict.refusals.is_empty() {
                let message = bounded(verdict.refusals.join("\n"));
                response["allowed"] = json!(false);
                response["status"] = json!({"code": 422, "reason": "Invalid", "message": message});
            }
        }
    }
    Some(json!({"apiVersion": API, "kind": "AdmissionReview", "response": response}))
}

fn bounded(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
    }
    text
}
