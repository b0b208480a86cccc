//! The stateful set of a site system, and the volume with its data.

use std::cmp::Ordering;

use kube::core::GroupVersionKind;
use serde_json::{Value, json};

use super::{
    names::{agent_service, claim_name, object_name, selector},
    pod,
    wanted::{Child, Children, Hosted},
};
use crate::model::{Name, billionths};

/// The volume with the data of a site system.
pub(super) const DATA: &str = "data";

/// One pod with a volume of its own. There is never a second one: a site system is one computer.
pub(super) fn stateful_set(all: &Children<'_>, hosted: Hosted<'_>) -> Child {
    let storage = &hosted.system.kubernetes.storage;
    let mut claim = json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage.size}},
    });
    if let Some(class) = &storage.class_name {
        claim["storageClassName"] = json!(class);
    }
    let mut spec = json!({
        "serviceName": agent_service(hosted.name),
        "replicas": 1,
        "revisionHistoryLimit": 3,
        "selector": selector(hosted.name),
        "template": pod::template(all, hosted),
        "volumeClaimTemplates": [{"metadata": {"name": DATA}, "spec": claim}],
    });
    if hosted.owner.removes_data {
        // Whoever scales it to nothing for a while wants the data back. Otherwise nothing is said, for that
        // is what a cluster does by itself, and an old one refuses what it does not know.
        spec["persistentVolumeClaimRetentionPolicy"] =
            json!({"whenDeleted": "Delete", "whenScaled": "Retain"});
    }
    all.child(hosted, ("apps/v1", "StatefulSet"), object_name(hosted.name), json!({"spec": spec}))
}

/// How much a claim asks for.
const SIZE: &str = "/spec/resources/requests/storage";

/// How large the volume shall be.
pub fn wanted_size(stateful_set: &Value) -> Option<&str> {
    stateful_set.pointer("/spec/volumeClaimTemplates/0")?.pointer(SIZE)?.as_str()
}

/// The claim of a volume that shall be larger than it is: a stateful set makes claims, and never changes them.
/// `there` is the claim as it is. None where it is large enough: a volume does not shrink.
pub fn grown_claim(system: &Name, stateful_set: &Value, there: &Value) -> Option<Child> {
    let wanted = wanted_size(stateful_set)?;
    let now = there.pointer(SIZE)?.as_str()?;
    (billionths(wanted)?.cmp(&billionths(now)?) == Ordering::Greater).then(|| {
        let name = claim_name(system);
        let object = json!({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": name,
                "namespace": stateful_set.pointer("/metadata/namespace"),
            },
            "spec": {"resources": {"requests": {"storage": wanted}}},
        });
        Child { kind: GroupVersionKind::gvk("", "v1", "PersistentVolumeClaim"), name, object }
    })
}
