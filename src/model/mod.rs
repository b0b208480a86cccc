//! The nouns: names that are valid once made, the seven kinds, the resolved hierarchy and what
//! site systems report of themselves. Pure: no I/O, no clock, nothing asynchronous.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod digest;
mod update;

pub use digest::{Digest, DigestError};
pub use update::{CatalogVersion, UpdateIdentity};
