//! Values as canonical YAML: block style, two spaces, keys in order, quotes only where they are
//! needed. What could act on a terminal is escaped, and reads back as it was.

use std::fmt::Write;

use serde_json::Value;

use crate::view::plain::acts;

/// The lines of a field.
pub(super) fn field(key: &str, value: &Value) -> Vec<String> {
    let key = scalar(key);
    match nested(value) {
        None => vec![format!("{key}: {}", flat(value))],
        Some(lines) => {
            let mut all = vec![format!("{key}:")];
            all.extend(lines.into_iter().map(|line| format!("  {line}")));
            all
        }
    }
}

/// The lines of a mapping or a list that is not empty.
fn nested(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Object(map) if !map.is_empty() => {
            Some(map.iter().flat_map(|(key, value)| field(key, value)).collect())
        }
        Value::Array(list) if !list.is_empty() => Some(list.iter().flat_map(item).collect()),
        _ => None,
    }
}

fn item(value: &Value) -> Vec<String> {
    let mut lines = nested(value).unwrap_or_else(|| vec![flat(value)]);
    for (number, line) in lines.iter_mut().enumerate() {
        line.insert_str(0, if number == 0 { "- " } else { "  " });
    }
    lines
}

/// A value that stands on one line.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        // `null`, `true`, `17`, `[]` and `{}` are the same in YAML.
        other => other.to_string(),
    }
}

/// A text, quoted where it would be read as something else.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether a text is read as itself without quotes, by readers of YAML 1.1 too.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let Some(first) = text.chars().next() else { return false };
    let inside = |letter: char| letter.is_alphanumeric() || " _-./:,+@=()%#<>*&?".contains(letter);
    text.chars().all(|letter| inside(letter) && !acts(letter))
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([' ', ':'])
        && match first {
            '0'..='9' => is_no_number(text),
            '/' => true,
            // Stands for a name in what is said of several actions; `<<` would merge mappings.
            '<' => text[1..].starts_with(char::is_alphabetic),
            letter => letter.is_alphabetic() && !WORDS.contains(&text.to_lowercase().as_str()),
        }
}

/// Whether a text that begins with a digit is no number, time or date: `7d`, `10.0.0.1`.
fn is_no_number(text: &str) -> bool {
    let base = ["0x", "0o", "0b"].iter().any(|prefix| text.to_lowercase().starts_with(prefix));
    let others = text.bytes().any(|c| !(c.is_ascii_alphanumeric() || c == b'.'));
    let word = text.bytes().any(|c| c.is_ascii_alphabetic());
    !base && !others && (word || text.matches('.').count() > 1) && text.parse::<f64>().is_err()
}

/// Between double quotes, with YAML's escapes.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Line ends for YAML 1.1, and a mark that is dropped at the beginning.
            '\u{2028}' | '\u{2029}' | '\u{feff}' => escape(letter, &mut quoted),
            _ if acts(letter) => escape(letter, &mut quoted),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn escape(letter: char, quoted: &mut String) {
    // Writing to a String cannot fail.
    let _ = match u32::from(letter) {
        code @ ..0x100 => write!(quoted, "\\x{code:02x}"),
        code @ ..0x1_0000 => write!(quoted, "\\u{code:04x}"),
        code => write!(quoted, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_people_write_them() {
        let value = json!({
            "ports": {"http": 8530, "https": 8531},
            "schedule": {"every": "7d"},
            "sources": [{"priority": 1, "url": "http://a:80"}, {"priority": 2}],
            "languages": ["en", "no", "pt-BR"], "empty": [], "nothing": {}, "ssl": false,
            "version": "2403", "software": "10.0", "address": "10.0.0.1", "file": "/srv/a b.cab",
            "title": "Windows 11: 24H2", "hostile": "a\u{1b}[31m\u{202e}\n", "none": null,
        });
        let lines = field("spec", &value);
        insta::assert_snapshot!(lines.join("\n"), @r#"
        spec:
          address: 10.0.0.1
          empty: []
          file: /srv/a b.cab
          hostile: "a\x1b[31m\u202e\n"
          languages:
            - en
            - "no"
            - pt-BR
          none: null
          nothing: {}
          ports:
            http: 8530
            https: 8531
          schedule:
            every: 7d
          software: "10.0"
          sources:
            - priority: 1
              url: http://a:80
            - priority: 2
          ssl: false
          title: "Windows 11: 24H2"
          version: "2403"
        "#);
    }

    fn values() -> impl Strategy<Value = Value> {
        let words = prop_oneof![
            "[ -~]{0,12}",
            "[0-9a-fA-FxobeE_.:+-]{1,8}",
            any::<String>(),
            Just("true".to_owned()),
            Just("No".to_owned()),
            Just("~".to_owned()),
            Just("2026-12-01".to_owned()),
            Just("1_000".to_owned()),
            Just("---".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            words.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(words.clone(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(key in any::<String>(), value in values()) {
            let lines = field(&key, &value);
            for line in &lines {
                prop_assert!(!line.chars().any(acts), "{line}");
            }
            let read: Value = serde_yaml::from_str(&lines.join("\n")).unwrap();
            prop_assert_eq!(&read[&key], &value, "{}", lines.join("\n"));
        }
    }
}
