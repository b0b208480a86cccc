//! Searching: which updates there are, newest first, by words, products, classifications and dates.

use rusqlite::{Connection, Row, params, params_from_iter, types::Value};
use uuid::Uuid;

use super::{
    Catalog, identifiers,
    kinds::{self, ReferenceKind},
    page::categories,
    titles,
};
use crate::{
    store::{StoreError, StoreProblem, revisions::identity},
    wire::{
        update_document::UpdateType,
        updates::{FoundUpdate, FoundUpdates, MAX_FOUND},
    },
};

/// Which updates are searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Words of titles, articles or bulletins, all of which have to be there; one that ends with `*` is
    /// the beginning of a word. None: every update.
    pub words: Vec<String>,
    /// Of these types; none: of all.
    pub types: Vec<UpdateType>,
    /// Of any of these products; `None`: of all.
    pub products: Option<Vec<Uuid>>,
    /// Of any of these classifications; `None`: of all.
    pub classifications: Option<Vec<Uuid>>,
    /// Created at this time or later, in seconds since 1970.
    pub created_since: Option<i64>,
    /// Only those that no other update supersedes.
    pub without_superseded: bool,
    /// Only those that have not expired.
    pub without_expired: bool,
    /// Stored before this change: where the last answer ended.
    pub before: Option<i64>,
    /// So many at most, and never more than [`MAX_FOUND`].
    pub limit: usize,
}

/// What is read of a revision: the columns of [`update`].
pub(super) const COLUMNS: &str = "SELECT revision.change, update_id, revision, update_type,
     category_type, expired, created_at, severity, revision.title, revision.articles, prerequisites,
     identifier";

/// Rows that are looked at before a search that finds little gives what it has, and where to go on.
const LOOKED_AT: usize = 2_000_000;

impl Catalog {
    /// The updates that a search finds, the one that was stored last first.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn search(&self, search: &Search) -> Result<FoundUpdates, StoreError> {
        self.database.read(|it| found(it, search))
    }
}

fn found(it: &Connection, search: &Search) -> Result<FoundUpdates, StoreProblem> {
    let Some((select, mut values)) = select(it, search)? else {
        return Ok(FoundUpdates::default());
    };
    values.insert(0, search.before.unwrap_or(i64::MAX).into());
    let limit = search.limit.clamp(1, MAX_FOUND);
    let mut statement = it.prepare_cached(&select)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut answer = FoundUpdates::default();
    let mut filters = Filters::new(it, search)?;
    let mut looked_at = 0_usize;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        if answer.updates.len() == limit || looked_at > LOOKED_AT {
            answer.more = true;
            break;
        }
        answer.last = Some(row.get(0)?);
        if filters.let_through(row)? {
            answer.updates.push(update(it, row)?);
        }
    }
    Ok(answer)
}

/// Rows in the order of their changes, newest first, from the narrowest index. `None` if it is known
/// that there are none.
fn select(it: &Connection, search: &Search) -> Result<Option<(String, Vec<Value>)>, StoreProblem> {
    let wanted = [&search.products, &search.classifications];
    // One category: its members are an index of their own.
    let single = wanted.into_iter().flatten().find_map(|it| it.first().filter(|_| it.len() == 1));
    Ok(Some(if let Some(query) = query(&search.words) {
        let from = "FROM search JOIN revision ON revision.change = search.rowid
             JOIN identifier ON number = identifier
             WHERE search.rowid < ?1 AND search MATCH ?2 ORDER BY search.rowid DESC";
        (format!("{COLUMNS} {from}"), vec![query.into()])
    } else if let Some(id) = single {
        let Some(number) = identifiers::number(it, *id)? else { return Ok(None) };
        let from = "FROM reference JOIN revision USING (change)
             JOIN identifier ON number = identifier
             WHERE change < ?1 AND target = ?2 AND kind = ?3 ORDER BY change DESC";
        let kind = ReferenceKind::Category.number();
        (format!("{COLUMNS} {from}"), vec![number.into(), kind.into()])
    } else {
        let from = "FROM revision JOIN identifier ON number = identifier
             WHERE change < ?1 ORDER BY change DESC";
        (format!("{COLUMNS} {from}"), Vec::new())
    }))
}

/// All words, as the index reads them; `None` if there are none.
fn query(words: &[String]) -> Option<String> {
    let word = |it: &String| {
        // What has no letter or digit is no word of the index: nothing would be found.
        let is_word = it.chars().any(char::is_alphanumeric);
        // The beginnings of words are many words of the index: only where somebody says so.
        let (word, beginning) = it.strip_suffix('*').map_or((it.as_str(), ""), |it| (it, "*"));
        is_word.then(|| format!("\"{}\"{beginning}", word.replace('"', "\"\"")))
    };
    let words: Vec<_> = words.iter().filter_map(word).collect();
    (!words.is_empty()).then(|| words.join(" AND "))
}

/// What the index that rows come from does not know.
struct Filters<'a> {
    it: &'a Connection,
    search: &'a Search,
    products: Option<Vec<i64>>,
    classifications: Option<Vec<i64>>,
}

impl<'a> Filters<'a> {
    fn new(it: &'a Connection, search: &'a Search) -> Result<Self, StoreProblem> {
        let numbers = |ids: &Option<Vec<Uuid>>| -> Result<Option<Vec<i64>>, StoreProblem> {
            let Some(ids) = ids else { return Ok(None) };
            let numbers = ids.iter().map(|id| identifiers::number(it, *id));
            Ok(Some(numbers.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()))
        };
        let products = numbers(&search.products)?;
        let classifications = numbers(&search.classifications)?;
        Ok(Self { it, search, products, classifications })
    }

    fn let_through(&mut self, row: &Row<'_>) -> Result<bool, StoreProblem> {
        let Search { types, created_since, without_superseded, without_expired, .. } = self.search;
        if !types.is_empty() && !types.contains(&kinds::update_type(row.get(3)?)?) {
            return Ok(false);
        }
        if *without_expired && row.get(5)? {
            return Ok(false);
        }
        let created_at: Option<i64> = row.get(6)?;
        if created_since.is_some_and(|since| created_at.is_none_or(|at| at < since)) {
            return Ok(false);
        }
        if *without_superseded && is_superseded(self.it, row.get(11)?)? {
            return Ok(false);
        }
        let change = row.get(0)?;
        Ok(self.is_of(self.products.as_deref(), change)?
            && self.is_of(self.classifications.as_deref(), change)?)
    }

    fn is_of(&self, categories: Option<&[i64]>, change: i64) -> Result<bool, StoreProblem> {
        let Some(categories) = categories else { return Ok(true) };
        let mut statement = self.it.prepare_cached(
            "SELECT 1 FROM reference WHERE target = ?1 AND kind = ?2 AND change = ?3",
        )?;
        for category in categories {
            if statement.exists([*category, ReferenceKind::Category.number(), change])? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn is_superseded(it: &Connection, identifier: i64) -> Result<bool, StoreProblem> {
    Ok(it
        .prepare_cached("SELECT 1 FROM reference WHERE target = ?1 AND kind = ?2 LIMIT 1")?
        .exists([identifier, ReferenceKind::Superseded.number()])?)
}

pub(super) fn update(it: &Connection, row: &Row<'_>) -> Result<FoundUpdate, StoreProblem> {
    let articles: String = row.get(9)?;
    let category_type: Option<i64> = row.get(4)?;
    let created_at: Option<i64> = row.get(6)?;
    let (products, classification) =
        category_titles(it, &categories(it, row.get_ref(10)?.as_blob().unwrap_or_default())?)?;
    Ok(FoundUpdate {
        identity: identity(row, 1)?,
        update_type: kinds::update_type(row.get(3)?)?,
        category_type: category_type.map(kinds::category_type).transpose()?,
        title: row.get(8)?,
        localized_titles: titles::localized(it, row.get(0)?)?,
        created_at: created_at.and_then(|at| jiff::Timestamp::from_second(at).ok()),
        severity: row.get(7)?,
        articles: articles.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect(),
        products,
        classification,
        expired: row.get(5)?,
        superseded: is_superseded(it, row.get(11)?)?,
    })
}

/// The titles of the products among these categories, and that of the classification.
pub(super) fn category_titles(
    it: &Connection,
    categories: &[Uuid],
) -> Result<(Vec<String>, Option<String>), StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT title, category_type FROM identifier JOIN revision ON identifier = number
         WHERE update_id = ?1 AND update_type = 1 ORDER BY revision DESC LIMIT 1",
    )?;
    let (mut products, mut classification) = (Vec::new(), None);
    for id in categories {
        let mut rows = statement.query(params![id.as_bytes()])?;
        let Some(row) = rows.next()? else { continue };
        match row.get::<_, Option<i64>>(1)? {
            Some(4) => classification = Some(row.get(0)?),
            _ => products.push(row.get(0)?),
        }
    }
    products.sort_unstable();
    Ok((products, classification))
}
