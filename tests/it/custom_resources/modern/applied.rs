//! Server-side apply: who owns what.

use headwater::model::Kind;
use kube::{
    api::{Patch, PatchParams},
    core::DynamicObject,
};
use serde_json::{Value, json};

use super::server::{causes, modern};
use crate::custom_resources::transitions::object;

const KIND: Kind = Kind::DistributionPoint;

fn point(spec: Value) -> Value {
    let mut point = object(KIND, &json!({"site": "one", "siteSystem": "server"}));
    let Value::Object(spec) = spec else { panic!("{spec} has no fields") };
    for (key, field) in spec {
        point["spec"][key] = field;
    }
    point
}

/// What this manager owns, of the object or of its status.
fn owned(object: &DynamicObject, manager: &str, subresource: Option<&str>) -> Value {
    let entries = object.metadata.managed_fields.as_ref().unwrap();
    let own = entries.iter().find(|it| {
        it.manager.as_deref() == Some(manager) && it.subresource.as_deref() == subresource
    });
    let own = own.unwrap_or_else(|| panic!("{manager}, {subresource:?}: {entries:#?}"));
    serde_json::to_value(&own.fields_v1).unwrap()
}

#[tokio::test]
async fn fields_belong_to_who_applied_them() {
    let Some(server) = modern("applied").await else { return };
    let api = server.api(KIND);
    let people = PatchParams::apply("people");
    let limited = point(json!({"prestaged": true, "protocol": "HTTPS"}));
    api.patch("one", &people, &Patch::Apply(&limited)).await.unwrap();

    let others = PatchParams::apply("others");
    let mut other = object(KIND, &json!({"protocol": "HTTP"}));
    let refused = api.patch("one", &others, &Patch::Apply(&other)).await.unwrap_err();
    let kube::Error::Api(refused) = refused else { panic!("{refused}") };
    assert_eq!(refused.code, 409, "{refused:#?}");
    let causes = causes(&refused);
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!(causes[0].0, ".spec.protocol");
    assert!(causes[0].1.contains("\"people\""), "{causes:?}");

    // What is in nobody's way is taken, and is the other one's alone.
    other["spec"] = json!({"pxe": {"enabled": true}});
    let both = api.patch("one", &others, &Patch::Apply(&other)).await.unwrap();
    assert!(owned(&both, "others", None)["f:spec"]["f:pxe"].is_object());
    assert_eq!(owned(&both, "others", None)["f:spec"]["f:protocol"], Value::Null);
    assert_eq!(both.data["spec"]["protocol"], "HTTPS");

    // Who applies less gives up the rest: it goes, and what is of others stays.
    let less = point(json!({"prestaged": true}));
    let less = api.patch("one", &people, &Patch::Apply(&less)).await.unwrap();
    assert_eq!(owned(&less, "people", None)["f:spec"]["f:protocol"], Value::Null);
    assert_ne!(less.data["spec"]["protocol"], "HTTPS");
    assert_eq!(less.data["spec"]["pxe"]["enabled"], true);
}

/// The operator writes conditions, and others may write theirs: neither takes those of the other, nor
/// anything of the specification.
#[tokio::test]
async fn conditions_belong_to_who_tells_them() {
    let Some(server) = modern("conditions").await else { return };
    let api = server.api(KIND);
    let people = PatchParams::apply("people");
    api.patch("one", &people, &Patch::Apply(point(json!({})))).await.unwrap();
    let status = |of: &str| {
        json!({
            "apiVersion": "headwater.dev/v1alpha1", "kind": KIND, "metadata": {"name": "one"},
            "status": {"conditions": [{
                "type": of, "status": "True", "reason": "Test", "message": "it is so",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }]},
        })
    };
    let operator = PatchParams::apply("headwater");
    api.patch_status("one", &operator, &Patch::Apply(status("Ready"))).await.unwrap();
    let others = PatchParams::apply("others");
    let told = api.patch_status("one", &others, &Patch::Apply(status("Drifted"))).await.unwrap();
    let conditions = told.data["status"]["conditions"].as_array().unwrap();
    let mut types: Vec<_> = conditions.iter().map(|it| it["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["Drifted", "Ready"]);
    for (manager, own, other) in [("headwater", "Ready", "Drifted"), ("others", "Drifted", "Ready")]
    {
        let fields = owned(&told, manager, Some("status"));
        let conditions = &fields["f:status"]["f:conditions"];
        assert!(conditions[format!("k:{{\"type\":\"{own}\"}}")].is_object(), "{fields:#}");
        assert!(conditions[format!("k:{{\"type\":\"{other}\"}}")].is_null(), "{fields:#}");
        assert!(fields["f:spec"].is_null(), "{fields:#}");
    }
    let fields = owned(&told, "people", None);
    assert!(fields["f:spec"]["f:site"].is_object() && fields["f:status"].is_null(), "{fields:#}");
}
