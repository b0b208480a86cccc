//! The disk, by SQLite: what it says that it keeps it keeps, and what it says that it may lose is
//! lost sometimes.

use std::{
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc,
    },
};

use rusqlite::Connection;
use simulated_machine::{Disk, Loss};

const CUTS: u64 = 200;
const ROWS: i64 = 40;

fn open(path: &Path, synchronous: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", synchronous).unwrap();
    // Often enough that power cuts fall into it.
    connection.pragma_update(None, "wal_autocheckpoint", 8).unwrap();
    connection
}

/// The rows, which are those from 1 on without a gap, each with all that was written with it.
fn rows(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |it| it.get(0)).unwrap();
    assert_eq!(check, "ok");
    let sql = "SELECT count(*), coalesce(max(id), 0), count(*) FILTER (WHERE \
               length(content) = 1000 + id * 10) FROM row";
    let (count, last, whole): (i64, i64, i64) =
        connection.query_row(sql, [], |it| Ok((it.get(0)?, it.get(1)?, it.get(2)?))).unwrap();
    assert_eq!((count, whole), (last, last));
    count
}

/// Writes rows until the power is cut, and some more; how many had been committed by then, and how
/// many are there after it.
fn cut(seed: u64, synchronous: &str, loss: Loss) -> io::Result<(i64, i64)> {
    let directory = tempfile::tempdir()?;
    let (root, image) = (directory.path().join("root"), directory.path().join("image"));
    fs::create_dir(&root)?;
    let connection = open(&root.join("test.db"), synchronous);
    connection.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY, content BLOB)").unwrap();
    let committed = Arc::new(AtomicI64::new(0));
    let disk = Disk::new(&root)?;
    let (told, heard) = mpsc::channel();
    let (to, so_far) = (image.clone(), Arc::clone(&committed));
    disk.at_write(1 + seed % 150, move |disk| {
        let taken = disk.crash_image(&to, seed, loss);
        told.send((taken, so_far.load(Ordering::SeqCst))).unwrap();
    });
    for id in 1..=ROWS {
        let sql = "INSERT INTO row VALUES (?1, zeroblob(1000 + ?1 * 10))";
        connection.execute(sql, [id]).unwrap();
        committed.store(id, Ordering::SeqCst);
    }
    let (taken, committed) = heard.try_recv().unwrap();
    taken?;
    assert_eq!(rows(&root.join("test.db")), ROWS);
    Ok((committed, rows(&image.join("test.db"))))
}

#[test]
fn full_keeps_all_that_was_committed() {
    for seed in 0..CUTS {
        let (committed, found) = cut(seed, "FULL", Loss::Unsynced).unwrap();
        assert!((committed..=committed + 1).contains(&found), "{seed}: {committed} {found}");
    }
}

#[test]
fn normal_loses_the_latest_at_most() {
    let mut lost = 0;
    for seed in 0..CUTS {
        let (committed, found) = cut(seed, "NORMAL", Loss::Unsynced).unwrap();
        assert!(found <= committed + 1, "{seed}: {committed} {found}");
        lost += u64::from(found < committed);
    }
    // Or the power cuts cut nothing.
    assert!(lost > CUTS / 4, "{lost}");
}

#[test]
fn without_syncing_databases_break() {
    let broken = (0..CUTS).filter(|seed| {
        let cut = std::panic::catch_unwind(|| cut(*seed, "OFF", Loss::Unsynced).unwrap());
        cut.is_err()
    });
    assert!(broken.count() > 0);
}

#[test]
fn a_process_that_is_killed_loses_nothing() {
    for seed in 0..CUTS {
        let (committed, found) = cut(seed, "OFF", Loss::Nothing).unwrap();
        assert!((committed..=committed + 1).contains(&found), "{seed}: {committed} {found}");
    }
}

#[test]
fn a_full_disk_is_an_error_and_no_damage() {
    for seed in 0..50 {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::new(directory.path()).unwrap();
        let path = directory.path().join("test.db");
        let connection = open(&path, "FULL");
        connection
            .execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY, content BLOB)")
            .unwrap();
        let write = |id: i64| {
            let sql = "INSERT INTO row VALUES (?1, zeroblob(1000 + ?1 * 10))";
            connection.execute(sql, [id])
        };
        disk.at_write(1 + seed * 3, move |disk| disk.fill(seed));
        let mut id = 1;
        while write(id).is_ok() {
            id += 1;
        }
        let error = write(id).unwrap_err();
        let code = error.sqlite_error_code();
        assert_eq!(code, Some(rusqlite::ErrorCode::DiskFull), "{error}");
        disk.make_room();
        write(id).unwrap();
        assert_eq!(rows(&path), id);
    }
}
