//! Writing packages of a library into one file.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::Arc,
};

use super::{
    super::{Library, intake::Hash},
    PrestagedError,
    format::{DIGEST, HEAD, Kind, RECORD, Writing},
};
use crate::{
    model::{Digest, PackageId},
    wire::file_list::FileList,
};

/// How much of a file is in memory at a time.
const BLOCK: u64 = 1 << 20;

/// Packages that are about to be written.
#[derive(Debug)]
pub struct Export {
    library: Library,
    lists: Vec<(Arc<FileList>, Vec<u8>)>,
    contents: BTreeMap<Digest, u64>,
}

impl Library {
    /// Gets packages ready to be written into a file. Blocks.
    ///
    /// # Errors
    ///
    /// One of them is not whole, or they are too many for one file.
    pub fn export(&self, packages: &BTreeSet<PackageId>) -> Result<Export, PrestagedError> {
        let mut lists = Vec::with_capacity(packages.len());
        let mut contents = BTreeMap::new();
        let mut bytes = 0_usize;
        for package in packages {
            let whole = self.whole(package);
            let list = whole.ok_or_else(|| PrestagedError::NotWhole(package.clone()))?;
            let encoded = list.encode()?;
            bytes = bytes.saturating_add(encoded.len());
            if bytes > FileList::MAX_BYTES {
                return Err(PrestagedError::TooMuch);
            }
            contents.extend(list.contents());
            lists.push((list, encoded));
        }
        Ok(Export { library: self.clone(), lists, contents })
    }
}

impl Export {
    /// The bytes that the file will have.
    pub fn size(&self) -> u64 {
        let lists = self.lists.iter().map(|(_, encoded)| RECORD + encoded.len() as u64);
        let files = self.contents.values().map(|size| (RECORD + DIGEST).saturating_add(*size));
        let records = lists.chain(files).fold(0, u64::saturating_add);
        records.saturating_add(HEAD + RECORD + DIGEST)
    }

    /// Writes the file. Every file of a package is hashed once more on its way out. Blocks.
    ///
    /// # Errors
    ///
    /// The library has not what it should, or the writer refuses; what was written then is no file
    /// of prestaged content.
    pub fn write(self, to: impl Write) -> Result<(), PrestagedError> {
        let mut writing = Writing::begin(to)?;
        for (_, encoded) in &self.lists {
            writing.record(Kind::Package, encoded.len() as u64)?;
            writing.bytes(encoded)?;
        }
        for (digest, size) in &self.contents {
            writing.record(Kind::File, DIGEST.saturating_add(*size))?;
            writing.bytes(digest.as_bytes())?;
            let file = self.library.open_file(digest)?;
            let mut hash = Hash::new();
            let mut at = 0;
            while at < *size {
                let length = BLOCK.min(size - at);
                let cut = |_| PrestagedError::WrongFile(*digest);
                let block = file.read(at, length).map_err(cut)?;
                hash.update(&block);
                writing.bytes(&block)?;
                at += length;
            }
            if hash.finish() != *digest {
                return Err(PrestagedError::WrongFile(*digest));
            }
        }
        writing.end()
    }
}
