//! Importing a file (SYNC-7): read twice, first verified as a whole, then stored in batches. An
//! import that was cut off is completed by importing again.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{
    super::UpdatePointError,
    ImportError, Shelf,
    opened::Opened,
    verify::{index, verify},
};
use crate::{
    clock,
    content::UpdateFiles,
    error_text::with_causes,
    model::{
        Digest, SourceType, SynchronizationCounts, SynchronizationRecord, SynchronizationRun,
        UpdateIdentity, UpdatePointSettings,
    },
    role::Reporter,
    store::{
        catalog::{Catalog, FileLocation, NewRevision, PackedDocument},
        hash_file,
    },
    wire::{
        agent::ProgressUnit, exchange::ImportedUpdates, update_content::UpdateContent,
        updates_file::PublicKey,
    },
};

/// Documents of one transaction.
const BATCH: usize = 500;

/// Characters of documents of one transaction: beyond that it is ended early, so that memory stays
/// bounded however long they are.
const BATCH_BYTES: usize = 8 << 20;

/// A file to be imported.
pub(in crate::role::update_point) struct Import {
    /// What it is called in messages and in the record of the import.
    pub(in crate::role::update_point) path: PathBuf,
    pub(in crate::role::update_point) file: File,
    /// The key that it has to be signed with; none: whatever it is.
    pub(in crate::role::update_point) verify_key: Option<PublicKey>,
    /// Whether it comes beside the file that the settings name, which is the point's source.
    pub(in crate::role::update_point) beside: bool,
    /// Whether its approvals take the place of those that are there.
    pub(in crate::role::update_point) approvals: bool,
}

impl Import {
    /// The file that the settings name.
    pub(in crate::role::update_point) fn of_settings(
        settings: &UpdatePointSettings,
    ) -> Result<Self, ImportError> {
        match (settings.source.r#type, &settings.source.file) {
            (SourceType::Import, Some(file)) => {
                let path = PathBuf::from(file);
                Ok(Self {
                    file: open(&path)?,
                    path,
                    verify_key: None,
                    beside: false,
                    approvals: false,
                })
            }
            _ => Err(ImportError::NoFile),
        }
    }

    /// Imports the file into the catalog, and remembers how that has ended.
    pub(in crate::role::update_point) fn run(
        self,
        catalog: &Catalog,
        files: &UpdateFiles,
        unpacking: &Shelf,
        report: &Reporter,
    ) -> Result<ImportedUpdates, UpdatePointError> {
        let (began_at, from) = (clock::now(), self.path.display().to_string());
        let mut counts = SynchronizationCounts::default();
        let at = At { catalog, files, report };
        let imported = self.import(&at, unpacking, &mut counts);
        let failed = imported.as_ref().err().map(|error| with_causes(error));
        let finished_at = clock::now();
        let run = SynchronizationRun { began_at, finished_at, from, counts, failed };
        let remembered = catalog.remember_run(&run);
        // Why it failed says more than why that is not remembered.
        let imported = imported?;
        remembered?;
        Ok(imported)
    }

    fn import(
        mut self,
        at: &At<'_>,
        unpacking: &Shelf,
        counts: &mut SynchronizationCounts,
    ) -> Result<ImportedUpdates, UpdatePointError> {
        let At { catalog, files, report } = *at;
        let unreadable = |source| ImportError::Read { path: self.path.clone(), source };
        let digest = hash_file(&mut self.file).map_err(unreadable)?.digest;
        let mut opened =
            Opened::new(&self.path, &mut self.file, unpacking, self.verify_key.as_ref())?;
        let signature = opened.signature;
        let revisions = opened.revisions();
        report.progress(0, revisions, ProgressUnit::Updates);
        // Everything is known to be good before the first thing is stored.
        let verified = verify(&mut opened, catalog, &self.path)?;
        if self.approvals && verified.approvals.is_none() {
            return Err(ImportError::NoApprovals(self.path.clone()).into());
        }
        // Files before what names them: who is told of an update can have them at once.
        take_content(&mut opened, files, &verified.files, &self.path)?;
        catalog.store_languages(&opened.languages()?, clock::now())?;
        let filling = catalog.filling()?;
        store_locations(&mut opened, catalog)?;
        store(&mut opened, catalog, &self.path, report, counts)?;
        drop(filling);
        let approvals = verified.approvals.as_ref();
        if let Some(approvals) = approvals.filter(|_| self.approvals) {
            catalog.take_deployments(approvals, true, clock::now())?;
        }
        let new_revisions = counts.stored();
        catalog.set_last_synchronization(&self.record(catalog, digest, new_revisions)?)?;
        let catalog_version = catalog.version()?;
        Ok(ImportedUpdates {
            digest,
            revisions,
            new_revisions,
            catalog_version,
            signature,
            files: verified.files.len() as u64,
            approvals: approvals.map_or(0, |it| it.deployments.len() as u64),
            approvals_taken: self.approvals,
        })
    }

    /// These revisions out of the file, to repair others with.
    pub(in crate::role::update_point) fn only(
        mut self,
        wanted: &[UpdateIdentity],
        unpacking: &Shelf,
    ) -> Result<Vec<NewRevision>, UpdatePointError> {
        let mut opened = Opened::new(&self.path, &mut self.file, unpacking, None)?;
        let wanted: BTreeSet<_> = wanted.iter().collect();
        let mut found = Vec::new();
        opened.each_document(&mut |identity, text| {
            if wanted.contains(&identity) {
                found.push(revision(&self.path, identity, text)?);
            }
            Ok(())
        })?;
        if found.len() < wanted.len() {
            let missing = wanted.len().abs_diff(found.len());
            return Err(ImportError::Lacks { path: self.path.clone(), missing }.into());
        }
        Ok(found)
    }

    /// What is remembered of the import. A file beside the one that the settings name does not take its
    /// place: that one need not be imported again.
    fn record(
        &self,
        catalog: &Catalog,
        digest: Digest,
        new_revisions: u64,
    ) -> Result<SynchronizationRecord, UpdatePointError> {
        let before = if self.beside { catalog.last_synchronization()? } else { None };
        let (from, imported) = match before.filter(|it| it.imported.is_some()) {
            Some(before) => (before.from, before.imported),
            None => (self.path.display().to_string(), Some(digest)),
        };
        Ok(SynchronizationRecord { finished_at: clock::now(), from, imported, new_revisions })
    }
}

/// Where an import goes.
struct At<'a> {
    catalog: &'a Catalog,
    files: &'a UpdateFiles,
    report: &'a Reporter,
}

/// Takes the files of updates in, once there is room for all of them.
fn take_content(
    opened: &mut Opened<'_>,
    files: &UpdateFiles,
    contents: &[UpdateContent],
    path: &Path,
) -> Result<(), UpdatePointError> {
    let missing = contents.iter().filter(|it| !files.has(it));
    let room = files.check_room(missing.fold(0, |sum: u64, it| sum.saturating_add(it.size)));
    room.map_err(|source| ImportError::Files { path: path.to_owned(), source: Box::new(source) })?;
    opened.each_content(contents, |content, bytes| Ok(files.put(content, bytes)?))
}

fn open(path: &Path) -> Result<File, ImportError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ImportError::Absent(path.to_owned()),
        _ => ImportError::Read { path: path.to_owned(), source },
    };
    // Asked before it is opened: reading something that is no plain file might never end.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ImportError::NotAFile(path.to_owned()));
    }
    File::open(path).map_err(failed)
}

fn store_locations(opened: &mut Opened<'_>, catalog: &Catalog) -> Result<(), UpdatePointError> {
    let mut batch: Vec<FileLocation> = Vec::new();
    opened.each_location(&mut |location| {
        batch.push(location);
        if batch.len() >= BATCH {
            catalog.store_batch(&[], &std::mem::take(&mut batch), clock::now())?;
        }
        Ok(())
    })?;
    catalog.store_batch(&[], &batch, clock::now())?;
    Ok(())
}

fn store(
    opened: &mut Opened<'_>,
    catalog: &Catalog,
    path: &Path,
    report: &Reporter,
    counts: &mut SynchronizationCounts,
) -> Result<(), UpdatePointError> {
    let total = opened.revisions();
    let mut done = 0_u64;
    let mut batch: Vec<NewRevision> = Vec::new();
    let mut bytes = 0;
    let mut flush = |batch: &mut Vec<NewRevision>| {
        catalog.store(batch, &[], clock::now())?.add_to(counts);
        done = done.saturating_add(batch.len() as u64);
        batch.clear();
        report.progress(done, total, ProgressUnit::Updates);
        Ok::<_, UpdatePointError>(())
    };
    opened.each_document(&mut |identity, text| {
        bytes += text.len();
        batch.push(revision(path, identity, text)?);
        if batch.len() >= BATCH || bytes >= BATCH_BYTES {
            bytes = 0;
            flush(&mut batch)?;
        }
        Ok(())
    })?;
    flush(&mut batch)
}

fn revision(path: &Path, identity: UpdateIdentity, text: &str) -> Result<NewRevision, ImportError> {
    let index = index(path, identity, text)?;
    let file_digests = index.files.iter().map(|file| file.digest_sha1.clone()).collect();
    Ok(NewRevision { index, document: PackedDocument::pack(text), file_digests })
}
