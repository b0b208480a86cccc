//! What goes when a site system stops being a distribution point.

use std::{fs, io, path::Path};

use super::{usage::Usage, validation};
use crate::{content::LibraryError, store};

/// Removes the content and the transfers of a point that is none any more. Blocks.
pub(super) fn remove_content(directory: &Path) -> Result<(), LibraryError> {
    remove_file(&validation::path(directory))?;
    remove_file(&Usage::path(directory))?;
    for name in ["jobs", "library", "logs", "on-demand"] {
        let path = directory.join(name);
        store::remove_directory(&path).map_err(LibraryError::io("remove", &path))?;
    }
    Ok(())
}

/// Removes a file, if it is there. Blocks.
pub(super) fn remove_file(path: &Path) -> Result<(), LibraryError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(LibraryError::io("remove", path)(source))
        }
        _ => Ok(()),
    }
}
