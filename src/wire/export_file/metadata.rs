//! `metadata.txt`: records `<identifier>,<revision>,<length>,<document>` and a line end. Documents
//! contain line ends of their own, so only the length says where one ends.

use std::{fmt::Write as _, ops::Range};

use uuid::Uuid;

use super::ExportError;
use crate::model::UpdateIdentity;

/// `<36 characters>,<8 digits>,<8 digits>,`.
const HEAD_BYTES: usize = 36 + 1 + 8 + 1 + 8 + 1;

/// One record: whose document, and where in the text.
pub(super) type Record = (UpdateIdentity, Range<usize>);

/// Finds the records of the whole text.
pub(super) fn records(text: &str, limit: usize) -> Result<Vec<Record>, ExportError> {
    let mut records = Vec::new();
    let mut offset = 0;
    while offset < text.len() {
        let record = records.len();
        if record >= limit {
            return Err(ExportError::TooMany(limit));
        }
        let head = text.get(offset..offset + HEAD_BYTES).and_then(head);
        let (identity, length) = head.ok_or(ExportError::RecordHead { record, offset })?;
        let start = offset + HEAD_BYTES;
        let end = skip_units(text, start, length).ok_or(ExportError::RecordLength {
            record,
            identity,
            length,
        })?;
        if text.as_bytes().get(end..end + 2) != Some(b"\r\n") {
            return Err(ExportError::RecordEnd { record, identity });
        }
        records.push((identity, start..end));
        offset = end + 2;
    }
    Ok(records)
}

/// Appends one record.
pub(super) fn write_record(
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

/// The byte offset that lies `units` UTF-16 units after `start`; `None` outside the text or inside
/// a pair of units. Every byte is at most one unit, so whole stretches can be passed at once.
fn skip_units(text: &str, start: usize, units: u32) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut left = usize::try_from(units).ok()?;
    while left > 0 {
        let stretch = bytes.get(at..at.checked_add(left)?)?;
        // A character outside the basic plane cannot be cut in half.
        left = left.checked_sub(utf_16_units(stretch))?;
        at += stretch.len();
    }
    // The rest of the last character belongs to it.
    while bytes.get(at).is_some_and(|byte| (0x80..0xC0).contains(byte)) {
        at += 1;
    }
    Some(at)
}

/// UTF-16 units of the characters that begin in these bytes: a character of four bytes takes two.
fn utf_16_units(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .map(|byte| usize::from(!(0x80..0xC0).contains(byte)) + usize::from(*byte >= 0xF0))
        .sum()
}
