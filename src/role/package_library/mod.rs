//! The content library of a site server: takes the source of each package in, and sends packages
//! to standard distribution points (PDP-1, Distribution Manager). It is validated every week, and when
//! somebody asks for it (PDP-15).

mod library;
mod pacing;
mod patches;
mod send;
#[cfg(test)]
mod tests;

pub use library::{PackageLibrary, PackageLibraryError};
pub use send::Sending;
