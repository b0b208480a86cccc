//! What is needed to reach a repository and to believe it: most of it files that people name.

use std::path::{Path, PathBuf};

use super::GitError;
use crate::model::{GitProxy, GitScheme, GitSource};

/// What a source needs. The contents of the files never stand in a command line or a message.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The private key for ssh, without a passphrase.
    pub ssh_key: Option<PathBuf>,
    /// The keys of the hosts that ssh may connect to, in the form of `known_hosts`.
    pub known_hosts: Option<PathBuf>,
    /// Users and passwords, one URL on a line (`https://USER:PASSWORD@HOST`), as git's credential
    /// store has them.
    pub credentials: Option<PathBuf>,
    /// The authorities that the certificate of the host may come from, as PEM; none: those of this
    /// computer.
    pub authorities: Option<PathBuf>,
    /// The proxy on the way to the host.
    pub proxy: Option<GitProxy>,
    /// Who may sign with a key of ssh, in the form of `allowed_signers` of ssh-keygen.
    pub signers: Option<PathBuf>,
    /// The public OpenPGP keys that may sign.
    pub openpgp_keys: Option<PathBuf>,
    /// What has to be signed, where any signers are named.
    pub signed: Signed,
}

/// What has to be signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signed {
    /// The commit.
    #[default]
    Commit,
    /// The annotated tag that leads to it, under the name that was asked for.
    Tag,
}

impl Access {
    /// Whether anybody is named who has to sign.
    pub fn names_signers(&self) -> bool {
        self.signers.is_some() || self.openpgp_keys.is_some()
    }

    /// Whether these files are there and go with a source; with absolute paths.
    ///
    /// # Errors
    ///
    /// One is missing, cannot be named to ssh, or has nothing to do with the source.
    pub fn of(self, source: &GitSource) -> Result<Self, GitError> {
        let Self {
            ssh_key,
            known_hosts,
            credentials,
            authorities,
            proxy,
            signers,
            openpgp_keys,
            signed,
        } = self;
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
        let for_https = credentials.is_some() || authorities.is_some() || proxy.is_some();
        if for_https && source.scheme() != GitScheme::Https {
            return Err(GitError::Options(
                "`--git-credentials`, `--git-ca` and `--git-proxy` are for sources with `git+https`: \
                 leave them out",
            ));
        }
        if signed == Signed::Tag {
            if signers.is_none() && openpgp_keys.is_none() {
                return Err(GitError::Options(
                    "`--verify tag` needs `--signers FILE` or `--openpgp-keys FILE`: nobody may sign",
                ));
            }
            if source.reference().is_none() {
                return Err(GitError::Options(
                    "`--verify tag` needs a tag: write its name behind `#`, such as \
                     `#refs/tags/production`",
                ));
            }
        }
        Ok(Self {
            ssh_key: ssh_key.as_deref().map(for_ssh).transpose()?,
            known_hosts: known_hosts.as_deref().map(for_ssh).transpose()?,
            credentials: credentials.as_deref().map(absolute).transpose()?,
            authorities: authorities.as_deref().map(absolute).transpose()?,
            proxy,
            signers: signers.as_deref().map(absolute).transpose()?,
            openpgp_keys: openpgp_keys.as_deref().map(absolute).transpose()?,
            signed,
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
        let tag = |it: &str| {
            let signed = Signed::Tag;
            Access { signers: file(), signed, ..Access::default() }.of(&source(it))
        };
        assert!(tag("git+https://a/b#v1").is_ok() && tag("git+https://a/b").is_err());
        let nobody = Access { signed: Signed::Tag, ..Access::default() };
        assert!(nobody.of(&source("git+https://a/b#v1")).is_err());
        let proxy = Some("http://a:1".parse().unwrap());
        assert!(Access { proxy, ..Access::default() }.of(&source("git+file:///a")).is_err());
        let missing = Access { signers: Some("/no/such/file".into()), ..Access::default() };
        assert!(matches!(missing.of(&https), Err(GitError::File { .. })));
    }
}
