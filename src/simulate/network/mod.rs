//! What flows where, and how fast: flows share what they go through fairly, and one that takes what
//! another one is still taking goes no faster than that one (cut-through). Everything is piecewise
//! linear, so that there is an event only where a rate changes.

mod filling;
mod flow;
mod history;
mod settling;
mod sharing;
#[cfg(test)]
mod tests;

pub(super) use flow::{Limit, NOBODY, Opening};
pub(super) use history::History;
pub(super) use sharing::{Due, Network};
