//! Whether somebody who may has signed a commit, or the tag that leads to it: with a key of ssh or of
//! OpenPGP.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    GitError, Repository, Signed,
    error::said,
    openpgp::LARGEST,
    program::Call,
    repository::{HEAD, names},
};
use crate::{
    model::{CommitId, Digest},
    store,
};

/// The longest tag, with its message and signature.
const LONGEST_TAG: u64 = 1 << 20;
/// The longest file that holds the name of an object.
const LONGEST_NAME: u64 = 128;

impl Repository {
    /// Looks whether one of the signers has signed the commit that was just fetched, or the tag by which
    /// it was; it has, where none are named.
    ///
    /// # Errors
    ///
    /// None has, or the keys of the signers cannot be read.
    pub async fn verify_fetched(&self, commit: &CommitId) -> Result<(), GitError> {
        if self.signers().next().is_none() {
            return Ok(());
        }
        let signers = self.digest_of_signers()?;
        match self.access.signed {
            Signed::Commit => self.verify_signature(commit).await?,
            Signed::Tag => {
                let tag = self.fetched_tag().await?;
                self.verify_signature(&tag).await?;
                self.note(&self.tags().join(commit.as_str()), tag.as_str())?;
            }
        }
        self.note(&self.verified().join(commit.as_str()), &signers)
    }

    /// Looks once more whether one of the signers has signed a commit, where that was found before:
    /// others may be named now.
    ///
    /// # Errors
    ///
    /// Like [`Self::verify_fetched`].
    pub async fn verify_again(&self, commit: &CommitId) -> Result<(), GitError> {
        if self.signers().next().is_none() {
            return Ok(());
        }
        let signers = self.digest_of_signers()?;
        let verified = match self.access.signed {
            Signed::Commit => self.verify_signature(commit).await,
            Signed::Tag => match self.noted_tag(commit)? {
                Some(tag) => self.verify_signature(&tag).await,
                None => return Err(GitError::NoTag(self.reference().to_owned())),
            },
        };
        let note = self.verified().join(commit.as_str());
        let Err(error) = verified else { return self.note(&note, &signers) };
        // Where the copy was begun anew since, it counts what was found by the same signers. The files
        // of the commit are not in the copy.
        let there = self.call("find the commit", ["cat-file", "-e", commit.as_str()]);
        let before = store::read_bounded(&note, LONGEST_NAME);
        let before = before.map_err(GitError::file("read", &*note))?;
        if before.as_deref() == Some(signers.as_bytes()) && !self.program.run(there).await?.success
        {
            return Ok(());
        }
        Err(error)
    }

    /// Verifies the commit or tag.
    async fn verify_signature(&self, object: &CommitId) -> Result<(), GitError> {
        let (what, doing, command) = match self.access.signed {
            Signed::Commit => ("it", "verify the commit", "verify-commit"),
            Signed::Tag => {
                self.check_name(object).await?;
                ("its tag", "verify the tag", "verify-tag")
            }
        };
        let keys = match &self.access.openpgp_keys {
            Some(file) => Some(self.keys.of(file, &self.program).await?),
            None => None,
        };
        let call = self.call(doing, [command, "--raw", "--end-of-options", object.as_str()]);
        let mut call = Call { keys: keys.as_deref(), ..call };
        if keys.is_some() {
            call.settings.push("gpg.program=gpg".into());
        }
        if let Some(signers) = &self.access.signers {
            let mut setting = OsString::from("gpg.ssh.allowedSignersFile=");
            setting.push(signers);
            call.settings.push(setting);
        }
        let ended = self.program.run(call).await?;
        if ended.success {
            return Ok(());
        }
        let said = if ended.stderr.is_empty() {
            "it has no signature".to_owned()
        } else {
            said(&ended.stderr)
        };
        let signers: Vec<_> = self.signers().map(|file| file.display().to_string()).collect();
        Err(GitError::NotSigned { what, signers: signers.join(" or "), said })
    }

    /// The tag that was just fetched.
    async fn fetched_tag(&self) -> Result<CommitId, GitError> {
        let kind = self.call("say what that is", ["cat-file", "-t", HEAD]);
        if self.program.succeed(kind).await? == b"tag\n" {
            return self.name_of(HEAD).await;
        }
        Err(GitError::NoTag(self.reference().to_owned()))
    }

    /// The tag by which a commit was found good.
    fn noted_tag(&self, commit: &CommitId) -> Result<Option<CommitId>, GitError> {
        let note = self.tags().join(commit.as_str());
        let noted = store::read_bounded(&note, LONGEST_NAME);
        let noted = noted.map_err(GitError::file("read", &*note))?;
        // One that is damaged is none.
        Ok(noted.and_then(|noted| str::from_utf8(&noted).ok()?.parse().ok()))
    }

    /// Forgets what is known of the tags and signatures of all other commits.
    pub(super) fn keep_only_signatures_of(&self, commits: &[CommitId]) -> Result<(), GitError> {
        let kept = |name: &OsString| commits.iter().any(|it| name == it.as_str());
        for directory in [self.tags(), self.verified()] {
            for name in names(&directory).into_iter().filter(|name| !kept(name)) {
                let path = directory.join(name);
                store::remove(&path).map_err(GitError::file("remove", &*path))?;
            }
        }
        Ok(())
    }

    /// Writes something of a commit down, unless it stands there.
    fn note(&self, note: &Path, text: &str) -> Result<(), GitError> {
        let before = store::read_bounded(note, LONGEST_NAME);
        if before.is_ok_and(|before| before.as_deref() == Some(text.as_bytes())) {
            return Ok(());
        }
        let directory = note.parent().unwrap_or(&self.directory);
        fs::create_dir_all(directory)
            .and_then(|()| store::replace(note, text.as_bytes()))
            .map_err(GitError::file("write", note))
    }

    /// The files with those who may sign.
    fn signers(&self) -> impl Iterator<Item = &PathBuf> {
        self.access.signers.iter().chain(&self.access.openpgp_keys)
    }

    /// Who may sign, and what.
    fn digest_of_signers(&self) -> Result<String, GitError> {
        let mut all = format!("{:?}\n", self.access.signed).into_bytes();
        for file in self.signers() {
            let bytes = store::read_bounded(file, LARGEST)
                .and_then(|bytes| bytes.ok_or_else(|| io::ErrorKind::NotFound.into()))
                .map_err(GitError::file("read", file))?;
            // Each by its digest: so nothing of one passes for something of the other.
            all.extend(
                format!("{} {}\n", file.display(), Digest::of(&bytes).to_hex()).into_bytes(),
            );
        }
        Ok(Digest::of(&all).to_hex())
    }

    /// Whether a tag has the name that was asked for: whoever can write to the repository can give
    /// each tag another name, but not the one that was signed.
    async fn check_name(&self, tag: &CommitId) -> Result<(), GitError> {
        let doing = "read the tag";
        let read = self.call(doing, ["cat-file", "tag", tag.as_str()]);
        let text = self.program.succeed(Call { most: LONGEST_TAG, ..read }).await?;
        let says = name_in(&text).ok_or(GitError::NotUnderstood { doing })?;
        let name = self.reference();
        let name = name.strip_prefix("refs/").unwrap_or(name);
        let name = name.strip_prefix("tags/").unwrap_or(name);
        if says == name {
            return Ok(());
        }
        Err(GitError::OtherTag { name: name.to_owned(), says: says.chars().take(255).collect() })
    }

    fn reference(&self) -> &str {
        self.source().reference().unwrap_or_default()
    }

    fn tags(&self) -> PathBuf {
        self.directory.join("tags")
    }

    fn verified(&self) -> PathBuf {
        self.directory.join("verified")
    }
}

/// The name that stands in a tag.
fn name_in(tag: &[u8]) -> Option<&str> {
    let head = tag.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let mut names = head.filter_map(|line| line.strip_prefix(b"tag "));
    str::from_utf8(names.next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_tag_stands_in_its_head() {
        let tag = b"object 0\ntype commit\ntag v1\ntagger A\n\ntag v2\n";
        assert_eq!(name_in(tag), Some("v1"));
        assert_eq!(name_in(b"object 0\n\ntag v2\n"), None);
        assert_eq!(name_in(b"tag \xff\n"), None);
    }
}
