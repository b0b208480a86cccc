//! Saved plans: a plan with everything that it was made of, so that it can be carried out exactly,
//! or refused with what has moved since (REC-3).

mod document;
mod moved;
mod saved_plan;

pub use document::{DocumentError, PlannedDocument, declared, planned_documents};
pub use moved::{Moved, MovedPlace, moved_documents, moved_facts};
pub use saved_plan::{Basis, SavedPlan, SavedPlanError};
