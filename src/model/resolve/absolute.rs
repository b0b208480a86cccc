//! Paths of manifests, from the root.

use std::path::{Component, Path, PathBuf};

/// A path of a manifest as people would say it: from the root, and without `..` in the middle.
/// Taken apart as text, because looking at the disk is not for here: a `..` behind a symbolic link
/// leads to where it reads, not to where the link leads.
pub(crate) fn absolute(directory: &Path, path: &str) -> String {
    let mut whole = PathBuf::new();
    for part in directory.join(path).components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            part => whole.push(part),
        }
    }
    whole.display().to_string()
}
