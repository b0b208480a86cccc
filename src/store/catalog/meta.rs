//! What an update point is to others, and its last synchronization.

use uuid::Uuid;

use super::Catalog;
use crate::{
    model::SynchronizationRecord,
    store::{StoreError, StoreProblem},
};

impl Catalog {
    /// Who this server is to its upstream server, made with the catalog.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn account_guid(&self) -> Result<Uuid, StoreError> {
        self.database.read(|it| {
            let bytes = it.query_row("SELECT account_guid FROM catalog", [], |row| row.get(0))?;
            Ok(Uuid::from_bytes(bytes))
        })
    }

    /// The last synchronization or import that succeeded.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn last_synchronization(&self) -> Result<Option<SynchronizationRecord>, StoreError> {
        self.database.read(|it| {
            let sql = "SELECT last_synchronization FROM catalog";
            let text: Option<String> = it.query_row(sql, [], |row| row.get(0))?;
            text.map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(|_| StoreProblem::Value("the record of the last synchronization"))
        })
    }

    /// Remembers a synchronization or import that succeeded.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn set_last_synchronization(
        &self,
        record: &SynchronizationRecord,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            let text = serde_json::to_string(record)
                .map_err(|_| StoreProblem::Value("the record of the last synchronization"))?;
            it.execute("UPDATE catalog SET last_synchronization = ?1", [text])?;
            Ok(())
        })
    }
}
