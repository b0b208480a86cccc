//! A software update point: a catalog of update metadata, served to the points below it and
//! synchronized from the one above it over WSUS's server-server protocol (SUP-1, SYNC-4).

mod asking;
mod carrying;
mod checking;
mod content;
mod error;
mod exchange;
mod import_file;
mod local_file;
mod persisted;
mod point;
mod ports;
mod publishing;
mod service;
mod state;
mod synchronization;
mod telling;
mod titles;
mod waiting;

#[cfg(test)]
mod ahead_tests;
#[cfg(test)]
pub(in crate::role) mod fixture;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod publishing_tests;
#[cfg(test)]
mod secured_tests;
#[cfg(test)]
mod tests;

pub(in crate::role) use content::{Trouble, download};
pub use error::UpdatePointError;
pub use exchange::{ExportFailed, ImportError};
pub(in crate::role) use exchange::{Shelf, Way};
pub use local_file::LocalFileError;
pub use point::UpdatePoint;
pub use publishing::PublishError;
pub(in crate::role) use service::answer_content;
pub use synchronization::{SynchronizationError, UpstreamError};
pub use titles::TitleError;
