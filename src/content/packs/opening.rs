//! What is in packs, when a library opens.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use super::{
    Packs, Writer,
    format::{HEAD, Record, read_index, write_index},
    index_path, pack_path,
    scanning::{Scanned, scan},
    settling::mark,
    state::{Place, State, Unsettled},
};
use crate::content::{LibraryError, durable};

impl Packs {
    /// Finds out what is in the packs of a directory. Of what a crash left behind, what is not a whole
    /// and right file is cut off, or marked.
    pub(in crate::content) fn open(directory: PathBuf) -> Result<Self, LibraryError> {
        let packs = numbers(&directory)?;
        let last = packs.last_key_value().map(|(number, _)| *number);
        let (mut state, mut writer) = (State::default(), None);
        for (number, path) in packs {
            let opened = File::options().read(true).write(true).open(&path);
            let pack = Arc::new(opened.map_err(LibraryError::io("open", &path))?);
            let length = pack.metadata().map_err(LibraryError::io("read", &path))?.len();
            // A longer one was made by nobody.
            let length = u32::try_from(length).unwrap_or_default();
            let mut found = |length: u32, records: &[Record]| {
                state.known(number, length.into());
                for Record { digest, at, length } in records {
                    state.put(*digest, Place { pack: number, at: *at, length: *length });
                }
            };
            if let Some(records) = indexed(&directory, number, length) {
                found(length, &records);
                continue;
            }
            let Some(scanned) = scan(&pack, length) else {
                if is_blank(&pack) {
                    super::remove(&path)?;
                    continue;
                }
                // A version of which this one knows nothing, or none at all: not ours to change.
                tracing::warn!(pack = %path.display(), "this is no pack, and is left alone");
                state.used(number);
                continue;
            };
            put_right(&pack, &path, &scanned, length)?;
            found(scanned.end, &scanned.records);
            if Some(number) == last {
                let (file, settled) = (Arc::clone(&pack), 0);
                state.unsettled.insert(number, Unsettled { file, settled, new: true, full: false });
                let records = scanned.records.len();
                writer = Some(Writer { number, file: pack, end: scanned.end, records });
            } else {
                pack.sync_data().map_err(LibraryError::io("sync", &path))?;
                durable::write(&index_path(&directory, number), &write_index(&scanned.records))?;
            }
        }
        let (compacting, settling) = (Mutex::default(), Mutex::default());
        let (writer, state) = (Mutex::new(writer), Mutex::new(state));
        Ok(Self { directory, compacting, settling, writer, state })
    }
}

/// The packs of a directory by their numbers. Indexes that have none, and what an interrupted write
/// left, are removed.
fn numbers(directory: &Path) -> Result<BTreeMap<u32, PathBuf>, LibraryError> {
    let read = LibraryError::io("read", directory);
    let (mut packs, mut indexes, mut stale) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    for entry in fs::read_dir(directory).map_err(read)? {
        let path = entry.map_err(LibraryError::io("read", directory))?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|it| it.parse().ok());
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        match (number, end) {
            (Some(number), "pack") if path == pack_path(directory, number) => {
                packs.insert(number, path);
            }
            (Some(number), "index") => drop(indexes.insert(number)),
            (_, "new") => stale.push(path),
            _ => {}
        }
    }
    stale.extend(
        indexes
            .into_iter()
            .filter(|it| !packs.contains_key(it))
            .map(|it| index_path(directory, it)),
    );
    stale.iter().try_for_each(|path| super::remove(path))?;
    Ok(packs)
}

/// Whether a crash came before the disk had the first bytes of a pack.
fn is_blank(pack: &File) -> bool {
    let mut head = [0; HEAD.len()];
    match pack.read_exact_at(&mut head, 0) {
        Ok(()) => head == [0; HEAD.len()],
        Err(error) => error.kind() == io::ErrorKind::UnexpectedEof,
    }
}

/// What the index of a pack says, if there is one and it is right.
fn indexed(directory: &Path, number: u32, length: u32) -> Option<Vec<Record>> {
    let bytes = match fs::read(index_path(directory, number)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(pack = number, %error, "the index of a pack cannot be read");
            return None;
        }
    };
    let inside =
        |record: &Record| record.at.checked_add(record.length).is_some_and(|end| end <= length);
    let records = read_index(&bytes).filter(|records| records.iter().all(inside));
    if records.is_none() {
        tracing::warn!(pack = number, "an index is not that of its pack, which is hashed");
    }
    records
}

/// Marks what is not what it should be, and cuts off what is behind the last file.
fn put_right(pack: &File, path: &Path, scanned: &Scanned, length: u32) -> Result<(), LibraryError> {
    for Record { digest, at, length } in &scanned.wrong {
        tracing::warn!(%digest, length, pack = %path.display(), "a small file is damaged");
        let start = Place { pack: 0, at: *at, length: *length }.start();
        mark(pack, start).map_err(LibraryError::io("write", path))?;
    }
    let end = scanned.end;
    if length > end {
        tracing::info!(pack = %path.display(), bytes = length - end, "cut off what was not whole");
        pack.set_len(end.into()).map_err(LibraryError::io("cut", path))?;
    }
    Ok(())
}
