//! A cabinet of fragments: its files lie one behind the other until it is clear what is in it,
//! because a cabinet names them all at its head.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
};

use cab::CompressionType;
use jiff::Timestamp;

use super::super::{ExportFailed, Shelf, cabinet, shelf::Temporary};
use crate::{
    model::Hashing,
    wire::{
        offline_catalog::{OfflineUpdate, PartLimits, part_files},
        update_document::UpdateFragments,
    },
};

/// A file that waits for its cabinet.
struct Waiting {
    name: String,
    bytes: u64,
    dated: Timestamp,
}

/// The cabinet that is being filled.
pub(super) struct Part {
    to: BufWriter<File>,
    _temporary: Temporary,
    waiting: Vec<Waiting>,
    bytes: u64,
    first: u32,
}

/// A cabinet that is done.
pub(super) struct Finished {
    /// The smallest `RevisionId` in it.
    pub(super) first: u32,
    pub(super) file: Temporary,
}

impl Part {
    pub(super) fn begin(shelf: &Shelf) -> io::Result<Self> {
        let (file, temporary) = shelf.begin()?;
        let to = BufWriter::new(file);
        Ok(Self { to, _temporary: temporary, waiting: Vec::new(), bytes: 0, first: 0 })
    }

    /// Whether the next revision goes into another cabinet.
    pub(super) fn is_full(&self, limits: PartLimits) -> bool {
        limits.reached(self.bytes, self.waiting.len())
    }

    /// Puts the fragments of an update into it, and into `hashing`.
    pub(super) fn push(
        &mut self,
        update: &OfflineUpdate,
        fragments: &UpdateFragments,
        hashing: &mut Hashing,
    ) -> io::Result<()> {
        if self.waiting.is_empty() {
            self.first = update.revision_id;
        }
        let dated = update.created.unwrap_or_default();
        for (name, text) in part_files(update.revision_id, fragments) {
            let bytes = text.len() as u64;
            hashing.update(format!("{name} {bytes}\n").as_bytes());
            hashing.update(text.as_bytes());
            self.to.write_all(text.as_bytes())?;
            self.bytes = self.bytes.saturating_add(bytes);
            self.waiting.push(Waiting { name, bytes, dated });
        }
        Ok(())
    }

    /// Makes a cabinet of what is in it, on the shelf, if anything is, and begins anew.
    pub(super) fn finish(&mut self, on: &Shelf) -> Result<Option<Finished>, ExportFailed> {
        if self.waiting.is_empty() {
            return Ok(None);
        }
        let (cabinet, file) = on.begin().map_err(ExportFailed::Write)?;
        self.to.flush().map_err(ExportFailed::Write)?;
        let mut from = self.to.get_ref();
        from.rewind().map_err(ExportFailed::Write)?;
        let mut from = BufReader::new(from);
        let mut sizes = self.waiting.iter().map(|it| it.bytes);
        let entries = self.waiting.iter().map(|it| (it.name.clone(), Some(it.dated)));
        cabinet::write_each(&cabinet, CompressionType::MsZip, entries, |to| {
            let mut content = (&mut from).take(sizes.next().unwrap_or_default());
            io::copy(&mut content, to).map_err(ExportFailed::Write)?;
            Ok(())
        })?;
        self.waiting.clear();
        self.bytes = 0;
        let mut spent = self.to.get_ref();
        spent.rewind().and_then(|()| spent.set_len(0)).map_err(ExportFailed::Write)?;
        Ok(Some(Finished { first: self.first, file }))
    }
}
