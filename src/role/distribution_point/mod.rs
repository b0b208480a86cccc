//! The distribution point: serves its content library over HTTP, takes packages that a site server
//! sends (PDP-1), and pulls packages from other distribution points (PDP-2, PDP-7, PDP-12).
//!
//! ```text
//!  pull ─▶ jobs ─▶ transfer ── which source? engine::source_selection
//!                     │
//!                     ▼
//!                  fetching ── list of files, then what the library lacks
//!                     │          (in_pieces: large files, from several sources at once;
//!                     │           patched: of a patch and the version before)
//!                     │
//!                     ▼
//!  receiving ─────▶ content::Library ─────▶ serving
//!  (a site server sends)     ▲              (clients and other points read)
//!                            │
//!  schedule ──────▶ role::validating ── hashes all of it again
//!
//!  a client ─▶ serving ── not here ─▶ asking ── on_demand? ─▶ jobs, or the site server
//! ```

mod admitting;
mod asking;
mod bundling;
mod coming;
mod content_port;
mod counting;
mod error;
mod fetching;
mod following;
mod in_pieces;
mod job;
mod jobs;
mod log_line;
mod logs;
mod manner;
mod means;
mod offering;
mod on_demand;
mod packages;
mod patched;
mod point;
mod rate;
mod receiving;
mod receiving_patches;
mod receiving_pieces;
mod records;
mod removal;
mod runs;
mod saved;
mod serving;
mod source;
mod telling;
#[cfg(test)]
mod tests;
mod transfer;
mod usage;
mod validation;
mod writing;

pub use error::DistributionPointError;
pub use point::DistributionPoint;
