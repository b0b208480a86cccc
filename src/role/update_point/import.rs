//! Importing an export file (SYNC-7): verified as a whole, then stored in batches. An import that
//! was cut off is completed by importing again.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::UpdatePointError;
use crate::{
    clock,
    model::{Digest, SourceType, SynchronizationRecord, UpdateIdentity, UpdatePointSettings},
    role::Reporter,
    store::{
        self,
        catalog::{Catalog, FileLocation, NewRevision, PackedDocument},
    },
    wire::{
        agent::{AgentOutcome, ProgressUnit},
        export_file::{ExportError, ExportFile, ExportPackage},
        server_sync::LanguageData,
        update_document::{DocumentError, UpdateDocument, UpdateIndex},
    },
};

/// Why an import failed. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Its settings name no file.
    #[error(
        "this software update point has no file to import: set `source: {{type: Import, file: …}}`"
    )]
    NoFile,
    /// The file cannot be read.
    #[error("export file {} cannot be read", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is not there.
    #[error("export file {} is not there: put it there, then run again", .0.display())]
    Absent(PathBuf),
    /// It is a directory or a device.
    #[error("export file {} is not a plain file", .0.display())]
    NotAFile(PathBuf),
    /// It is not a whole export.
    #[error("export file {} is damaged or not an export: nothing was imported", .path.display())]
    Export {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ExportError,
    },
    /// It does not hold what is needed.
    #[error("export file {} lacks {missing} of the updates whose documents are damaged", .path.display())]
    Lacks {
        /// The file.
        path: PathBuf,
        /// How many updates.
        missing: usize,
    },
    /// One of its documents is not an update.
    #[error("update {identity} of export file {}: nothing was imported", .path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Whose document.
        identity: UpdateIdentity,
        /// What is wrong with it.
        #[source]
        source: DocumentError,
    },
}

/// Largest export that is read, in bytes: a thousand times the largest known.
const LIMIT: u64 = 1 << 30;

/// Documents of one transaction.
const BATCH: usize = 500;

/// The file that the settings name.
pub(super) fn file_of(settings: &UpdatePointSettings) -> Result<PathBuf, ImportError> {
    match (settings.source.r#type, &settings.source.file) {
        (SourceType::Import, Some(file)) => Ok(PathBuf::from(file)),
        _ => Err(ImportError::NoFile),
    }
}

/// Imports the file into the catalog.
pub(super) fn run(
    catalog: &Catalog,
    path: &Path,
    report: &Reporter,
) -> Result<AgentOutcome, UpdatePointError> {
    let bytes = read(path)?;
    let digest = Digest::of(&bytes);
    let export = ExportFile::parse(&bytes)
        .map_err(|source| ImportError::Export { path: path.to_owned(), source })?;
    drop(bytes);
    // Everything is known to be good before the first thing is stored.
    let indexes = index(&export, path)?;
    let total = indexes.len() as u64;
    report.progress(0, total, ProgressUnit::Updates);
    catalog.store_languages(&languages(export.package()), clock::now())?;
    catalog.store_batch(&[], &locations(export.package()), clock::now())?;
    let mut documents = indexes.into_iter().zip(export.documents());
    let (mut done, mut new_revisions) = (0_u64, 0_u64);
    loop {
        let batch: Vec<_> = documents.by_ref().take(BATCH).map(revision).collect();
        if batch.is_empty() {
            break;
        }
        let new = catalog.store_batch(&batch, &[], clock::now())?;
        new_revisions = new_revisions.saturating_add(new);
        done = done.saturating_add(batch.len() as u64);
        report.progress(done, total, ProgressUnit::Updates);
    }
    catalog.set_last_synchronization(&SynchronizationRecord {
        finished_at: clock::now(),
        from: path.display().to_string(),
        imported: Some(digest),
        new_revisions,
    })?;
    Ok(AgentOutcome::Synchronized { catalog_version: catalog.version()?, new_revisions })
}

/// These revisions out of the file.
pub(super) fn revisions_of(
    path: &Path,
    wanted: &[UpdateIdentity],
) -> Result<Vec<NewRevision>, ImportError> {
    let export = ExportFile::parse(&read(path)?)
        .map_err(|source| ImportError::Export { path: path.to_owned(), source })?;
    let documents = export.documents().zip(index(&export, path)?);
    let wanted: BTreeSet<_> = wanted.iter().collect();
    let of_them = documents.filter(|((identity, _), _)| wanted.contains(identity));
    let found: Vec<_> = of_them.map(|(document, index)| revision((index, document))).collect();
    if found.len() < wanted.len() {
        let missing = wanted.len().abs_diff(found.len());
        return Err(ImportError::Lacks { path: path.to_owned(), missing });
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
    let failed = |source| ImportError::Read { path: path.to_owned(), source };
    let absent = || ImportError::Absent(path.to_owned());
    match fs::metadata(path) {
        // Reading something that is no plain file might never end.
        Ok(metadata) if !metadata.is_file() => return Err(ImportError::NotAFile(path.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(absent()),
        Err(error) => return Err(failed(error)),
    }
    store::read_bounded(path, LIMIT).map_err(failed)?.ok_or_else(absent)
}

fn index(export: &ExportFile, path: &Path) -> Result<Vec<UpdateIndex>, ImportError> {
    export
        .documents()
        .map(|(identity, text)| {
            UpdateDocument::index(text).map_err(|source| ImportError::Document {
                path: path.to_owned(),
                identity,
                source,
            })
        })
        .collect()
}

fn revision((index, (_, text)): (UpdateIndex, (UpdateIdentity, &str))) -> NewRevision {
    let file_digests = index.files.iter().map(|file| file.digest_sha1.clone()).collect();
    NewRevision { index, document: PackedDocument::pack(text), file_digests }
}

fn languages(package: &ExportPackage) -> Vec<LanguageData> {
    let language = |it: &crate::wire::export_file::ExportLanguage| LanguageData {
        id: it.id,
        short_name: it.short_name.clone(),
        long_name: it.long_name.clone(),
        enabled: it.enabled,
    };
    package.languages.iter().map(language).collect()
}

/// Addresses of files, as far as they can be understood: they are told on, and never used here.
fn locations(package: &ExportPackage) -> Vec<FileLocation> {
    let location = |it: &crate::wire::export_file::ExportedFile| {
        let digest = STANDARD.decode(&it.digest).ok()?;
        let publisher_url = it.publisher_url.clone();
        (digest.len() == 20 && !publisher_url.is_empty())
            .then_some(FileLocation { digest, publisher_url })
    };
    package.files.iter().filter_map(location).collect()
}
