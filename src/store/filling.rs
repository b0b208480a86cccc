//! Much at once into one file, such as a whole catalog: what it is written with meanwhile.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rusqlite::Connection;

use super::{Database, StoreError, StoreProblem};
use crate::error_text::with_causes;

/// How a connection writes.
pub(super) struct Pace {
    /// Pages of the file that it keeps in memory, in KiB.
    cache: i64,
    /// Pages that the log takes before they are written to the file itself.
    log: i64,
}

/// Each transaction is on the disk once it is committed. SQLite's NORMAL would lose all of them that are
/// still in the log when the power fails, those of hours ago too: an update that was published and that
/// those below have meanwhile, or an action that was done.
const SYNCHRONOUS: &str = "FULL";

/// The system caches the file as well, and one process may have a dozen of them open. The log is as long
/// as SQLite wants it.
pub(super) const ORDINARY: Pace = Pace { cache: 8 << 10, log: 1_000 };

/// Identifiers and digests fall anywhere into their indexes, so that each transaction touches most
/// pages of these: with a log as short as the ordinary one, all of them are written twice each time.
/// 64 MiB of pages hold the indexes of half a million revisions.
const FILLING: Pace = Pace { cache: 64 << 10, log: 32 << 10 };

/// Bytes of a page.
const PAGE: i64 = 4 << 10;

/// Whether one file of this process has the large cache: many update points may be in one process.
static LARGE: AtomicBool = AtomicBool::new(false);

/// The connection that writes.
pub(super) struct Writer {
    pub(super) connection: Connection,
    /// How many fill the file now.
    fillings: usize,
    has_large_cache: bool,
}

/// While it is there, much is stored in a database: larger parts of it stay in memory, and it is
/// written back more rarely. To be dropped where it may block.
#[derive(Debug)]
pub struct Filling(Arc<Database>);

impl Filling {
    /// From now on, much is stored.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn begin(database: &Arc<Database>) -> Result<Self, StoreError> {
        let begun = database.begin_filling();
        begun.map_err(|problem| StoreError::new(database.path(), problem))?;
        Ok(Self(Arc::clone(database)))
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        if let Err(error) = self.0.end_filling() {
            // All of it stands in the log, and is written back later.
            tracing::debug!(error = with_causes(&error), "a database could not be written back");
        }
    }
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, fillings: 0, has_large_cache: false }
    }

    fn give_large_cache_back(&mut self) {
        if std::mem::take(&mut self.has_large_cache) {
            LARGE.store(false, Ordering::Release);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.give_large_cache_back();
    }
}

impl Database {
    fn begin_filling(&self) -> Result<(), StoreProblem> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.fillings == 0 {
            writer.has_large_cache = !LARGE.swap(true, Ordering::Acquire);
            let cache = if writer.has_large_cache { FILLING.cache } else { ORDINARY.cache };
            if let Err(error) = (Pace { cache, ..FILLING }).set(&writer.connection) {
                writer.give_large_cache_back();
                return Err(error.into());
            }
        }
        writer.fillings += 1;
        Ok(())
    }

    fn end_filling(&self) -> Result<(), StoreProblem> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.fillings = writer.fillings.saturating_sub(1);
        if writer.fillings > 0 {
            return Ok(());
        }
        writer.give_large_cache_back();
        ORDINARY.set(&writer.connection)?;
        // Who reads meanwhile is not waited for: what he keeps from being written back is so later.
        writer.connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE); PRAGMA shrink_memory;")?;
        Ok(())
    }
}

impl Pace {
    /// Has a connection write like this.
    pub(super) fn set(&self, connection: &Connection) -> rusqlite::Result<()> {
        let Self { cache, log } = *self;
        connection.pragma_update(None, "synchronous", SYNCHRONOUS)?;
        connection.pragma_update(None, "cache_size", -cache)?;
        connection.pragma_update(None, "wal_autocheckpoint", log)?;
        // A log that has been longer is cut off here when it begins anew.
        connection.pragma_update(None, "journal_size_limit", log.saturating_mul(2 * PAGE))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, sync::Arc};

    use super::*;
    use crate::store::Schema;

    const SCHEMA: Schema = Schema {
        what: "a test",
        application_id: 7,
        migrations: &["CREATE TABLE text (value TEXT NOT NULL) STRICT"],
    };

    /// One transaction of `megabytes`.
    fn write(database: &Database, megabytes: usize) {
        let insert = "INSERT INTO text VALUES (hex(zeroblob(500000)))";
        let write = |it: &rusqlite::Transaction<'_>| {
            (0..megabytes).try_for_each(|_| it.execute(insert, []).map(drop))
        };
        database.write(|it| Ok(write(it)?)).unwrap();
    }

    fn count(database: &Database) -> i64 {
        let sql = "SELECT count(*) FROM text";
        database.read(|view| Ok(view.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    fn log(path: &Path) -> u64 {
        fs::metadata(path.with_extension("db-wal")).map_or(0, |it| it.len())
    }

    /// What stands in the file without its log.
    fn settled(path: &Path) -> i64 {
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("copy.db");
        fs::copy(path, &copy).unwrap();
        count(&Database::open(&copy, &SCHEMA).unwrap())
    }

    fn setting(database: &Database, name: &str) -> i64 {
        let read =
            |it: &rusqlite::Transaction<'_>| it.pragma_query_value(None, name, |it| it.get(0));
        database.write(|it| Ok(read(it)?)).unwrap()
    }

    #[test]
    fn what_fills_a_file_is_written_back_at_the_end_and_seen_meanwhile() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        let database = Arc::new(Database::open(&path, &SCHEMA).unwrap());
        let ordinary = setting(&database, "cache_size");
        let filling = Filling::begin(&database).unwrap();
        let second = Filling::begin(&database).unwrap();
        (0..10).for_each(|_| write(&database, 2));
        assert_eq!(count(&database), 20);
        assert_eq!(settled(&path), 0, "it is written back already");
        drop(second);
        assert_ne!(setting(&database, "cache_size"), ordinary, "one is still at it");
        drop(filling);
        assert_eq!(settled(&path), 20);
        assert_eq!(setting(&database, "cache_size"), ordinary);
        assert_eq!(setting(&database, "synchronous"), 2, "each transaction is durable");
        let longest = log(&path);
        write(&database, 1);
        assert!(log(&path) < longest, "its log keeps its length");
        assert_eq!(count(&database), 21);
    }

    #[test]
    fn the_log_of_a_file_that_is_filled_is_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        let database = Arc::new(Database::open(&path, &SCHEMA).unwrap());
        let _filling = Filling::begin(&database).unwrap();
        (0..25).for_each(|_| write(&database, 8));
        assert!(log(&path) < 160 << 20, "{}", log(&path));
        assert_eq!(count(&database), 200);
    }

    #[test]
    fn one_file_at_a_time_has_the_large_cache() {
        let directory = tempfile::tempdir().unwrap();
        let open = |name| Arc::new(Database::open(&directory.path().join(name), &SCHEMA).unwrap());
        let both = [open("one.db"), open("two.db")];
        let fillings = both.each_ref().map(|it| Filling::begin(it).unwrap());
        let sizes = both.each_ref().map(|it| setting(it, "cache_size"));
        // Tests beside this one may have it.
        assert!(sizes.iter().filter(|it| **it == -FILLING.cache).count() <= 1, "{sizes:?}");
        drop(fillings);
        assert!(both.iter().all(|it| setting(it, "cache_size") == -ORDINARY.cache));
    }
}
