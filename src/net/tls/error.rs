//! Why there is no certificate to show, or no root to trust.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::TrustError;
use crate::model::Name;

/// A certificate, or what issues certificates, is of no use. Never tells what is in a key.
#[derive(Debug, thiserror::Error)]
pub enum CertificatesError {
    /// A file cannot be read or written.
    #[error("failed to {doing} {path}")]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file of the hierarchy's authority holds something else.
    #[error(
        "{0} does not hold the certificate authority of this hierarchy: put back what was there; or \
         remove it, so that a new one is made, which all who pull have to trust anew"
    )]
    NotAnAuthority(PathBuf),
    /// A certificate could not be issued.
    #[error("no certificate could be issued for `{names}`: {why}")]
    NotIssued {
        /// For whom.
        names: String,
        /// What is wrong.
        why: String,
    },
    /// Something could not be signed with the authority's key.
    #[error("the certificate authority of this hierarchy could not sign: {0}")]
    NotSigned(String),
    /// A secret is named that is not there.
    #[error(
        "secret `{name}` is not there: write the certificate with its chain into {certificate} and \
         its key into {key}, both as PEM"
    )]
    NoSecret {
        /// Its name.
        name: Name,
        /// Where the certificate has to be.
        certificate: PathBuf,
        /// Where the key has to be.
        key: PathBuf,
    },
    /// A file of a secret cannot be used.
    #[error("{path} cannot be used: {why}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// A file of roots.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The program is ending.
    #[error("certificates are not read any more: the program is ending")]
    Ending,
}

impl CertificatesError {
    pub(super) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }
}
