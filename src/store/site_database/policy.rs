//! The policy of the site's clients (SYNC-9).

use jiff::Timestamp;
use rusqlite::params;
use serde::{Serialize, de::DeserializeOwned};

use super::SiteDatabase;
use crate::{
    model::{CatalogVersion, ClientPolicy},
    store::{StoreError, StoreProblem},
};

/// A policy as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPolicy {
    /// The policy.
    pub policy: ClientPolicy,
    /// The catalog to scan for.
    pub announced: Option<CatalogVersion>,
    /// When that was published; unknown if it was before it was remembered.
    pub since: Option<Timestamp>,
    /// Its serial number: a policy that is published later has a higher one.
    pub serial: u64,
}

impl SiteDatabase {
    /// Publishes this policy, and the catalog that clients shall scan for. If they are
    /// others than before, the time is remembered, and their serial number grows: it is the time in seconds,
    /// so that it also does where the site's database has been lost, or one more than the last.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn publish_policy(
        &self,
        policy: &ClientPolicy,
        announced: Option<CatalogVersion>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            let announced = announced.map(|version| to_text(&version)).transpose()?;
            it.execute(
                "UPDATE site SET client_policy = ?1, announced = ?2, policy_since = ?3, \
                 policy_serial = max(policy_serial + 1, ?4) \
                 WHERE client_policy IS NOT ?1 OR announced IS NOT ?2",
                params![to_text(policy)?, announced, to_text(&now)?, now.as_second()],
            )?;
            Ok(())
        })
    }

    /// When that was published.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn policy_since(&self) -> Result<Option<Timestamp>, StoreError> {
        self.database.read(|it| {
            from_text(it.query_row("SELECT policy_since FROM site", [], |row| row.get(0))?)
        })
    }

    /// All that was published last, as one; `None` while nothing was.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn published_policy(&self) -> Result<Option<PublishedPolicy>, StoreError> {
        const COLUMNS: &str =
            "SELECT client_policy, announced, policy_since, policy_serial FROM site";
        self.database.read(|it| {
            let (policy, announced, since, serial): (_, _, _, i64) =
                it.query_row(COLUMNS, [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?;
            let Some(policy) = from_text(policy)? else { return Ok(None) };
            let (announced, since) = (from_text(announced)?, from_text(since)?);
            let serial = u64::try_from(serial).unwrap_or_default();
            Ok(Some(PublishedPolicy { policy, announced, since, serial }))
        })
    }

    /// The policy that was published last, and the catalog that clients were told to scan for.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn policy(&self) -> Result<(Option<ClientPolicy>, Option<CatalogVersion>), StoreError> {
        self.database.read(|it| {
            let (policy, announced): (Option<String>, Option<String>) =
                it.query_row("SELECT client_policy, announced FROM site", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            Ok((from_text(policy)?, from_text(announced)?))
        })
    }
}

const INVALID: StoreProblem = StoreProblem::Value("the policy of the site's clients");

fn to_text(value: &impl Serialize) -> Result<String, StoreProblem> {
    serde_json::to_string(value).map_err(|_| INVALID)
}

fn from_text<T: DeserializeOwned>(text: Option<String>) -> Result<Option<T>, StoreProblem> {
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|_| INVALID)
}
