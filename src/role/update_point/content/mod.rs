//! Fetching the files of updates (protocol §1.7, step 7): which are wanted, from where, and what came
//! of it. It goes on by itself beside everything else that the point does.
//!
//! ```text
//!  settings, catalog ─▶ choosing ─▶ catalog: what is wanted ─▶ fetching ─▶ download ─▶ content::UpdateFiles
//!  DownloadFiles ─────────────────▶    (kept over restarts)       │
//!                                                                 ▼
//!                                          origin: the upstream server, or the publisher
//! ```

mod choosing;
mod download;
mod fetching;
mod origin;
#[cfg(test)]
mod tests;

pub(super) use choosing::choose;
pub(in crate::role) use download::{Trouble, download};
pub(super) use fetching::{Fetching, go_on};
