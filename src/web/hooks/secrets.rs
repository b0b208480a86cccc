//! What the git server and the controller both know.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The secrets of a hook. Several, so that one can be exchanged without missing anything.
#[derive(Clone)]
pub struct HookSecrets(Vec<Vec<u8>>);

/// A file of secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HookSecretError {
    /// It cannot be read.
    #[error("failed to read the secret of the hook from {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It holds nothing, or nothing good.
    #[error(
        "{path} holds no good secret of the hook: write one of at least {SHORTEST} characters on a \
         line, at most {MOST} of them, made with `openssl rand -hex 32`, say"
    )]
    NotGood {
        /// The file.
        path: PathBuf,
    },
}

/// The shortest secret: less can be guessed from one request that somebody has seen.
const SHORTEST: usize = 16;

/// How many there may be: each request is compared with all.
const MOST: usize = 4;

/// The longest file.
const LONGEST: u64 = 4096;

impl HookSecrets {
    /// Reads a file with one secret on each line.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds no good secret.
    pub fn read(path: &Path) -> Result<Self, HookSecretError> {
        let mut text = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text));
        read.map_err(|source| HookSecretError::Read { path: path.to_owned(), source })?;
        let not_good = || HookSecretError::NotGood { path: path.to_owned() };
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let secrets: Vec<_> = lines.filter(|it| !it.is_empty()).map(<[u8]>::to_vec).collect();
        let fits = u64::try_from(text.len()).is_ok_and(|length| length <= LONGEST);
        let good = (1..=MOST).contains(&secrets.len())
            && secrets.iter().all(|secret| secret.len() >= SHORTEST);
        if fits && good { Ok(Self(secrets)) } else { Err(not_good()) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }
}

impl fmt::Debug for HookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSecrets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_that_cannot_be_guessed_are_taken() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        assert!(matches!(HookSecrets::read(&path), Err(HookSecretError::Read { .. })));
        let five = "0123456789abcdef\n".repeat(5);
        let long = "x".repeat(5000);
        for text in ["", "\n\n", "0123456789abcde", "0123456789abcdef\nshort", &five, &long] {
            std::fs::write(&path, text).unwrap();
            let error = HookSecrets::read(&path).unwrap_err();
            assert!(matches!(error, HookSecretError::NotGood { .. }), "{text}");
            assert!(text.is_empty() || !error.to_string().contains(text.trim()) || text == "\n\n");
        }
        std::fs::write(&path, "0123456789abcdef\r\n  another one, longer\n").unwrap();
        let secrets = HookSecrets::read(&path).unwrap();
        let expected: [&[u8]; 2] = [b"0123456789abcdef", b"another one, longer"];
        assert_eq!(secrets.iter().collect::<Vec<_>>(), expected);
        assert_eq!(format!("{secrets:?}"), "HookSecrets");
    }
}
