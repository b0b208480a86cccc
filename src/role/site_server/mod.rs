//! The site server's part in synchronization: the site database, filled from the active update
//! point or from the site above, status messages, and the clients' policy (SYNC-4, SYNC-5, SYNC-9).

mod error;
mod server;
mod source;

#[cfg(test)]
mod tests;

pub use error::{SiteServerError, SourceError};
pub use server::SiteServer;
