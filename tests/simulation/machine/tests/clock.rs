//! The clock: it stands on the thread where it was set, and goes on elsewhere.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rusqlite::Connection;
use simulated_machine::clock;

const HOUR: u64 = 3_600_000_000_000;
/// 2001-09-09 01:46:40.5 UTC.
const REAL: u64 = 1_000_000_000_500_000_000;

#[test]
fn the_clock_stands_where_it_was_set_unless_somebody_sleeps() {
    clock::set(REAL, HOUR);
    let (time, instant) = (SystemTime::now(), Instant::now());
    assert_eq!(time.duration_since(UNIX_EPOCH).unwrap(), Duration::from_nanos(REAL));
    let beside = thread::spawn(|| (SystemTime::now(), Instant::now()));
    assert_eq!((time, instant), (SystemTime::now(), Instant::now()));
    // This would take a day, and finds that it has.
    let day = Duration::from_hours(24);
    thread::sleep(day);
    assert_eq!((time + day, instant + day), (SystemTime::now(), Instant::now()));
    clock::set(REAL, HOUR);

    let connection = Connection::open_in_memory().unwrap();
    let sql = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')";
    let seen: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(seen, "2001-09-09 01:46:40.500");

    clock::set(REAL + HOUR, 3 * HOUR);
    assert_eq!(instant.elapsed(), Duration::from_nanos(2 * HOUR));
    assert_eq!(SystemTime::now().duration_since(time).unwrap(), Duration::from_nanos(HOUR));
    clock::clear();
    assert!(SystemTime::now().duration_since(time).unwrap() > Duration::from_nanos(2 * HOUR));
    let (time_beside, _) = beside.join().unwrap();
    assert!(time_beside.duration_since(time).unwrap() > Duration::from_nanos(2 * HOUR));
}

#[test]
fn time_goes_on_and_sleep_takes_its_time_where_nothing_is_set() {
    let before = Instant::now();
    thread::sleep(Duration::from_millis(2));
    assert!(before.elapsed() >= Duration::from_millis(2));
}

#[test]
fn a_locked_database_is_waited_for_without_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    let first = Connection::open(&path).unwrap();
    first.execute_batch("CREATE TABLE one (value); BEGIN EXCLUSIVE").unwrap();
    clock::set(REAL, HOUR);
    let second = Connection::open(&path).unwrap();
    // This would take a day.
    second.busy_timeout(Duration::from_hours(24)).unwrap();
    assert!(second.execute_batch("INSERT INTO one VALUES (1)").is_err());
    clock::clear();
}
