//! The content library: what it holds, what it lacks, what becomes visible and what goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{
    Claim, Intake, LibraryError, StoredFile,
    claim::Claims,
    coming::Coming,
    damage::Damage,
    durable,
    garbage::{children, remove},
    index::Index,
    layout::Layout,
    packs::{PACKED, Packs},
    record::{self, PackageRecord},
    retired::Expiring,
    staging::Staging,
};
use crate::{
    clock,
    model::{Digest, PackageId, PackageOrigin, PackageState},
    wire::file_list::FileList,
};

/// A content library on disk (PDP-15). Clones are the same library; the directory is locked against
/// other processes as long as one of them lives.
#[derive(Debug, Clone)]
pub struct Library(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    layout: Layout,
    index: Mutex<Index>,
    staging: Staging,
    packs: Packs,
    coming: Coming,
    claims: Arc<Claims>,
    damage: Damage,
    expiring: Mutex<Expiring>,
    /// Held while a directory is taken in: its files are in no list before all of them are there.
    ingesting: Mutex<()>,
}

impl Library {
    /// Opens the library of a directory, or makes an empty one. What a crash left behind is removed;
    /// packages on their way, and what was downloaded of their files, stay.
    ///
    /// # Errors
    ///
    /// The directory cannot be used, or another process uses it.
    pub fn open(directory: &Path) -> Result<Self, LibraryError> {
        let layout = Layout::open(directory)?;
        let mut index = Index::default();
        for path in records(&layout.packages())? {
            match PackageRecord::read(&path) {
                Ok(record) => drop(index.put_package(record)),
                Err(error) => drop_damaged(&path, &error)?,
            }
        }
        for path in records(&layout.all_pending())? {
            match record::read_pending(&path) {
                Ok(list) => drop(index.put_pending(Arc::new(list))),
                Err(error) => drop_damaged(&path, &error)?,
            }
        }
        let packs = Packs::open(layout.packs())?;
        let library = Self(Arc::new(Inner {
            layout,
            index: Mutex::new(index),
            staging: Staging::default(),
            packs,
            coming: Coming::default(),
            claims: Arc::default(),
            damage: Damage::default(),
            expiring: Mutex::default(),
            ingesting: Mutex::default(),
        }));
        library.check_unsettled()?;
        library.find_unpacked()?;
        library.find_retired()?;
        library.sweep()?;
        library.compact();
        Ok(library)
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.0.layout
    }

    pub(super) fn packs(&self) -> &Packs {
        &self.0.packs
    }

    pub(super) fn expiring(&self) -> &Mutex<Expiring> {
        &self.0.expiring
    }

    pub(super) fn staging(&self) -> &Staging {
        &self.0.staging
    }

    pub(super) fn claims(&self) -> &Arc<Claims> {
        &self.0.claims
    }

    pub(super) fn downloads(&self) -> &Coming {
        &self.0.coming
    }

    pub(super) fn damage(&self) -> &Damage {
        &self.0.damage
    }

    pub(super) fn ingesting(&self) -> MutexGuard<'_, ()> {
        self.0.ingesting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.0.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The index, if nobody changes it in this moment, which takes as long as the disk does.
    pub(super) fn try_index(&self) -> Option<MutexGuard<'_, Index>> {
        self.0.index.try_lock().ok()
    }

    /// Whether a file is there, with the right size.
    pub fn has(&self, digest: &Digest, size: u64) -> bool {
        (size <= PACKED && self.packs().has(digest, size)) || self.has_unpacked(digest, size)
    }

    /// Whether a file is there that is not in a pack.
    pub(super) fn has_unpacked(&self, digest: &Digest, size: u64) -> bool {
        if size <= PACKED && !self.packs().maybe_unpacked(digest) {
            return false;
        }
        fs::metadata(self.layout().file(digest))
            .is_ok_and(|found| found.is_file() && found.len() == size)
    }

    /// The contents of a list that the library lacks, with their sizes.
    pub fn missing(&self, list: &FileList) -> BTreeMap<Digest, u64> {
        self.packs().look();
        self.lacks(list)
    }

    /// The same, as far as packs are known to be there.
    fn lacks(&self, list: &FileList) -> BTreeMap<Digest, u64> {
        let mut contents = list.contents();
        self.packs().take_from(&mut contents);
        contents.retain(|digest, size| !self.has_unpacked(digest, *size));
        contents
    }

    /// Files of which something has been downloaded, and how many bytes.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub fn partials(&self) -> Result<BTreeMap<Digest, u64>, LibraryError> {
        let directory = self.layout().partials();
        let read = LibraryError::io("read", &directory);
        let mut partials = BTreeMap::new();
        for entry in fs::read_dir(&directory).map_err(read)? {
            let entry = entry.map_err(LibraryError::io("read", &directory))?;
            let name = entry.file_name();
            let digest = name.to_str().and_then(|name| Digest::from_hex(name).ok());
            if let (Some(digest), Ok(metadata)) = (digest, entry.metadata()) {
                partials.insert(digest, metadata.len());
            }
        }
        Ok(partials)
    }

    /// Takes the download of a file up where it ended, or begins it.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn resume(&self, claim: Claim, digest: Digest, size: u64) -> Result<Intake, LibraryError> {
        Intake::resume(self, claim, digest, size)
    }

    /// Begins a file that is sent or copied and not kept if it stays incomplete.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn incoming(&self, digest: Digest, size: u64) -> Result<Intake, LibraryError> {
        Intake::incoming(self, digest, size)
    }

    /// Makes all verified files durable and part of the library.
    ///
    /// # Errors
    ///
    /// The disk is full, or refuses.
    pub fn settle(&self) -> Result<(), LibraryError> {
        self.staging().settle(self.layout())?;
        self.packs().settle()
    }

    /// Makes a package that is on its way visible, if every file of it is there. `sources` are
    /// those it came from; for the repair of a package they are added to the earlier ones.
    ///
    /// # Errors
    ///
    /// The package is not on its way, or files are missing.
    pub fn publish(
        &self,
        package: &PackageId,
        sources: BTreeSet<String>,
    ) -> Result<PackageState, LibraryError> {
        self.publish_from(package, sources, None)
    }

    /// The same, with what is remembered of where it was taken from.
    pub(super) fn publish_from(
        &self,
        package: &PackageId,
        mut sources: BTreeSet<String>,
        origin: Option<PackageOrigin>,
    ) -> Result<PackageState, LibraryError> {
        let no_package = || LibraryError::NoPackage(package.clone());
        let wanted = self.pending(package).ok_or_else(no_package)?;
        self.staging().settle(self.layout())?;
        // What is there by now, and the names of files, must be durable before the record that counts on
        // them; what comes only now is not.
        self.require(&wanted)?;
        self.packs().settle()?;
        self.staging().settle_names(self.layout())?;
        let mut index = self.index();
        let list = index.pending.get(package).filter(|list| list.digest() == wanted.digest());
        let list = Arc::clone(list.ok_or_else(no_package)?);
        self.require(&list)?;
        let mut since = Some(clock::now());
        if let Some(before) = index.packages.get(package)
            && before.list.digest() == list.digest()
        {
            sources.extend(before.sources.iter().cloned());
            since = before.since;
        }
        let record = PackageRecord { list, sources, since, origin };
        record.write(&self.layout().package(package))?;
        let mut unneeded = index.put_package(record.clone());
        // If it comes back with the power, it is on its way as before, and everything of it is there.
        remove(&self.layout().pending(package))?;
        unneeded.extend(index.remove_pending(package));
        self.retire(&unneeded)?;
        drop(index);
        self.compact();
        Ok(record.state(0))
    }

    fn require(&self, list: &FileList) -> Result<(), LibraryError> {
        match self.missing(list).len() {
            0 => Ok(()),
            missing => Err(LibraryError::Incomplete { package: list.package().clone(), missing }),
        }
    }

    /// The packages as they are on the disk now: every file is looked at.
    pub fn states(&self) -> BTreeMap<PackageId, PackageState> {
        self.packs().look();
        let packages = self.index().packages.clone();
        packages.into_iter().map(|(id, record)| (id, self.look(&record))).collect()
    }

    /// Where its packages were taken from, as far as that is known.
    pub fn origins(&self) -> BTreeMap<PackageId, PackageOrigin> {
        let index = self.index();
        let packages = index.packages.iter();
        packages.filter_map(|(id, it)| Some((id.clone(), it.origin.clone()?))).collect()
    }

    /// A package as it is on the disk now.
    pub fn state(&self, package: &PackageId) -> Option<PackageState> {
        self.packs().look();
        let record = self.index().packages.get(package).cloned()?;
        Some(self.look(&record))
    }

    /// The list of files of a package that is visible, damaged or not.
    pub fn list(&self, package: &PackageId) -> Option<Arc<FileList>> {
        self.index().packages.get(package).map(|record| Arc::clone(&record.list))
    }

    /// The list of files of a package of which every file is there now.
    pub fn whole(&self, package: &PackageId) -> Option<Arc<FileList>> {
        let list = self.list(package)?;
        self.missing(&list).is_empty().then_some(list)
    }

    /// The size of a file that some package needs, visible or on its way.
    pub fn size_needed(&self, digest: &Digest) -> Option<u64> {
        self.index().size(digest)
    }

    /// Opens a file that some package needs, if it is there with the right size.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be opened.
    pub fn open_file(&self, digest: &Digest) -> Result<StoredFile, LibraryError> {
        let no_file = || LibraryError::NoFile(*digest);
        let size = self.index().size(digest).ok_or_else(no_file)?;
        if size <= PACKED {
            let packed = self.packs().stored(digest, size)?;
            if packed.is_some() || !self.packs().maybe_unpacked(digest) {
                return packed.ok_or_else(no_file);
            }
        }
        StoredFile::open(&self.layout().file(digest), size)?.ok_or_else(no_file)
    }

    /// When its packages became visible as they are, as far as that is known.
    pub fn taken_since(&self) -> BTreeMap<PackageId, Timestamp> {
        let index = self.index();
        let packages = index.packages.iter();
        packages.filter_map(|(id, record)| Some((id.clone(), record.since?))).collect()
    }

    /// Since when packages are damaged, as they were looked at last.
    pub fn damaged_since(&self) -> BTreeMap<PackageId, Timestamp> {
        self.0.damage.since()
    }

    fn look(&self, record: &PackageRecord) -> PackageState {
        let missing = self.lacks(&record.list);
        self.0.damage.looked(record.list.package(), &missing, self.layout());
        let files = record.list.files().iter();
        record.state(files.filter(|file| missing.contains_key(&file.digest)).count() as u64)
    }
}

/// The records of a directory; what an interrupted write left there is removed.
fn records(directory: &Path) -> Result<Vec<PathBuf>, LibraryError> {
    let (stale, records): (Vec<_>, Vec<_>) = children(directory)?
        .into_iter()
        .partition(|path| path.extension().is_some_and(|it| it == "new"));
    for path in stale {
        fs::remove_file(&path).map_err(LibraryError::io("remove", &path))?;
    }
    Ok(records)
}

/// A record that cannot be read describes nothing: the package is transferred again.
fn drop_damaged(path: &Path, error: &LibraryError) -> Result<(), LibraryError> {
    if matches!(error, LibraryError::Io { .. }) {
        let path = path.to_owned();
        let source = std::io::Error::other(error.to_string());
        return Err(LibraryError::Io { doing: "read", path, source });
    }
    tracing::warn!(path = %path.display(), %error, "removed a damaged record");
    durable::remove(path)
}
