//! The OpenPGP keys that may sign: taken into a home directory of GnuPG that has these alone, so that
//! neither the keys nor the settings of this computer count.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use tokio::sync::Mutex;

use super::{GitError, error::said, program::Program};
use crate::{model::Digest, store};

/// The largest file with keys: thousands of them.
pub(super) const LARGEST: u64 = 16 << 20;

/// What gpg is told. Only keys that were given trust here count, which are those that were taken in: a
/// key of another keyring, which a setting of this computer may bring, has none. Nothing is started,
/// asked for or fetched.
const SETTINGS: &str = "batch\nno-tty\nno-autostart\nno-auto-check-trustdb\nno-auto-key-retrieve\n\
                        disable-dirmngr\ntrust-model direct\ntrustdb-name trustdb.gpg\n";

/// The home directory of GnuPG for one source.
#[derive(Debug)]
pub(super) struct Keys {
    home: PathBuf,
    /// Of the file that was taken in last.
    taken: Mutex<Option<Digest>>,
}

impl Keys {
    /// The one at a path; nothing is taken in yet.
    pub(super) fn at(home: PathBuf) -> Self {
        Self { home, taken: Mutex::new(None) }
    }

    /// The home directory with exactly the keys of a file, which is read anew each time: a key that was
    /// removed from it does not count any more.
    ///
    /// # Errors
    ///
    /// There is no gpg, or the file cannot be read, or has no keys.
    pub(super) async fn of(&self, file: &Path, program: &Program) -> Result<PathBuf, GitError> {
        let bytes = store::read_bounded(file, LARGEST)
            .and_then(|bytes| bytes.ok_or_else(|| std::io::ErrorKind::NotFound.into()))
            .map_err(GitError::file("read", file))?;
        let digest = Digest::of(&bytes);
        let mut taken = self.taken.lock().await;
        if *taken != Some(digest) {
            *taken = None;
            self.take(file, &bytes, program).await?;
            *taken = Some(digest);
        }
        Ok(self.home.clone())
    }

    async fn take(&self, file: &Path, bytes: &[u8], program: &Program) -> Result<(), GitError> {
        let (keys, trust) = (self.home.join("keys"), self.home.join("trust"));
        store::remove_directory(&self.home)
            .and_then(|()| fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.home))
            .and_then(|()| fs::write(self.home.join("gpg.conf"), SETTINGS))
            .and_then(|()| fs::write(&keys, bytes))
            .map_err(GitError::file("write", &*self.home))?;
        let unusable = |said| GitError::Keys { file: file.to_owned(), said };
        let doing = "take the keys in";
        let import = ["--status-fd", "1", "--import"].map(OsString::from);
        let import = import.into_iter().chain([keys.clone().into()]);
        let ended = program.gpg(doing, &self.home, import).await?;
        // It may have held what is nobody's business.
        store::remove(&keys).map_err(GitError::file("remove", &*keys))?;
        let status = str::from_utf8(&ended.stdout).unwrap_or_default();
        let taken = fingerprints(status);
        // Not how it ended: that depends on whether it has found its agent, which nobody needs.
        if taken.is_empty() || !is_all(status) {
            return Err(unusable(said(&ended.stderr)));
        }
        // Full trust in each of them.
        let lines = taken.join(":5:\n") + ":5:\n";
        fs::write(&trust, lines).map_err(GitError::file("write", &*trust))?;
        let import = [OsString::from("--import-ownertrust"), trust.into()];
        let ended = program.gpg(doing, &self.home, import).await?;
        if ended.success { Ok(()) } else { Err(unusable(said(&ended.stderr))) }
    }
}

/// The fingerprints of the keys that gpg says it has taken in.
fn fingerprints(status: &str) -> Vec<&str> {
    status.lines().filter_map(fingerprint).collect()
}

/// Whether gpg says that it has taken in all that it has read, and nothing of it was secret.
fn is_all(status: &str) -> bool {
    let counts = status.lines().find_map(|line| line.strip_prefix("[GNUPG:] IMPORT_RES "));
    let counts: Vec<&str> = counts.unwrap_or_default().split(' ').collect();
    // Without a user, secret, and not taken in for two other reasons.
    [1, 9, 12, 13].iter().all(|at| counts.get(*at) == Some(&"0"))
}

fn fingerprint(line: &str) -> Option<&str> {
    let fingerprint = line.strip_prefix("[GNUPG:] IMPORT_OK ")?.split(' ').nth(1)?;
    let digits = fingerprint.bytes().all(|it| it.is_ascii_hexdigit());
    (digits && fingerprint.len() >= 40).then_some(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_that_were_taken_in() {
        let key = "3C53BB09EB935F01FD13449AC31D9216591E430C";
        let status = format!(
            "[GNUPG:] KEY_CONSIDERED {key} 0\n[GNUPG:] IMPORTED C31D9216591E430C IMPORT_OK 1 {key}\n\
             [GNUPG:] IMPORT_OK 1 {key}\n[GNUPG:] IMPORT_OK 1 abc\n[GNUPG:] IMPORT_OK\n"
        );
        assert_eq!(fingerprints(&status), [key]);
    }

    #[test]
    fn a_file_is_taken_in_as_a_whole_or_not_at_all() {
        let all = |counts: &str| is_all(&format!("[GNUPG:] IMPORT_RES {counts}\n"));
        assert!(all("2 0 1 0 1 0 0 0 0 0 0 0 0 0 0"));
        assert!(!all("1 0 1 0 0 0 0 0 0 1 0 0 0 0 0"), "secret");
        assert!(!all("1 1 0 0 0 0 0 0 0 0 0 0 0 0 0"), "without a user");
        assert!(!all("2 0 1 0 0 0 0 0 0 0 0 0 0 1 0"), "not taken in");
        assert!(!all("1") && !is_all(""));
    }
}
