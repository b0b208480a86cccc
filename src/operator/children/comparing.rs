//! Whether an object that is there is as it is wanted.
//!
//! What is there has more than what was applied: the server fills in defaults, controllers write the status, and
//! people add labels. So every field that is wanted has to be there and equal; what else is there is none of
//! ours. Lists are ours as a whole: an item that somebody adds is no default. And what is wanted no longer is seen
//! by the digest in the annotation of the object, which is wanted too.
//!
//! Server-side apply gives back every field that differs, but leaves items in lists that others have added under
//! a name of theirs: an object that is still not as wanted when it has been applied is replaced by [`repaired`].

use serde_json::{Map, Value};

use crate::model::billionths;

/// The fields by which the items of lists are told apart, one of which an item has.
const KEYS: [&str; 6] = ["name", "uid", "mountPath", "containerPort", "port", "topologyKey"];

/// The fields whose entries only mean something together: one more selects less, or allows less.
const WHOLE: [&str; 6] = ["data", "limits", "matchLabels", "nodeSelector", "requests", "selector"];

/// The fields of a stateful set that the server refuses to change.
const FIXED: [&str; 3] = ["/spec/selector", "/spec/serviceName", "/spec/volumeClaimTemplates"];

/// Whether everything that is wanted is there.
pub fn is_as_wanted(wanted: &Value, there: &Value) -> bool {
    agrees(wanted, Some(there), false)
}

/// Whether a stateful set differs from the wanted one in what never changes. Then it has to be deleted without
/// its pod (`propagationPolicy: Orphan`) and made anew: pod and volume stay, and are its own again.
pub fn has_to_be_made_anew(wanted: &Value, there: &Value) -> bool {
    wanted.get("kind").is_some_and(|kind| kind == "StatefulSet")
        && FIXED.iter().any(|path| {
            wanted.pointer(path).is_some_and(|wanted| !agrees(wanted, there.pointer(path), false))
        })
}

/// The object that is there, with all that is wanted put into its place, and lists as they are wanted: for a
/// replacement (`PUT`), which keeps what the server has filled in.
#[must_use]
pub fn repaired(wanted: &Value, there: &Value) -> Value {
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(there)) => {
            let mut both = there.clone();
            for (key, wanted) in wanted {
                let value = match there.get(key) {
                    Some(there) if !WHOLE.contains(&key.as_str()) => repaired(wanted, there),
                    _ => wanted.clone(),
                };
                both.insert(key.clone(), value);
            }
            Value::Object(both)
        }
        (Value::Array(wanted), Value::Array(there)) => {
            let items = wanted.iter().enumerate().map(|(place, item)| {
                repaired(item, counterpart(item, place, there).unwrap_or(&Value::Null))
            });
            items.collect()
        }
        (wanted, _) => wanted.clone(),
    }
}

/// Whether a value agrees; `is_amount` where it is a quantity.
fn agrees(wanted: &Value, there: Option<&Value>, is_amount: bool) -> bool {
    let Some(there) = there.filter(|it| !it.is_null()) else {
        // The server leaves out what is empty.
        return match wanted {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
    };
    match (wanted, there) {
        (Value::Object(wanted), Value::Object(there)) => fields_agree(wanted, there),
        (Value::Array(wanted), Value::Array(there)) => items_agree(wanted, there),
        (Value::String(wanted), Value::String(there)) => {
            wanted == there || is_amount && is_same_amount(wanted, there)
        }
        (wanted, there) => wanted == there,
    }
}

fn fields_agree(wanted: &Map<String, Value>, there: &Map<String, Value>) -> bool {
    wanted.iter().all(|(key, wanted)| field_agrees(key, wanted, there.get(key)))
}

fn field_agrees(key: &str, wanted: &Value, there: Option<&Value>) -> bool {
    match (wanted, there) {
        (Value::Object(wanted), Some(Value::Object(there))) if WHOLE.contains(&key) => {
            // What a container or a claim asks for is written by the server in its own way.
            let are_amounts = matches!(key, "limits" | "requests");
            wanted.len() == there.len()
                && wanted.iter().all(|(key, wanted)| match (wanted, there.get(key)) {
                    (Value::String(_), there) => agrees(wanted, there, are_amounts),
                    (wanted, there) => field_agrees(key, wanted, there),
                })
        }
        (wanted, there) => agrees(wanted, there, false),
    }
}

fn items_agree(wanted: &[Value], there: &[Value]) -> bool {
    let agree = |(place, item): (usize, &Value)| {
        counterpart(item, place, there).is_some_and(|other| agrees(item, Some(other), false))
    };
    wanted.len() == there.len() && wanted.iter().enumerate().all(agree)
}

/// The item that is there for one that is wanted: the one in its place, or, because a merge may have put them in
/// another order, the first that has its key.
fn counterpart<'a>(item: &Value, place: usize, there: &'a [Value]) -> Option<&'a Value> {
    let in_place = there.get(place);
    let Some((key, value)) = key_of(item) else { return in_place };
    let is_it = |other: &&Value| other.get(key) == Some(value);
    in_place.filter(is_it).or_else(|| there.iter().find(is_it))
}

/// What tells an item from the others of its list.
fn key_of(item: &Value) -> Option<(&'static str, &Value)> {
    KEYS.into_iter().find_map(|key| Some((key, item.get(key)?)))
}

fn is_same_amount(wanted: &str, there: &str) -> bool {
    billionths(wanted).is_some_and(|amount| billionths(there) == Some(amount))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_empty_may_be_left_out() {
        let wanted = json!({"a": [], "b": {}, "c": null, "d": ""});
        assert!(is_as_wanted(&wanted, &json!({})));
        assert!(!is_as_wanted(&json!({"a": false}), &json!({})), "false is not the default of all");
        assert!(!is_as_wanted(&json!({"a": []}), &json!({"a": [1]})));
    }

    #[test]
    fn amounts_are_compared_as_amounts() {
        let of = |cpu: &str| json!({"resources": {"requests": {"cpu": cpu}}});
        assert!(is_as_wanted(&of("1000m"), &of("1")));
        assert!(!is_as_wanted(&of("1000m"), &of("1001m")));
        let name = |name: &str| json!({"name": name});
        assert!(!is_as_wanted(&name("1000m"), &name("1")), "a name is no amount");
        let more = json!({"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}});
        assert!(!is_as_wanted(&of("1"), &more));
    }

    #[test]
    fn items_with_keys_may_be_in_any_order_and_arguments_may_not() {
        let ports = |first: u16, second: u16| {
            let second = json!({"containerPort": second, "protocol": "TCP"});
            json!([{"containerPort": first}, second])
        };
        assert!(is_as_wanted(
            &json!([{"containerPort": 80}, {"containerPort": 443}]),
            &ports(443, 80)
        ));
        assert!(!is_as_wanted(
            &json!([{"containerPort": 80}, {"containerPort": 8080}]),
            &ports(443, 80)
        ));
        assert!(!is_as_wanted(&json!(["a", "b"]), &json!(["b", "a"])));
        assert!(!is_as_wanted(&json!(["a"]), &json!(["a", "b"])));
    }

    #[test]
    fn only_what_a_stateful_set_never_changes_makes_it_anew() {
        let of = |kind: &str, size: &str, image: &str| {
            json!({"kind": kind, "spec": {
                "serviceName": "a",
                "selector": {"matchLabels": {"a": "b"}},
                "template": {"image": image},
                "volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": size}}}}],
            }})
        };
        let wanted = of("StatefulSet", "1Gi", "one");
        assert!(!has_to_be_made_anew(&wanted, &of("StatefulSet", "1024Mi", "two")));
        assert!(has_to_be_made_anew(&wanted, &of("StatefulSet", "2Gi", "one")));
        assert!(!has_to_be_made_anew(&of("Service", "1Gi", "one"), &of("Service", "2Gi", "one")));
    }
}
