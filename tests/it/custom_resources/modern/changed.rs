//! What may change of an object, by whom, and how objects are found.

use headwater::{model::Kind, operator::Subject};
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::server::{causes, committed, modern};
use crate::custom_resources::transitions::{object, unchanging};

#[tokio::test]
async fn what_never_changes_is_refused_when_it_does() {
    let Some(server) = modern("unchanging").await else { return };
    for (kind, before, same, other, message) in unchanging() {
        server.create(kind, &object(kind, &before)).await;
        let api = server.api(kind);
        let parameters = PatchParams::default();
        let patch = |spec: &Value| Patch::Merge(json!({"spec": spec}));
        api.patch("one", &parameters, &patch(&same)).await.unwrap();
        let refused = api.patch("one", &parameters, &patch(&other)).await.unwrap_err();
        let kube::Error::Api(status) = refused else { panic!("{refused}") };
        let said = causes(&status);
        assert!(said.len() == 1 && said[0].1.contains(message), "{kind}: {said:?}");
    }
}

/// Who writes one of specification and status leaves the other alone, whatever he sends.
#[tokio::test]
async fn the_status_is_a_resource_of_its_own() {
    let Some(server) = modern("status").await else { return };
    let kind = Kind::MaintenanceWindow;
    let window = object(kind, &json!({"schedule": "0 22 * * *", "duration": "6h"}));
    let made = server.create(kind, &window).await;
    let api = server.api(kind);
    let both = |duration: &str, value: &str| {
        Patch::Merge(json!({
            "spec": {"duration": duration}, "status": {"handledSyncRequest": value},
        }))
    };
    let parameters = PatchParams::default();
    let told = api.patch_status("one", &parameters, &both("7h", "first")).await.unwrap();
    assert_eq!(told.data["spec"]["duration"], "6h");
    assert_eq!(told.data["status"]["handledSyncRequest"], "first");
    assert_eq!(told.metadata.generation, made.metadata.generation);
    let changed = api.patch("one", &parameters, &both("7h", "second")).await.unwrap();
    assert_eq!(changed.data["spec"]["duration"], "7h");
    assert_eq!(changed.data["status"]["handledSyncRequest"], "first");
    assert_eq!(changed.metadata.generation, made.metadata.generation.map(|it| it + 1));
}

#[tokio::test]
async fn objects_are_found_by_their_selectable_fields() {
    let Some(server) = modern("selected").await else { return };
    let mut selected = 0;
    for definition in committed() {
        let definition = serde_json::to_value(&definition).unwrap();
        let fields = definition["spec"]["versions"][0]["selectableFields"].as_array();
        let Some(fields) = fields.filter(|it| !it.is_empty()) else { continue };
        let of = |it: &Kind| definition["spec"]["names"]["kind"] == Subject::Kind(*it).as_str();
        let kind = Kind::ALL.into_iter().find(of).unwrap();
        let example = headwater::manifest::kind_schema(kind)["examples"][0].clone();
        server.create(kind, &example).await;
        let found = async |selector: &str| {
            let list = server.api(kind).list(&ListParams::default().fields(selector)).await;
            list.map(|it| it.items.len())
        };
        for field in fields {
            let path = field["jsonPath"].as_str().unwrap();
            let pointer = path.replace('.', "/");
            let value = example.pointer(&pointer).unwrap().as_str().unwrap();
            let path = &path[1..];
            assert_eq!(found(&format!("{path}={value}")).await.unwrap(), 1, "{kind} {path}");
            assert_eq!(found(&format!("{path}!={value}")).await.unwrap(), 0, "{kind} {path}");
            selected += 1;
        }
        assert!(found("spec.nothing=one").await.is_err(), "{kind}");
    }
    assert_eq!(selected, 7);
}
