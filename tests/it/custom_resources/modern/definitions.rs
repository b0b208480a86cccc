//! The server takes the definitions whole: with their rules, which it compiles and whose cost it
//! estimates.

use headwater::operator::Subject;
use serde_json::{Value, json};

use super::server::{apply, committed, modern};

/// Applied server-side, as the documentation says, and nothing of it is lost.
#[tokio::test]
async fn definitions_are_accepted_with_all_that_they_say() {
    let Some(server) = modern("definitions").await else { return };
    let mut rules = 0;
    for definition in committed() {
        let applied = apply(&server.client, &definition).await;
        let mut wanted = serde_json::to_value(&definition.spec).unwrap();
        let mut kept = serde_json::to_value(&applied.spec).unwrap();
        // What the server adds by itself, or leaves out because it is so anyway.
        for spec in [&mut wanted, &mut kept] {
            spec.as_object_mut().unwrap().remove("conversion");
            spec.as_object_mut().unwrap().remove("preserveUnknownFields");
            spec["names"].as_object_mut().unwrap().remove("listKind");
        }
        assert_eq!(kept, wanted);
        rules += wanted.to_string().matches("\"rule\":").count();
        let conditions = applied.status.unwrap().conditions.unwrap();
        let ill = ["NonStructuralSchema", "Terminating"];
        assert!(conditions.iter().all(|it| !ill.contains(&it.type_.as_str())), "{conditions:#?}");
    }
    assert!(rules > 90, "{rules}");
}

/// What `kubectl get headwater` and its short names go by.
#[tokio::test]
async fn resources_are_found_by_their_names() {
    let Some(server) = modern("names").await else { return };
    let found = server.client.list_api_group_resources("headwater.dev/v1alpha1").await.unwrap();
    for subject in Subject::ALL {
        let plural = subject.plural();
        let resource = found.resources.iter().find(|it| it.name == plural).unwrap();
        assert_eq!(resource.categories.as_deref(), Some(&["headwater".to_owned()][..]));
        assert!(resource.namespaced, "{plural}");
        let status = format!("{plural}/status");
        let status = found.resources.iter().find(|it| it.name == status).unwrap();
        assert_eq!(status.verbs, ["get", "patch", "update"], "{plural}");
    }
}

/// What `kubectl get` prints.
#[tokio::test]
async fn columns_are_printed() {
    let Some(server) = modern("columns").await else { return };
    for definition in committed() {
        let definition = serde_json::to_value(&definition).unwrap();
        let spec = &definition["spec"];
        let plural = spec["names"]["plural"].as_str().unwrap();
        let path = format!("/apis/headwater.dev/v1alpha1/namespaces/{}/{plural}", server.namespace);
        let request = axum::http::Request::get(path)
            .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
            .body(Vec::new())
            .unwrap();
        let table: Value = server.client.request(request).await.unwrap();
        let printed: Vec<&Value> =
            table["columnDefinitions"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
        let written = spec["versions"][0]["additionalPrinterColumns"].as_array().unwrap();
        let name = json!("Name");
        let wanted: Vec<&Value> =
            [&name].into_iter().chain(written.iter().map(|it| &it["name"])).collect();
        assert_eq!(printed, wanted, "{plural}");
    }
}
