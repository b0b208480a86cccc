//! Copies of a disk as a crash leaves it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, c_int},
    fs::{self, DirEntry, File, FileTimes, Metadata},
    io,
    os::{
        fd::AsRawFd,
        unix::{ffi::OsStrExt, fs::FileExt, fs::MetadataExt, fs::symlink},
    },
    path::Path,
};

use super::{
    Loss,
    unsynced::{Outcome, SECTOR},
    watch::Watched,
};
use crate::chance::Generator;

/// What is copied at once; a number of whole sectors.
const CHUNK: u64 = 128 * SECTOR;

/// Copies the disk to `to`.
pub(super) fn take(disk: &Watched, to: &Path, seed: u64, loss: Loss) -> io::Result<()> {
    let image = Image { disk, seed, loss };
    image.directory(&disk.root, to)
}

/// Nothing of what is below `directory` is unsynced.
pub(super) fn forget_below(disk: &mut Watched, directory: &Path) -> io::Result<()> {
    for entry in sorted(directory)? {
        let status = entry.metadata()?;
        if status.is_dir() {
            forget_below(disk, &entry.path())?;
        } else {
            disk.files.remove(&(status.dev(), status.ino()));
        }
    }
    Ok(())
}

struct Image<'a> {
    disk: &'a Watched,
    seed: u64,
    loss: Loss,
}

impl Image<'_> {
    fn directory(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in sorted(from)? {
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            let status = entry.metadata()?;
            if status.is_dir() {
                self.directory(&from, &to)?;
            } else if status.is_symlink() {
                symlink(fs::read_link(&from)?, &to)?;
            } else if status.is_file() && !entry.file_name().as_bytes().ends_with(b"-shm") {
                self.file(&from, &to, &status)?;
            }
        }
        keep_looks(&File::open(to)?, &fs::metadata(from)?)
    }

    fn file(&self, from: &Path, to: &Path, status: &Metadata) -> io::Result<()> {
        let (source, copy) = (File::open(from)?, File::create(to)?);
        let outcome = self.outcome(from, status);
        let size = outcome.as_ref().map_or(status.len(), |it| it.size);
        let none = BTreeMap::new();
        let lost = outcome.as_ref().map_or(&none, |it| &it.lost);
        copy_data(&source, &copy, status.len().min(size), lost)?;
        for (sector, before) in lost {
            copy.write_all_at(before, sector * SECTOR)?;
        }
        copy.set_len(size)?;
        keep_looks(&copy, status)
    }

    fn outcome(&self, file: &Path, status: &Metadata) -> Option<Outcome> {
        let unsynced = self.disk.files.get(&(status.dev(), status.ino()))?;
        if self.loss == Loss::Nothing {
            return None;
        }
        let name = file.strip_prefix(&self.disk.root).unwrap_or(file).as_os_str();
        let mut chance = Generator::for_name(self.seed, OsStr::as_bytes(name));
        Some(unsynced.after_power_cut(status.len(), &mut chance))
    }
}

fn sorted(directory: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

/// The permissions and the time of the last change of `status` for `file`.
fn keep_looks(file: &File, status: &Metadata) -> io::Result<()> {
    file.set_permissions(status.permissions())?;
    file.set_times(FileTimes::new().set_modified(status.modified()?))
}

/// Copies the first `size` bytes but for sectors that are lost. Holes stay holes: who resumes a
/// download may ask for them.
fn copy_data(from: &File, to: &File, size: u64, lost: &BTreeMap<u64, Vec<u8>>) -> io::Result<()> {
    let mut buffer = vec![0; usize::try_from(CHUNK).unwrap_or_default()];
    let mut at = 0;
    while let Some(start) = seek(from, at, libc::SEEK_DATA).filter(|start| *start < size) {
        let end = seek(from, start, libc::SEEK_HOLE).unwrap_or(size).min(size);
        at = start;
        while at < end {
            // Up to the end of a chunk, so that chunks begin with a sector but for the first.
            let next = (at / CHUNK + 1) * CHUNK;
            let part = &mut buffer[..usize::try_from(next.min(end) - at).unwrap_or_default()];
            from.read_exact_at(part, at)?;
            write_kept(to, part, at, lost)?;
            at = next.min(end);
        }
    }
    Ok(())
}

fn write_kept(to: &File, bytes: &[u8], at: u64, lost: &BTreeMap<u64, Vec<u8>>) -> io::Result<()> {
    let end = at + bytes.len() as u64;
    let mut from = at;
    let sectors = lost.range(at / SECTOR..end.div_ceil(SECTOR)).map(|(sector, _)| *sector);
    for sector in sectors.chain([end.div_ceil(SECTOR)]) {
        let until = (sector * SECTOR).clamp(from, end);
        let part = usize::try_from(from - at).unwrap_or_default()
            ..usize::try_from(until - at).unwrap_or_default();
        to.write_all_at(&bytes[part], from)?;
        from = ((sector + 1) * SECTOR).clamp(from, end);
    }
    Ok(())
}

/// Where data or a hole begins, from `at` on.
fn seek(file: &File, at: u64, what: c_int) -> Option<u64> {
    let at = i64::try_from(at).ok()?;
    // SAFETY: the call takes numbers only, and the file is this function's own to move in.
    let found = unsafe { libc::syscall(libc::SYS_lseek, file.as_raw_fd(), at, what) };
    u64::try_from(found).ok()
}
