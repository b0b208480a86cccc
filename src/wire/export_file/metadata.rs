//! `metadata.txt`: records `<identifier>,<revision>,<length>,<document>` and a line end. Documents
//! contain line ends of their own, so only the length says where one ends.

use std::{
    fmt::Write as _,
    io::{BufRead, Read},
};

use uuid::Uuid;

use super::{ExportError, MAX_EXPORT_DOCUMENTS};
use crate::{model::UpdateIdentity, wire::update_document::MAX_DOCUMENT_BYTES};

/// `<36 characters>,<8 digits>,<8 digits>,`.
const HEAD_BYTES: usize = 36 + 1 + 8 + 1 + 8 + 1;

/// Reads the records one after the other: one document is in memory at a time.
#[derive(Debug)]
pub struct RecordReader<R> {
    from: R,
    /// Records that were read.
    record: usize,
    /// Bytes that were read.
    offset: u64,
    document: Vec<u8>,
}

impl<R: BufRead> RecordReader<R> {
    /// Reads from the first record on.
    pub fn new(from: R) -> Self {
        Self { from, record: 0, offset: 0, document: Vec::new() }
    }

    /// The next record; `None` after the last one.
    ///
    /// # Errors
    ///
    /// It does not begin or end where it should, is no text, or is one too many; or the file cannot be
    /// read.
    pub fn read_next(&mut self) -> Result<Option<(UpdateIdentity, &str)>, ExportError> {
        let (record, offset) = (self.record, self.offset);
        self.document.clear();
        let bytes = self.fill(HEAD_BYTES)?;
        if bytes == 0 {
            return Ok(None);
        }
        if record >= MAX_EXPORT_DOCUMENTS {
            return Err(ExportError::TooMany(MAX_EXPORT_DOCUMENTS));
        }
        let head = str::from_utf8(&self.document).ok().and_then(head);
        let (identity, length) = head.ok_or(ExportError::RecordHead { record, offset })?;
        let left = usize::try_from(length).ok().filter(|it| *it <= MAX_DOCUMENT_BYTES);
        let left = left.ok_or(ExportError::TooLong(identity))?;
        self.document.clear();
        let cut = ExportError::RecordLength { record, identity, length };
        self.units(left, &cut)?;
        let (mut end, mut bytes) = ([0; 2], 0);
        while let Some(place) = end.get_mut(bytes..).filter(|it| !it.is_empty()) {
            match self.from.read(place).map_err(|it| ExportError::read(&it))? {
                0 => break,
                read => bytes += read,
            }
        }
        if end != *b"\r\n" {
            return Err(ExportError::RecordEnd { record, identity });
        }
        self.offset = self.offset.saturating_add(2);
        self.record += 1;
        let text = str::from_utf8(&self.document);
        Ok(Some((identity, text.map_err(|_| ExportError::Encoding("metadata.txt"))?)))
    }

    /// Reads so many UTF-16 units. Every byte is at most one unit, so whole stretches can be read at once.
    fn units(&mut self, mut left: usize, cut: &ExportError) -> Result<(), ExportError> {
        while left > 0 {
            let before = self.document.len();
            if self.fill(left)? < left {
                return Err(cut.clone());
            }
            let stretch = self.document.get(before..).unwrap_or_default();
            // A character outside the basic plane cannot be cut in half.
            left = left.checked_sub(utf_16_units(stretch)).ok_or_else(|| cut.clone())?;
        }
        // The rest of the last character belongs to it.
        loop {
            let next = self.from.fill_buf().map_err(|it| ExportError::read(&it))?.first().copied();
            let Some(byte) = next.filter(|it| (0x80..0xC0).contains(it)) else { return Ok(()) };
            self.document.push(byte);
            self.from.consume(1);
            self.offset = self.offset.saturating_add(1);
        }
    }

    /// Reads so many bytes, or as many as there are.
    fn fill(&mut self, bytes: usize) -> Result<usize, ExportError> {
        let mut part = Read::by_ref(&mut self.from).take(bytes as u64);
        let read = part.read_to_end(&mut self.document).map_err(|it| ExportError::read(&it))?;
        self.offset = self.offset.saturating_add(read as u64);
        Ok(read)
    }
}

/// Gives each record to `each`.
///
/// # Errors
///
/// A record is wrong, or what `each` says.
pub fn each_record<E: From<ExportError>>(
    from: impl BufRead,
    mut each: impl FnMut(UpdateIdentity, &str) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = RecordReader::new(from);
    while let Some((identity, document)) = reader.read_next()? {
        each(identity, document)?;
    }
    Ok(())
}

/// Appends one record of `metadata.txt`: byte for byte what the same document was read from.
///
/// # Errors
///
/// The document is too long for the form.
pub fn write_record(
    out: &mut String,
    identity: UpdateIdentity,
    document: &str,
) -> Result<(), ExportError> {
    let length = u32::try_from(utf_16_units(document.as_bytes()));
    let length = length.map_err(|_| ExportError::TooLong(identity))?;
    // Writing to a string cannot fail.
    let _ = write!(out, "{},{:08x},{length:08x},", identity.update_id, identity.revision);
    out.push_str(document);
    out.push_str("\r\n");
    Ok(())
}

fn head(text: &str) -> Option<(UpdateIdentity, u32)> {
    let (update_id, rest) = text.split_at_checked(36)?;
    let (revision, rest) = rest.strip_prefix(',')?.split_at_checked(8)?;
    let (length, rest) = rest.strip_prefix(',')?.split_at_checked(8)?;
    let revision = i32::try_from(hexadecimal(revision)?).ok()?;
    let update_id = Uuid::try_parse(update_id).ok()?;
    (rest == ",").then_some((UpdateIdentity { update_id, revision }, hexadecimal(length)?))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(digits, 16).ok())?
}

/// UTF-16 units of the characters that begin in these bytes: a character of four bytes takes two.
fn utf_16_units(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .map(|byte| usize::from(!(0x80..0xC0).contains(byte)) + usize::from(*byte >= 0xF0))
        .sum()
}
