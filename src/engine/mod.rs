//! The machines of the field: events in, commands out. Pure: no I/O, no clock, nothing
//! asynchronous; the same machines run in the real world, in the simulator and in fault tests.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod action_retry;
mod call_retry;
mod content_validation;
mod distribution_job;
pub mod distribution_pacing;
mod fetch_pace;
mod file_retry;
pub mod notifications;
pub mod patch_choice;
mod pull_queue;
pub mod source_pace;
pub mod source_selection;
mod sync_manager;
mod transfer_manager;
#[cfg(test)]
mod virtual_time;

pub use action_retry::{ActionRetries, Failures, next_try};
pub use call_retry::CallRetry;
pub use content_validation::time_of_bytes;
pub use distribution_job::{DistributionCommand, DistributionEvent, DistributionJob};
pub use fetch_pace::{FetchPace, about};
pub use file_retry::FileTrouble;
pub use pull_queue::{PullQueue, QueuedPull, Ticket};
pub use sync_manager::{SyncCommand, SyncEvent, SyncManager};
pub use transfer_manager::{CAPACITY, TransferCommand, TransferEvent, TransferJob, has_room};
