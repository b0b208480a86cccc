//! Chance: seeded threads get the same, all others what the system gives.

use std::{
    env,
    hash::{BuildHasher, RandomState},
    process::Command,
    thread,
};

use rusqlite::Connection;
use simulated_machine::chance;
use uuid::Uuid;

/// What a thread of its own takes from chance: by the standard library, and by the crate
/// `getrandom`.
fn taken(seed: Option<u64>) -> (u64, Uuid) {
    let thread = thread::spawn(move || {
        chance::seed(seed);
        let taken = (RandomState::new().hash_one("text"), Uuid::new_v4());
        chance::seed(None);
        taken
    });
    thread.join().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_and_another_one_not() {
    let (hash, identifier) = taken(Some(7));
    assert_eq!((hash, identifier), taken(Some(7)));
    let other = taken(Some(8));
    assert!(hash != other.0 && identifier != other.1);
    let (first, second) = (taken(None), taken(None));
    assert!(first.0 != second.0 && first.1 != second.1);
}

/// SQLite has one generator for a process, so this one is run in processes of their own.
#[test]
#[ignore = "another test runs it"]
fn what_sqlite_draws() {
    let draw = |seed| {
        chance::seed(seed);
        let connection = Connection::open_in_memory().unwrap();
        let sql = "SELECT random()";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    println!("drawn {} {}", draw(Some(7)), draw(Some(8)));
    assert_ne!(draw(Some(7)), draw(None));
}

#[test]
fn sqlite_draws_the_same_in_every_process() {
    let drawn = || {
        let name = "chance::what_sqlite_draws";
        let run = Command::new(env::current_exe().unwrap())
            .args(["--exact", name, "--include-ignored", "--nocapture"])
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        let printed = String::from_utf8(run.stdout).unwrap();
        let words = printed.split("drawn ").nth(1).unwrap().lines().next().unwrap().to_owned();
        let (seven, eight) = words.split_once(' ').unwrap();
        assert_ne!(seven, eight);
        words
    };
    assert_eq!(drawn(), drawn());
}

#[test]
fn a_thread_beside_one_that_is_seeded_has_real_chance() {
    chance::seed(Some(7));
    let beside = || thread::spawn(Uuid::new_v4).join().unwrap();
    assert_ne!(beside(), beside());
    chance::seed(Some(7));
    let here = Uuid::new_v4();
    chance::seed(Some(7));
    assert_eq!(here, Uuid::new_v4());
    chance::seed(None);
    assert_ne!(here, Uuid::new_v4());
}
