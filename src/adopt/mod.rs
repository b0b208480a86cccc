//! Manifests for what is there: observed state to the documents that describe it, so that a plan
//! right after has nothing to do. And the way back from what was done. Pure.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod adopting;
mod beside;
mod groups;
mod local_updates;
mod packages;
mod ports;
mod roles;
mod sites;
mod undo;

pub use adopting::{Adopted, AdoptionNote, Beside, adopt};
pub use undo::{Done, undo};
