//! What local publishers have had published here: with each update what its last revision says, so
//! that the document can be written again.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::Catalog;
use crate::{
    store::{StoreError, StoreProblem},
    wire::update_document::LocalPublication,
};

impl Catalog {
    /// The last publication of an update; none if it is no local one.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn local_publication(&self, id: Uuid) -> Result<Option<LocalPublication>, StoreError> {
        self.database.read(|it| {
            let record: Option<String> = it
                .prepare_cached("SELECT record FROM local_update WHERE update_id = ?1")?
                .query_row([id.as_bytes()], |row| row.get(0))
                .optional()?;
            record.as_deref().map(publication).transpose()
        })
    }

    /// The last publications of all local updates, in the order of their identifiers. One that is
    /// remembered and whose document is not there yet is not among them.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn local_publications(&self) -> Result<Vec<LocalPublication>, StoreError> {
        self.database.read(|it| {
            let mut statement =
                it.prepare_cached("SELECT record FROM local_update ORDER BY update_id")?;
            let records = statement.query_map([], |row| row.get::<_, String>(0))?;
            let mut is_there = it.prepare_cached(
                "SELECT 1 FROM identifier JOIN revision ON identifier = number
                 WHERE update_id = ?1 AND revision = ?2",
            )?;
            let mut all = Vec::new();
            for record in records {
                let it = publication(&record?)?;
                let id = it.declared.spec.update_id;
                if is_there.exists(params![id.as_bytes(), it.revision])? {
                    all.push(it);
                }
            }
            Ok(all)
        })
    }

    /// Remembers a publication, in place of the one before.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn remember_local_publication(
        &self,
        publication: &LocalPublication,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            let record = serde_json::to_string(publication).map_err(|_| INVALID)?;
            let id = publication.declared.spec.update_id;
            it.prepare_cached("INSERT OR REPLACE INTO local_update VALUES (?1, ?2)")?
                .execute(params![id.as_bytes(), record])?;
            Ok(())
        })
    }

    /// The highest revision number of an update; none if it is not there.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn newest_revision(&self, id: Uuid) -> Result<Option<i32>, StoreError> {
        self.database.read(|it| {
            Ok(it
                .prepare_cached(
                    "SELECT max(revision) FROM identifier JOIN revision ON identifier = number
                     WHERE update_id = ?1",
                )?
                .query_row([id.as_bytes()], |row| row.get(0))?)
        })
    }
}

fn publication(record: &str) -> Result<LocalPublication, StoreProblem> {
    serde_json::from_str(record).map_err(|_| INVALID)
}

const INVALID: StoreProblem = StoreProblem::Value("what is remembered of a local update");
