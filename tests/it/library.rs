//! What lies in content libraries, read by another way than the program's own.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::world::{digest, walk};

/// Where a library has a file of its own with this content.
pub(crate) fn place(library: &Path, content: &[u8]) -> PathBuf {
    let hex = digest(content);
    library.join("files").join(&hex[..2]).join(hex)
}

/// A file that a library holds, needed or not.
pub(crate) struct Held {
    /// What it is called: the digits of its digest, if all is well.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Where it is, and since when: a file that nobody touches stays so.
    pub(crate) place: (u64, i64, i64),
}

impl Held {
    pub(crate) fn is_right(&self) -> bool {
        digest(&self.bytes) == self.name
    }
}

/// Everything in `files/` and in packs.
pub(crate) fn held(library: &Path) -> Vec<Held> {
    let mut found = Vec::new();
    walk(&library.join("files"), &mut |path| {
        let facts = fs::metadata(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let place = (facts.ino(), facts.mtime(), facts.mtime_nsec());
        found.push(Held { name, bytes: fs::read(path).unwrap(), place });
    });
    walk(&library.join("packs"), &mut |path| {
        if path.extension().is_some_and(|end| end == "pack") {
            found.extend(packed(path));
        }
    });
    found
}

/// The files of a pack, as far as it has whole ones.
fn packed(path: &Path) -> Vec<Held> {
    let (inode, pack) = (fs::metadata(path).unwrap().ino(), fs::read(path).unwrap());
    let (mut at, mut found) = (16, Vec::new());
    while let Some(head) = pack.get(at..at + 48) {
        let length = u32::from_be_bytes(head[4..8].try_into().unwrap()) as usize;
        let Some(bytes) = pack.get(at + 48..at + 48 + length) else { break };
        if head[3] == b'L' {
            let name = hex::encode(&head[8..40]);
            let place = (inode, i64::try_from(at).unwrap(), 0);
            found.push(Held { name, bytes: bytes.to_vec(), place });
        }
        at += 48 + length;
    }
    found
}

/// Whether a library holds a file.
pub(crate) fn holds(library: &Path, content: &[u8]) -> bool {
    let name = digest(content);
    held(library).iter().any(|file| file.name == name && file.bytes == content)
}
