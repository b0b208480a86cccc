//! What an agent has for TLS: an authority that issues certificates, secrets with certificates of
//! others, and the roots that it trusts.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use rcgen::{ExtendedKeyUsagePurpose, PublicKeyData};
use rustls::{
    Error, InconsistentKeys,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::{
    CertificatesError, Trust,
    authority::{Authority, Issued, RENEWED, Subject},
    clients::KnownAs,
    describing::{MOST_NAMES, describe},
    granted::{self, FileStamp},
    trust,
};
use crate::{model::Name, store};

/// The longest file of a secret: a chain of ten certificates has 20 KiB.
const LONGEST: u64 = 1 << 20;

/// Where certificates are, in a data directory.
const DIRECTORY: &str = "certificates";

/// How long a client shows a certificate before it looks for the one that the hierarchy has given.
const GRANTED: SignedDuration = SignedDuration::from_mins(1);

/// Where that one is, in the directory of certificates.
pub(in crate::net) const GRANTED_FILE: &str = "roles.pem";

/// What an agent has for TLS, in its data directory (or that of the embedded hierarchy):
///
/// | file                                     | what it is                                       |
/// |------------------------------------------|--------------------------------------------------|
/// | `certificates/authority.pem`             | the hierarchy's own authority, for its owner alone |
/// | `certificates/authority.crt`             | its certificate, for whoever shall trust it      |
/// | `certificates/hierarchy.crt`             | that of the hierarchy's authority, where an agent on a computer of its own has joined one |
/// | `certificates/roles.pem`                 | what that authority has issued for the roles of such an agent, with its key, for its owner alone |
/// | `certificates/trusted.pem`               | further roots to trust, if there are any         |
/// | `secrets/NAME/tls.crt`, `tls.key`        | a certificate with its chain, and its key, as Kubernetes mounts such a secret |
///
/// Clones are the same.
#[derive(Debug, Clone)]
pub struct Certificates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    authority: Authority,
    secrets: PathBuf,
    /// Key and certificate that the hierarchy which has been joined has given.
    granted: PathBuf,
    /// Whether a hierarchy has been joined.
    has_joined: bool,
    trust: Trust,
    /// The roots that clients' certificates have to lead to.
    client_trust: Trust,
}

/// Where the certificate of a port comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// The hierarchy's own authority issues it for these names and addresses.
    Issued(Vec<String>),
    /// Somebody else keeps it in the secret of this name.
    Secret(Name),
}

/// A certificate with its key, and how to see that there is another one.
pub(super) struct Loaded {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) stamp: Stamp,
}

/// What tells whether a certificate is still the one that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Of an authority: until when it is shown, and the file of the one that the hierarchy has given.
    Issued(Timestamp, FileStamp),
    Files([FileStamp; 2]),
}

/// A certificate and its key, both as PEM.
#[derive(Clone)]
pub struct IssuedText {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl std::fmt::Debug for IssuedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IssuedText")
    }
}

impl IssuedText {
    /// Whether it is one for exactly these names and addresses, with so much time left that there need not be
    /// another one yet.
    pub fn is_good(&self, names: &[String], now: Timestamp) -> bool {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes());
        let (Ok(certificate), Ok(key)) = (certificate, key) else { return false };
        let is_in_time = describe(&certificate).is_some_and(|it| {
            it.names.iter().eq(names.iter().take(MOST_NAMES))
                && it.not_after.duration_since(now) > RENEWED
        });
        is_in_time
            && CertifiedKey::from_der(vec![certificate], key, &aws_lc_rs::default_provider())
                .is_ok()
    }
}

impl Certificates {
    /// Issues a certificate with a key for a server that somebody else runs, who is reached by these names and
    /// addresses.
    ///
    /// # Errors
    ///
    /// One of them is none.
    pub fn issue_text(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<IssuedText, CertificatesError> {
        let (certificate, key) = self.0.authority.issue_text(names, now)?;
        Ok(IssuedText { certificate, key })
    }

    /// What is in a data directory; the authority is made if there is none. Besides the system's
    /// roots, the authority, that of the hierarchy that has been joined, and `trusted.pem`, the roots in
    /// the file `more` are trusted. Blocks.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or holds something else.
    pub fn open(
        data: &Path,
        more: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, CertificatesError> {
        let directory = data.join(DIRECTORY);
        let authority = Authority::open(&directory, now)?;
        let mut roots = vec![authority.certificate().clone()];
        let kept = ["hierarchy.crt", "trusted.pem"].map(|file| directory.join(file));
        let there = kept.iter().map(PathBuf::as_path).filter(|file| file.exists());
        for file in there.chain(more) {
            roots.extend(trust::roots(file)?);
        }
        let (secrets, trust) = (data.join("secrets"), Trust::system().and(roots.clone()));
        let client_trust = Trust::roots(roots);
        let granted = directory.join(GRANTED_FILE);
        let has_joined = kept.first().is_some_and(|file| file.exists());
        let inner = Inner { authority, secrets, granted, has_joined, trust, client_trust };
        Ok(Self(Arc::new(inner)))
    }

    /// The roots that certificates of clients have to lead to: the authority and those that somebody has
    /// named, but not those of the system, which give a certificate to everybody.
    pub(super) fn client_trust(&self) -> &Trust {
        &self.0.client_trust
    }

    /// A certificate for a client, of the hierarchy's own authority.
    pub(super) fn issue_to_client(
        &self,
        client: &KnownAs,
        now: Timestamp,
    ) -> Result<Issued, CertificatesError> {
        match client {
            KnownAs::Hosts(names) => {
                // Looked for again soon: there may be another one.
                let soon = now.saturating_add(GRANTED).unwrap_or(now);
                if let Some((key, ends)) = self.granted(names, now) {
                    return Ok(Issued { key, renew_at: soon.min(ends) });
                }
                let purpose = ExtendedKeyUsagePurpose::ClientAuth;
                let mut issued = self.0.authority.issue(names, purpose, now)?;
                if self.0.has_joined {
                    issued.renew_at = issued.renew_at.min(soon);
                }
                Ok(issued)
            }
            KnownAs::Identifier(uri) => self.0.authority.issue_to(uri, now),
        }
    }

    /// The certificate of the hierarchy's authority.
    pub(in crate::net) fn authority(&self) -> &CertificateDer<'static> {
        self.0.authority.certificate()
    }

    /// The certificate of the hierarchy's authority as PEM, for whoever shall trust it.
    pub fn authority_text(&self) -> String {
        let encoded = STANDARD.encode(self.authority());
        let lines = encoded.as_bytes().chunks(64).map(String::from_utf8_lossy);
        let lines: Vec<_> = lines.collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// Makes this the authority of a data directory that nobody has opened yet. Blocks.
    ///
    /// # Errors
    ///
    /// It is none, or cannot be kept.
    pub fn take_over(data: &Path, authority: &[u8]) -> Result<(), CertificatesError> {
        Authority::take_over(&data.join(DIRECTORY), authority)
    }

    /// The authority of a data directory with its key, as a successor takes it over. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn authority_with_key(data: &Path) -> Result<Vec<u8>, CertificatesError> {
        Authority::text(&data.join(DIRECTORY))
    }

    /// A certificate for a key of somebody else, for servers and clients, by the hierarchy's authority.
    pub(in crate::net) fn certify(
        &self,
        key: &impl PublicKeyData,
        subjects: &[Subject<'_>],
        for_how_long: SignedDuration,
        now: Timestamp,
    ) -> Result<CertificateDer<'static>, CertificatesError> {
        self.0.authority.certify(key, subjects, for_how_long, now)
    }

    /// A signature over a document with the key of the hierarchy's authority: ECDSA over its SHA-256, in
    /// DER, which `authority.crt` verifies. The document is JSON, or something else that cannot pass for a
    /// certificate.
    ///
    /// # Errors
    ///
    /// The provider of cryptography refuses.
    pub fn sign(&self, document: &[u8]) -> Result<Vec<u8>, CertificatesError> {
        self.0.authority.sign(document)
    }

    /// The roots that it trusts.
    pub fn trust(&self) -> &Trust {
        &self.0.trust
    }

    /// The certificate of a source as it is now. Blocks.
    pub(super) fn load(
        &self,
        source: &CertificateSource,
        now: Timestamp,
    ) -> Result<Loaded, CertificatesError> {
        match source {
            CertificateSource::Issued(names) => {
                // Before it is read: what is written meanwhile is read again.
                let stamp = FileStamp::of(&self.0.granted);
                let (key, renew_at) = if let Some(granted) = self.granted(names, now) {
                    granted
                } else {
                    let purpose = ExtendedKeyUsagePurpose::ServerAuth;
                    let Issued { key, renew_at } = self.0.authority.issue(names, purpose, now)?;
                    (key, renew_at)
                };
                Ok(Loaded { key: Arc::new(key), stamp: Stamp::Issued(renew_at, stamp) })
            }
            CertificateSource::Secret(name) => {
                let files = self.files(name);
                // Before they are read: what is written meanwhile is read again.
                let stamp = Stamp::Files(stamps(&files));
                Ok(Loaded { key: Arc::new(read(name, &files)?), stamp })
            }
        }
    }

    /// Whether there may be another certificate than the one with this stamp. Blocks.
    pub(super) fn changed(
        &self,
        source: &CertificateSource,
        stamp: &Stamp,
        now: Timestamp,
    ) -> bool {
        match (source, stamp) {
            (CertificateSource::Secret(name), Stamp::Files(before)) => {
                stamps(&self.files(name)) != *before
            }
            (CertificateSource::Issued(_), Stamp::Issued(at, before)) => {
                now >= *at || FileStamp::of(&self.0.granted) != *before
            }
            _ => true,
        }
    }

    /// What the hierarchy has given to the roles of this agent, if it is for the first of these names, and
    /// when it ends.
    fn granted(&self, names: &[String], now: Timestamp) -> Option<(CertifiedKey, Timestamp)> {
        granted::read(&self.0.granted, names.first()?, now)
    }

    fn files(&self, name: &Name) -> [PathBuf; 2] {
        ["tls.crt", "tls.key"].map(|file| self.0.secrets.join(name.as_str()).join(file))
    }
}

fn stamps(files: &[PathBuf; 2]) -> [FileStamp; 2] {
    [0, 1].map(|at: usize| files.get(at).map(|file| FileStamp::of(file)).unwrap_or_default())
}

fn read(name: &Name, files: &[PathBuf; 2]) -> Result<CertifiedKey, CertificatesError> {
    let [certificate, key] = files;
    let text = |path: &Path| match store::read_bounded(path, LONGEST) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(CertificatesError::NoSecret {
            name: name.clone(),
            certificate: certificate.clone(),
            key: key.clone(),
        }),
        Err(source) if source.kind() == io::ErrorKind::FileTooLarge => {
            Err(unusable(path, "it has more than 1 MiB"))
        }
        Err(source) => Err(CertificatesError::file("read", path)(source)),
    };
    let (chain, secret) = (text(certificate)?, text(key)?);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain).filter_map(Result::ok).collect();
    if chain.is_empty() {
        let why = "it holds no certificate as PEM, `-----BEGIN CERTIFICATE-----`";
        return Err(unusable(certificate, why));
    }
    let secret = PrivateKeyDer::from_pem_slice(&secret)
        .map_err(|_| unusable(key, "it holds no private key as PEM without a password"))?;
    CertifiedKey::from_der(chain, secret, &aws_lc_rs::default_provider()).map_err(|error| {
        match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                unusable(key, "it is not the key of the certificate in `tls.crt` beside it")
            }
            Error::InvalidCertificate(_) => unusable(certificate, "the certificate is malformed"),
            _ => unusable(key, "it is no key that TLS can sign with (RSA, ECDSA or Ed25519)"),
        }
    })
}

fn unusable(path: &Path, why: &'static str) -> CertificatesError {
    CertificatesError::Unusable { path: path.to_owned(), why }
}
