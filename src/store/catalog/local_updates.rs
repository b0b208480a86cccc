//! What local publishers have had published here: with each update what its last revision says, so
//! that the document can be written again.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::Catalog;
use crate::{
    model::UpdateIdentity,
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
        let all = self.database.read(|it| {
            let mut statement =
                it.prepare_cached("SELECT record FROM local_update ORDER BY update_id")?;
            let records = statement.query_map([], |row| row.get::<_, String>(0))?;
            records.map(|record| publication(&record?)).collect::<Result<Vec<_>, _>>()
        })?;
        let known = self.known(&all.iter().map(identity).collect::<Vec<_>>())?;
        Ok(all.into_iter().zip(known).filter(|(_, is_there)| *is_there).map(|(it, _)| it).collect())
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

fn identity(it: &LocalPublication) -> UpdateIdentity {
    UpdateIdentity { update_id: it.declared.spec.update_id, revision: it.revision }
}

fn publication(record: &str) -> Result<LocalPublication, StoreProblem> {
    serde_json::from_str(record).map_err(|_| INVALID)
}

const INVALID: StoreProblem = StoreProblem::Value("what is remembered of a local update");
