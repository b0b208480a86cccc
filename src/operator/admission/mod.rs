//! Refuses objects that could never be part of a valid hierarchy, before they are stored: the rules of
//! `headwater validate`, across objects, with the same messages.
//!
//! Objects are applied one by one and in any order, so what another object may still bring is no reason
//! to refuse one. Deletions are never refused.

mod judging;
mod review;
mod serving;
mod trusting;

pub(super) use serving::admit;
pub use serving::{AdmissionError, AdmissionSettings};
