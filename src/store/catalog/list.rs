//! Which revisions there are: what `GetRevisionIdList` answers (protocol §1.6).

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::Catalog;
use crate::{
    model::UpdateIdentity,
    store::{StoreError, StoreProblem, revisions::identity},
    wire::{
        anchor::Anchor,
        server_sync::{Filter, IdAndDelta},
    },
};

/// Revisions, and the anchor up to which they are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionList {
    /// To be sent with the next question of the same kind.
    pub anchor: Anchor,
    /// In the order in which they were stored.
    pub revisions: Vec<UpdateIdentity>,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The anchor is not one that this server writes.
    #[error("the anchor `{0}` is not understood")]
    Anchor(String),
    /// The anchor is well formed, but from another catalog: one before this one was made, or one
    /// of its future.
    #[error("the anchor {0} is not of this catalog")]
    ServerChanged(Anchor),
    /// The file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Revision, and whether it is wanted whether or not it changed.
type Matches = BTreeMap<i64, bool>;

impl Catalog {
    /// The revisions that a filter lets through.
    ///
    /// # Errors
    ///
    /// The anchor is not one of this catalog, or the file cannot be read.
    pub fn revision_list(&self, filter: &Filter) -> Result<RevisionList, ListError> {
        let after = self.checked(filter.anchor.as_deref())?;
        Ok(self.database.read(|it| {
            let (_, last) = lifetime(it)?;
            let revisions = match (&filter.categories, &filter.classifications) {
                _ if filter.get_config => all(it, true, after)?,
                (None, None) => all(it, false, after)?,
                (Some(categories), Some(classifications)) => {
                    selected(it, categories, classifications, after)?
                }
                // One list without the other lets nothing through.
                _ => Vec::new(),
            };
            Ok(RevisionList { anchor: anchor(last)?, revisions })
        })?)
    }

    /// The time of an anchor of this catalog.
    pub(super) fn checked(&self, text: Option<&str>) -> Result<Option<i64>, ListError> {
        let Some(text) = text else { return Ok(None) };
        let asked: Anchor =
            text.parse().map_err(|_| ListError::Anchor(text.chars().take(60).collect()))?;
        let at = asked.at().as_millisecond();
        let (created, last) = self.database.read(|it| Ok(lifetime(it)?))?;
        if at < created || at > last {
            return Err(ListError::ServerChanged(asked));
        }
        Ok(Some(at))
    }
}

/// When the catalog was made and when it changed last, in milliseconds.
pub(super) fn lifetime(it: &Connection) -> rusqlite::Result<(i64, i64)> {
    it.prepare_cached("SELECT created_at, last_changed_at FROM catalog")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The anchor of a time in milliseconds. The counter is for the form's sake only.
pub(super) fn anchor(at: i64) -> Result<Anchor, StoreProblem> {
    let invalid = || StoreProblem::Value("the time of the last change");
    let at = Timestamp::from_millisecond(at).map_err(|_| invalid())?;
    Anchor::new(1, at).map_err(|_| invalid())
}

fn all(
    it: &Connection,
    configuration: bool,
    after: Option<i64>,
) -> Result<Vec<UpdateIdentity>, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT update_id, revision FROM revision
         WHERE configuration = ?1 AND changed_at > ?2 ORDER BY changed_at, change",
    )?;
    let after = after.unwrap_or(i64::MIN);
    let rows = statement.query_map(params![configuration, after], |row| identity(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Revisions of any of the categories and any of the classifications. Members of bundles name both
/// as plain prerequisites, so every prerequisite counts.
fn selected(
    it: &Connection,
    categories: &[IdAndDelta],
    classifications: &[IdAndDelta],
    after: Option<i64>,
) -> Result<Vec<UpdateIdentity>, StoreProblem> {
    let classified = matches(it, classifications)?;
    let mut statement = it.prepare_cached(
        "SELECT update_id, revision, change FROM revision
         WHERE id = ?1 AND configuration = 0 AND (?2 OR changed_at > ?3)",
    )?;
    let after = after.unwrap_or(i64::MIN);
    let mut found = Vec::new();
    for (id, in_any_case) in matches(it, categories)? {
        let Some(also) = classified.get(&id) else { continue };
        let mut rows = statement.query(params![id, in_any_case || *also, after])?;
        if let Some(row) = rows.next()? {
            found.push((row.get::<_, i64>(2)?, identity(row, 0)?));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, identity)| identity).collect())
}

/// The revisions that have one of these among their prerequisites.
fn matches(it: &Connection, wanted: &[IdAndDelta]) -> Result<Matches, StoreProblem> {
    let mut statement =
        it.prepare_cached("SELECT DISTINCT revision_id FROM prerequisite WHERE target = ?1")?;
    // Asked twice for one, the one that wants everything counts; and a request cannot make the
    // same work be done many times.
    let mut distinct = BTreeMap::new();
    for item in wanted {
        *distinct.entry(item.id).or_insert(false) |= !item.delta;
    }
    let mut found = Matches::new();
    for (id, in_any_case) in distinct {
        let rows = statement.query_map([id.as_bytes()], |row| row.get(0))?;
        for row in rows {
            *found.entry(row?).or_insert(false) |= in_any_case;
        }
    }
    Ok(found)
}
