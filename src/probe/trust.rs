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
#[derive(Debug, Clone, Default)]
pub struct Trust(Arc<Roots>);

#[derive(Debug, Default)]
struct Roots {
    /// Read when the first certificate is seen: most looks see none.
    anchors: OnceLock<Arc<Anchors>>,
}

/// What is trusted.
#[derive(Debug)]
pub(super) struct Anchors {
    /// The roots, as chains are verified against them.
    pub(super) store: RootCertStore,
    /// The same as they were read.
    certificates: Vec<CertificateDer<'static>>,
}

impl Anchors {
    /// Those among some certificates that can be roots.
    pub(super) fn of(certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates.iter().cloned());
        Self { store, certificates }
    }

    /// Whether a certificate is one of them.
    pub(super) fn holds(&self, certificate: &CertificateDer<'_>) -> bool {
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
        Self::default()
    }

    /// The roots of a PEM file, and no others.
    ///
    /// # Errors
    ///
    /// It cannot be read or holds no certificate.
    pub fn file(path: &Path) -> Result<Self, TrustError> {
        let failed = |source| TrustError::Read { path: path.to_owned(), source };
        let mut text = Vec::new();
        // Not by its length: that of a device is 0.
        let file = File::open(path).map_err(failed)?;
        file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(failed)?;
        if text.len() as u64 > MOST_BYTES {
            let too_large = "it has more than 16 MiB: give a file of the roots that are meant";
            return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, too_large)));
        }
        let certificates = CertificateDer::pem_slice_iter(&text).filter_map(Result::ok);
        let anchors = Anchors::of(certificates.collect());
        if anchors.store.is_empty() {
            return Err(TrustError::Empty(path.to_owned()));
        }
        Ok(Self(Arc::new(Roots { anchors: OnceLock::from(Arc::new(anchors)) })))
    }

    /// The roots.
    pub(super) fn anchors(&self) -> Arc<Anchors> {
        let read = || Arc::new(Anchors::of(rustls_native_certs::load_native_certs().certs));
        self.0.anchors.get_or_init(read).clone()
    }
}
