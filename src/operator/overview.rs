//! The objects of a namespace and how they stand, for people.

use kube::{Api, Client, api::ListParams};

use super::{
    Subject,
    asking::{AskError, told},
    kinds::api_resource,
    objects::Object,
    status::{ConditionStatus, ConditionType},
    watched::Watched,
};
use crate::{model::Kind, view::ObjectStatus};

/// The objects of a namespace, or of all of them, in the order of namespaces, kinds and names.
///
/// # Errors
///
/// The API server refuses, or does not know the kinds.
pub async fn overview(
    client: &Client,
    namespace: Option<&str>,
) -> Result<Vec<ObjectStatus>, AskError> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let resource = api_resource(Subject::Kind(kind));
        let api: Api<Watched> = match namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let list = api.list(&ListParams::default()).await;
        let list = list.map_err(|error| told(error, kind.as_str(), namespace.unwrap_or("*")))?;
        all.extend(list.items.into_iter().map(|object| {
            let namespace = object.metadata.namespace.clone().unwrap_or_default();
            status(namespace, &Object::of(kind, object))
        }));
    }
    // Within a namespace the order is that of the kinds.
    all.sort_by(|one, other| one.namespace.cmp(&other.namespace));
    Ok(all)
}

fn status(namespace: String, object: &Object) -> ObjectStatus {
    let ready = object.status.conditions.iter();
    let ready = ready.clone().find(|it| it.condition_type == ConditionType::Ready);
    ObjectStatus {
        namespace,
        object: object.key.to_string(),
        ready: match ready.map(|it| it.status) {
            Some(ConditionStatus::True) => Some(true),
            Some(ConditionStatus::False) => Some(false),
            Some(ConditionStatus::Unknown) | None => None,
        },
        current: object.status.observed_generation == object.generation,
        deleted: object.deleted,
        reason: ready.map(|it| it.reason.clone()).unwrap_or_default(),
        message: ready.map(|it| it.message.clone()).unwrap_or_default(),
    }
}
