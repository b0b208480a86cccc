//! A custom resource as the API server tells of it: what nobody reads here is skipped where it is read. Who
//! manages which field is as long as the object itself, and comes with each of its changes.

use std::{borrow::Cow, collections::BTreeMap};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::{
    Resource,
    core::{ApiResource, DynamicResourceScope},
};
use serde::Deserialize;
use serde_json::Value;

/// A custom resource: of its metadata only what is read.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Watched {
    #[serde(default, deserialize_with = "metadata")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    pub(super) spec: Value,
    #[serde(default)]
    pub(super) status: Value,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    finalizers: Option<Vec<String>>,
    annotations: Option<BTreeMap<String, String>>,
    deletion_timestamp: Option<Time>,
}

fn metadata<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<ObjectMeta, D::Error> {
    let read = Metadata::deserialize(reader)?;
    Ok(ObjectMeta {
        name: read.name,
        namespace: read.namespace,
        uid: read.uid,
        resource_version: read.resource_version,
        generation: read.generation,
        finalizers: read.finalizers,
        annotations: read.annotations,
        deletion_timestamp: read.deletion_timestamp,
        ..ObjectMeta::default()
    })
}

impl Resource for Watched {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        resource.kind.as_str().into()
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        resource.group.as_str().into()
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        resource.version.as_str().into()
    }

    fn api_version(resource: &ApiResource) -> Cow<'_, str> {
        resource.api_version.as_str().into()
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        resource.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use kube::core::WatchEvent;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_is_there_and_the_rest_is_not() {
        let event = json!({"type": "MODIFIED", "object": {
            "apiVersion": "headwater.dev/v1alpha1",
            "kind": "Site",
            "metadata": {
                "name": "top",
                "namespace": "here",
                "uid": "u",
                "resourceVersion": "7",
                "generation": 2,
                "finalizers": ["one"],
                "annotations": {"headwater.dev/suspend": "true"},
                "deletionTimestamp": "2026-01-02T03:04:05Z",
                "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
            },
            "spec": {"siteCode": "TOP"},
            "status": {"progress": "1/1"},
        }});
        let Ok(WatchEvent::Modified(site)) = serde_json::from_value::<WatchEvent<Watched>>(event)
        else {
            panic!("it is not understood");
        };
        let metadata = &site.metadata;
        assert_eq!(metadata.name.as_deref(), Some("top"));
        assert_eq!(metadata.namespace.as_deref(), Some("here"));
        assert_eq!(metadata.uid.as_deref(), Some("u"));
        assert_eq!(metadata.resource_version.as_deref(), Some("7"));
        assert_eq!(metadata.generation, Some(2));
        assert_eq!(metadata.finalizers, Some(vec!["one".to_owned()]));
        assert_eq!(metadata.annotations.as_ref().unwrap()["headwater.dev/suspend"], "true");
        assert!(metadata.deletion_timestamp.is_some());
        assert_eq!(metadata.managed_fields, None);
        assert_eq!(site.spec, json!({"siteCode": "TOP"}));
        assert_eq!(site.status, json!({"progress": "1/1"}));
    }
}
