//! Key and certificate of an agent that has joined: `joined/identity.json` of its data directory, for its
//! owner alone. One file, so that there is never the one without the other.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use serde::{Deserialize, Serialize};

use super::{
    conversation::{decode, encode},
    membership::PrivateKeyPem,
    names::key_of,
    token::JoinToken,
};
use crate::{
    model::{Digest, Name},
    net::ClientError,
    store,
};

/// The longest file: what is written has 2 KiB.
const LONGEST: u64 = 64 << 10;

/// An agent has no place in a hierarchy, or cannot keep it.
#[derive(Debug, thiserror::Error)]
pub enum MembershipError {
    /// A file cannot be read or written.
    #[error("failed to keep what the agent has of its hierarchy in {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file makes no sense.
    #[error("{path} cannot be used: {text}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// The data directory is that of another agent.
    #[error(
        "the data directory is that of the agent of `{kept}`, not of `{name}`: each agent has one of \
         its own"
    )]
    OtherAgent {
        /// Whose it is.
        kept: Name,
        /// Who asks.
        name: Name,
    },
    /// The token is for another one.
    #[error(
        "the token is for `{token}`, not for `{name}`: make one with `headwater join-token {name}`"
    )]
    OtherName {
        /// For whom it is.
        token: Name,
        /// Who has it.
        name: Name,
    },
    /// The token is too old.
    #[error("the token has ended at {0}: make another one with `headwater join-token`")]
    Ended(Timestamp),
    /// A certificate is not for this agent.
    #[error("the certificate is not for the key that this agent has offered")]
    OtherKey,
    /// There is no key.
    #[error("no key could be made: {0}")]
    NoKey(String),
    /// TLS refuses.
    #[error("TLS cannot be prepared")]
    Tls(#[from] rustls::Error),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl MembershipError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(super) fn unreadable(path: &Path, error: &serde_json::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), text: error.to_string() }
    }
}

/// Key and certificate of an agent, as they are kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Identity {
    name: Name,
    /// PEM.
    key: String,
    /// DER in base64.
    certificate: String,
    /// The certificate of the hierarchy's authority, DER in base64.
    authority: String,
    /// The token by which it joined, so that this one counts no more.
    token: Digest,
    joined: Timestamp,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Identity {
    pub(super) fn new(
        (name, token): (Name, &JoinToken),
        key: &PrivateKeyPem,
        (certificate, authority): (&CertificateDer<'_>, &CertificateDer<'_>),
        joined: Timestamp,
    ) -> Self {
        Self {
            name,
            key: key.0.clone(),
            certificate: encode(certificate),
            authority: encode(authority),
            token: token.digest(),
            joined,
        }
    }

    /// The same with another key and its certificate.
    pub(super) fn renewed(&self, key: &PrivateKeyPem, certificate: &CertificateDer<'_>) -> Self {
        Self { key: key.0.clone(), certificate: encode(certificate), ..self.clone() }
    }

    pub(super) fn joined_by(&self, token: &JoinToken) -> bool {
        self.token == token.digest()
    }

    pub(super) fn authority(&self) -> Option<CertificateDer<'static>> {
        decode(&self.authority).map(CertificateDer::from)
    }

    /// What its key is known by.
    pub(super) fn key_digest(&self) -> Option<Digest> {
        key_of(&CertificateDer::from(decode(&self.certificate)?))
    }

    /// What is shown, and the authority that it is of.
    pub(super) fn certified(
        &self,
        directory: &Path,
    ) -> Result<(CertifiedKey, CertificateDer<'static>), MembershipError> {
        let unusable = |text: &str| MembershipError::Unreadable {
            path: file(directory),
            text: text.to_owned(),
        };
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())
            .map_err(|_| unusable("its key is none"))?;
        let certificate =
            decode(&self.certificate).ok_or_else(|| unusable("its certificate is none"))?;
        let authority = self.authority().ok_or_else(|| unusable("its authority is none"))?;
        let chain = vec![CertificateDer::from(certificate)];
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
            .map_err(|_| unusable("its key is not that of its certificate"))?;
        Ok((key, authority))
    }

    /// What is kept; `None` before it has joined.
    pub(super) fn read(directory: &Path, name: &Name) -> Result<Option<Self>, MembershipError> {
        let path = file(directory);
        let bytes = store::read_bounded(&path, LONGEST).map_err(MembershipError::file(&path))?;
        let Some(bytes) = bytes else { return Ok(None) };
        // What is wrong is not told: a key may stand there.
        let unreadable = |_| MembershipError::Unreadable {
            path,
            text:
                "it does not hold what an agent has of its hierarchy: put back what was there; or \
                   remove it, and let the agent join anew"
                    .to_owned(),
        };
        let identity: Self = serde_json::from_slice(&bytes).map_err(unreadable)?;
        if identity.name != *name {
            let (kept, name) = (identity.name, name.clone());
            return Err(MembershipError::OtherAgent { kept, name });
        }
        Ok(Some(identity))
    }

    pub(super) fn write(&self, directory: &Path) -> Result<(), MembershipError> {
        let path = file(directory);
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| MembershipError::unreadable(&path, &error))?;
        store::replace_private(&path, &bytes).map_err(MembershipError::file(&path))
    }
}

fn file(directory: &Path) -> PathBuf {
    directory.join("identity.json")
}

/// A certificate as PEM.
pub(super) fn certificate_pem(certificate: &CertificateDer<'_>) -> String {
    let text = encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        // Letters of base64 have one byte each.
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem + "-----END CERTIFICATE-----\n"
}
