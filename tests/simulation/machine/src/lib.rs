//! What lies beneath the language, for the fault tests: chance, clock and disk of simulated
//! computers.
//!
//! The crate defines functions of the C library (`write`, `fsync`, `clock_gettime`, `getrandom` and
//! more). What is linked into the test's executable, Rust's standard library and the bundled SQLite
//! among them, then calls these; each goes on to the system call unless something is simulated.
//! Nothing is on its own: a thread has real chance and the real clock until [`chance::seed`] and
//! [`clock::set`], and a file is left alone unless it lies below the root of a [`Disk`].
//!
//! Not seen: system calls that a program makes itself (the crate `rustix` does), files written
//! through memory maps (SQLite's `-shm`, which no crash image has), and other processes.
#![cfg(target_os = "linux")]

pub mod chance;
pub mod clock;
mod disk;
mod system;

pub use disk::{Counts, Disk, Failing, Loss};
