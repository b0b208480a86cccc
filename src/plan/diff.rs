//! What changes between two values, field by field.

use serde::Serialize;
use serde_json::Value;

use super::FieldChange;

/// The fields in which two values of one type differ, in the order of the paths. `before` of
/// `None` lists every field of `after`.
pub(super) fn diff<T: Serialize>(before: Option<&T>, after: &T) -> Vec<FieldChange> {
    let value = |side: &T| serde_json::to_value(side).unwrap_or(Value::Null);
    let before = before.map_or(Value::Null, value);
    let mut changes = Vec::new();
    compare("", &before, &value(after), &mut changes);
    changes
}

fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(_) | Value::Null, Value::Object(_)) | (Value::Object(_), Value::Null) => {
            let keys = |value: &Value| -> Vec<String> {
                value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
            };
            let mut all = keys(before);
            all.extend(keys(after));
            all.sort();
            all.dedup();
            for key in all {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&inner, &before[&key], &after[&key], changes);
            }
        }
        // A list that is empty on the one side and missing on the other is no change.
        (Value::Null, Value::Array(list)) | (Value::Array(list), Value::Null)
            if list.is_empty() => {}
        _ => changes.push(FieldChange::new(path, before.clone(), after.clone())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_fields_that_differ_are_listed() {
        let before =
            json!({"ports": {"http": 8530, "https": 8531}, "ssl": false, "languages": ["en"]});
        let after =
            json!({"ports": {"http": 8540, "https": 8541}, "ssl": false, "url": "http://a"});
        let changes = diff(Some(&before), &after);
        let paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["languages", "ports.http", "ports.https", "url"]);
        assert_eq!(changes[1].before, json!(8530));
        assert_eq!(changes[1].after, json!(8540));
        assert_eq!(diff(Some(&before), &before), []);
    }

    #[test]
    fn an_empty_list_is_as_good_as_none() {
        let (empty, missing) = (json!({"languages": []}), json!({}));
        assert_eq!(diff(Some(&empty), &missing), []);
        assert_eq!(diff(Some(&missing), &empty), []);
    }

    #[test]
    fn something_new_lists_all_its_fields() {
        let changes = diff(None, &json!({"a": {"b": 1}, "c": [], "d": ["x"]}));
        let paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["a.b", "d"]);
    }
}
