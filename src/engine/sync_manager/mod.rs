//! The sync manager of a site: in which order update metadata moves (SYNC-1..6, SYNC-8).

mod machine;
#[cfg(test)]
mod tests;

pub use machine::{SyncCommand, SyncEvent, SyncManager};
