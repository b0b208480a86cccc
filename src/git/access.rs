//! What is needed to read a repository and to believe it: files that people name.

use std::path::{Path, PathBuf};

use super::GitError;
use crate::model::{GitScheme, GitSource};

/// The files that a source needs. Their contents never stand in a command line or a message.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The private key for ssh, without a passphrase.
    pub ssh_key: Option<PathBuf>,
    /// The keys of the hosts that ssh may connect to, in the form of `known_hosts`.
    pub known_hosts: Option<PathBuf>,
    /// Users and passwords, one URL on a line (`https://USER:PASSWORD@HOST`), as git's credential
    /// store has them.
    pub credentials: Option<PathBuf>,
    /// Who may sign commits, in the form of `allowed_signers` of ssh-keygen.
    pub signers: Option<PathBuf>,
}

impl Access {
    /// Whether these files are there and go with a source; with absolute paths.
    ///
    /// # Errors
    ///
    /// One is missing, cannot be named to ssh, or has nothing to do with the source.
    pub fn of(self, source: &GitSource) -> Result<Self, GitError> {
        let Self { ssh_key, known_hosts, credentials, signers } = self;
        let ssh = source.scheme() == GitScheme::Ssh;
        match (ssh, &ssh_key, &known_hosts) {
            (true, Some(_), Some(_)) | (false, None, None) => {}
            (true, _, _) => {
                return Err(GitError::Options(
                    "`git+ssh` needs `--ssh-key FILE` (a private key without a passphrase) and \
                     `--known-hosts FILE` (the keys of the host, see `ssh-keyscan HOST`)",
                ));
            }
            (false, _, _) => {
                return Err(GitError::Options(
                    "`--ssh-key` and `--known-hosts` are for sources with `git+ssh`: leave them out",
                ));
            }
        }
        if credentials.is_some() && source.scheme() != GitScheme::Https {
            return Err(GitError::Options(
                "`--git-credentials` is for sources with `git+https`: leave it out",
            ));
        }
        Ok(Self {
            ssh_key: ssh_key.as_deref().map(for_ssh).transpose()?,
            known_hosts: known_hosts.as_deref().map(for_ssh).transpose()?,
            credentials: credentials.as_deref().map(absolute).transpose()?,
            signers: signers.as_deref().map(absolute).transpose()?,
        })
    }

    /// The command by which git calls ssh, which a shell reads: both paths have only letters that
    /// mean nothing there.
    pub(super) fn ssh_command(&self) -> Option<String> {
        let (key, known_hosts) = (self.ssh_key.as_ref()?, self.known_hosts.as_ref()?);
        let (key, known_hosts) = (key.display(), known_hosts.display());
        Some(format!(
            "ssh -F none -i {key} -o UserKnownHostsFile={known_hosts} -o GlobalKnownHostsFile=none \
             -o BatchMode=yes -o IdentitiesOnly=yes -o IdentityAgent=none -o StrictHostKeyChecking=yes \
             -o UpdateHostKeys=no -o ConnectTimeout=30 -o ServerAliveInterval=15 \
             -o ServerAliveCountMax=4"
        ))
    }
}

fn absolute(path: &Path) -> Result<PathBuf, GitError> {
    path.canonicalize().map_err(GitError::file("read", path))
}

fn for_ssh(path: &Path) -> Result<PathBuf, GitError> {
    let path = absolute(path)?;
    if is_plain(&path) { Ok(path) } else { Err(GitError::Name(path)) }
}

/// Whether neither a shell nor ssh reads anything else out of a path.
fn is_plain(path: &Path) -> bool {
    let sign = |it: char| it.is_ascii_alphanumeric() || "/._-+=@,".contains(it);
    path.to_str().is_some_and(|text| text.chars().all(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_shell_would_read_is_refused() {
        assert!(is_plain(Path::new("/etc/keys/id_ed25519.pub")));
        for path in
            ["/a b", "/a;b", "/$(a)", "/a'b", "/%h", "/a\nb", "/~", "/a\u{e9}", "/a\"", "/`a`"]
        {
            assert!(!is_plain(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn files_go_with_the_source() {
        let file = || Some(PathBuf::from("Cargo.toml"));
        let source = |text: &str| text.parse::<GitSource>().unwrap();
        let (https, ssh) = (source("git+https://a/b"), source("git+ssh://git@a/b"));
        assert!(Access::default().of(&https).is_ok());
        assert!(Access::default().of(&ssh).is_err());
        let credentials = || Access { credentials: file(), ..Access::default() };
        assert!(credentials().of(&https).unwrap().credentials.unwrap().is_absolute());
        assert!(credentials().of(&source("git+file:///a")).is_err());
        let keys = || Access { ssh_key: file(), known_hosts: file(), ..Access::default() };
        assert!(keys().of(&https).is_err());
        let command = keys().of(&ssh).unwrap().ssh_command().unwrap();
        assert!(command.contains("StrictHostKeyChecking=yes"));
        let missing = Access { signers: Some("/no/such/file".into()), ..Access::default() };
        assert!(matches!(missing.of(&https), Err(GitError::File { .. })));
    }
}
