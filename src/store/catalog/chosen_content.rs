//! Which files the settings choose: those of approved updates, or of updates by what they are, and
//! those of the members of bundles.

use std::fmt::Write;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{Catalog, content, identifiers, numbers};
use crate::store::{StoreError, StoreProblem};

/// Updates by what they are: everything that is said fits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChosenUpdates {
    /// Only those that are approved for installation somewhere, and not declined.
    pub approved: bool,
    /// Of any of these products; `None`: of all.
    pub products: Option<Vec<Uuid>>,
    /// Of any of these classifications; `None`: of all.
    pub classifications: Option<Vec<Uuid>>,
    /// That name any of these Knowledge Base articles, such as `KB5031364`; none: all.
    pub articles: Vec<String>,
    /// Created at this time or later, in seconds since 1970.
    pub created_since: Option<i64>,
}

/// What holds of a file that can be fetched. Files of differences are of use only to who hosts them in
/// parts.
pub(super) const USABLE: &str =
    "size IS NOT NULL AND length(sha1) = 20 AND coalesce(name, '') NOT LIKE '%.psf'";

impl Catalog {
    /// Chooses the files of these updates, those of packages, and no others; `None`: those of packages
    /// alone.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn choose_content(
        &self,
        updates: Option<&ChosenUpdates>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            it.execute_batch(
                "CREATE TEMP TABLE IF NOT EXISTS chosen_file (number INTEGER PRIMARY KEY);
                 DELETE FROM chosen_file;",
            )?;
            if let Some(updates) = updates {
                let mut insert = it.prepare_cached(&format!(
                    "INSERT OR IGNORE INTO chosen_file SELECT number FROM file
                     WHERE number = ?1 AND {USABLE}"
                ))?;
                each_file(it, updates, |number| {
                    insert.execute([number])?;
                    Ok(())
                })?;
            }
            it.execute("INSERT OR IGNORE INTO chosen_file SELECT file FROM package_file", [])?;
            it.execute(
                "INSERT OR IGNORE INTO content (file, chosen) SELECT number, 1 FROM chosen_file",
                [],
            )?;
            it.execute(
                "UPDATE content SET chosen = 1, left_at = NULL, retry_at = 0
                 WHERE NOT chosen AND file IN (SELECT number FROM chosen_file)",
                [],
            )?;
            it.execute(
                "UPDATE content SET chosen = 0, left_at = ?1
                 WHERE chosen AND file NOT IN (SELECT number FROM chosen_file)",
                [now.as_millisecond()],
            )?;
            it.execute(
                "DELETE FROM content WHERE NOT held AND NOT chosen AND coalesce(asked_at, 0) < ?1",
                [content::since(now)],
            )?;
            Ok(())
        })
    }
}

/// Gives the numbers of the files of these updates, some of them several times.
pub(super) fn each_file(
    it: &Connection,
    updates: &ChosenUpdates,
    mut each: impl FnMut(i64) -> Result<(), StoreProblem>,
) -> Result<(), StoreProblem> {
    let ChosenUpdates { approved, products, classifications, articles, created_since } = updates;
    // Whatever is bundled comes with its bundle, and only so.
    let mut of = String::from(
        "r.update_type IN (3, 4) AND NOT EXISTS
             (SELECT 1 FROM reference b WHERE b.target = r.identifier AND b.kind = 3)",
    );
    if *approved {
        of += " AND r.change IN (SELECT a.change FROM deployment d
                 JOIN identifier i ON i.update_id = d.update_id
                 JOIN revision a ON a.identifier = i.number AND a.revision = d.revision
                 WHERE d.action = 0)
             AND r.identifier NOT IN (SELECT i.number FROM hidden_update h
                 JOIN identifier i ON i.update_id = h.update_id)";
    } else {
        of += " AND NOT r.expired
             AND NOT EXISTS (SELECT 1 FROM revision n
                 WHERE n.identifier = r.identifier AND n.revision > r.revision)
             AND NOT EXISTS
                 (SELECT 1 FROM reference s WHERE s.target = r.identifier AND s.kind = 2)";
    }
    for categories in [products, classifications].into_iter().flatten() {
        let known = categories.iter().map(|id| identifiers::number(it, *id));
        let known = known.collect::<Result<Vec<_>, _>>()?;
        let known: Vec<_> = known.into_iter().flatten().map(|it| it.to_string()).collect();
        // Writing into a text does not fail.
        let _ = write!(
            of,
            " AND EXISTS (SELECT 1 FROM reference c
                 WHERE c.change = r.change AND c.kind = 1 AND c.target IN ({}))",
            known.join(", ")
        );
    }
    let sql = format!(
        "WITH RECURSIVE chosen (change) AS (
             SELECT r.change FROM revision r WHERE {of}
                 AND (?1 IS NULL OR r.created_at >= ?1)
                 AND (?2 = '[]' OR EXISTS (SELECT 1 FROM json_each(?2)
                     WHERE instr(' ' || r.articles || ' ', ' ' || value || ' ') > 0))
             UNION
             SELECT (SELECT m.change FROM revision m WHERE m.identifier = b.target
                     ORDER BY m.revision DESC LIMIT 1)
             FROM chosen JOIN reference b ON b.change = chosen.change AND b.kind = 3
         )
         SELECT r.files FROM chosen JOIN revision r ON r.change = chosen.change"
    );
    let articles = serde_json::to_string(articles).unwrap_or_else(|_| "[]".to_owned());
    let mut statement = it.prepare(&sql)?;
    let mut rows = statement.query(params![created_since, articles])?;
    while let Some(row) = rows.next()? {
        for number in numbers::read_all(row.get_ref(0)?.as_blob().unwrap_or_default())? {
            each(number)?;
        }
    }
    Ok(())
}
