//! Hierarchy and observed state to a plan: ordered actions, each with its reason (REC-3, REC-4).
//!
//! The plan never waits, reads or guesses, and the same inputs give the same plan, byte for byte.
//! Unknown is not absent: what could not be asked is neither made nor removed.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod action;
mod approval;
mod client_policy;
mod content;
mod diff;
mod distribution_points;
mod drift;
mod import_file;
mod libraries;
mod local_updates;
mod made_content;
mod on_demand;
mod order;
mod places;
mod planner;
mod ports;
mod read;
mod refusal;
mod removal;
mod saved;
mod schema;
mod secrets;
mod site_systems;
mod synchronization;
mod unsupported;
mod update_points;
mod windows;
pub use crate::model::ActionKind;
pub use action::{
    Action, ActionId, FORMAT_VERSION, FieldChange, Found, Plan, PlanDiagnostic, Summary, Waiting,
};
pub use approval::{Approvals, PlanToApprove, Work, action_content};
pub use import_file::seen_from_elsewhere;
pub use planner::{Inputs, plan};
pub use read::{MOST_BYTES, ReadPlanError, read_plan};
pub use refusal::{NothingDeclared, refuse_nothing};
pub use saved::{
    Basis, DocumentError, Moved, MovedPlace, PlannedDocument, SavedPlan, SavedPlanError, declared,
    moved_documents, moved_facts, planned_documents,
};
pub use schema::plan_schema;
pub use unsupported::unsupported;
