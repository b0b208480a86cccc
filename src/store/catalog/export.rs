//! What an export of the catalog lists (SYNC-7): every revision, in an order in which each can be
//! imported, and what the list says of it beside its document.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::{Catalog, documents::files, identifiers, kinds, numbers};
use crate::{
    model::UpdateIdentity,
    store::{StoreError, StoreProblem, revisions::identity},
    wire::update_document::{CategoryType, UpdateType},
};

/// What the list of an export says of one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportEntry {
    /// Whose.
    pub identity: UpdateIdentity,
    /// SHA-1 of each file.
    pub file_digests: Vec<Vec<u8>>,
    /// Products and product families that an update belongs to; none of a category or detectoid.
    pub categories: Vec<Uuid>,
    /// Its classifications; none of a category or detectoid.
    pub classifications: Vec<Uuid>,
}

impl Catalog {
    /// Every revision, prerequisites before those that name them: in the order in which they were
    /// stored wherever that does it, so that what was imported is exported in the same order.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn export_order(&self) -> Result<Vec<UpdateIdentity>, StoreError> {
        self.database.read(|it| order(it))
    }

    /// What the list of an export says of these revisions, in their order.
    ///
    /// # Errors
    ///
    /// One of them is not there, or the file cannot be read.
    pub fn export_entries(
        &self,
        identities: &[UpdateIdentity],
    ) -> Result<Vec<ExportEntry>, StoreError> {
        self.database.read(|it| identities.iter().map(|identity| entry(it, *identity)).collect())
    }

    /// Whether it holds any revision of any of these updates.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn holds_any(&self, update_ids: &[Uuid]) -> Result<bool, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT 1 FROM identifier JOIN revision ON identifier = number
                 WHERE update_id = ?1",
            )?;
            for update_id in update_ids {
                if statement.exists([update_id.as_bytes()])? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }
}

/// A revision whose prerequisites are being placed.
struct Waiting {
    identity: UpdateIdentity,
    /// Numbers of what has still to come before it, the last one first.
    before: Vec<i64>,
}

/// Depth first, by the order of changes, without recursion: a chain of prerequisites may be long.
/// In a circle, which no publisher makes, the one that is met first comes last.
fn order(it: &Connection) -> Result<Vec<UpdateIdentity>, StoreProblem> {
    let mut all = it.prepare(
        "SELECT change, update_id, revision, prerequisites
         FROM revision JOIN identifier ON number = identifier ORDER BY change",
    )?;
    // Of a prerequisite with several revisions any one does, so the first counts.
    let mut first = it.prepare(
        "SELECT change, update_id, revision, prerequisites
         FROM revision JOIN identifier ON number = identifier
         WHERE identifier = ?1 ORDER BY change LIMIT 1",
    )?;
    let (mut placed, mut begun) = (Vec::new(), BTreeSet::new());
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        if !begun.insert(row.get::<_, i64>(0)?) {
            continue;
        }
        let mut waiting = vec![Waiting::of(row)?];
        while let Some(last) = waiting.last_mut() {
            let Some(number) = last.before.pop() else {
                placed.push(last.identity);
                waiting.pop();
                continue;
            };
            let mut named = first.query([number])?;
            if let Some(row) = named.next()?
                && begun.insert(row.get::<_, i64>(0)?)
            {
                waiting.push(Waiting::of(row)?);
            }
        }
    }
    Ok(placed)
}

impl Waiting {
    fn of(row: &Row<'_>) -> Result<Self, StoreProblem> {
        let groups = numbers::read_groups(row.get_ref(3)?.as_blob().unwrap_or_default())?;
        let mut before: Vec<i64> = groups.into_iter().flat_map(|group| group.any_of).collect();
        before.reverse();
        Ok(Self { identity: identity(row, 1)?, before })
    }
}

fn entry(it: &Connection, identity: UpdateIdentity) -> Result<ExportEntry, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT update_type, prerequisites, files
         FROM identifier JOIN revision ON identifier = number
         WHERE update_id = ?1 AND revision = ?2",
    )?;
    let mut rows = statement.query(params![identity.update_id.as_bytes(), identity.revision])?;
    let row = rows.next()?.ok_or(StoreProblem::NotFound(identity))?;
    let blob = |column| Ok::<_, StoreProblem>(row.get_ref(column)?.as_blob().unwrap_or_default());
    let (file_digests, _) = files(it, blob(2)?)?;
    let mut entry =
        ExportEntry { identity, file_digests, categories: Vec::new(), classifications: Vec::new() };
    let update_type = kinds::update_type(row.get(0)?)?;
    if matches!(update_type, UpdateType::Category | UpdateType::Detectoid) {
        return Ok(entry);
    }
    let mut category_type = it.prepare_cached(
        "SELECT category_type FROM revision
         WHERE identifier = ?1 AND category_type IS NOT NULL LIMIT 1",
    )?;
    let groups = numbers::read_groups(blob(1)?)?.into_iter().filter(|group| group.is_category);
    for number in groups.flat_map(|group| group.any_of) {
        let found: Option<i64> = category_type.query_row([number], |row| row.get(0)).optional()?;
        let Some(found) = found else { continue };
        let list = match kinds::category_type(found)? {
            CategoryType::Company => continue,
            CategoryType::ProductFamily | CategoryType::Product => &mut entry.categories,
            CategoryType::UpdateClassification => &mut entry.classifications,
        };
        let update_id = identifiers::update_id(it, number)?;
        if !list.contains(&update_id) {
            list.push(update_id);
        }
    }
    Ok(entry)
}
