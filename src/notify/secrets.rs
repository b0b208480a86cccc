//! Files with secrets, read each time anew: so they can be changed at any time.

use std::path::{Path, PathBuf};

use super::DeliveryError;
use crate::{blocking::blocking, model::SecretFile, store};

/// The largest file of a secret, in bytes.
const LARGEST: u64 = 16 << 10;

/// Where the secrets of notifications are.
#[derive(Debug, Clone)]
pub(super) struct Secrets(PathBuf);

impl Secrets {
    pub(super) fn in_directory(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// What a file holds, without the end of its line: one line of visible signs.
    pub(super) async fn read(
        &self,
        file: &SecretFile,
        what: &'static str,
    ) -> Result<String, DeliveryError> {
        let (path, file) = (self.0.join(file.as_str()), file.clone());
        blocking(move || {
            let read = store::read_bounded(&path, LARGEST);
            let bytes = read
                .and_then(|bytes| bytes.ok_or_else(|| std::io::ErrorKind::NotFound.into()))
                .map_err(|source| DeliveryError::Secret { file: file.clone(), source })?;
            let text = String::from_utf8(bytes).unwrap_or_default();
            let text = text.trim();
            // A key of several lines, say, was never meant to be sent to anybody.
            if text.is_empty() || text.chars().any(char::is_control) {
                return Err(DeliveryError::NoSecret(file, what));
            }
            Ok(text.to_owned())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_secret_is_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = Secrets::in_directory(directory.path());
        let file: SecretFile = "a".parse().unwrap();
        let path = directory.path().join("a");
        fs::write(&path, "secret\n").unwrap();
        assert_eq!(secrets.read(&file, "token").await.unwrap(), "secret");
        for bytes in [&b""[..], b"\n", b"one\ntwo\n", b"\xff", &vec![b'a'; 20_000]] {
            fs::write(&path, bytes).unwrap();
            let why = secrets.read(&file, "token").await.unwrap_err().to_string();
            assert!(why.contains("secrets/notifications/a") && !why.contains("two"), "{why}");
        }
        fs::remove_file(&path).unwrap();
        assert!(secrets.read(&file, "token").await.is_err());
    }
}
