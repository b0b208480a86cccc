//! What a file of a local publisher's update is: its digests, size and time (SYNC-10).

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use crate::{
    model::{Digest, LocalUpdateFile},
    wire::{update_content::HashingContent, update_document::PublishedFile},
};

/// Why a file cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum LocalFileError {
    /// It is not there, or cannot be read.
    #[error("failed to read {}: it has to be on the computer of the update point", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is a directory, or something that no file is.
    #[error("{} is no file", .0.display())]
    NotAFile(PathBuf),
    /// It is another one than was declared.
    #[error("{} has {found}, and {declared} is declared", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// The digest that it has.
        found: Digest,
        /// The digest that it has to have.
        declared: Digest,
    },
}

/// Reads a file to its end, and says what it is.
pub(super) fn described(declared: &LocalUpdateFile) -> Result<PublishedFile, LocalFileError> {
    let path = Path::new(&declared.path);
    let unreadable = |source| LocalFileError::Read { path: path.to_owned(), source };
    // Asked before it is opened: reading something that is no plain file might never end.
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(LocalFileError::NotAFile(path.to_owned()));
    }
    let modified = metadata.modified().ok().and_then(|it| Timestamp::try_from(it).ok());
    let mut file = File::open(path).map_err(unreadable)?;
    let mut hashing = HashingContent::default();
    let size = io::copy(&mut file, &mut hashing).map_err(unreadable)?;
    let (sha1, sha256) = hashing.digests();
    match declared.sha256 {
        Some(wanted) if wanted.0 != sha256 => {
            Err(LocalFileError::Other { path: path.to_owned(), found: sha256, declared: wanted.0 })
        }
        _ => Ok(PublishedFile {
            name: declared.name().to_owned(),
            size,
            sha1: hex::encode(sha1.as_bytes()),
            sha256: sha256.to_hex(),
            modified: modified.unwrap_or(Timestamp::UNIX_EPOCH),
        }),
    }
}
