//! The two passes. In the first one documents become fragments and lines of what the list will say;
//! in the second one the list is written, since at an update stands what all the others say of it.

use std::{collections::BTreeSet, fs::File, io, iter};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cab::CompressionType;
use jiff::Timestamp;
use uuid::{Builder, Uuid};

use super::{
    super::{ExportFailed, Shelf, cabinet, export::BATCH, shelf::Temporary},
    part::{Finished, Part},
    spool::Spool,
};
use crate::{
    model::{Hashing, UpdateIdentity},
    role::Reporter,
    store::catalog::Catalog,
    wire::{
        agent::ProgressUnit,
        offline_catalog::{
            INDEX, OfflineHead, OfflineLinks, OfflinePackageWriter, OfflineUpdate, PACKAGE,
            PACKAGE_XML, PartLimits, index_xml, latest_revisions, part_name,
        },
        update_content::Sha1,
        update_document::{PublicationState, UpdateDocument},
    },
};

/// Where an offline catalog is made of.
pub(in crate::role::update_point::exchange) struct OfflineCatalog<'a> {
    pub(in crate::role::update_point::exchange) catalog: &'a Catalog,
    pub(in crate::role::update_point::exchange) shelf: &'a Shelf,
    pub(in crate::role::update_point::exchange) report: &'a Reporter,
    pub(in crate::role::update_point::exchange) limits: PartLimits,
}

/// What the first pass leaves for the second.
struct Passed {
    links: OfflineLinks,
    updates: Spool,
    locations: Spool,
    /// Files whose place was asked for already.
    located: BTreeSet<Sha1>,
    part: Part,
    parts: Vec<Finished>,
    hashing: Hashing,
    /// The youngest of all dates.
    created: Timestamp,
    count: u64,
}

impl OfflineCatalog<'_> {
    /// Writes it into `file`, out of the revisions in this order. Returns how many are in it.
    pub(in crate::role::update_point::exchange) fn write(
        &self,
        file: &File,
        order: &[UpdateIdentity],
    ) -> Result<u64, ExportFailed> {
        let mut passed = self.pass(order)?;
        let package = self.package(&mut passed).map_err(too_large)?;
        let Passed { parts, created, count, .. } = passed;
        join(file, &package, &parts, created).map_err(too_large)?;
        Ok(count)
    }

    fn pass(&self, order: &[UpdateIdentity]) -> Result<Passed, ExportFailed> {
        let declined: BTreeSet<_> = self.catalog.hidden_updates()?.into_iter().collect();
        let mut revisions = latest_revisions(order);
        revisions.retain(|it| !declined.contains(&it.update_id));
        let mut passed = Passed::begin(self.shelf, &revisions).map_err(ExportFailed::Write)?;
        let (total, mut done) = (revisions.len() as u64, 0_u64);
        self.report.progress(done, total, ProgressUnit::Updates);
        for batch in revisions.chunks(BATCH) {
            self.catalog
                .each_document(batch, |it| self.take(&mut passed, it.identity, &it.text))?;
            done = done.saturating_add(batch.len() as u64);
            self.report.progress(done, total, ProgressUnit::Updates);
        }
        passed.parts.extend(passed.part.finish(self.shelf)?);
        passed.links.complete();
        Ok(passed)
    }

    /// Takes one document in. One that cannot be taken apart, though it could be stored, does not
    /// stop the others.
    fn take(
        &self,
        passed: &mut Passed,
        identity: UpdateIdentity,
        text: &str,
    ) -> Result<(), ExportFailed> {
        let read =
            UpdateDocument::index(text).and_then(|it| Ok((it, UpdateDocument::fragments(text)?)));
        let (index, fragments) = match read {
            Ok((index, _)) if index.publication_state == PublicationState::Expired => return Ok(()),
            Ok(read) => read,
            Err(error) => {
                let reason = crate::error_text::with_causes(&error);
                tracing::warn!(%identity, %reason, "an update is left out of the offline catalog");
                return Ok(());
            }
        };
        let Some(number) = passed.links.revision_id(identity.update_id) else { return Ok(()) };
        let update = OfflineUpdate::of(number, &index, &fragments);
        if passed.part.is_full(self.limits) {
            passed.parts.extend(passed.part.finish(self.shelf)?);
        }
        passed.links.add(&index);
        let Passed { updates, part, hashing, .. } = passed;
        updates.push(&update, hashing).map_err(ExportFailed::Write)?;
        part.push(&update, &fragments, hashing).map_err(ExportFailed::Write)?;
        passed.created = passed.created.max(update.created.unwrap_or_default());
        passed.count += 1;
        for file in index.files {
            self.locate(passed, file.digest_sha1)?;
        }
        Ok(())
    }

    /// Notes where a file is, if that is known, once.
    fn locate(&self, passed: &mut Passed, sha1: Vec<u8>) -> Result<(), ExportFailed> {
        if !Sha1::from_slice(&sha1).is_some_and(|it| passed.located.insert(it)) {
            return Ok(());
        }
        let digest = STANDARD.encode(&sha1);
        for location in self.catalog.locations(&[sha1])? {
            let line = (&digest, location.publisher_url);
            passed.locations.push(&line, &mut passed.hashing).map_err(ExportFailed::Write)?;
        }
        Ok(())
    }

    /// The second pass: the list, in a cabinet of its own.
    fn package(&self, passed: &mut Passed) -> Result<Temporary, ExportFailed> {
        let head = OfflineHead {
            package_id: identifier(&passed.hashing),
            source_id: self.catalog.account_guid()?,
            created: passed.created,
        };
        let (cabinet, file) = self.shelf.begin().map_err(ExportFailed::Write)?;
        let entry = (PACKAGE_XML.to_owned(), Some(passed.created));
        cabinet::write_each(&cabinet, CompressionType::MsZip, [entry], |to| {
            let writing = passed.list(OfflinePackageWriter::begin(&mut *to, &head));
            to.check()?;
            writing.map_err(ExportFailed::Write)
        })?;
        Ok(file)
    }
}

impl Passed {
    fn begin(shelf: &Shelf, revisions: &[UpdateIdentity]) -> io::Result<Self> {
        Ok(Self {
            links: OfflineLinks::new(revisions),
            updates: Spool::begin(shelf)?,
            locations: Spool::begin(shelf)?,
            located: BTreeSet::new(),
            part: Part::begin(shelf)?,
            parts: Vec::new(),
            hashing: Hashing::default(),
            created: Timestamp::UNIX_EPOCH,
            count: 0,
        })
    }

    fn list<W: io::Write>(
        &mut self,
        writer: io::Result<OfflinePackageWriter<W>>,
    ) -> io::Result<()> {
        let mut writer = writer?;
        for update in self.updates.values()? {
            writer.update(&update?, &self.links)?;
        }
        writer.locations()?;
        for location in self.locations.values::<(String, String)>()? {
            let (digest, url) = location?;
            writer.location(&digest, &url)?;
        }
        writer.end()
    }
}

/// All cabinets in one, as they are: they are packed already.
fn join(
    file: &File,
    package: &Temporary,
    parts: &[Finished],
    created: Timestamp,
) -> Result<(), ExportFailed> {
    let starts: Vec<_> = parts.iter().map(|it| it.first).collect();
    let index = index_xml(&starts).map_err(|it| ExportFailed::Write(io::Error::other(it)))?;
    let names = [INDEX.to_owned(), PACKAGE.to_owned()].into_iter();
    let names = names.chain((0..parts.len()).map(part_name));
    let cabinets = iter::once(package).chain(parts.iter().map(|it| &it.file));
    let mut contents = iter::once(None).chain(cabinets.map(Some));
    let entries = names.map(|it| (it, Some(created)));
    cabinet::write_each(file, CompressionType::None, entries, |to| {
        let copied = match contents.next().flatten() {
            Some(cabinet) => cabinet.open().and_then(|mut it| io::copy(&mut it, to)),
            None => io::copy(&mut index.as_bytes(), to),
        };
        copied.map(drop).map_err(ExportFailed::Write)
    })
}

/// Another one for other content.
fn identifier(hashing: &Hashing) -> Uuid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hashing.digest().as_bytes()).for_each(|(to, from)| *to = *from);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// What helps against it differs from what helps with an export.
fn too_large(error: ExportFailed) -> ExportFailed {
    match error {
        ExportFailed::TooLarge => ExportFailed::OfflineTooLarge,
        error => error,
    }
}
