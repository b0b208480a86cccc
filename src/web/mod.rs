//! What a controller tells programs: whether it lives, whether it is ready, and what it measures; what it
//! logs, which can be changed from the same computer; and the hook by which a git server says that there is
//! something new. On a small port of its own.
//!
//! ```text
//!  passes, looks, events, commits ─▶ Vitals ─▶ /livez /readyz /metrics
//!  git server ─▶ POST /hooks/git ─▶ genuine? ─▶ the followed reference? ─▶ fetched at once
//! ```
//!
//! Nothing is asked of anybody to measure something, and almost nothing is computed before somebody asks.

mod counted;
mod figures;
mod found;
mod health;
mod hooks;
mod log_level;
mod process;
mod received;
mod server;
#[cfg(test)]
mod tests;
mod vitals;
mod written;

pub use health::{SILENT, STILL, TICK};
pub use hooks::{HookSecretError, HookSecrets, Hooks};
pub use server::serve;
pub use vitals::{Heard, PassEnd, Vitals};
