//! What was made for site systems and is wanted no longer: services of roles that are gone, and everything of
//! site systems that run somewhere else now. What belongs to a site system that is deleted goes with it, by
//! its owner.

use std::collections::{BTreeMap, BTreeSet};

use kube::{
    Api, Client,
    api::{DeleteParams, Patch, Preconditions, PropagationPolicy},
    core::{DynamicObject, GroupVersionKind},
};
use serde_json::{Value, json};

use super::{
    children::is_made_for_a_site_system,
    objects::Snapshot,
    owned::{Owned, resource},
    placing::{PlacingError, failed},
    writing::changing,
};
use crate::model::{API_VERSION, Kind, Name};

/// Kind and name of an object.
pub(super) type ChildKey = (String, String);

/// The site systems whose objects may be pruned: those that nobody has deleted, by the identity of their own
/// objects.
pub(super) fn owners(snapshot: &Snapshot) -> BTreeMap<String, Name> {
    let all = snapshot.objects.values();
    let systems = all.filter(|it| it.key.kind == Kind::SiteSystem && !it.deleted);
    systems.filter_map(|it| Some((it.uid.clone(), it.key.name.parse().ok()?))).collect()
}

/// What of these objects was made by the operator for one of these site systems, and is wanted no longer.
pub(super) fn surplus<'a>(
    there: impl IntoIterator<Item = (String, &'a Value)>,
    wanted: &BTreeSet<ChildKey>,
    owners: &BTreeMap<String, Name>,
) -> Vec<Surplus> {
    let surplus = there.into_iter().filter_map(|(kind, object)| {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let name = text("/metadata/name")?;
        let system = owner_of(object, owners)?.clone();
        let is_surplus = is_made_for_a_site_system(object)
            // It goes already.
            && object.pointer("/metadata/deletionTimestamp").is_none()
            && !wanted.contains(&(kind.clone(), name.clone()));
        let uid = text("/metadata/uid")?;
        is_surplus.then(|| Surplus { next: next_step(&kind, object), kind, name, uid, system })
    });
    surplus.collect()
}

/// An object that is wanted no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Surplus {
    pub(super) kind: String,
    name: String,
    uid: String,
    pub(super) system: Name,
    next: Step,
}

/// What has to be done next, so that it goes and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The volume would go with the stateful set: the site system is still there, and nobody has asked for
    /// that.
    KeepTheVolume,
    /// The cluster has not taken that on yet.
    Wait,
    Delete,
}

fn next_step(kind: &str, object: &Value) -> Step {
    if kind != "StatefulSet" {
        return Step::Delete;
    }
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64);
    let policy = object.pointer("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted");
    if policy.is_some_and(|it| it == "Delete") {
        Step::KeepTheVolume
    } else if number("/status/observedGeneration") < number("/metadata/generation")
        && policy.is_some()
    {
        Step::Wait
    } else {
        Step::Delete
    }
}

/// The site system that controls an object.
fn owner_of<'a>(object: &Value, owners: &'a BTreeMap<String, Name>) -> Option<&'a Name> {
    let references = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let controlling = references.iter().find(|it| it["controller"] == true)?;
    let is_system = controlling["apiVersion"] == API_VERSION
        && controlling["kind"] == Kind::SiteSystem.to_string();
    owners.get(controlling["uid"].as_str().filter(|_| is_system)?)
}

/// Does what has to be done next with an object that is wanted no longer.
pub(super) async fn prune(
    client: &Client,
    namespace: &str,
    surplus: &Surplus,
) -> Result<(), PlacingError> {
    let Surplus { kind, name, uid, .. } = surplus;
    let resource = resource(&GroupVersionKind::gvk("", "", kind))
        .ok_or_else(|| PlacingError::NoSuchKind(kind.clone()))?;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let answer = match surplus.next {
        Step::Wait => return Ok(()),
        Step::KeepTheVolume => {
            let retained = json!({
                "metadata": {"uid": uid},
                "spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}},
            });
            api.patch(name, &changing(), &Patch::Merge(retained)).await.map(drop)
        }
        Step::Delete => {
            let this_one = Preconditions { uid: Some(uid.clone()), resource_version: None };
            let delete = DeleteParams {
                preconditions: Some(this_one),
                propagation_policy: Some(PropagationPolicy::Background),
                ..DeleteParams::default()
            };
            api.delete(name, &delete).await.map(drop)
        }
    };
    match answer {
        Ok(()) => {
            tracing::info!(kind, name, "wanted no longer");
            Ok(())
        }
        // It is gone, or another one has its name: a watch will tell.
        Err(kube::Error::Api(why)) if why.is_not_found() || why.is_conflict() => Ok(()),
        Err(error) => Err(failed(
            format!("{kind} `{name}`, which is wanted no longer, is not deleted"),
            error,
        )),
    }
}

impl Owned {
    /// What of all that was made in a namespace is wanted no longer.
    pub(super) fn surplus(
        &self,
        namespace: &str,
        wanted: &BTreeSet<ChildKey>,
        snapshot: &Snapshot,
    ) -> Vec<Surplus> {
        let there = self.all(namespace);
        let there = there.iter().map(|(kind, object)| (kind.clone(), object));
        surplus(there, wanted, &owners(snapshot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(uid: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut object = json!({
            "metadata": {
                "name": "a",
                "uid": uid,
                "labels": {
                    "app.kubernetes.io/managed-by": "headwater",
                    "app.kubernetes.io/component": "site-system",
                },
                "annotations": {"headwater.dev/applied": "sha256:0"},
                "ownerReferences": [{
                    "apiVersion": API_VERSION,
                    "kind": "SiteSystem",
                    "name": "a",
                    "uid": "system",
                    "controller": true,
                }],
            },
        });
        change(&mut object);
        object
    }

    fn surplus_of(kind: &str, objects: &[Value]) -> Vec<(String, Step)> {
        let owners = BTreeMap::from([("system".to_owned(), "a".parse().unwrap())]);
        let wanted = BTreeSet::from([("Service".to_owned(), "wanted".to_owned())]);
        let there = objects.iter().map(|it| (kind.to_owned(), it));
        surplus(there, &wanted, &owners).into_iter().map(|it| (it.uid, it.next)).collect()
    }

    #[test]
    fn only_what_is_ours_and_not_wanted_goes() {
        let metadata = |key: &'static str, value: Value| {
            move |object: &mut Value| object["metadata"][key] = value
        };
        let mine = |reference: &'static str, value: Value| {
            move |object: &mut Value| object["metadata"]["ownerReferences"][0][reference] = value
        };
        let all = [
            object("surplus", |_| {}),
            object("wanted", metadata("name", json!("wanted"))),
            object("of nobody", metadata("ownerReferences", json!([]))),
            object("without labels", metadata("labels", json!({}))),
            object("not applied", metadata("annotations", json!({}))),
            object("going", metadata("deletionTimestamp", json!("2026-01-01T00:00:00Z"))),
            object("of a system that is deleted", mine("uid", json!("another"))),
            object("of something else", mine("kind", json!("Site"))),
            object("not controlled", mine("controller", json!(false))),
        ];
        assert_eq!(surplus_of("Service", &all), [("surplus".to_owned(), Step::Delete)]);
    }

    #[test]
    fn a_volume_stays_whose_site_system_runs_somewhere_else_now() {
        let set = |policy: Value, observed: i64| {
            object("set", |it| {
                it["metadata"]["generation"] = json!(2);
                it["spec"] = json!({"persistentVolumeClaimRetentionPolicy": policy});
                it["status"] = json!({"observedGeneration": observed});
            })
        };
        let step = |it: Value| surplus_of("StatefulSet", &[it]).remove(0).1;
        assert_eq!(step(set(json!({"whenDeleted": "Delete"}), 2)), Step::KeepTheVolume);
        assert_eq!(step(set(json!({"whenDeleted": "Retain"}), 1)), Step::Wait);
        assert_eq!(step(set(json!({"whenDeleted": "Retain"}), 2)), Step::Delete);
        assert_eq!(step(object("old", |_| {})), Step::Delete, "an old cluster keeps it anyway");
    }
}
