//! The objects of a namespace and how they stand, for people.

use kube::{Api, Client, api::ListParams};

use super::{
    Subject,
    kinds::api_resource,
    objects::Object,
    status::{ConditionStatus, ConditionType},
    watched::Watched,
};
use crate::{model::Kind, view::ObjectStatus};

/// The objects of a namespace, in the order of their kinds and names.
///
/// # Errors
///
/// The API server refuses, or does not know the kinds.
pub async fn overview(client: &Client, namespace: &str) -> Result<Vec<ObjectStatus>, kube::Error> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let api: Api<Watched> =
            Api::namespaced_with(client.clone(), namespace, &api_resource(Subject::Kind(kind)));
        let list = api.list(&ListParams::default()).await?;
        all.extend(list.items.into_iter().map(|object| status(&Object::of(kind, object))));
    }
    Ok(all)
}

fn status(object: &Object) -> ObjectStatus {
    let ready = object.status.conditions.iter();
    let ready = ready.clone().find(|it| it.condition_type == ConditionType::Ready);
    ObjectStatus {
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
