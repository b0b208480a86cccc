//! The files of a package's source directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::LibraryError;
use crate::wire::content_path::ContentPath;

/// A file to be taken.
#[derive(Debug)]
pub struct SourceFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its name in the package.
    pub name: ContentPath,
    /// Its size in bytes.
    pub size: u64,
}

/// All files below a directory, sorted by name.
pub(super) fn source_files(root: &Path) -> Result<Vec<SourceFile>, LibraryError> {
    let root = fs::canonicalize(root).map_err(LibraryError::io("open", root))?;
    if !root.is_dir() {
        return Err(refuse(&root, "the source of a package is a directory"));
    }
    let mut files = Vec::new();
    let mut directories = vec![(root.clone(), None::<String>)];
    while let Some((directory, prefix)) = directories.pop() {
        let read = LibraryError::io("read", &directory);
        for entry in fs::read_dir(&directory).map_err(read)? {
            let entry = entry.map_err(LibraryError::io("read", &directory))?;
            let path = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(refuse(&path, "its name is not UTF-8: rename it"));
            };
            let name = match &prefix {
                Some(prefix) => format!("{prefix}/{name}"),
                None => name.to_owned(),
            };
            let kind = entry.file_type().map_err(LibraryError::io("read", &path))?;
            if kind.is_dir() {
                directories.push((path, Some(name)));
                continue;
            }
            let size = if kind.is_symlink() { linked(&root, &path)? } else { plain(&path)? };
            let name =
                name.parse().map_err(|error: crate::wire::content_path::InvalidContentPath| {
                    LibraryError::Source { path: path.clone(), why: error.rule.to_owned() }
                })?;
            files.push(SourceFile { path, name, size });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// The size of a file that is one.
fn plain(path: &Path) -> Result<u64, LibraryError> {
    let found = fs::symlink_metadata(path).map_err(LibraryError::io("read", path))?;
    if found.is_file() {
        Ok(found.len())
    } else {
        Err(refuse(path, "it is a device, a pipe or a socket, not a file: remove it"))
    }
}

/// The size of the file that a link leads to, inside the source.
fn linked(root: &Path, path: &Path) -> Result<u64, LibraryError> {
    let Ok(target) = fs::canonicalize(path) else {
        return Err(refuse(path, "it is a link that leads nowhere: remove it"));
    };
    if !target.starts_with(root) {
        return Err(refuse(path, "it is a link out of the source: put the file itself there"));
    }
    if target.is_dir() {
        return Err(refuse(path, "it is a link to a directory: put the directory itself there"));
    }
    plain(&target)
}

fn refuse(path: &Path, why: &str) -> LibraryError {
    LibraryError::Source { path: path.to_owned(), why: why.to_owned() }
}
