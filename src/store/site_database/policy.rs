//! The policy of the site's clients (SYNC-9).

use jiff::Timestamp;
use rusqlite::params;
use serde::{Serialize, de::DeserializeOwned};

use super::SiteDatabase;
use crate::{
    model::{CatalogVersion, ClientPolicy},
    store::{StoreError, StoreProblem},
};

impl SiteDatabase {
    /// Publishes this policy, and the catalog that clients shall scan for. The time is remembered if
    /// they are others than before.
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
                "UPDATE site SET client_policy = ?1, announced = ?2, policy_since = ?3 \
                 WHERE client_policy IS NOT ?1 OR announced IS NOT ?2",
                params![to_text(policy)?, announced, to_text(&now)?],
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
