//! What can go wrong with git.

use std::{io, path::PathBuf};

use crate::{blocking::Interrupted, model::without_secrets};

/// Git could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no such program.
    #[error("the program `git` is not there: install it (`apt-get install git`)")]
    NotInstalled,
    /// It cannot be started.
    #[error("failed to start `git`")]
    Start(#[source] io::Error),
    /// It ended with an error.
    #[error("git could not {doing}: {said}")]
    Failed {
        /// What it was to do.
        doing: &'static str,
        /// What it said, shortened.
        said: String,
    },
    /// It did not end.
    #[error("git did not {doing} within {seconds} s, and was ended")]
    TooSlow {
        /// What it was to do.
        doing: &'static str,
        /// How long it had.
        seconds: u64,
    },
    /// It says more than anybody reads.
    #[error("git says too much when it is to {doing}, and was ended")]
    TooMuch {
        /// What it was to do.
        doing: &'static str,
    },
    /// It says something else than it does.
    #[error("git says something that is not understood when it is to {doing}")]
    NotUnderstood {
        /// What it was to do.
        doing: &'static str,
    },
    /// A commit is too large.
    #[error(
        "the commit has more than {files} files or {bytes} bytes: keep manifests in a repository of \
         their own, or the content of packages elsewhere"
    )]
    TooLarge {
        /// As many files may be in it.
        files: usize,
        /// And as many bytes.
        bytes: u64,
    },
    /// The program that looks at OpenPGP signatures is not there.
    #[error("the program `gpg` is not there: install it (`apt-get install gnupg`)")]
    NoGpg,
    /// Keys that cannot be used.
    #[error(
        "{file} has no OpenPGP keys that can be used: {said}: write public keys into it, as \
         `gpg --armor --export NAME` prints them"
    )]
    Keys {
        /// The file that was to hold them.
        file: PathBuf,
        /// What gpg said.
        said: String,
    },
    /// Nobody who may has signed it.
    #[error(
        "{what} is not signed by any of the signers in {signers}: {said}: sign it with a key that \
         stands there, or add the key"
    )]
    NotSigned {
        /// What was looked at: `it`, the commit, or `its tag`.
        what: &'static str,
        /// The files with those who may.
        signers: String,
        /// What git said.
        said: String,
    },
    /// Nothing but a signed tag counts, and this is none.
    #[error(
        "`{0}` does not lead to it by an annotated tag, which could be signed: make one with \
         `git tag --sign`, or leave `--verify tag` out"
    )]
    NoTag(String),
    /// Somebody has given a tag another name than the one that was signed.
    #[error(
        "the tag says of itself that it is `{says}`, and stands under `{name}`: sign one of that name"
    )]
    OtherTag {
        /// The name that was asked for.
        name: String,
        /// The name that stands in it.
        says: String,
    },
    /// A file or directory of ours, or one that was named.
    #[error("failed to {doing} {path}")]
    File {
        /// What was to be done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The name of a file means something else to ssh.
    #[error(
        "{0} cannot be handed to ssh: give the file a path of letters, digits and `/._-+=@,` alone"
    )]
    Name(PathBuf),
    /// Options that do not go with the source, or are missing.
    #[error("{0}")]
    Options(&'static str),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl GitError {
    pub(super) fn file(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}

/// As many characters of what git said are passed on.
const LONGEST_SAID: usize = 500;

/// What git said, for people: without what only decorates it, on one line, and without secrets.
pub(super) fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    // ssh puts its gravest words into a box of such signs.
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim_matches(|it: char| it == '@' || it.is_whitespace()))
        .filter(|line| !line.is_empty())
        .collect();
    let matters = |line: &&str| line.starts_with("fatal:") || line.starts_with("error:");
    let some: Vec<&str> = lines.iter().copied().filter(matters).collect();
    // ssh and ssh-keygen do not mark what matters; the first lines say why, the last ones what follows.
    let text = if some.is_empty() { lines.join("; ") } else { some.join("; ") };
    let why: Vec<&str> = lines.iter().copied().filter(|line| !matters(line)).take(2).collect();
    let text = if some.is_empty() || why.is_empty() {
        text
    } else {
        format!("{text} ({})", why.join("; "))
    };
    let text = without_secrets(&text);
    let mut shown: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    if let Some((end, _)) = shown.char_indices().nth(LONGEST_SAID) {
        shown.truncate(end);
        shown.push('…');
    }
    if shown.is_empty() { "it does not say why".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_short_and_has_no_secrets() {
        let text = "Host key verification failed.\r\n\nfatal: cannot read https://ada:s3cret@a/b\n\
                    \nPlease make sure\n";
        assert_eq!(
            said(text.as_bytes()),
            "fatal: cannot read https://***@a/b (Host key verification failed.; Please make sure)"
        );
        let text = "@@@@@@\n@    WARNING: IT HAS CHANGED!     @\n@@@@@@\nfatal: no\n";
        assert_eq!(said(text.as_bytes()), "fatal: no (WARNING: IT HAS CHANGED!)");
        assert_eq!(said(b"\n"), "it does not say why");
        assert!(!said(b"fatal: \x1b[2J").contains('\u{1b}'));
        assert!(said("\u{e9}".repeat(100_000).as_bytes()).chars().count() <= LONGEST_SAID + 1);
    }
}
