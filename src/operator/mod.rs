//! The hierarchy as objects of a Kubernetes cluster: manifests are custom resources, and what there is
//! to say about them stands in their status.
//!
//! Only this module knows Kubernetes.

pub mod children;
mod custom_resources;
mod status;

pub use custom_resources::{NotStructural, Subject, custom_resource_definition};
pub use status::{
    Condition, ConditionStatus, ConditionType, PackageCounts, PlanStatus, PlannedAction,
    Reconciliation, ResourceStatus, Synchronized, WaitingAction,
};
