//! The keys that seal the cookies of downstream servers: a new one each day, and the ones before it
//! for as long as something that they have sealed may still be valid.

use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::Catalog;
use crate::store::{StoreError, StoreProblem};

/// How long a key seals.
pub const SEALS: SignedDuration = SignedDuration::from_hours(24);

/// How far clocks may differ before a time is taken for one of another clock.
pub const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(10);

/// A key, and since when it seals.
#[derive(Clone, PartialEq, Eq)]
pub struct DatedKey {
    /// The key.
    pub key: [u8; 32],
    /// Since when.
    pub made_at: Timestamp,
}

impl std::fmt::Debug for DatedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatedKey").field("made_at", &self.made_at).finish_non_exhaustive()
    }
}

impl DatedKey {
    /// Whether it seals at this time. A key of the future is of a clock that was wrong.
    pub fn seals_at(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.made_at);
        age < SEALS && age >= -CLOCK_SLACK
    }
}

impl Catalog {
    /// The keys, the one that seals now first: a new one where the last has served its time. Those
    /// that are older than `keep` are forgotten.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or the system gives no random bytes.
    pub fn cookie_keys(
        &self,
        keep: SignedDuration,
        now: Timestamp,
    ) -> Result<Vec<DatedKey>, StoreError> {
        self.database.write(|it| {
            let keys = keys(it)?;
            if keys.first().is_some_and(|key| key.seals_at(now)) {
                return Ok(keys);
            }
            let mut key = [0_u8; 32];
            rand::fill(&mut key)
                .map_err(|_| StoreProblem::Value("the system's source of randomness"))?;
            it.execute(
                "INSERT INTO cookie_key (key, made_at) VALUES (?1, ?2)",
                params![key, now.as_millisecond()],
            )?;
            let oldest = now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
            let newest = now.saturating_add(CLOCK_SLACK).unwrap_or(Timestamp::MAX);
            it.execute(
                "DELETE FROM cookie_key WHERE made_at < ?1 OR made_at > ?2",
                params![oldest.as_millisecond(), newest.as_millisecond()],
            )?;
            self::keys(it)
        })
    }
}

fn keys(it: &Transaction<'_>) -> Result<Vec<DatedKey>, StoreProblem> {
    let mut statement =
        it.prepare_cached("SELECT key, made_at FROM cookie_key ORDER BY number DESC")?;
    let mut rows = statement.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let made_at = Timestamp::from_millisecond(row.get(1)?)
            .map_err(|_| StoreProblem::Value("the age of a key"))?;
        keys.push(DatedKey { key: row.get(0)?, made_at });
    }
    Ok(keys)
}
