//! Custom resources as paths of the API.

use kube::core::{ApiResource, GroupVersionKind};

use super::Subject;
use crate::model::API_VERSION;

/// The name of the one plan of a namespace.
pub const PLAN_NAME: &str = "hierarchy";

/// The resource of a kind.
pub(super) fn api_resource(subject: Subject) -> ApiResource {
    let (group, version) = API_VERSION.split_once('/').unwrap_or(("", API_VERSION));
    let kind = GroupVersionKind::gvk(group, version, subject.as_str());
    ApiResource::from_gvk_with_plural(&kind, subject.plural())
}
