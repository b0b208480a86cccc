//! Cabinets (MS-CAB), read only: the container of exports and of compressed documents. The
//! structure is verified here before anything is decompressed.

mod error;
mod layout;
mod read;

#[cfg(test)]
mod tests;

pub use error::CabinetError;
pub use read::{CabinetLimits, Place, read, unpack_into};
