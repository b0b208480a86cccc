//! The distribution point: serves its content library over HTTP, takes packages that a site server
//! sends (PDP-1), and pulls packages from other distribution points (PDP-2, PDP-7, PDP-12).
//!
//! ```text
//!  pull ─▶ jobs ─▶ transfer ── which source? engine::source_selection
//!                     │
//!                     ▼
//!                  fetching ── list of files, then what the library lacks
//!                     │
//!                     ▼
//!  receiving ─────▶ content::Library ─────▶ serving
//!  (a site server sends)     ▲              (clients and other points read)
//!                            │
//!  schedule ──────────▶ validating ── hashes all of it again
//! ```

mod answering;
mod error;
mod fetching;
mod following;
mod job;
mod jobs;
mod means;
mod point;
mod receiving;
mod saved;
mod serving;
#[cfg(test)]
mod tests;
mod transfer;
mod validating;
mod validators;

pub use error::DistributionPointError;
pub use point::DistributionPoint;
