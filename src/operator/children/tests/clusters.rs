//! Whether a cluster of Kubernetes 1.34 takes the objects: its own types know every field, and the rules of names
//! hold that types do not know.

use k8s_openapi::{
    NamespaceResourceScope, Resource,
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, PersistentVolumeClaim, Service},
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
    },
};
use serde::{Serialize, de::DeserializeOwned};

use super::*;
use crate::operator::children::grown_claim;

/// Reads it as what it says it is, and writes it again: what the type does not know would be missing.
fn read_by<T>(object: &Value)
where
    T: Resource<Scope = NamespaceResourceScope> + DeserializeOwned + Serialize,
{
    assert_eq!(object["apiVersion"], T::API_VERSION);
    assert_eq!(object["kind"], T::KIND);
    let read: T = serde_json::from_value(object.clone()).unwrap();
    let written = serde_json::to_value(read).unwrap();
    assert!(has_all_of(&written, object), "{object:#}\n{written:#}");
}

/// Whether a value has all that another one has: the types write the kind of a claim within a stateful set
/// too.
fn has_all_of(value: &Value, of: &Value) -> bool {
    match (value, of) {
        (Value::Object(value), Value::Object(of)) => {
            of.iter().all(|(key, of)| value.get(key).is_some_and(|it| has_all_of(it, of)))
        }
        (Value::Array(value), Value::Array(of)) => {
            value.len() == of.len() && value.iter().zip(of).all(|(it, of)| has_all_of(it, of))
        }
        _ => value == of,
    }
}

fn taken(child: &Child) {
    match child.kind.kind.as_str() {
        "StatefulSet" => read_by::<StatefulSet>(&child.object),
        "Service" => read_by::<Service>(&child.object),
        "ConfigMap" => read_by::<ConfigMap>(&child.object),
        "NetworkPolicy" => read_by::<NetworkPolicy>(&child.object),
        "PodDisruptionBudget" => read_by::<PodDisruptionBudget>(&child.object),
        "PersistentVolumeClaim" => read_by::<PersistentVolumeClaim>(&child.object),
        other => panic!("no type of Kubernetes: {other}"),
    }
}

#[test]
fn kubernetes_knows_every_field() {
    for name in ["contoso", "minimal"] {
        let all = all_wanted(&example(name), &hosting());
        assert!(!all.is_empty());
        all.iter().for_each(taken);
    }
    // With all that can be written.
    let all = all_wanted(&hierarchy(settings::ALL), &settings::all());
    all.iter().filter(|it| it.kind.kind != "Certificate").for_each(taken);
}

#[test]
fn a_field_that_kubernetes_does_not_know_is_seen() {
    let mut all = wanted(&example("contoso"), &hosting(), "ams-dp1");
    let set = all.iter_mut().find(|it| it.kind.kind == "StatefulSet").unwrap();
    set.object["spec"]["template"]["spec"]["runAsRoot"] = false.into();
    let set = set.clone();
    assert!(std::panic::catch_unwind(|| taken(&set)).is_err());
}

#[test]
fn names_of_ports_are_those_that_kubernetes_takes() {
    for child in all_wanted(&hierarchy(settings::ALL), &settings::all()) {
        if child.kind.kind != "StatefulSet" {
            continue;
        }
        let container = &child.object["spec"]["template"]["spec"]["containers"][0];
        let mut names: Vec<_> =
            container["ports"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
        let number = names.len();
        for name in &names {
            assert!(name.as_str().unwrap().len() <= 15, "{name}");
        }
        names.sort_by_key(ToString::to_string);
        names.dedup();
        assert_eq!(names.len(), number);
    }
}

#[test]
fn a_volume_grows_and_never_shrinks() {
    let all = wanted(&hierarchy(settings::ALL), &settings::all(), "one-dp");
    let set = object(&all, "StatefulSet", "one-dp");
    let system = "one-dp".parse().unwrap();
    let of =
        |size: &str| serde_json::json!({"spec": {"resources": {"requests": {"storage": size}}}});
    let grown = grown_claim(&system, set, &of("20Gi")).unwrap();
    assert_eq!(grown.name, "data-one-dp-0");
    assert_eq!(grown.object.pointer("/spec/resources/requests/storage").unwrap(), "1.5Ti");
    taken(&grown);
    for enough in ["1536Gi", "1.5Ti", "2Ti"] {
        assert_eq!(grown_claim(&system, set, &of(enough)), None, "{enough}");
    }
}
