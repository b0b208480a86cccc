//! Content validation (PDP-15): files of the library are hashed again, and what is damaged is put aside,
//! so that it is never served again and counts as missing. Whole files are hashed by SHA-256, which is
//! their address, and not by the hashes of their pieces: those are what a list of files says of them.

mod at_once;
mod by_schedule;
mod hashing;
#[cfg(test)]
mod tests;

pub use by_schedule::ValidationProgress;
