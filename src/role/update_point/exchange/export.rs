//! Writing all that a catalog holds into a file, batch by batch: no more than one document is in
//! memory at a time, beside the list of identities.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufWriter, Write},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    ExportFailed, Shelf,
    cabinet::{self, Part},
    offline_catalog::OfflineCatalog,
    shelf::Way,
};
use crate::{
    clock,
    content::UpdateFiles,
    model::{FileFacts, Name, UpdateIdentity},
    role::Reporter,
    store::{
        catalog::{Catalog, ExportEntry},
        hash_file,
    },
    wire::{
        agent::ProgressUnit,
        exchange::{ExportForm, ExportedParts, ExportedUpdates},
        export_file::{ExportHead, ExportedFile, ListedUpdate, PackageWriter, write_record},
        offline_catalog::PartLimits,
        server_sync::LanguageData,
        update_content::Sha1,
        update_document::UpdateDocument,
        updates_file::{Carries, FileAddress, UpdatesFileWriter, UpdatesHead},
    },
};

/// Revisions that are asked of the catalog at a time.
pub(super) const BATCH: usize = 100;

/// Writes an export and leaves it on the shelf.
pub(in crate::role::update_point) fn export(
    catalog: &Catalog,
    shelf: &Shelf,
    what: &Exported<'_>,
    report: &Reporter,
) -> Result<ExportedUpdates, ExportFailed> {
    let order = catalog.export_order()?;
    if order.is_empty() {
        return Err(ExportFailed::Empty);
    }
    let (mut file, temporary) = shelf.begin().map_err(ExportFailed::Write)?;
    let exporting = Exporting { catalog, order: &order, report };
    let mut revisions = order.len() as u64;
    let Beside { files, approvals } = match what.form {
        ExportForm::Headwater => exporting.headwater(&file, what)?,
        _ if !what.with.is_empty() => return Err(ExportFailed::NotInCabinet),
        ExportForm::Cabinet => {
            exporting.cabinet(&file)?;
            Beside::default()
        }
        ExportForm::OfflineCatalog => {
            let from = OfflineCatalog { catalog, shelf, report, limits: PartLimits::CATALOG };
            revisions = from.write(&file, &order)?;
            Beside::default()
        }
    };
    let FileFacts { digest, size: bytes } = hash_file(&mut file).map_err(ExportFailed::Write)?;
    shelf.put(&temporary, Way::Exported, digest).map_err(ExportFailed::Write)?;
    Ok(ExportedUpdates { digest, bytes, revisions, files, approvals })
}

/// What is exported, and how.
pub(in crate::role::update_point) struct Exported<'a> {
    pub(in crate::role::update_point) name: &'a Name,
    pub(in crate::role::update_point) form: ExportForm,
    pub(in crate::role::update_point) with: ExportedParts,
    pub(in crate::role::update_point) files: &'a UpdateFiles,
}

/// What was written beside the catalog, in numbers.
#[derive(Default)]
struct Beside {
    files: u64,
    approvals: u64,
}

struct Exporting<'a> {
    catalog: &'a Catalog,
    order: &'a [UpdateIdentity],
    report: &'a Reporter,
}

impl Exporting<'_> {
    /// The form of `wsusutil export`.
    fn cabinet(&self, file: &File) -> Result<(), ExportFailed> {
        let mut package = |to: &mut Part<'_>| self.package(to);
        let mut metadata = |to: &mut Part<'_>| self.metadata(to);
        cabinet::write(file, &mut [("package.xml", &mut package), ("metadata.txt", &mut metadata)])
    }

    /// Our own form.
    fn headwater(&self, file: &File, what: &Exported<'_>) -> Result<Beside, ExportFailed> {
        let head = UpdatesHead {
            update_point: what.name.clone(),
            server_id: self.catalog.account_guid()?,
            created: clock::now(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            revisions: self.order.len() as u64,
        };
        let carries = if what.with.is_empty() { Carries::Catalog } else { Carries::More };
        let languages = self.languages()?;
        let to = BufWriter::new(file);
        let mut writer = UpdatesFileWriter::begin(to, &head, &languages, carries)?;
        let mut seen = BTreeSet::new();
        for batch in self.order.chunks(BATCH) {
            for entry in self.catalog.export_entries(batch)? {
                let mut digests = entry.file_digests;
                digests.retain(|it| seen.insert(it.clone()));
                for location in self.catalog.locations(&digests)? {
                    let (sha1, url) = (hex::encode(location.digest), location.publisher_url);
                    writer.address(FileAddress { sha1, url })?;
                }
            }
        }
        self.documents(|identity, text| Ok(writer.document(identity, text)?))?;
        let mut beside = Beside::default();
        if what.with.content {
            beside.files = self.content(&mut writer, what.files, &seen)?;
        }
        if what.with.approvals {
            let approvals = self.catalog.approvals()?;
            writer.approvals(&approvals)?;
            beside.approvals = approvals.deployments.len() as u64;
        }
        writer.end()?;
        Ok(beside)
    }

    /// The files of updates that are here, of those that the documents name.
    fn content(
        &self,
        writer: &mut UpdatesFileWriter<BufWriter<&File>>,
        files: &UpdateFiles,
        named: &BTreeSet<Vec<u8>>,
    ) -> Result<u64, ExportFailed> {
        let mut held = Vec::new();
        for sha1 in named.iter().filter_map(|it| Sha1::from_slice(it)) {
            let content = self.catalog.described_file(sha1)?;
            held.extend(content.filter(|it| files.has(it)));
        }
        writer.contents(held.clone())?;
        for content in &held {
            let gone = || io::Error::other(format!("file {} is gone", content.name));
            let path = files.path(content.name.sha1());
            let path = path.ok_or_else(gone).map_err(ExportFailed::Write)?;
            writer.content(File::open(path).map_err(ExportFailed::Write)?)?;
        }
        Ok(held.len() as u64)
    }

    fn package(&self, to: &mut Part<'_>) -> Result<(), ExportFailed> {
        let languages = self.languages()?;
        let head = ExportHead { server_id: self.catalog.account_guid()?, created: clock::now() };
        let mut writer =
            PackageWriter::begin(&mut *to, &head, &languages).map_err(ExportFailed::Write)?;
        self.files(|file| writer.file(file).map_err(ExportFailed::Write))?;
        writer.updates().map_err(ExportFailed::Write)?;
        for batch in self.order.chunks(BATCH) {
            for entry in self.catalog.export_entries(batch)? {
                let ExportEntry { identity, file_digests, categories, classifications } = &entry;
                let identity = *identity;
                let listed = ListedUpdate { identity, file_digests, categories, classifications };
                writer.update(&listed).map_err(ExportFailed::Write)?;
            }
        }
        writer.end().map_err(ExportFailed::Write)?;
        to.check()
    }

    fn metadata(&self, to: &mut Part<'_>) -> Result<(), ExportFailed> {
        let mut record = String::new();
        self.documents(|identity, text| {
            record.clear();
            write_record(&mut record, identity, text)?;
            to.write_all(record.as_bytes()).map_err(ExportFailed::Write)?;
            to.check()
        })
    }

    /// Every document, and how far that is.
    fn documents(
        &self,
        mut each: impl FnMut(UpdateIdentity, &str) -> Result<(), ExportFailed>,
    ) -> Result<(), ExportFailed> {
        let total = self.order.len() as u64;
        let mut done = 0_u64;
        self.report.progress(done, total, ProgressUnit::Updates);
        for batch in self.order.chunks(BATCH) {
            self.catalog.each_document(batch, |it| each(it.identity, &it.text))?;
            done = done.saturating_add(batch.len() as u64);
            self.report.progress(done, total, ProgressUnit::Updates);
        }
        Ok(())
    }

    fn languages(&self) -> Result<Vec<LanguageData>, ExportFailed> {
        let (languages, _) = self.catalog.languages(None).map_err(|error| match error {
            crate::store::catalog::ListError::Store(error) => ExportFailed::Store(error),
            // Without an anchor there is nothing to be wrong about one.
            error => ExportFailed::Write(io::Error::other(error)),
        })?;
        Ok(languages)
    }

    /// Every file whose address is known, once. The names are in the documents alone.
    fn files(
        &self,
        mut each: impl FnMut(&ExportedFile) -> Result<(), ExportFailed>,
    ) -> Result<(), ExportFailed> {
        let mut seen = BTreeSet::new();
        for batch in self.order.chunks(BATCH) {
            let mut entries = self.catalog.export_entries(batch)?;
            entries.retain(|it| !it.file_digests.is_empty());
            let with_files: Vec<_> = entries.iter().map(|it| it.identity).collect();
            self.catalog.each_document(&with_files, |document| {
                // It was indexed when it was stored.
                let Ok(index) = UpdateDocument::index(&document.text) else { return Ok(()) };
                for file in index.files {
                    if !seen.insert(file.digest_sha1.clone()) {
                        continue;
                    }
                    let digest = STANDARD.encode(&file.digest_sha1);
                    for location in self.catalog.locations(&[file.digest_sha1])? {
                        let publisher_url = location.publisher_url;
                        let (digest, name) = (digest.clone(), file.name.clone());
                        each(&ExportedFile { digest, publisher_url, name })?;
                    }
                }
                Ok::<_, ExportFailed>(())
            })?;
        }
        Ok(())
    }
}
