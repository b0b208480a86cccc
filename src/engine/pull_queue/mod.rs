//! Which pull distribution points are notified now, and which ones wait for their turn: a source
//! serves so many of them at a time and no more, so that a release to thousands does not end in
//! timeouts at the source.

mod queue;
#[cfg(test)]
mod tests;

pub use queue::{PullQueue, QueuedPull, Ticket};
