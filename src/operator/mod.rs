//! The hierarchy as objects of a Kubernetes cluster: manifests are custom resources, and what there is
//! to say about them stands in their status.
//!
//! Only this module knows Kubernetes.

pub mod children;
mod status;

pub use status::{
    Condition, ConditionStatus, ConditionType, PackageCounts, PlanStatus, PlannedAction,
    Reconciliation, ResourceStatus, Synchronized, WaitingAction,
};
