//! One update, whole: its document is read again, and what it names is looked up.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    Catalog, documents, identifiers,
    kinds::ReferenceKind,
    search::{self, COLUMNS},
};
use crate::{
    model::{Digest, UpdateIdentity},
    store::{StoreError, StoreProblem},
    wire::{
        update_document::{UpdateDocument, UpdateFile, UpdateIndex},
        updates::{FileOfUpdate, NamedUpdate, TitleIn, UpdateDetails},
    },
};

/// Most updates that are told to name another one.
const NAMING: i64 = 1_000;

impl Catalog {
    /// A revision of an update, or its newest one; `None` if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or the document is damaged.
    pub fn details(
        &self,
        update_id: Uuid,
        revision: Option<i32>,
    ) -> Result<Option<UpdateDetails>, StoreError> {
        self.database.read(|it| {
            let select = format!(
                "{COLUMNS} FROM identifier JOIN revision ON identifier = number
                 WHERE update_id = ?1 AND (?2 IS NULL OR revision = ?2)
                 ORDER BY revision DESC LIMIT 1"
            );
            let mut statement = it.prepare_cached(&select)?;
            let mut rows = statement.query(params![update_id.as_bytes(), revision])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let (change, number) = (row.get(0)?, row.get(11)?);
            let update = search::update(it, row)?;
            let damaged = || StoreProblem::DamagedDocument(update.identity);
            let text = documents::text(it, change)?.ok_or_else(damaged)?;
            let index = UpdateDocument::index(&text).map_err(|_| damaged())?;
            let digest = Digest::of(text.as_bytes());
            Ok(Some(UpdateDetails {
                titles: titles(&text).ok_or_else(damaged)?,
                prerequisites: groups(it, &index)?,
                supersedes: named(it, index.superseded.iter().copied())?,
                superseded_by: naming(it, number, ReferenceKind::Superseded)?,
                bundles: bundles(it, &index)?,
                bundled_by: naming(it, number, ReferenceKind::Bundled)?,
                files: files(it, &index.files)?,
                document_sha256: digest,
                document_bytes: text.len() as u64,
                update,
            }))
        })
    }
}

fn titles(text: &str) -> Option<Vec<TitleIn>> {
    let titles = UpdateDocument::titles(text).ok()?;
    Some(titles.into_iter().map(|(language, title)| TitleIn { language, title }).collect())
}

fn groups(it: &Connection, index: &UpdateIndex) -> Result<Vec<Vec<NamedUpdate>>, StoreProblem> {
    index.prerequisites.iter().map(|group| named(it, group.any_of.iter().copied())).collect()
}

fn bundles(it: &Connection, index: &UpdateIndex) -> Result<Vec<Vec<NamedUpdate>>, StoreProblem> {
    let ids = |group: &Vec<UpdateIdentity>| named(it, group.iter().map(|member| member.update_id));
    index.bundled.iter().map(ids).collect()
}

fn named(
    it: &Connection,
    ids: impl Iterator<Item = Uuid>,
) -> Result<Vec<NamedUpdate>, StoreProblem> {
    ids.map(|update_id| Ok(NamedUpdate { update_id, title: title(it, update_id)? })).collect()
}

fn title(it: &Connection, update_id: Uuid) -> Result<Option<String>, StoreProblem> {
    Ok(it
        .prepare_cached(
            "SELECT title FROM identifier JOIN revision ON identifier = number
             WHERE update_id = ?1 ORDER BY revision DESC LIMIT 1",
        )?
        .query_row([update_id.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// The updates whose documents name this one.
fn naming(
    it: &Connection,
    number: i64,
    kind: ReferenceKind,
) -> Result<Vec<NamedUpdate>, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT identifier FROM reference JOIN revision USING (change)
         WHERE target = ?1 AND kind = ?2 ORDER BY change LIMIT ?3",
    )?;
    let numbers = statement.query_map([number, kind.number(), NAMING], |row| row.get(0))?;
    // Several revisions of one update name it.
    let numbers: BTreeSet<i64> = numbers.collect::<Result<_, _>>()?;
    let ids = numbers.into_iter().map(|it_number| identifiers::update_id(it, it_number));
    named(it, ids.collect::<Result<Vec<_>, _>>()?.into_iter())
}

fn files(it: &Connection, files: &[UpdateFile]) -> Result<Vec<FileOfUpdate>, StoreProblem> {
    let mut statement = it.prepare_cached("SELECT publisher_url FROM file WHERE sha1 = ?1")?;
    let file = |file: &UpdateFile| {
        let url = statement.query_row([&file.digest_sha1], |row| row.get(0)).optional()?;
        Ok(FileOfUpdate {
            name: file.name.clone(),
            size: file.size,
            sha1: hex::encode(&file.digest_sha1),
            sha256: file.digest_sha256.as_ref().map(hex::encode),
            publisher_url: url.flatten(),
        })
    };
    files.iter().map(file).collect()
}
