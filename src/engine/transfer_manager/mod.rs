//! Package Transfer Manager: one job for each package and pull distribution point (PDP-5, PDP-6).

mod capacity;
mod job;
#[cfg(test)]
mod tests;

pub use capacity::{CAPACITY, has_room};
pub use job::{TransferCommand, TransferEvent, TransferJob};
