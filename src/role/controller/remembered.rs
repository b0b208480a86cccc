//! What the journal remembers for those who look back, and for the way back.

use std::{path::Path, sync::PoisonError};

use super::{Controller, ControllerError};
use crate::{
    apply::Origin,
    blocking::blocking,
    clock,
    model::{Digest, RunId, RunRecord},
    plan::planned_documents,
    role::host::DataDirectory,
    store::{Journal, PackedText, RunFilter, StoreError},
};

/// The journal of a data directory, read beside whoever writes it.
#[derive(Debug)]
pub struct Remembered {
    /// The data directory.
    pub data: DataDirectory,
    /// Its journal.
    pub journal: Journal,
}

impl Remembered {
    /// Opens the journal of a data directory; none if nothing was ever done there.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn open(path: &Path) -> Result<Option<Self>, ControllerError> {
        // To look back is no reason to make a data directory.
        if !path.join("journal.db").exists() {
            return Ok(None);
        }
        let data = DataDirectory::open(path)?;
        let journal = Journal::open(&data.journal())?;
        Ok(Some(Self { data, journal }))
    }

    /// Runs, the newest first.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn runs(&self, filter: RunFilter) -> Result<Vec<RunRecord>, ControllerError> {
        self.looked(|reconciling| self.journal.runs(filter, reconciling))
    }

    /// A run; `None` if there is none of that number.
    ///
    /// # Errors
    ///
    /// The journal cannot be read.
    pub fn run(&self, id: RunId) -> Result<Option<RunRecord>, ControllerError> {
        self.looked(|reconciling| self.journal.run(id, reconciling))
    }

    /// Looks, with what is known of whether somebody plans and applies. A run that begins between the two
    /// questions must not pass for one that was cut off.
    fn looked<T>(
        &self,
        look: impl Fn(bool) -> Result<T, StoreError>,
    ) -> Result<T, ControllerError> {
        if !self.data.is_reconciling()? {
            let looked = look(false)?;
            if !self.data.is_reconciling()? {
                return Ok(looked);
            }
        }
        Ok(look(true)?)
    }
}

impl Controller {
    /// Notes that the manifests of a commit are in force, if that is new.
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub async fn note_commit(
        &self,
        manifest_digest: Digest,
        origin: &Origin,
    ) -> Result<(), ControllerError> {
        let (Some(commit), Some(manifests)) = (&origin.commit, &origin.manifests) else {
            return Ok(());
        };
        let noted = || self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted().as_ref() == Some(commit) {
            return Ok(());
        }
        let journal = self.journal().clone();
        let (id, manifests) = (commit.clone(), manifests.clone());
        blocking(move || {
            let text = serde_json::to_string(&planned_documents(&manifests)).unwrap_or_default();
            let text = PackedText::pack(&text);
            Ok::<_, ControllerError>(journal.note_commit(
                &id,
                manifest_digest,
                &text,
                clock::now(),
            )?)
        })
        .await?;
        *noted() = Some(commit.clone());
        Ok(())
    }
}
