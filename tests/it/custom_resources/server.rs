//! What an API server does with an object of a custom resource, as far as it can be done without one: it
//! removes nulls, fills in defaults, validates by the schema and evaluates the rules.

use headwater::operator::{Subject, custom_resource_definition};
use jsonschema::Validator;
use kube_cel::{ErrorKind, apply_defaults};
use serde_json::Value;

/// The schema of a custom resource, ready for objects.
pub(super) struct Server {
    pub(super) schema: Value,
    structure: Validator,
    rules: kube_cel::CompiledSchema,
}

/// What is refused, and by which rules.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// What the schema says.
    pub(super) structure: Vec<String>,
    /// The messages of the rules.
    pub(super) messages: Vec<String>,
    /// The rules themselves.
    pub(super) rules: Vec<String>,
    /// Which fields are at fault, and the messages: as an API server lists them.
    pub(super) told: Vec<(String, String)>,
}

impl Verdict {
    pub(super) fn is_accepted(&self) -> bool {
        self.structure.is_empty() && self.messages.is_empty()
    }
}

impl Server {
    pub(super) fn new(subject: Subject) -> Self {
        let definition = custom_resource_definition(subject).unwrap();
        let schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
        let structure = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let rules = kube_cel::compile_schema(&schema);
        Self { schema, structure, rules }
    }

    /// What it says of an object that is made, or is written over another one.
    pub(super) fn verdict(&self, object: &Value, old: Option<&Value>) -> Verdict {
        let mut object = object.clone();
        without_nulls(&mut object);
        let object = apply_defaults(&self.schema, &object);
        let mut verdict = Verdict::default();
        unknown_fields(&self.schema, &object, "", &mut verdict.structure);
        for error in self.structure.iter_errors(&object) {
            verdict.structure.push(format!("{}: {error}", error.instance_path()));
        }
        // The server does not evaluate rules over values of the wrong type either.
        let evaluated = kube_cel::Validator::new().validate_compiled(&self.rules, &object, old);
        for error in evaluated.err().into_iter().flatten() {
            match error.kind {
                ErrorKind::ValidationFailure => {
                    let field = match error.field_path.trim_start_matches('.') {
                        // So Kubernetes calls the object itself.
                        "" => "<nil>",
                        field => field,
                    };
                    verdict.told.push((field.to_owned(), error.message.clone()));
                    verdict.messages.push(error.message);
                    verdict.rules.push(error.rule);
                }
                _ => assert!(!verdict.structure.is_empty(), "{error:?}: {object:#}"),
            }
        }
        // The order is that of a table of hashes.
        verdict.messages.sort();
        verdict.told.sort();
        verdict
    }
}

/// No field of ours is nullable: a server removes such a null before it looks any further.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// What `kubectl` has refused: it asks for strict validation.
fn unknown_fields(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    // What is in the metadata is no affair of the schema.
    if path == ".metadata" {
        return;
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match schema["properties"].get(name).or(schema.get("additionalProperties")) {
            Some(schema) => unknown_fields(schema, field, &path, found),
            None => found.push(format!("unknown field {path}")),
        }
    }
    for item in value.as_array().into_iter().flatten() {
        unknown_fields(&schema["items"], item, &format!("{path}[]"), found);
    }
}
