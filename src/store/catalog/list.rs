//! Which revisions there are: what `GetRevisionIdList` answers (protocol §1.6).

use std::collections::BTreeMap;

use jiff::Timestamp;
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{Catalog, identifiers, kinds::ReferenceKind, open::last_change};
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

/// A list that is read piece by piece: however long it is, little of it is in memory.
#[derive(Debug)]
pub struct Listing {
    /// To be sent with the next question of the same kind.
    pub anchor: Anchor,
    rest: Rest,
}

/// What of a list has not been read yet.
#[derive(Debug)]
enum Rest {
    /// Categories and detectoids, or the others, of the changes from the first to the last.
    Range { configuration: bool, first: i64, last: i64 },
    /// The revisions of these changes.
    Changes(RoaringTreemap),
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

/// Revisions that are read at a time: a list that has fewer is over.
pub const PIECE: u32 = 10_000;

impl Catalog {
    /// The revisions that a filter lets through.
    ///
    /// # Errors
    ///
    /// The anchor is not one of this catalog, or the file cannot be read.
    pub fn revision_list(&self, filter: &Filter) -> Result<RevisionList, ListError> {
        let mut listing = self.listing(filter)?;
        let mut revisions = Vec::new();
        while let Some(mut piece) = self.listed(&mut listing)? {
            revisions.append(&mut piece);
        }
        Ok(RevisionList { anchor: listing.anchor, revisions })
    }

    /// The revisions that a filter lets through, to be read piece by piece: what is stored meanwhile
    /// is not among them.
    ///
    /// # Errors
    ///
    /// The anchor is not one of this catalog, or the file cannot be read.
    pub fn listing(&self, filter: &Filter) -> Result<Listing, ListError> {
        let after = self.checked(filter.anchor.as_deref())?;
        Ok(self.database.read(|it| {
            let last = last_change(it)?;
            let first = after.map_or(Ok(i64::MIN), |after| first_change(it, after, last))?;
            let range = |configuration| Rest::Range { configuration, first, last };
            let rest = match (&filter.categories, &filter.classifications) {
                _ if filter.get_config => range(true),
                (None, None) => range(false),
                (Some(categories), Some(classifications)) => {
                    Rest::Changes(selected(it, categories, classifications, first)?)
                }
                // One list without the other lets nothing through.
                _ => Rest::Changes(RoaringTreemap::new()),
            };
            Ok(Listing { anchor: anchor(lifetime(it)?.1)?, rest })
        })?)
    }

    /// The next piece of a list, in the order in which revisions were stored; `None` at its end.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn listed(&self, listing: &mut Listing) -> Result<Option<Vec<UpdateIdentity>>, StoreError> {
        let piece = self.database.read(|it| match &mut listing.rest {
            Rest::Range { configuration, first, last } => range(it, *configuration, first, *last),
            Rest::Changes(changes) => of_changes(it, changes),
        })?;
        Ok((!piece.is_empty()).then_some(piece))
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

/// The first change after this time, in milliseconds; behind the last one if there is none.
pub(super) fn first_change(it: &Connection, after: i64, last: i64) -> rusqlite::Result<i64> {
    let found = it
        .prepare_cached("SELECT first_change FROM moment WHERE at > ?1 ORDER BY at LIMIT 1")?
        .query_row([after], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(last.saturating_add(1)))
}

fn range(
    it: &Connection,
    configuration: bool,
    first: &mut i64,
    last: i64,
) -> Result<Vec<UpdateIdentity>, StoreProblem> {
    let mut statement = it.prepare_cached(if configuration {
        "SELECT update_id, revision, change FROM revision JOIN identifier ON number = identifier
         WHERE update_type <= 2 AND change BETWEEN ?1 AND ?2 ORDER BY change LIMIT ?3"
    } else {
        "SELECT update_id, revision, change FROM revision JOIN identifier ON number = identifier
         WHERE update_type > 2 AND change BETWEEN ?1 AND ?2 ORDER BY change LIMIT ?3"
    })?;
    let mut rows = statement.query(params![*first, last, PIECE])?;
    let mut piece = Vec::new();
    while let Some(row) = rows.next()? {
        piece.push(identity(row, 0)?);
        *first = row.get::<_, i64>(2)?.saturating_add(1);
    }
    Ok(piece)
}

fn of_changes(
    it: &Connection,
    changes: &mut RoaringTreemap,
) -> Result<Vec<UpdateIdentity>, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT update_id, revision FROM revision JOIN identifier ON number = identifier
         WHERE change = ?1 AND update_type > 2",
    )?;
    let mut piece = Vec::new();
    while piece.len() < PIECE as usize
        && let Some(change) = changes.min()
    {
        changes.remove(change);
        let found =
            statement.query_row([change.cast_signed()], |row| identity(row, 0)).optional()?;
        piece.extend(found);
    }
    Ok(piece)
}

/// Revisions of any of the categories and any of the classifications. Members of bundles name both
/// as plain prerequisites, so every prerequisite counts.
fn selected(
    it: &Connection,
    categories: &[IdAndDelta],
    classifications: &[IdAndDelta],
    first: i64,
) -> Result<RoaringTreemap, StoreProblem> {
    let is_delta = |all: &[IdAndDelta]| all.iter().all(|item| item.delta);
    // Where everything of one item is wanted, what has not changed may be among it.
    let from = if is_delta(categories) && is_delta(classifications) { first } else { i64::MIN };
    let categories = members(it, categories, from)?;
    let classifications = members(it, classifications, from)?;
    let mut found = categories.all & classifications.all;
    if from < first {
        let unchanged = u64::try_from(first).unwrap_or(0);
        let in_any_case = categories.in_any_case | classifications.in_any_case;
        let changed = found.iter().filter(|it| *it >= unchanged || in_any_case.contains(*it));
        found = changed.collect();
    }
    Ok(found)
}

/// Changes of revisions that have one of the items among their prerequisites.
struct Members {
    all: RoaringTreemap,
    /// Those that are wanted whether or not they changed.
    in_any_case: RoaringTreemap,
}

fn members(it: &Connection, wanted: &[IdAndDelta], from: i64) -> Result<Members, StoreProblem> {
    // Asked twice for one, the one that wants everything counts; and a request cannot make the
    // same work be done many times.
    let mut distinct = BTreeMap::<Uuid, bool>::new();
    for item in wanted {
        *distinct.entry(item.id).or_insert(false) |= !item.delta;
    }
    let mut statement = it.prepare_cached(
        "SELECT change FROM reference WHERE target = ?1 AND kind = ?2 AND change >= ?3",
    )?;
    let mut members = Members { all: RoaringTreemap::new(), in_any_case: RoaringTreemap::new() };
    for (id, in_any_case) in distinct {
        let Some(number) = identifiers::number(it, id)? else { continue };
        let mut rows = statement.query([number, ReferenceKind::Category.number(), from])?;
        let mut found = RoaringTreemap::new();
        while let Some(row) = rows.next()? {
            found.insert(row.get::<_, i64>(0)?.unsigned_abs());
        }
        if in_any_case {
            members.in_any_case |= &found;
        }
        members.all |= found;
    }
    Ok(members)
}
