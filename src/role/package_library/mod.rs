//! The content library of a site server: takes the source of each package in, and sends packages
//! to standard distribution points (PDP-1, Distribution Manager). It is validated every week, and when
//! somebody asks for it (PDP-15).

mod catalog;
mod error;
mod library;
mod made;
mod pacing;
mod patches;
mod send;
#[cfg(test)]
mod tests;

pub use error::PackageLibraryError;
pub use library::PackageLibrary;
pub use made::Making;
pub use send::Sending;
