//! Updates as numbers: what stands in a row for the sixteen bytes of an identifier.

use std::collections::{HashMap, HashSet};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction};
use uuid::Uuid;

use crate::store::StoreProblem;

/// Numbers that are remembered: documents name the same few thousand products and detectoids again
/// and again.
const REMEMBERED: usize = 1 << 16;

/// What is remembered of numbers from one transaction to the next. To be forgotten when a transaction
/// fails: its numbers were never given.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    numbers: HashMap<Uuid, i64>,
    /// Numbers of the updates that are categories, once they were read.
    categories: Option<HashSet<i64>>,
}

/// Gives numbers within one transaction.
pub(super) struct Identifiers<'a> {
    remembered: &'a mut Remembered,
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
}

impl<'a> Identifiers<'a> {
    pub(super) fn new(
        it: &'a Transaction<'_>,
        remembered: &'a mut Remembered,
    ) -> Result<Self, StoreProblem> {
        if remembered.numbers.len() > REMEMBERED {
            remembered.numbers.clear();
        }
        if remembered.categories.is_none() {
            let mut categories =
                it.prepare("SELECT identifier FROM revision WHERE update_type = 1")?;
            let numbers = categories.query_map([], |row| row.get(0))?;
            remembered.categories = Some(numbers.collect::<Result<_, _>>()?);
        }
        Ok(Self {
            remembered,
            find: it.prepare_cached("SELECT number FROM identifier WHERE update_id = ?1")?,
            insert: it.prepare_cached(
                "INSERT INTO identifier (update_id) VALUES (?1) ON CONFLICT DO NOTHING",
            )?,
        })
    }

    /// The number of an update that a document names.
    pub(super) fn named(&mut self, it: &Connection, id: Uuid) -> Result<i64, StoreProblem> {
        if let Some(number) = self.remembered.numbers.get(&id) {
            return Ok(*number);
        }
        let found = self.find.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
        let number = match found {
            Some(number) => number,
            None => self.own(it, id)?.0,
        };
        self.remembered.numbers.insert(id, number);
        Ok(number)
    }

    /// The number of an update that is stored, and whether it is new.
    pub(super) fn own(&mut self, it: &Connection, id: Uuid) -> Result<(i64, bool), StoreProblem> {
        if self.insert.execute([id.as_bytes()])? == 1 {
            return Ok((it.last_insert_rowid(), true));
        }
        Ok((self.find.query_row([id.as_bytes()], |row| row.get(0))?, false))
    }

    /// Whether the update of this number is a category.
    pub(super) fn is_category(&self, number: i64) -> bool {
        self.remembered.categories.as_ref().is_some_and(|it| it.contains(&number))
    }

    /// From now on it is.
    pub(super) fn add_category(&mut self, number: i64) {
        self.remembered.categories.get_or_insert_default().insert(number);
    }
}

/// The number of an update, if anything here names it.
pub(super) fn number(it: &Connection, id: Uuid) -> Result<Option<i64>, StoreProblem> {
    Ok(it
        .prepare_cached("SELECT number FROM identifier WHERE update_id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?)
}

/// The update of a number.
pub(super) fn update_id(it: &Connection, number: i64) -> Result<Uuid, StoreProblem> {
    Ok(it
        .prepare_cached("SELECT update_id FROM identifier WHERE number = ?1")?
        .query_row([number], |row| row.get(0).map(Uuid::from_bytes))?)
}
