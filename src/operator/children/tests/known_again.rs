//! Objects that are there: with what a server and others add they are as wanted, and with any change they are not.

use serde_json::json;

use super::*;
use crate::operator::children::{is_as_wanted, repaired};

/// What a server of Kubernetes 1.34 makes of an object: its metadata, and the defaults of its kind.
fn stored(object: &Value) -> Value {
    let mut stored = object.clone();
    merge(
        &mut stored["metadata"],
        &json!({
            "uid": "8d0e2c1d", "resourceVersion": "7", "generation": 1,
            "creationTimestamp": "2026-11-30T00:00:00Z",
            "managedFields": [{"manager": "headwater", "operation": "Apply"}],
        }),
    );
    match object["kind"].as_str().unwrap() {
        "StatefulSet" => stored_set(&mut stored),
        "Service" => {
            let defaults = json!({
                "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
                "sessionAffinity": "None",
            });
            merge(&mut stored["spec"], &defaults);
            stored["status"] = json!({"loadBalancer": {}});
        }
        "PodDisruptionBudget" => {
            stored["status"] = json!({"currentHealthy": 1, "desiredHealthy": 0});
        }
        _ => {}
    }
    stored
}

fn stored_set(stored: &mut Value) {
    stored["status"] = json!({"replicas": 1, "currentRevision": "one"});
    let spec = &mut stored["spec"];
    merge(
        spec,
        &json!({
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        }),
    );
    let claim = &mut spec["volumeClaimTemplates"][0];
    merge(
        claim,
        &json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}),
    );
    merge(&mut claim["spec"], &json!({"volumeMode": "Filesystem"}));
    let template = &mut spec["template"];
    template["metadata"]["creationTimestamp"] = Value::Null;
    let pod = &mut template["spec"];
    merge(
        pod,
        &json!({
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
            "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30,
        }),
    );
    let container = &mut pod["containers"][0];
    merge(
        container,
        &json!({
            "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        }),
    );
    for probe in ["livenessProbe", "readinessProbe"] {
        container[probe]["successThreshold"] = json!(1);
    }
    // Amounts are written in the shortest way.
    for amounts in ["requests", "limits"] {
        if let Some(memory) = container["resources"][amounts].get_mut("memory")
            && memory == "2Gi"
        {
            *memory = json!("2048Mi");
        }
    }
}

/// Whether a field is ours as a whole: one entry more or less in it selects or allows something else.
fn is_whole(path: &str) -> bool {
    let whole = ["data", "limits", "matchLabels", "nodeSelector", "requests", "selector"];
    whole.into_iter().any(|it| path.ends_with(&format!("/{it}")))
}

/// Adds what is not there.
fn merge(to: &mut Value, more: &Value) {
    let to = to.as_object_mut().unwrap();
    for (key, value) in more.as_object().unwrap() {
        to.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

fn all() -> Vec<Child> {
    let mut all = all_wanted(&example("contoso"), &hosting());
    all.extend(all_wanted(&hierarchy(settings::ALL), &settings::all()));
    all
}

/// The paths to all values, from the outside in.
fn paths(value: &Value, path: &str, to: &mut Vec<String>) {
    to.push(path.to_owned());
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                paths(value, &format!("{path}/{key}"), to);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                paths(value, &format!("{path}/{place}"), to);
            }
        }
        _ => {}
    }
}

fn all_paths(value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    paths(value, "", &mut all);
    all
}

#[test]
fn what_a_server_adds_changes_nothing() {
    for child in all() {
        let there = stored(&child.object);
        assert!(is_as_wanted(&child.object, &there), "{there}");
        assert_ne!(child.object, there);
    }
}

#[test]
fn what_others_add_to_objects_changes_nothing() {
    for child in all() {
        for path in all_paths(&child.object) {
            let mut there = stored(&child.object);
            if let Value::Object(fields) = there.pointer_mut(&path).unwrap() {
                fields.insert("added".to_owned(), json!("by somebody"));
                assert_eq!(
                    is_as_wanted(&child.object, &there),
                    !is_whole(&path),
                    "{}: {path}",
                    child.name
                );
            }
        }
    }
}

#[test]
fn every_value_that_is_another_one_is_seen() {
    for child in all() {
        for path in all_paths(&child.object) {
            let mut there = stored(&child.object);
            let value = there.pointer_mut(&path).unwrap();
            let other = match &*value {
                Value::String(text) => json!(format!("{text}x")),
                Value::Number(number) => json!(number.as_u64().unwrap() + 1),
                Value::Bool(value) => json!(!value),
                Value::Object(_) | Value::Array(_) | Value::Null => continue,
            };
            *value = other;
            assert!(!is_as_wanted(&child.object, &there), "{}: {path}", child.name);
        }
    }
}

#[test]
fn every_value_that_is_gone_is_seen() {
    for child in all() {
        for path in all_paths(&child.object) {
            let wanted = child.object.pointer(&path).unwrap();
            let is_empty = *wanted == json!({}) || *wanted == json!([]) || *wanted == json!("");
            let Some((above, key)) = path.rsplit_once('/') else { continue };
            // An empty file is no missing one.
            let may_be_left_out = is_empty && !is_whole(above);
            let mut there = stored(&child.object);
            match there.pointer_mut(above).unwrap() {
                Value::Object(fields) => {
                    fields.remove(&key.replace("~1", "/").replace("~0", "~"));
                }
                Value::Array(items) => {
                    items.remove(key.parse().unwrap());
                }
                _ => unreachable!("nothing is below a scalar"),
            }
            assert_eq!(
                is_as_wanted(&child.object, &there),
                may_be_left_out,
                "{}: {path}",
                child.name
            );
            assert!(is_as_wanted(&child.object, &repaired(&child.object, &there)));
        }
    }
}

#[test]
fn every_item_more_is_seen() {
    for child in all() {
        for path in all_paths(&child.object) {
            let mut there = stored(&child.object);
            if let Value::Array(items) = there.pointer_mut(&path).unwrap() {
                items.push(json!({"name": "added"}));
                assert!(!is_as_wanted(&child.object, &there), "{}: {path}", child.name);
                assert!(is_as_wanted(&child.object, &repaired(&child.object, &there)), "{path}");
            }
        }
    }
    let all = wanted(&example("contoso"), &hosting(), "ams-dp1");
    let set = object(&all, "StatefulSet", "ams-dp1");
    let mut there = stored(set);
    there["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "A", "value": "b"}]);
    assert!(!is_as_wanted(set, &there), "it has none");
}

#[test]
fn what_is_wanted_no_longer_is_seen_by_the_digest() {
    let (with, without) = (settings::all(), Hosting { log: None, ..settings::all() });
    let hierarchy = hierarchy(settings::ALL);
    let before = wanted(&hierarchy, &with, "one-dp");
    let there = stored(object(&before, "StatefulSet", "one-dp"));
    let after = wanted(&hierarchy, &without, "one-dp");
    let set = object(&after, "StatefulSet", "one-dp");
    assert!(there["spec"]["template"]["spec"]["containers"][0]["env"].is_array());
    assert!(!is_as_wanted(set, &there));
}
