//! Files of updates as an update point has them: `<XX>/<SHA-1>.<ext>`, in the layout in which they are
//! served (protocol §1.10). A file is there whole, with both digests verified, or not at all; what is
//! still coming lies in `incoming/`.

mod error;
mod incoming;
mod store;
#[cfg(test)]
mod tests;

pub use error::UpdateFileError;
pub use incoming::IncomingUpdateFile;
pub use store::{HeldFile, OpenedFile, UpdateFiles};
