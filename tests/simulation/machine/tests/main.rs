//! That the simulated machine is what the fault tests take it for: calls arrive, power cuts lose
//! what was not synced and nothing else, and what is not simulated stays as it is.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![cfg(target_os = "linux")]

mod chance;
mod clock;
mod disk;
mod sqlite;
