//! What a whole file is now.

use std::{
    fs::File,
    io::{self, Seek},
};

use crate::model::{FileFacts, Hashing};

/// Reads an open file from its beginning to its end.
///
/// # Errors
///
/// What the system said.
pub fn hash_file(file: &mut File) -> io::Result<FileFacts> {
    file.rewind()?;
    let mut hashing = Hashing::default();
    let size = io::copy(file, &mut hashing)?;
    Ok(FileFacts { digest: hashing.digest(), size })
}
