//! One SQLite file: one connection that writes, a few that read, and the migrations that brought
//! its schema to where it is.

use std::{
    fmt,
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};

use super::{
    StoreError, StoreProblem,
    filling::{ORDINARY, Writer},
};

/// What a kind of database file looks like.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// What the file is, with its article: `the catalog of an update point`.
    pub what: &'static str,
    /// `application_id` in the file's header: tells one kind of file from another.
    pub application_id: i32,
    /// Numbered from 1, oldest first; only ever appended to.
    pub migrations: &'static [&'static str],
}

/// An open database file. Its calls block: asynchronous code makes them on a blocking thread.
pub struct Database {
    path: PathBuf,
    pub(super) writer: Mutex<Writer>,
    idle_readers: Mutex<Vec<Connection>>,
}

/// How long a transaction waits for one of another process.
const BUSY: Duration = Duration::from_secs(10);

/// Read connections that are kept open while nobody reads.
const IDLE_READERS: usize = 4;

/// Pages that a connection that reads keeps in memory, in KiB.
const READ: i64 = 2_048;

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

impl Database {
    /// Opens the file, or creates it, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// It cannot be created, is of another kind, or was written by a newer program.
    pub fn open(path: &Path, schema: &Schema) -> Result<Self, StoreError> {
        let failed = |problem| StoreError::new(path, problem);
        create(path).map_err(|error| failed(StoreProblem::Create(error)))?;
        let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
        migrate(&mut writer, schema).map_err(failed)?;
        let path = path.to_owned();
        Ok(Self { path, writer: Mutex::new(Writer::new(writer)), idle_readers: Mutex::default() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` in a transaction that may write. It is committed only if `work` succeeds.
    ///
    /// # Errors
    ///
    /// What `work` says, or that the transaction could not be begun or committed.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreProblem>,
    ) -> Result<T, StoreError> {
        // A panic in `work` rolled its transaction back: the connection is as good as before.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let connection = &mut writer.connection;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|problem: StoreProblem| StoreError::new(&self.path, problem))
    }

    /// Runs `work` on one unchanging view of the file.
    ///
    /// # Errors
    ///
    /// What `work` says, or that the file cannot be read.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreProblem>,
    ) -> Result<T, StoreError> {
        let run = || {
            let mut reader = self.reader()?;
            let transaction = reader.transaction()?;
            let value = work(&transaction)?;
            transaction.finish()?;
            let mut idle = self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE_READERS {
                idle.push(reader);
            }
            Ok(value)
        };
        run().map_err(|problem: StoreProblem| StoreError::new(&self.path, problem))
    }

    fn reader(&self) -> Result<Connection, StoreProblem> {
        let idle = self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(reader) => Ok(reader),
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.path).finish()
    }
}

/// Creates the file empty where it is not there, for this user only: it may hold keys. The files
/// that SQLite puts beside it take their permissions from it.
fn create(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreProblem> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    if access.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        ORDINARY.set(&connection)?;
    } else {
        connection.pragma_update(None, "cache_size", -READ)?;
    }
    connection.pragma_update(None, "trusted_schema", false)?;
    // A prepared statement stays as it is whatever is bound to it. Without this one that could be
    // answered from a partial index is planned anew for each value, which takes longer than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, schema: &Schema) -> Result<(), StoreProblem> {
    let number = |connection: &Connection, name| -> Result<i64, StoreProblem> {
        Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
    };
    // Nothing is written before it is known that the file is ours; and it is looked at as it is at one
    // moment, for another process may just be making it.
    let before = connection.transaction()?;
    check(&before, schema)?;
    before.finish()?;
    keep_a_log(connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    check(&transaction, schema)?;
    let done = number(&transaction, "user_version")?;
    let steps = schema.migrations.iter().zip(1_i64..).filter(|(_, version)| *version > done);
    for (sql, version) in steps {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.pragma_update(None, "application_id", schema.application_id)?;
    }
    transaction.commit()?;
    Ok(())
}

/// From now on what is written goes to a log first, whoever has the file open. SQLite does not wait by
/// itself for a process that does the same at this moment.
fn keep_a_log(connection: &Connection) -> Result<(), StoreProblem> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        let mode: Result<String, _> =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match mode.map_err(StoreProblem::from) {
            Err(StoreProblem::Busy) if waited < BUSY => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
            mode => {
                tracing::trace!(mode = mode?, "opened a database");
                return Ok(());
            }
        }
    }
}

fn check(connection: &Connection, schema: &Schema) -> Result<(), StoreProblem> {
    let number = |name| -> Result<i64, StoreProblem> {
        Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
    };
    let application_id = number("application_id")?;
    let found = number("user_version")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_new = application_id == 0 && found == 0 && tables == 0;
    if !is_new && application_id != i64::from(schema.application_id) {
        return Err(StoreProblem::NotOurs(schema.what));
    }
    let known = i64::try_from(schema.migrations.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreProblem::Newer { found, known });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Schema = Schema {
        what: "a test",
        application_id: 7,
        migrations: &["CREATE TABLE number (value INTEGER NOT NULL) STRICT"],
    };
    const TWO: Schema = Schema {
        migrations: &[ONE.migrations[0], "CREATE TABLE text (value TEXT NOT NULL) STRICT"],
        ..ONE
    };

    fn count(database: &Database, table: &str) -> Result<i64, StoreError> {
        let sql = format!("SELECT count(*) FROM {table}");
        database.read(|view| Ok(view.query_row(&sql, [], |row| row.get(0))?))
    }

    #[test]
    fn migrations_run_once_and_keep_what_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep").join("test.db");
        let database = Database::open(&path, &ONE).unwrap();
        database.write(|it| Ok(it.execute("INSERT INTO number VALUES (1)", [])?)).unwrap();
        drop(database);
        let database = Database::open(&path, &TWO).unwrap();
        assert_eq!(count(&database, "number").unwrap(), 1);
        assert_eq!(count(&database, "text").unwrap(), 0);
    }

    #[test]
    fn a_newer_or_foreign_file_is_refused_untouched() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("test.db");
        drop(Database::open(&path, &TWO).unwrap());
        let error = Database::open(&path, &ONE).unwrap_err();
        assert!(matches!(error.problem, StoreProblem::Newer { found: 2, known: 1 }), "{error:?}");
        let other = Schema { application_id: 8, ..TWO };
        let error = Database::open(&path, &other).unwrap_err();
        assert!(matches!(error.problem, StoreProblem::NotOurs("a test")), "{error:?}");
        assert!(error.to_string().contains("test.db"));
        fs::write(&path, b"no database, but long enough to look like one").unwrap();
        let error = Database::open(&path, &ONE).unwrap_err();
        assert!(matches!(error.problem, StoreProblem::Damaged(_)), "{error:?}");
    }

    #[test]
    fn what_fails_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&directory.path().join("test.db"), &ONE).unwrap();
        let failed = database.write(|it| {
            it.execute("INSERT INTO number VALUES (1)", [])?;
            it.execute("INSERT INTO number VALUES ('text')", [])?;
            Ok(())
        });
        assert!(failed.is_err());
        assert_eq!(count(&database, "number").unwrap(), 0);
    }

    #[test]
    fn a_full_disk_is_called_by_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&directory.path().join("test.db"), &TWO).unwrap();
        let failed = database.write(|it| {
            it.pragma_update_and_check(None, "max_page_count", 4, |_| Ok(()))?;
            it.execute("INSERT INTO text VALUES (hex(zeroblob(100000)))", [])?;
            Ok(())
        });
        let error = failed.unwrap_err();
        assert!(matches!(error.problem, StoreProblem::DiskFull), "{error:?}");
        assert!(error.problem.to_string().contains("disk is full"));
        assert_eq!(count(&database, "text").unwrap(), 0);
    }
}
