//! The same rows and indexes, inserted into SQLite as plainly as can be.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params_from_iter, types::Value};

/// Rows of one transaction.
const BATCH: usize = 500;

/// Copies all tables of a catalog into a new file, row by row, and tells how long inserting took.
pub(crate) fn copy(from: &Path, to: &Path) -> Duration {
    let source = Connection::open(from).unwrap();
    let target = Connection::open(to).unwrap();
    target.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).unwrap();
    target.pragma_update(None, "synchronous", "NORMAL").unwrap();
    target.pragma_update(None, "cache_size", -8_192).unwrap();
    let schema = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'search_%'
         AND name NOT LIKE 'sqlite_%'";
    let mut statements = source.prepare(schema).unwrap();
    let all = statements.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for sql in all {
        target.execute_batch(&sql.unwrap()).unwrap();
    }
    let mut inserting = Duration::ZERO;
    for table in ["identifier", "file", "reference", "document", "revision"] {
        inserting += rows(&source, &target, &format!("SELECT * FROM {table}"), table);
    }
    let words = "SELECT change, title, articles FROM revision";
    inserting + rows(&source, &target, words, "search (rowid, title, articles)")
}

fn rows(source: &Connection, target: &Connection, select: &str, table: &str) -> Duration {
    let mut statement = source.prepare(select).unwrap();
    let columns = statement.column_count();
    let places = vec!["?"; columns].join(", ");
    let insert = format!("INSERT INTO {table} VALUES ({places})");
    let mut rows = statement.query([]).unwrap();
    let mut inserting = Duration::ZERO;
    loop {
        let mut batch: Vec<Vec<Value>> = Vec::with_capacity(BATCH);
        while batch.len() < BATCH
            && let Some(row) = rows.next().unwrap()
        {
            batch.push((0..columns).map(|at| row.get(at).unwrap()).collect());
        }
        if batch.is_empty() {
            return inserting;
        }
        let begun = Instant::now();
        target.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut prepared = target.prepare_cached(&insert).unwrap();
        for row in &batch {
            prepared.execute(params_from_iter(row)).unwrap();
        }
        drop(prepared);
        target.execute_batch("COMMIT").unwrap();
        inserting += begun.elapsed();
    }
}

/// What the tables and indexes of a catalog take.
pub(crate) fn sizes(path: &Path, revisions: u64) {
    let file = Connection::open(path).unwrap();
    let Ok(mut statement) =
        file.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 12")
    else {
        return;
    };
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))
        .unwrap();
    for (name, bytes) in rows.map(Result::unwrap) {
        println!(
            "  {name:<32} {:6.0}",
            super::precise(bytes.unsigned_abs()) / super::precise(revisions)
        );
    }
}
