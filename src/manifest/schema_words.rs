//! What schemas say to people: a title for everything that has a name, descriptions without the
//! line ends of the source, and numbers with their bounds instead of their machine types.

use serde_json::{Map, Value, json};

/// What is written in capitals when it is a word of its own.
const CAPITALS: [&str; 11] =
    ["api", "dns", "http", "https", "id", "ip", "kb", "pxe", "ssl", "url", "wsus"];

/// Words a schema, as deep as it goes: no deeper than the types.
pub fn worded(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(worded),
        Value::Object(object) => {
            if let Some(Value::String(description)) = object.get_mut("description") {
                *description = on_one_line(description);
            }
            bounded(object);
            for named in ["properties", "$defs"] {
                let Some(Value::Object(members)) = object.get_mut(named) else { continue };
                for (name, member) in members {
                    // What only narrows a field down was named where that is described.
                    if let Value::Object(member) = member
                        && (member.contains_key("description") || member.contains_key("$ref"))
                    {
                        member.entry("title").or_insert_with(|| json!(title(name)));
                    }
                }
            }
            for (key, member) in object {
                // What is given as a value is no schema.
                if !matches!(key.as_str(), "const" | "default" | "enum" | "examples") {
                    worded(member);
                }
            }
        }
        _ => {}
    }
}

/// The lines of a paragraph as one; paragraphs stay apart.
fn on_one_line(text: &str) -> String {
    let paragraphs = text.split("\n\n");
    paragraphs.map(|lines| lines.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

/// `"format": "uint32"` is no format of JSON Schema: an editor takes 5,000,000,000 for one.
fn bounded(schema: &mut Map<String, Value>) {
    if schema.get("format").and_then(Value::as_str) == Some("int32") {
        schema.remove("format");
        schema.entry("minimum").or_insert(json!(i32::MIN));
        schema.entry("maximum").or_insert(json!(i32::MAX));
        return;
    }
    let largest = match schema.get("format").and_then(Value::as_str) {
        Some("uint8") => u32::from(u8::MAX),
        Some("uint16") => u32::from(u16::MAX),
        Some("uint32") => u32::MAX,
        _ => return,
    };
    schema.remove("format");
    schema.entry("maximum").or_insert(json!(largest));
}

/// `packageId` as people say it: "Package ID".
fn title(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().collect()),
        }
    }
    let words = words.into_iter().enumerate().map(|(position, word)| {
        if CAPITALS.contains(&word.as_str()) {
            return word.to_uppercase();
        }
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if position == 0 => first.to_uppercase().chain(letters).collect(),
            _ => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_words() {
        for (name, words) in [
            ("packageId", "Package ID"),
            ("pxe", "PXE"),
            ("wsusAdministrationConsole", "WSUS administration console"),
            ("pullDistributionPoints", "Pull distribution points"),
            ("SiteVersion", "Site version"),
        ] {
            assert_eq!(title(name), words);
        }
    }

    #[test]
    fn numbers_have_bounds_and_paragraphs_stay_apart() {
        let mut schema = json!({
            "description": "One\ntwo.\n\nThree.",
            "properties": {"pollDelay": {
                "description": "Four.", "format": "uint32", "minimum": 1, "default": {"format": "uint8"},
            }},
        });
        worded(&mut schema);
        let delay = json!({
            "title": "Poll delay", "description": "Four.", "minimum": 1, "maximum": u32::MAX, "default": {"format": "uint8"},
        });
        let expected =
            json!({"description": "One two.\n\nThree.", "properties": {"pollDelay": delay}});
        assert_eq!(schema, expected);
    }
}
