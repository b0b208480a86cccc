//! What the journal remembers for those who look back, and for the way back.

use std::{path::Path, sync::PoisonError};

use super::{Controller, ControllerError, InForceFile};
use crate::{
    apply::Origin,
    blocking::blocking,
    clock,
    model::{CommitInForce, Digest, Holder, ManifestsInForce, RunId, RunRecord},
    plan::planned_documents,
    role::host::DataDirectory,
    store::{Journal, PackedText, RunFilter, StoreError},
    view::holder_name,
};

/// The journal of a data directory, read beside whoever writes it.
#[derive(Debug)]
pub struct Remembered {
    /// The data directory.
    pub data: DataDirectory,
    /// Its journal.
    pub journal: Journal,
}

/// A controller keeps the hierarchy at a commit, and would take back anything else.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} keeps this hierarchy at commit {} of the repository that it follows, and would undo this at its \
     next pass: commit it there; or end that controller first, or start it with `--mode observe`",
    holder_name(.holder),
    .commit.id.short()
)]
pub struct KeptAt {
    /// The process.
    pub holder: Holder,
    /// The commit.
    pub commit: CommitInForce,
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

    /// Whether another process follows a git repository and would soon take back what is done for other
    /// manifests than those of the commit in force.
    ///
    /// # Errors
    ///
    /// That cannot be found out.
    pub fn would_take_back(
        &self,
        manifest_digest: Digest,
    ) -> Result<Option<KeptAt>, ControllerError> {
        if self.session().hosts() {
            return Ok(None);
        }
        let Some(kept) = kept_at(self.session().data())? else { return Ok(None) };
        let noted = self.journal().commits(kept.commit.id.as_str(), 1)?;
        let same = noted.iter().any(|it| it.manifests.digest == manifest_digest);
        Ok((!same).then_some(kept))
    }
}

/// The process that keeps the hierarchy of a data directory at a commit, if its lock is held by one that
/// does.
///
/// # Errors
///
/// That cannot be found out.
fn kept_at(data: &DataDirectory) -> Result<Option<KeptAt>, ControllerError> {
    let Some(held) = data.held_by()?.filter(|it| it.holder.reconciles) else { return Ok(None) };
    let in_force = InForceFile::of(data).read()?;
    let Some(ManifestsInForce { commit: Some(commit), .. }) = in_force else {
        return Ok(None);
    };
    Ok(Some(KeptAt { holder: held.holder, commit }))
}
