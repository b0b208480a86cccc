//! The roots that certificates are verified against.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// The most bytes of a file of roots: far more than all public ones together have.
const MOST_BYTES: u64 = 16 << 20;

/// Which roots are trusted. Clones share what has been read.
#[derive(Debug, Clone)]
pub struct Trust(Arc<Roots>);

#[derive(Debug)]
struct Roots {
    /// Whether the roots of the system are among them.
    system: bool,
    more: Vec<CertificateDer<'static>>,
    /// Read when the first certificate is seen: most looks see none.
    anchors: OnceLock<Arc<Anchors>>,
}

/// What is trusted.
#[derive(Debug)]
pub struct Anchors {
    /// The roots, as chains are verified against them.
    pub(crate) store: RootCertStore,
    /// The same as they were read.
    certificates: Vec<CertificateDer<'static>>,
}

impl Anchors {
    /// Those among some certificates that can be roots.
    pub(crate) fn of(certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        Self { store, certificates }
    }

    /// Whether a certificate is one of them.
    pub(crate) fn holds(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificates.contains(certificate)
    }
}

/// A file of roots is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("failed to read the roots in {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It holds no certificates.
    #[error("{0} holds no certificate: write roots as PEM, `-----BEGIN CERTIFICATE-----`")]
    Empty(PathBuf),
}

impl Trust {
    /// The roots that this computer trusts, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    pub fn system() -> Self {
        Self::of(true, Vec::new())
    }

    /// The roots of a PEM file, and no others. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be read or holds no certificate.
    pub fn file(path: &Path) -> Result<Self, TrustError> {
        Ok(Self::of(false, roots(path)?))
    }

    /// These roots, and no others.
    pub(super) fn roots(roots: Vec<CertificateDer<'static>>) -> Self {
        Self::of(false, roots)
    }

    /// These roots too.
    pub(super) fn and(&self, more: Vec<CertificateDer<'static>>) -> Self {
        Self::of(self.0.system, [self.0.more.clone(), more].concat())
    }

    fn of(system: bool, more: Vec<CertificateDer<'static>>) -> Self {
        Self(Arc::new(Roots { system, more, anchors: OnceLock::new() }))
    }

    /// The roots, which may have to be read from hundreds of files first. Blocks.
    pub(crate) fn anchors(&self) -> Arc<Anchors> {
        let read = || {
            let mut certificates = self.0.more.clone();
            if self.0.system {
                certificates.extend(rustls_native_certs::load_native_certs().certs);
            }
            Arc::new(Anchors::of(certificates))
        };
        self.0.anchors.get_or_init(read).clone()
    }
}

/// The roots in a PEM file.
pub(super) fn roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let failed = |source| TrustError::Read { path: path.to_owned(), source };
    let mut text = Vec::new();
    // Not by its length: that of a device is 0.
    let file = File::open(path).map_err(failed)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > MOST_BYTES {
        let too_large = "it has more than 16 MiB: give a file of the roots that are meant";
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, too_large)));
    }
    let certificates = CertificateDer::pem_slice_iter(&text).filter_map(Result::ok).collect();
    let anchors = Anchors::of(certificates);
    if anchors.store.is_empty() {
        return Err(TrustError::Empty(path.to_owned()));
    }
    Ok(anchors.certificates)
}
