//! The JSON Schema of a plan, made from its types.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::Plan;

/// The JSON Schema of a plan in its JSON form, `headwater plan --output json`.
///
/// It does not forbid further fields: those that a later version adds do not raise `formatVersion`,
/// and a reader may pass over them.
pub fn plan_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.root_schema_for::<Plan>().to_value();
    schema["title"] = json!("Headwater plan");
    for (name, definition) in schema["$defs"].as_object_mut().into_iter().flatten() {
        definition["title"] = json!(title(name));
    }
    schema["properties"]["basis"] = json!({
        "description": "Only in a saved plan (`headwater plan --out`): what it was made of, for \
                        `headwater apply --plan`.",
        "type": "object",
    });
    schema["properties"]["filter"] = json!({
        "description": "Present only where a part of a plan was asked for (`--site`, `--kind`): \
                        then `actions`, `waiting` and `diagnostics` hold that part, and everything \
                        else is about the whole plan. Such a part cannot be read back.",
        "type": "object",
        "properties": {
            "sites": {
                "description": "The site codes that were asked for; none: all.",
                "type": "array",
                "items": {"$ref": "#/$defs/SiteCode"},
            },
            "kinds": {
                "description": "The kinds of action or resource that were asked for; none: all.",
                "type": "array",
                "items": {"type": "string"},
            },
            "actions": {
                "description": "How many actions the whole plan has.",
                "type": "integer",
                "minimum": 0,
            },
        },
        "required": ["sites", "kinds", "actions"],
        "additionalProperties": false,
    });
    schema
}

/// The name of a type as a title: `Site code` for `SiteCode`.
fn title(name: &str) -> String {
    let mut title = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !title.is_empty() {
            title.push(' ');
            title.extend(letter.to_lowercase());
        } else {
            title.push(letter);
        }
    }
    title
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::plan::{ActionKind, FORMAT_VERSION};

    #[test]
    fn the_schema_names_the_version_and_the_whole_vocabulary() {
        let schema = plan_schema();
        assert_eq!(schema["properties"]["formatVersion"]["const"], FORMAT_VERSION.to_string());
        assert_eq!(schema["$defs"]["ActionKind"]["title"], "Action kind");
        let kinds = schema["$defs"]["ActionKind"]["oneOf"].as_array().unwrap();
        let kinds: BTreeSet<&str> = kinds.iter().map(|it| it["const"].as_str().unwrap()).collect();
        let all: BTreeSet<String> = ActionKind::ALL.map(|kind| kind.to_string()).into();
        assert_eq!(kinds, all.iter().map(String::as_str).collect());
    }
}
