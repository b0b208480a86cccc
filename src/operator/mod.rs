//! The hierarchy as objects of a Kubernetes cluster: manifests are custom resources, and what there is
//! to say about them stands in their status.
//!
//! ```text
//!  watches ─▶ Objects ─▶ Wanted ─▶ Controller ─▶ site systems
//!                ▲                     │ looks, events
//!                │                     ▼
//!             Teller ◀── statuses ◀── Known
//! ```
//!
//! Only this module knows Kubernetes.

mod admission;
mod asking;
pub mod children;
mod connecting;
mod converging;
mod custom_resources;
mod events;
mod granting;
mod growing;
mod inheriting;
mod kinds;
mod leasing;
mod needs;
mod objects;
mod overview;
mod owned;
mod packing;
mod picture;
mod placing;
mod pruning;
mod readiness;
mod reconciler;
mod remembering;
mod running;
mod settings;
mod sharing;
mod standing;
#[cfg(test)]
mod standing_tests;
mod state;
mod status;
mod telling;
mod tokens;
mod wanted;
mod watched;
mod watching;
mod writing;

pub use admission::{AdmissionError, AdmissionSettings};
pub use asking::{AskError, Asked, namespaces};
pub use children::IssuerReference;
pub use connecting::{Cluster, ClusterChoice, ConnectError, contexts};
pub use custom_resources::{NotStructural, Subject, custom_resource_definition};
pub use inheriting::{HIERARCHY, InheritError};
pub use kinds::PLAN_NAME;
pub use objects::{APPROVE, FINALIZER, Object, ObjectKey, Objects, PlanObject, Snapshot};
pub use overview::overview;
pub use readiness::{OperatorOf, readiness};
pub use reconciler::ReconcilerError;
pub use remembering::TOLD;
pub use running::{LeaseSettings, OperatorError, operate};
pub use settings::{HostingSettings, OperatorSettings};
pub use sharing::{OBSERVED, SharedError, shared};
pub use status::{
    Condition, ConditionStatus, ConditionType, PackageCounts, PlanStatus, PlannedAction,
    Reconciliation, ResourceStatus, Synchronized, WaitingAction,
};
pub use watching::Scope;
