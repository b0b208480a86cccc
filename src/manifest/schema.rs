//! JSON Schemas of the documents, made from the types: for editors, and to say exactly what does
//! not fit.

use std::{collections::BTreeMap, sync::LazyLock};

use schemars::{
    JsonSchema, Schema,
    generate::{SchemaGenerator, SchemaSettings},
};
use serde_json::{Value, json};

use super::{schema_examples::example, schema_words::worded};
use crate::model::{
    API_VERSION, DistributionPointGroupSpec, DistributionPointSpec, Kind, LocalUpdateSpec,
    MaintenanceWindowSpec, Metadata, NotificationSpec, PackageSpec, PortSettingsSpec, SiteSpec,
    SiteSystemSpec, SoftwareUpdatePointSpec,
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

static SCHEMAS: LazyLock<BTreeMap<Kind, Value>> =
    LazyLock::new(|| Kind::ALL.into_iter().map(|kind| (kind, made(kind))).collect());

/// The JSON Schema of the documents of a kind.
pub fn kind_schema(kind: Kind) -> &'static Value {
    // The map has an entry for every kind.
    &SCHEMAS[&kind]
}

/// The JSON Schema of a document of any kind.
pub fn combined_schema() -> Value {
    let mut generator = generator();
    // The kind decides: so an editor says what is wrong with a site, not that it is none of all kinds.
    let documents: Vec<Value> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let is_it = json!({"properties": {"kind": {"const": kind}}, "required": ["kind"]});
            json!({"if": is_it, "then": document(kind, &mut generator)})
        })
        .collect();
    let mut schema = json!({
        "$schema": DIALECT,
        "title": "Headwater",
        "description": "A document of any kind.",
        "type": "object",
        "properties": {
            "apiVersion": api_version(),
            "kind": {"description": "What the document declares.", "enum": Kind::ALL},
        },
        "required": ["apiVersion", "kind"],
        "allOf": documents,
        "$defs": generator.take_definitions(true),
    });
    worded(&mut schema);
    schema
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

fn made(kind: Kind) -> Value {
    let mut generator = generator();
    let mut schema = document(kind, &mut generator);
    schema["$schema"] = json!(DIALECT);
    schema["$defs"] = json!(generator.take_definitions(true));
    worded(&mut schema);
    schema
}

fn document(kind: Kind, generator: &mut SchemaGenerator) -> Value {
    let spec = match kind {
        Kind::Site => of::<SiteSpec>(generator),
        Kind::SiteSystem => of::<SiteSystemSpec>(generator),
        Kind::PortSettings => of::<PortSettingsSpec>(generator),
        Kind::SoftwareUpdatePoint => of::<SoftwareUpdatePointSpec>(generator),
        Kind::DistributionPoint => of::<DistributionPointSpec>(generator),
        Kind::DistributionPointGroup => of::<DistributionPointGroupSpec>(generator),
        Kind::Package => of::<PackageSpec>(generator),
        Kind::LocalUpdate => of::<LocalUpdateSpec>(generator),
        Kind::Notification => of::<NotificationSpec>(generator),
        Kind::MaintenanceWindow => of::<MaintenanceWindowSpec>(generator),
    };
    json!({
        "title": kind,
        "description": format!("Declares a {}.", kind.words()),
        "type": "object",
        "properties": {
            "apiVersion": api_version(),
            "kind": {"description": "What the document declares.", "const": kind},
            "metadata": of::<Metadata>(generator),
            "spec": spec,
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
        "examples": [example(kind)],
    })
}

fn api_version() -> Value {
    json!({"description": "The API group and version.", "const": API_VERSION})
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
