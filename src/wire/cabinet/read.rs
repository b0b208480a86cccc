//! Decompressing, after everything was verified.

use std::{
    io::{Cursor, Read as _},
    panic::{AssertUnwindSafe, catch_unwind},
};

use cab::Cabinet;

use super::{
    CabinetError,
    layout::{FileEntry, verify},
};

/// What a cabinet may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CabinetLimits {
    /// Most files. Each costs decompressing everything in front of it, so this bounds the work.
    pub max_files: usize,
    /// Most bytes that all its data may decompress to.
    pub max_uncompressed_bytes: u64,
    /// Whether a data block without a checksum is refused: then any changed bit is noticed.
    pub require_checksums: bool,
}

impl CabinetLimits {
    /// For exports, which are always read as a whole: at most 1 GiB.
    pub const EXPORT: Self =
        Self { max_files: 8, max_uncompressed_bytes: 1 << 30, require_checksums: true };
}

/// The files of a cabinet, in its order, with their content.
pub fn read(bytes: &[u8], limits: CabinetLimits) -> Result<Vec<(String, Vec<u8>)>, CabinetError> {
    let entries = verify(bytes, limits)?;
    // The decoder is not ours and asserts what crafted data can violate: such data must not bring
    // down more than their own reading. Nothing it touched outlives a panic.
    let outcome = catch_unwind(AssertUnwindSafe(|| unpack(bytes, entries)));
    outcome.unwrap_or_else(|_| {
        let reason = "the decoder gave up".to_owned();
        Err(CabinetError::Decompress { file: String::new(), reason })
    })
}

fn unpack(bytes: &[u8], entries: Vec<FileEntry>) -> Result<Vec<(String, Vec<u8>)>, CabinetError> {
    let failed =
        |file: &str, reason: String| CabinetError::Decompress { file: file.to_owned(), reason };
    let mut cabinet =
        Cabinet::new(Cursor::new(bytes)).map_err(|error| failed("", error.to_string()))?;
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        // Sizes were verified against the limit, so the capacity is bounded.
        let mut content = Vec::with_capacity(usize::try_from(entry.size).unwrap_or_default());
        if entry.size > 0 {
            let reader = cabinet.read_file(&entry.name);
            let reader = reader.map_err(|error| failed(&entry.name, error.to_string()))?;
            reader
                .take(entry.size)
                .read_to_end(&mut content)
                .map_err(|error| failed(&entry.name, error.to_string()))?;
        }
        if content.len() as u64 != entry.size {
            let reason = format!("{} bytes instead of {}", content.len(), entry.size);
            return Err(failed(&entry.name, reason));
        }
        files.push((entry.name, content));
    }
    Ok(files)
}
