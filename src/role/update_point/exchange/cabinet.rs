//! Writing a cabinet: one folder. Here and not in `wire`, because the library dates the files in it by
//! the clock.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use cab::{CabinetBuilder, CompressionType};
use jiff::Timestamp;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::ExportFailed;

/// Most bytes of all files together: a folder has at most 65,535 blocks of 32 KiB (MS-CAB), which is
/// the 2 GB at which `wsusutil export` ends.
const MOST: u64 = 65_535 << 15;

/// A file of a cabinet, as something to write to.
pub(super) struct Part<'a> {
    to: &'a mut dyn Write,
    written: u64,
}

/// What writes one file of a cabinet.
pub(super) type Writes<'a> = dyn FnMut(&mut Part<'_>) -> Result<(), ExportFailed> + 'a;

/// Writes these files into a cabinet, one after the other, dated now.
pub(super) fn write(
    file: &File,
    parts: &mut [(&str, &mut Writes<'_>)],
) -> Result<(), ExportFailed> {
    let entries: Vec<_> = parts.iter().map(|(name, _)| ((*name).to_owned(), None)).collect();
    let mut parts = parts.iter_mut();
    write_each(file, CompressionType::MsZip, entries, |to| {
        parts.next().map_or(Ok(()), |(_, writes)| writes(to))
    })
}

/// Writes files with these names and dates into a cabinet; `each` is asked for the content of one
/// after the other.
pub(super) fn write_each(
    file: &File,
    compression: CompressionType,
    entries: impl IntoIterator<Item = (String, Option<Timestamp>)>,
    mut each: impl FnMut(&mut Part<'_>) -> Result<(), ExportFailed>,
) -> Result<(), ExportFailed> {
    let mut builder = CabinetBuilder::new();
    let folder = builder.add_folder(compression);
    for (name, dated) in entries {
        let entry = folder.add_file(name);
        if let Some(at) = dated.and_then(date) {
            entry.set_datetime(at);
        }
    }
    let mut cabinet = builder.build(BufWriter::new(file)).map_err(ExportFailed::Write)?;
    let mut written = 0;
    while let Some(mut to) = cabinet.next_file().map_err(ExportFailed::Write)? {
        let mut part = Part { to: &mut to, written };
        each(&mut part)?;
        part.check()?;
        written = part.written;
    }
    let mut buffer = cabinet.finish().map_err(ExportFailed::Write)?;
    buffer.flush().map_err(ExportFailed::Write)
}

/// Cabinets have dates from 1980 to 2107, in steps of two seconds; the library takes the nearest.
fn date(at: Timestamp) -> Option<PrimitiveDateTime> {
    let at = OffsetDateTime::from_unix_timestamp(at.as_second()).ok()?;
    Some(PrimitiveDateTime::new(at.date(), at.time()))
}

impl Part<'_> {
    /// Whether all that was written fits into a cabinet: asked before an error of writing is told,
    /// which would say less.
    pub(super) fn check(&self) -> Result<(), ExportFailed> {
        check(self.written)
    }
}

fn check(written: u64) -> Result<(), ExportFailed> {
    if written > MOST { Err(ExportFailed::TooLarge) } else { Ok(()) }
}

impl Write for Part<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What is too much is counted, and no more: `check` says so.
        self.written = self.written.saturating_add(bytes.len() as u64);
        if self.check().is_err() {
            return Ok(bytes.len());
        }
        self.to.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cabinet_cannot_hold_is_refused_with_what_can() {
        let mut part = Part { to: &mut io::sink(), written: MOST - 1 };
        part.write_all(b"1").unwrap();
        part.check().unwrap();
        part.write_all(b"1").unwrap();
        let told = part.check().unwrap_err().to_string();
        assert!(told.contains(".headwater"), "{told}");
    }
}
