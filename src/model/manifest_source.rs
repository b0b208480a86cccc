//! Where the controller takes manifests from, as people write it: a git repository or a directory.

use std::{path::PathBuf, str::FromStr};

use super::GitSource;

/// Where manifests come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestSource {
    /// A git repository.
    Git(GitSource),
    /// A directory of this computer.
    Directory(PathBuf),
}

/// Why a text is no source of manifests. What could hold a password is never repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSource {
    /// Nothing of this kind.
    #[error(
        "this is no source of manifests: write `git+https://HOST/PATH`, `git+ssh://USER@HOST/PATH` or \
         `git+file:///PATH`, each with `#REFERENCE:DIRECTORY` behind it where that is wanted, or a \
         directory"
    )]
    Form,
    /// A protocol without TLS.
    #[error(
        "`{0}` has no protection on its way, so that anybody there could write the manifests: write \
         `git+https://` or `git+ssh://`"
    )]
    InTheClear(&'static str),
    /// A user or a password where everybody can read it.
    #[error(
        "the address of the repository has a user or a password in it, which others could read: write it \
         without, and name a file that has them (`--git-credentials FILE`, for ssh `--ssh-key FILE`)"
    )]
    Credentials,
    /// The host.
    #[error(
        "the address of the repository has no valid host: write `HOST` or `HOST:PORT` behind `://`"
    )]
    Host,
    /// The path of the repository.
    #[error(
        "the address of the repository has no valid path: write `/PATH` behind the host, without `..`, \
         `?`, blanks and control characters (`%20` is a blank)"
    )]
    Path,
    /// The reference.
    #[error(
        "`{0}` is not a valid reference: write a branch, a tag, a whole name such as `refs/heads/main`, \
         or a commit with all its digits"
    )]
    Reference(String),
    /// The directory within the repository.
    #[error(
        "`{0}` is not a valid directory of a repository: write a relative path such as `clusters/eu`, \
         without `..` and `.git`"
    )]
    Directory(String),
}

/// The longest text: no URL that works is longer.
pub(super) const LONGEST: usize = 8_192;
impl FromStr for ManifestSource {
    type Err = InvalidSource;

    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        if text.starts_with("git+") {
            return text.parse().map(Self::Git);
        }
        // `user@host:path` is what people copy from a page, and the name of hardly any directory.
        let copied = !text.starts_with(['/', '.'])
            && text.split_once('@').is_some_and(|(_, host)| host.contains(':'));
        let none = text.is_empty() || text == "-" || text.len() > LONGEST;
        if none || copied || text.contains("://") || text.contains(char::is_control) {
            return Err(InvalidSource::Form);
        }
        Ok(Self::Directory(PathBuf::from(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> InvalidSource {
        text.parse::<ManifestSource>().expect_err(text)
    }

    #[test]
    fn what_is_valid_reads_back() {
        for (text, url, reference, directory) in [
            ("git+https://a.example/b.git", "https://a.example/b.git", None, None),
            ("git+https://a:8443/b#main", "https://a:8443/b", Some("main"), None),
            (
                "git+ssh://git@a/~b/c#refs/tags/v1:d/e",
                "ssh://git@a/~b/c",
                Some("refs/tags/v1"),
                Some("d/e"),
            ),
            ("git+ssh://[::1]:22/b#:d e", "ssh://[::1]:22/b", None, Some("d e")),
            ("git+file:///srv/a%20b#f\u{e9}te", "file:///srv/a%20b", Some("f\u{e9}te"), None),
        ] {
            let source: GitSource = text.parse().expect(text);
            assert_eq!(source.url(), url);
            assert_eq!((source.reference(), source.directory()), (reference, directory), "{text}");
            assert_eq!(source.to_string(), text);
        }
        for text in ["manifests", "/srv/a@b:c", "./git+https", "../a", "C@D"] {
            assert_eq!(text.parse(), Ok(ManifestSource::Directory(text.into())));
        }
    }

    #[test]
    fn what_git_would_take_for_something_else_is_refused() {
        for text in [
            "git+https://a/b#-x",
            "git+https://a/b#+main",
            "git+https://a/b#a..b",
            "git+https://a/b#",
            "git+https://a/b#a/-b",
            "git+https://a/b#a b",
            "git+https://a/b#a\n",
            "git+https://a/b#a*",
            "git+https://a/b#@",
            "git+https://a/b#a@{1}",
            "git+https://a/b#^a",
            "git+https://a/b#/a",
            "git+https://a/b#a.lock",
            "git+https://a/b#a//b",
            "git+https://a/b#.a",
            "git+https://a/b#a\u{0}",
        ] {
            assert!(matches!(refused(text), InvalidSource::Reference(_)), "{text}");
        }
        for text in [
            "..", "a/../b", "/a", "-a", "a/-b", ".git", "a/.GIT", "a//b", "a\\b", "a\u{7}", "", ".",
        ] {
            let text = format!("git+https://a/b#main:{text}");
            assert!(matches!(refused(&text), InvalidSource::Directory(_)), "{text}");
        }
        for text in [
            "", "a/b", "/a/../b", "/a?b", "/a b", "/a\nb", "/a%0ab", "/a%2e%2e", "/a%", "/",
            "/a\"b",
        ] {
            let text = format!("git+file://{text}");
            assert!(matches!(refused(&text), InvalidSource::Path | InvalidSource::Host), "{text}");
        }
        for host in [
            "",
            "-oProxyCommand=x",
            "a b",
            "a:",
            "a:0",
            "a:99999",
            "[::1",
            "[a]",
            "a;b",
            "$(a)",
            "a:b",
        ] {
            assert_eq!(refused(&format!("git+ssh://{host}/b")), InvalidSource::Host, "{host}");
        }
        for text in [
            "",
            "-",
            "https://a/b",
            "git+ftp://a/b",
            "git+ext::sh -c x",
            "git+https:a",
            "git+",
            "git+a",
            "git@a:b",
            "a\nb",
            "git+HTTPS://a/b",
            "git+-x://a/b",
        ] {
            assert_eq!(refused(text), InvalidSource::Form, "{text}");
        }
        assert_eq!(refused(&format!("git+file:///{}", "a".repeat(9_000))), InvalidSource::Form);
        assert_eq!(refused("git+http://a/b"), InvalidSource::InTheClear("git+http"));
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "git+https://ada:s3cret@a/b",
            "git+https://s3cret@a/b",
            "git+ssh://git:s3cret@a/b",
            "git+https://ada:s3/cret@a/b",
            "git+ssh://-s3cret@a/b",
            "git+file://s3cret@a/b",
            "git+https://ada:s3cret@a",
            "git+https://a/b?token=s3cret",
            "https://ada:s3cret@a/b",
            "git+https://ada:s3#cret@a/b",
            "ada:s3cret@a:b",
        ] {
            assert!(!refused(text).to_string().contains("s3"), "{text}");
        }
        assert_eq!(refused("git+https://ada:s3/cret@a/b"), InvalidSource::Credentials);
    }
}
