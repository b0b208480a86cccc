//! Delivers what notifications tell: webhooks, channels of Slack, mail, the status of commits. Who is
//! told what is decided by [`engine::notifications`](crate::engine::notifications); here it is sent,
//! by each receiver at its own pace, and what was told is written down before it is sent.

mod commit_status;
mod delivery;
mod error;
mod keeper;
mod mail;
mod memory_file;
mod notifier;
mod secrets;
mod web;

pub use error::{DeliveryError, NotifyError};
pub use keeper::MemoryKeeper;
pub use memory_file::MemoryFile;
pub use notifier::{Notifier, Places};
