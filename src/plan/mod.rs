//! Hierarchy and observed state to a plan: ordered actions, each with its reason (REC-3, REC-4).
//!
//! The plan never waits, reads or guesses, and the same inputs give the same plan, byte for byte.
//! Unknown is not absent: what could not be asked is neither made nor removed.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod action;
mod content;
mod diff;
mod distribution_points;
mod libraries;
mod observed_digest;
mod order;
mod planner;
mod removal;
mod site_systems;
mod synchronization;
mod update_points;
pub use action::{
    Action, ActionId, ActionKind, FORMAT_VERSION, FieldChange, Plan, PlanDiagnostic, Summary,
    Waiting,
};
pub use planner::{Inputs, plan};
