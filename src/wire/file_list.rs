//! The list of files of a package: what a distribution point asks for before it asks for content.
//! Its digest stands for the whole package: equal digests, equal content.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{content_path::ContentPath, pieces::Pieces};
use crate::model::{Digest, PackageId};

/// The files of one version of a package, sorted by path. The bytes of a list are canonical: the
/// same package gives the same bytes, and so the same digest, on every computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileList {
    fields: Fields,
    digest: Digest,
    bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    package: PackageId,
    version: u32,
    files: Vec<FileEntry>,
}

/// One file of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileEntry {
    /// Where it belongs inside the package.
    pub path: ContentPath,
    /// Its size in bytes.
    pub size: u64,
    /// The digest of its bytes: its address in every content library (PDP-15).
    pub digest: Digest,
    /// The hashes of its pieces, if it is large enough to have several. Lists of earlier versions
    /// have none: such a file comes in one go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pieces: Option<Pieces>,
}

/// Why a list of files is not one.
#[derive(Debug, thiserror::Error)]
pub enum FileListError {
    /// More bytes than a list may have.
    #[error("the list of files has {0} bytes: at most {max} are taken", max = FileList::MAX_BYTES)]
    TooLong(usize),
    /// More files than a package may have.
    #[error("the package has {0} files: at most {max} are taken", max = FileList::MAX_FILES)]
    TooManyFiles(usize),
    /// Not JSON of this shape.
    #[error("failed to read the list of files")]
    Json(#[from] serde_json::Error),
    /// Two files of one path.
    #[error("`{0}` is listed twice")]
    Twice(ContentPath),
    /// A file that is a directory as well.
    #[error("`{0}` is listed as a file, and files below it too")]
    FileAndDirectory(ContentPath),
    /// One digest with two sizes: one of them is wrong.
    #[error("`{0}` has another size than a file with the same digest")]
    SizesDiffer(ContentPath),
    /// Not as many pieces as a file of that size has, or others than a file with the same digest.
    #[error("`{0}` has other pieces than a file of its size and digest")]
    WrongPieces(ContentPath),
    /// The sizes do not fit into 63 bits, the most a file system counts.
    #[error("the sizes of the files add up to more than a disk can have")]
    TooLarge,
    /// The bytes are not the canonical ones of this list.
    #[error("the list of files is not in its canonical form")]
    NotCanonical,
}

impl FileList {
    /// The most files of a package: a hundred times what large ones have.
    pub const MAX_FILES: usize = 1_000_000;
    /// The most bytes of an encoded list: a million files with paths of middling length.
    pub const MAX_BYTES: usize = 256 << 20;

    /// The list of these files, in any order.
    ///
    /// # Errors
    ///
    /// The files cannot be one package.
    pub fn new(
        package: PackageId,
        version: u32,
        mut files: Vec<FileEntry>,
    ) -> Result<Self, FileListError> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let fields = Fields { package, version, files };
        let bytes = fields.check()?;
        let encoded = serde_json::to_vec(&fields)?;
        if encoded.len() > Self::MAX_BYTES {
            return Err(FileListError::TooLong(encoded.len()));
        }
        Ok(Self { fields, digest: Digest::of(&encoded), bytes })
    }

    /// Reads a list from its canonical bytes.
    ///
    /// # Errors
    ///
    /// The bytes are not a list, or not the canonical bytes of one.
    pub fn decode(bytes: &[u8]) -> Result<Self, FileListError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(FileListError::TooLong(bytes.len()));
        }
        let fields: Fields = serde_json::from_slice(bytes)?;
        let total = fields.check()?;
        if serde_json::to_vec(&fields)? != bytes {
            return Err(FileListError::NotCanonical);
        }
        Ok(Self { fields, digest: Digest::of(bytes), bytes: total })
    }

    /// The canonical bytes.
    ///
    /// # Errors
    ///
    /// Never for a list that was made or read: the same bytes have been written before.
    pub fn encode(&self) -> Result<Vec<u8>, FileListError> {
        Ok(serde_json::to_vec(&self.fields)?)
    }

    /// The package.
    pub fn package(&self) -> &PackageId {
        &self.fields.package
    }

    /// Its source version.
    pub fn version(&self) -> u32 {
        self.fields.version
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[FileEntry] {
        &self.fields.files
    }

    /// The total size of the files in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The digest of the canonical bytes: equal digests, equal content.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The file of that path.
    pub fn file(&self, path: &ContentPath) -> Option<&FileEntry> {
        let files = &self.fields.files;
        files.binary_search_by(|file| file.path.cmp(path)).ok().and_then(|at| files.get(at))
    }

    /// Each content once, with its size, whatever number of paths it has.
    pub fn contents(&self) -> BTreeMap<Digest, u64> {
        self.fields.files.iter().map(|file| (file.digest, file.size)).collect()
    }

    /// The pieces of its large files.
    pub fn pieces(&self) -> BTreeMap<Digest, Pieces> {
        let files = self.fields.files.iter();
        files.filter_map(|file| Some((file.digest, file.pieces.clone()?))).collect()
    }
}

impl Fields {
    /// Checks everything but the canonical form; answers the total size.
    fn check(&self) -> Result<u64, FileListError> {
        if self.files.len() > FileList::MAX_FILES {
            return Err(FileListError::TooManyFiles(self.files.len()));
        }
        let mut bytes: u64 = 0;
        let mut sizes = BTreeMap::new();
        for file in &self.files {
            bytes = bytes
                .checked_add(file.size)
                .filter(|bytes| i64::try_from(*bytes).is_ok())
                .ok_or(FileListError::TooLarge)?;
            let pieces = file.pieces.as_ref();
            let (size, same) = *sizes.entry(file.digest).or_insert((file.size, pieces));
            if size != file.size {
                return Err(FileListError::SizesDiffer(file.path.clone()));
            }
            let count = Pieces::count(file.size);
            if same != pieces || pieces.is_some_and(|it| count == 0 || it.len() != count) {
                return Err(FileListError::WrongPieces(file.path.clone()));
            }
            let mut above = file.path.as_str();
            while let Some((directory, _)) = above.rsplit_once('/') {
                above = directory;
                let found = self.files.binary_search_by(|other| other.path.as_str().cmp(directory));
                if let Some(other) = found.ok().and_then(|at| self.files.get(at)) {
                    return Err(FileListError::FileAndDirectory(other.path.clone()));
                }
            }
        }
        for (file, next) in self.files.iter().zip(self.files.iter().skip(1)) {
            match file.path.cmp(&next.path) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Err(FileListError::Twice(next.path.clone())),
                std::cmp::Ordering::Greater => return Err(FileListError::NotCanonical),
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(path: &str, content: &[u8]) -> FileEntry {
        let (size, pieces) = (content.len() as u64, Pieces::of(content));
        FileEntry { path: path.parse().unwrap(), size, digest: Digest::of(content), pieces }
    }

    fn list(files: Vec<FileEntry>) -> Result<FileList, FileListError> {
        FileList::new("CEN00001".parse().unwrap(), 1, files)
    }

    #[test]
    fn same_files_in_any_order_have_the_same_digest() {
        let (a, b, c) = (entry("b/x", b"1"), entry("a", b"2"), entry("b-", b"1"));
        let one = list(vec![a.clone(), b.clone(), c.clone()]).unwrap();
        let other = list(vec![c, a, b]).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.digest(), Digest::of(&one.encode().unwrap()));
        assert_eq!(one.bytes(), 3);
        assert_eq!(one.contents().len(), 2, "each content once");
        assert_eq!(FileList::decode(&one.encode().unwrap()).unwrap(), one);
        assert!(one.file(&"b/x".parse().unwrap()).is_some());
        assert!(one.file(&"b/y".parse().unwrap()).is_none());
    }

    #[test]
    fn files_that_cannot_be_one_package_are_refused() {
        let twice = list(vec![entry("a", b"1"), entry("a", b"2")]);
        assert!(matches!(twice, Err(FileListError::Twice(_))));
        let both = list(vec![entry("a", b"1"), entry("a!", b"1"), entry("a/b/c", b"2")]);
        assert!(matches!(both, Err(FileListError::FileAndDirectory(_))));
        let lie = FileEntry { size: 9, ..entry("b", b"1") };
        assert!(matches!(list(vec![entry("a", b"1"), lie]), Err(FileListError::SizesDiffer(_))));
        let huge = FileEntry { size: u64::MAX, ..entry("b", b"2") };
        assert!(matches!(list(vec![entry("a", b"1"), huge]), Err(FileListError::TooLarge)));
    }

    #[test]
    fn pieces_fit_the_size_and_are_the_same_for_the_same_content() {
        let large = vec![7; (4 << 20) + 1];
        let (a, b) = (entry("a", &large), entry("b", &large));
        let both = list(vec![a.clone(), b.clone()]).unwrap();
        assert_eq!(FileList::decode(&both.encode().unwrap()).unwrap(), both);
        assert_eq!(both.pieces().len(), 1);
        let wrong = |files| matches!(list(files), Err(FileListError::WrongPieces(_)));
        assert!(wrong(vec![a.clone(), FileEntry { pieces: None, ..b.clone() }]));
        assert!(wrong(vec![FileEntry { size: a.size + (8 << 20), ..a.clone() }]));
        assert!(wrong(vec![FileEntry { pieces: a.pieces.clone(), ..entry("c", b"1") }]));
        // As earlier versions wrote it.
        assert!(list(vec![FileEntry { pieces: None, ..a }]).is_ok());
    }

    #[test]
    fn only_canonical_bytes_are_read() {
        let bytes = list(vec![entry("a", b"1"), entry("b", b"2")]).unwrap().encode().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let spaced = text.replacen(',', ", ", 1);
        assert!(matches!(FileList::decode(spaced.as_bytes()), Err(FileListError::NotCanonical)));
        let swapped = text.replace("\"a\"", "\"c\"");
        assert!(matches!(FileList::decode(swapped.as_bytes()), Err(FileListError::NotCanonical)));
        let climbing = text.replace("\"a\"", "\"../a\"");
        assert!(matches!(FileList::decode(climbing.as_bytes()), Err(FileListError::Json(_))));
        let more = text.replacen('{', "{\"more\":1,", 1);
        assert!(matches!(FileList::decode(more.as_bytes()), Err(FileListError::Json(_))));
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            prop_assert!(FileList::decode(&bytes).is_err());
        }

        #[test]
        fn lists_read_back(paths in proptest::collection::btree_map("[a-d]{1,3}", any::<u16>(), 0..50)) {
            let files = paths.iter().map(|(path, content)| entry(path, &content.to_le_bytes()));
            // Names such as `con` are not among these letters, so every one of them is valid.
            let list = list(files.collect()).unwrap();
            prop_assert_eq!(FileList::decode(&list.encode().unwrap()).unwrap(), list);
        }
    }
}
