//! Which source a pull distribution point asks next (PDP-7): the lowest number first, at random
//! among equals, another one when the chosen one lacks the content, the next number when all of
//! these do, and half an hour of waiting when nobody has it. One machine serves one transfer.
//!
//! With `pull.selection: Adaptive` it is not chance that decides among equals but what the
//! distribution point remembers of them, over all its transfers.

mod health;
#[cfg(test)]
mod health_tests;
mod random;
mod selection;
#[cfg(test)]
mod tests;

pub use health::SourceHealth;
pub use selection::{Choice, SourceSelection, WAIT};
