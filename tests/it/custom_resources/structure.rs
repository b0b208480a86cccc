//! What Kubernetes wants of a definition: structural schemas, names that are free, paths that lead to
//! something.

use std::collections::BTreeSet;

use headwater::operator::{Subject, custom_resource_definition};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

fn definitions() -> Vec<(Subject, Value)> {
    let made = |subject| (subject, custom_resource_definition(subject).unwrap());
    Subject::ALL.into_iter().map(made).collect()
}

fn schema(definition: &Value) -> &Value {
    &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
}

/// Whoever reads a definition by its types finds everything that is written: nothing is misspelled.
#[test]
fn definitions_are_objects_of_the_kubernetes_api() {
    for (_, definition) in definitions() {
        let typed: CustomResourceDefinition = serde_json::from_value(definition.clone()).unwrap();
        let mut again = serde_json::to_value(&typed).unwrap();
        again.as_object_mut().unwrap().remove("status");
        with_one_kind_of_number(&mut again);
        let mut written = definition;
        with_one_kind_of_number(&mut written);
        assert_eq!(again, written);
    }
}

/// The types of the API have floating point for every bound.
fn with_one_kind_of_number(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Object(fields) => fields.values_mut().for_each(with_one_kind_of_number),
        Value::Array(items) => items.iter_mut().for_each(with_one_kind_of_number),
        _ => {}
    }
}

/// The keywords that a structural schema may have, as these schemas use them.
const KEYWORDS: [&str; 18] = [
    "additionalProperties",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minLength",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-validations",
];

fn assert_structural(node: &Value, path: &str) {
    let keywords = node.as_object().unwrap();
    for keyword in keywords.keys() {
        assert!(KEYWORDS.contains(&keyword.as_str()), "{path} has {keyword}");
    }
    let of = node["type"].as_str().unwrap_or_else(|| panic!("{path} has no type"));
    assert!(["array", "boolean", "integer", "object", "string"].contains(&of), "{path}: {of}");
    // A map has entries of one shape, and no fields.
    let entries = &node["additionalProperties"];
    let has_fields = of == "object" && path != ".metadata" && !entries.is_object();
    assert_eq!(node["properties"].is_object(), has_fields, "{path}");
    if !entries.is_null() {
        assert_eq!(of, "object", "{path}");
        assert_structural(entries, &format!("{path}.*"));
    }
    assert_eq!(node["items"].is_object(), of == "array", "{path}");
    let described = node["description"].as_str().is_some_and(|it| it.len() > 3);
    let needs_none = path.is_empty() || path == ".metadata" || path.ends_with("[]");
    assert!(described || needs_none, "{path} has no description");
    for name in node["required"].as_array().into_iter().flatten() {
        assert!(node["properties"][name.as_str().unwrap()].is_object(), "{path}: {name}");
    }
    if let Some(default) = keywords.get("default") {
        let mut alone = node.clone();
        alone.as_object_mut().unwrap().remove("x-kubernetes-validations");
        assert!(jsonschema::is_valid(&alone, default), "{path}: {default}");
    }
    if let Some(pattern) = node["pattern"].as_str() {
        assert_re2(pattern, path);
    }
    if let Some(format) = node["format"].as_str() {
        assert!(["date-time", "int32", "int64"].contains(&format), "{path}: {format}");
    }
    if of == "array" {
        let keys = node["x-kubernetes-list-map-keys"].as_array();
        match node["x-kubernetes-list-type"].as_str().unwrap() {
            "atomic" => assert_eq!(keys, None, "{path}"),
            "map" => {
                for key in keys.unwrap() {
                    let required = node["items"]["required"].as_array().unwrap();
                    assert!(required.contains(key), "{path}: {key}");
                }
            }
            other => panic!("{path}: {other}"),
        }
        assert_structural(&node["items"], &format!("{path}[]"));
    }
    for rule in node["x-kubernetes-validations"].as_array().into_iter().flatten() {
        assert_rule(rule, node, path);
    }
    for (name, field) in node["properties"].as_object().into_iter().flatten() {
        assert_structural(field, &format!("{path}.{name}"));
    }
}

/// RE2 looks neither ahead nor back, and `regex`, which reads these too, is its child.
fn assert_re2(pattern: &str, path: &str) {
    for foreign in ["(?=", "(?!", "(?<", r"\1", r"\Z", r"\h"] {
        assert!(!pattern.contains(foreign), "{path}: {pattern}");
    }
    assert!(jsonschema::is_valid(&json!({"pattern": pattern}), &json!(1)), "{path}: {pattern}");
}

fn assert_rule(rule: &Value, node: &Value, path: &str) {
    let told = [&rule["message"], &rule["messageExpression"]];
    assert_eq!(told.iter().filter(|it| it.is_string()).count(), 1, "{path}: {rule}");
    assert!(!rule["rule"].as_str().unwrap().contains('\n'), "{path}: {rule}");
    let reason = rule["reason"].as_str().unwrap();
    let known = ["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired"];
    assert!(known.contains(&reason), "{path}: {reason}");
    if let Some(field) = rule["fieldPath"].as_str() {
        assert!(leads_to(node, field).is_some(), "{path}: {field}");
    }
}

/// The schema of a field, by a path such as `.spec.site`.
fn leads_to<'s>(schema: &'s Value, path: &str) -> Option<&'s Value> {
    let mut names = path.strip_prefix('.')?.split('.');
    names.try_fold(schema, |node, name| node["properties"].get(name))
}

#[test]
fn schemas_are_structural() {
    for (_, definition) in definitions() {
        assert_structural(schema(&definition), "");
    }
}

/// Lists are the only fields that several writers could fill; these belong to one of them as a whole.
#[test]
fn conditions_are_merged_by_their_types() {
    for (_, definition) in definitions() {
        let conditions = leads_to(schema(&definition), ".status.conditions").unwrap();
        assert_eq!(conditions["x-kubernetes-list-type"], "map");
        assert_eq!(conditions["x-kubernetes-list-map-keys"], json!(["type"]));
    }
}

/// The short names of the resources that a cluster has by itself, or that most have.
const TAKEN: &str = "all cj cm cr crd crds cs csr deploy ds ed eds ef ef ep ev gtw gw hpa ing ippool \
    limits netpol no ns pc pdb po psp pv pvc quota rc rs sa sc sts svc vpa";

#[test]
fn names_are_free() {
    let mut names: BTreeSet<String> = TAKEN.split_whitespace().map(str::to_owned).collect();
    for (subject, definition) in definitions() {
        let own = &definition["spec"]["names"];
        let plural = own["plural"].as_str().unwrap();
        assert_eq!(definition["metadata"]["name"], format!("{plural}.headwater.dev"));
        assert_eq!(own["kind"], subject.as_str());
        assert_eq!(own["categories"], json!(["headwater"]));
        let short = own["shortNames"].as_array().into_iter().flatten();
        let mut of_this: BTreeSet<&str> = short.map(|it| it.as_str().unwrap()).collect();
        // `portsettings` is one and many.
        of_this.extend([plural, own["singular"].as_str().unwrap()]);
        for name in of_this {
            assert!(names.insert(name.to_owned()), "{name} is taken");
        }
    }
    for known in ["site", "sys", "ports", "sup", "dp", "dpg", "pkg", "lu", "notif", "mw", "hwplan"]
    {
        assert!(names.contains(known), "{known}");
    }
}

#[test]
fn columns_and_selectable_fields_lead_to_fields() {
    for (_, definition) in definitions() {
        let version = &definition["spec"]["versions"][0];
        assert_eq!(version["subresources"], json!({"status": {}}));
        for column in version["additionalPrinterColumns"].as_array().unwrap() {
            let path = column["jsonPath"].as_str().unwrap();
            if path.starts_with(".metadata.") {
                continue;
            }
            let field = match path.split_once("[?(@.type==\"Ready\")]") {
                Some((list, field)) => {
                    let list = leads_to(schema(&definition), list).unwrap();
                    leads_to(&list["items"], field)
                }
                None => leads_to(schema(&definition), path),
            };
            assert_eq!(field.unwrap()["type"], column["type"], "{column}");
        }
        for field in version["selectableFields"].as_array().into_iter().flatten() {
            let path = field["jsonPath"].as_str().unwrap();
            assert_eq!(leads_to(schema(&definition), path).unwrap()["type"], "string", "{path}");
        }
    }
}
