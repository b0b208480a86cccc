//! Decompressing, after everything was verified.

use std::{
    io::{self, Cursor, Read, Seek, Write},
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
    /// For exports: all that a cabinet can hold.
    pub const EXPORT: Self =
        Self { max_files: 8, max_uncompressed_bytes: 65_535 << 15, require_checksums: true };
}

/// Where the content of a file goes.
pub type Place<'a> = &'a mut dyn Write;

/// The files of a cabinet, in its order, with their content.
///
/// # Errors
///
/// It is damaged, or asks for more than it may.
pub fn read(bytes: &[u8], limits: CabinetLimits) -> Result<Vec<(String, Vec<u8>)>, CabinetError> {
    let entries = verify(&mut Cursor::new(bytes), limits)?;
    let mut files = Vec::with_capacity(entries.len());
    for FileEntry { name, size } in &entries {
        // Sizes were verified against the limit, so the capacity is bounded.
        let mut content = Vec::with_capacity(usize::try_from(*size).unwrap_or_default());
        caught(|| unpack(&mut Cursor::new(bytes), name, *size, &mut content))?;
        files.push((name.clone(), content));
    }
    Ok(files)
}

/// Verifies a cabinet, then writes the files that have a place there, and passes over the others.
///
/// # Errors
///
/// It is damaged, or asks for more than it may, or a place refuses.
pub fn unpack_into<'a, R: Read + Seek>(
    from: &mut R,
    limits: CabinetLimits,
    mut place: impl FnMut(&str) -> Option<Place<'a>>,
) -> Result<(), CabinetError> {
    for FileEntry { name, size } in verify(from, limits)? {
        if let Some(to) = place(&name) {
            caught(|| unpack(from, &name, size, to))?;
        }
    }
    Ok(())
}

/// The decoder is not ours and asserts what crafted data can violate: such data must not bring down more
/// than their own reading. Nothing it touched outlives a panic.
fn caught(unpack: impl FnOnce() -> Result<(), CabinetError>) -> Result<(), CabinetError> {
    catch_unwind(AssertUnwindSafe(unpack)).unwrap_or_else(|_| {
        let reason = "the decoder gave up".to_owned();
        Err(CabinetError::Decompress { file: String::new(), reason })
    })
}

fn unpack<R: Read + Seek>(
    from: &mut R,
    name: &str,
    size: u64,
    to: &mut dyn Write,
) -> Result<(), CabinetError> {
    let failed = |error: io::Error| match error.kind() {
        // Said by who takes it, never by the decoder.
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CabinetError::NoRoom,
        _ => CabinetError::Decompress { file: name.to_owned(), reason: error.to_string() },
    };
    from.rewind().map_err(failed)?;
    let mut cabinet = Cabinet::new(from).map_err(failed)?;
    let mut written = 0;
    if size > 0 {
        let mut reader = cabinet.read_file(name).map_err(failed)?.take(size);
        written = io::copy(&mut reader, to).map_err(failed)?;
    }
    if written == size {
        return Ok(());
    }
    let (file, reason) = (name.to_owned(), format!("{written} bytes instead of {size}"));
    Err(CabinetError::Decompress { file, reason })
}
