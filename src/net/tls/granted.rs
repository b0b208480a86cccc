//! The certificate that the authority of a hierarchy has given to the roles of an agent on a computer of
//! its own: those who trust the hierarchy trust it too.

use std::{fs, path::Path, time::SystemTime};

use jiff::Timestamp;
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::describing::{describe, fits};
use crate::store;

/// The longest file: key and certificate are about 1,200 bytes.
const LONGEST: u64 = 64 << 10;

/// When a file was written, how long it is, and which one it is: a mounted secret is exchanged whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FileStamp(Option<(SystemTime, u64, u64)>);

impl FileStamp {
    pub(super) fn of(file: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        let found = fs::metadata(file).ok();
        Self(found.and_then(|it| Some((it.modified().ok()?, it.len(), it.ino()))))
    }
}

/// The certificate in a file, and when it ends, if who is reached at `host` can use it now. Blocks.
pub(super) fn read(file: &Path, host: &str, now: Timestamp) -> Option<(CertifiedKey, Timestamp)> {
    let text = match store::read_bounded(file, LONGEST) {
        Ok(text) => text?,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "the roles' certificate is not read");
            return None;
        }
    };
    let key = PrivateKeyDer::from_pem_slice(&text).ok()?;
    let certificate = CertificateDer::from_pem_slice(&text).ok()?;
    let ends = describe(&certificate)?.not_after;
    fits(&certificate, host, now).ok()?;
    let key = CertifiedKey::from_der(vec![certificate], key, &aws_lc_rs::default_provider());
    Some((key.ok()?, ends))
}
