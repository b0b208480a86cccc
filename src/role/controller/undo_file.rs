//! The file with the way back, kept while something is done: before anything changes it says what
//! was there, afterwards how to come back to it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    adopt::{Done, undo},
    clock,
    model::{Declared, Name, Observed, Unresolved},
    plan::Plan,
    store,
};

/// The way back cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// There is a file of that name.
    #[error(
        "{0} is there already, and may be the way back from something else: name another file, or \
         remove it"
    )]
    Exists(PathBuf),
    /// Its directory is not there.
    #[error("there is no directory {directory} for {path}: make it, or name another file")]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
    },
    /// It cannot be written.
    #[error("failed to write the way back to {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What is there cannot be described.
    #[error("what is there cannot be described, so there is no way back to it")]
    Unresolved(#[from] Unresolved),
}

/// A file for the reverse of what is going to be done.
#[derive(Debug)]
pub struct UndoFile {
    path: PathBuf,
    documents: Declared,
    remote: BTreeMap<Name, String>,
}

impl UndoFile {
    /// A file that is not there yet. `documents` are those that are going to be applied, `remote`
    /// has the admin addresses of the agents on computers of their own.
    ///
    /// # Errors
    ///
    /// It is there, or its directory is not.
    pub fn new(
        path: &Path,
        documents: Declared,
        remote: BTreeMap<Name, String>,
    ) -> Result<Self, UndoError> {
        if path.symlink_metadata().is_ok() {
            return Err(UndoError::Exists(path.to_owned()));
        }
        let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
        if let Some(directory) = directory.filter(|it| !it.is_dir()) {
            let (path, directory) = (path.to_owned(), directory.to_owned());
            return Err(UndoError::NoDirectory { path, directory });
        }
        Ok(Self { path: path.to_owned(), documents, remote })
    }

    /// Writes down what there is before anything is done. Should nothing else ever be written, a
    /// plan made from this file (`headwater plan --from`) is the way back.
    ///
    /// # Errors
    ///
    /// It cannot be described or written: then nothing must be done.
    pub(super) fn begin(&self, before: &Observed) -> Result<(), UndoError> {
        self.write(before, before).map(drop)
    }

    /// Writes the way back from what there is now.
    ///
    /// # Errors
    ///
    /// It cannot be written; what [`UndoFile::begin`] wrote is still there.
    pub(super) fn finish(&self, before: &Observed, after: &Observed) -> Result<Plan, UndoError> {
        self.write(before, after)
    }

    /// Nothing was done.
    pub(super) fn forget(&self) -> Result<(), UndoError> {
        store::remove(&self.path).map_err(|source| self.failed(source))
    }

    fn write(&self, before: &Observed, after: &Observed) -> Result<Plan, UndoError> {
        let Self { path, documents, remote } = self;
        let saved = undo(&Done { before, after, documents, remote, now: clock::now() })?;
        store::replace_private(path, saved.to_json().as_bytes())
            .map_err(|source| self.failed(source))?;
        Ok(saved.plan)
    }

    fn failed(&self, source: std::io::Error) -> UndoError {
        UndoError::Write { path: self.path.clone(), source }
    }
}
