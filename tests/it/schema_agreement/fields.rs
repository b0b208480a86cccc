//! What the schemas say of every field.

use std::{fs, path::Path};

use headwater::manifest::combined_schema;
use serde_json::{Value, json};

#[test]
fn the_schemas_are_schemas() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")).unwrap() {
        let path = entry.unwrap().path();
        let schema: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let valid = jsonschema::meta::validate(&schema);
        assert!(valid.is_ok(), "{}: {}", path.display(), valid.unwrap_err());
    }
}

/// What of a field has not been said, with references followed.
fn unsaid(schema: &Value, field: &Value) -> Vec<&'static str> {
    let target = |field: &Value| {
        field["$ref"].as_str().map(|path| schema.pointer(path.trim_start_matches('#')).unwrap())
    };
    let choices = field["anyOf"].as_array().into_iter().flatten();
    let all: Vec<&Value> = std::iter::once(field).chain(choices).collect();
    let all: Vec<&Value> =
        all.iter().copied().chain(all.iter().filter_map(|it| target(it))).collect();
    let has = |key: &str| all.iter().any(|it| !it[key].is_null());
    let is = |kind: &str| {
        all.iter().any(|it| {
            it["type"] == kind || it["type"].as_array().is_some_and(|it| it.contains(&json!(kind)))
        })
    };
    let mut unsaid = Vec::new();
    unsaid.extend((field["title"].is_null()).then_some("title"));
    unsaid.extend((!has("description")).then_some("description"));
    let shown = ["default", "enum", "const", "oneOf", "examples", "properties"];
    let shown = shown.into_iter().any(has) || is("boolean");
    let listed = is("array") && unsaid_items(schema, &all);
    unsaid.extend((!shown && !listed).then_some("example"));
    unsaid
}

/// Whether the items of a list say what they are like.
fn unsaid_items(schema: &Value, list: &[&Value]) -> bool {
    let items = list.iter().map(|it| &it["items"]).find(|items| !items.is_null()).unwrap();
    let mut titled = items.clone();
    titled["title"] = json!("Item");
    unsaid(schema, &titled).is_empty()
}

#[test]
fn every_field_has_a_title_a_description_and_an_example_or_a_choice() {
    let schema = combined_schema();
    let mut left = Vec::new();
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(definition["title"].is_string() && definition["description"].is_string(), "{name}");
        for (field, of) in definition["properties"].as_object().into_iter().flatten() {
            let unsaid = unsaid(&schema, of);
            left.extend(unsaid.into_iter().map(|what| format!("{name}.{field} has no {what}")));
            let text = of["description"].as_str().unwrap_or_default();
            assert!(!text.contains('\n'), "{name}.{field}: {text}");
        }
    }
    assert_eq!(left, [""; 0]);
}
