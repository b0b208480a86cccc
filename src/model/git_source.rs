//! A place in a git repository, as people write it. What is read here is handed to a program, so
//! nothing passes that it could take for an option, for a way out of a directory, or for a second
//! command.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{InvalidSource, manifest_source::LONGEST, text::Parsed};

/// A place in a git repository, written `git+https://HOST/PATH#REFERENCE:DIRECTORY` (or `git+ssh://`,
/// `git+file:///`); it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct GitSource {
    scheme: GitScheme,
    /// What stands behind `git+`, up to the fragment.
    url: String,
    reference: Option<String>,
    directory: Option<String>,
}

/// How a repository is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitScheme {
    /// Over TLS.
    Https,
    /// By the program `ssh`.
    Ssh,
    /// On this computer.
    File,
}

/// The longest reference: as long as a name of a file may be, and git makes files of them.
const LONGEST_REFERENCE: usize = 255;

impl GitSource {
    /// How the repository is reached.
    pub fn scheme(&self) -> GitScheme {
        self.scheme
    }

    /// The address of the repository, as git takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The branch, tag or commit; none: what the repository says its head is.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// The directory within the repository that has the manifests; none: all of it.
    pub fn directory(&self) -> Option<&str> {
        self.directory.as_deref()
    }

    /// Reads what stands behind `git+`.
    fn read(text: &str) -> Result<Self, InvalidSource> {
        let (url, fragment) = match text.split_once('#') {
            Some((url, fragment)) => (url, Some(fragment)),
            None => (text, None),
        };
        let (scheme, rest) = url.split_once("://").ok_or(InvalidSource::Form)?;
        let scheme = match scheme {
            "https" => GitScheme::Https,
            "ssh" => GitScheme::Ssh,
            "file" => GitScheme::File,
            "http" => return Err(InvalidSource::InTheClear("git+http")),
            "git" => return Err(InvalidSource::InTheClear("git+git")),
            _ => return Err(InvalidSource::Form),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // A password with a slash in it ends the authority early.
        if scheme != GitScheme::File && path.contains('@') {
            return Err(InvalidSource::Credentials);
        }
        scheme.check_authority(authority)?;
        if !is_url_path(path) {
            return Err(InvalidSource::Path);
        }
        let (reference, directory) = match fragment {
            None => (None, None),
            Some(fragment) => read_fragment(fragment)?,
        };
        Ok(Self { scheme, url: url.to_owned(), reference, directory })
    }
}

impl GitScheme {
    /// The word in front of `://`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Ssh => "ssh",
            Self::File => "file",
        }
    }

    fn check_authority(self, authority: &str) -> Result<(), InvalidSource> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        match (self, user) {
            // It logs in with a key: the user is a name like `git`.
            (Self::Ssh, Some(user)) if !is_word(user, "._-") => {
                return Err(InvalidSource::Credentials);
            }
            (Self::Ssh, _) | (_, None) => {}
            (Self::Https | Self::File, Some(_)) => return Err(InvalidSource::Credentials),
        }
        let valid = if self == Self::File { host.is_empty() } else { is_host(host) };
        if valid { Ok(()) } else { Err(InvalidSource::Host) }
    }
}

/// Letters, digits and some marks, and none of these in front.
pub(super) fn is_word(text: &str, marks: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || marks.contains(it))
}

/// A name or an address, and a port where one is wanted.
pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => ("", Some(port)),
                None if rest.is_empty() => ("", None),
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.is_none_or(|port| {
        port.bytes().all(|digit| digit.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|it| it > 0)
    });
    port && (text.starts_with('[') || is_word(host, ".-"))
}

/// An absolute path of a URL: what is written as `%` and two digits is looked at too.
fn is_url_path(path: &str) -> bool {
    let escapes = path.split('%').skip(1).all(|rest| {
        let byte = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| !byte.is_ascii_control() && !matches!(byte, b'.' | b'/'))
    });
    let signs =
        |it: char| it.is_control() || it.is_whitespace() || matches!(it, '?' | '\\' | '"' | '@');
    path.len() > 1
        && path.starts_with('/')
        && escapes
        && !path.contains(signs)
        && path.split('/').all(|part| part != ".." && part != ".")
}

fn read_fragment(fragment: &str) -> Result<(Option<String>, Option<String>), InvalidSource> {
    let (reference, directory) = match fragment.split_once(':') {
        Some((reference, directory)) => (reference, Some(directory)),
        None => (fragment, None),
    };
    // `#:DIRECTORY` is the head; `#` alone was meant to say something.
    let reference = match reference {
        "" if directory.is_some() => None,
        _ if is_reference(reference) => Some(reference.to_owned()),
        _ => return Err(InvalidSource::Reference(reference.to_owned())),
    };
    match directory {
        Some(it) if !is_inner_path(it) => Err(InvalidSource::Directory(it.to_owned())),
        _ => Ok((reference, directory.map(str::to_owned))),
    }
}

/// What git allows as a name (`git check-ref-format`), without a sign in front that means something
/// to it.
fn is_reference(text: &str) -> bool {
    let sign = |it: char| {
        it.is_control()
            || it.is_whitespace()
            || matches!(it, '~' | '^' | ':' | '?' | '*' | '[' | '\\')
    };
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-', '+'])
            && !part.ends_with('.')
            && !part.to_ascii_lowercase().ends_with(".lock")
    };
    text.len() <= LONGEST_REFERENCE
        && text != "@"
        && !text.contains(sign)
        && !text.contains("..")
        && !text.contains("@{")
        && text.split('/').all(part)
}

/// A relative path that stays where it is.
fn is_inner_path(text: &str) -> bool {
    let part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && !part.starts_with('-')
            && !part.eq_ignore_ascii_case(".git")
    };
    !text.contains(|it: char| it.is_control() || it == '\\')
        && text.strip_suffix('/').unwrap_or(text).split('/').all(part)
}

impl FromStr for GitSource {
    type Err = InvalidSource;

    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        match text.strip_prefix("git+") {
            Some(rest) if text.len() <= LONGEST => Self::read(rest),
            _ => Err(InvalidSource::Form),
        }
    }
}

impl fmt::Display for GitSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme: _, url, reference, directory } = self;
        write!(f, "git+{url}")?;
        if reference.is_some() || directory.is_some() {
            write!(f, "#{}", reference.as_deref().unwrap_or_default())?;
        }
        directory.as_ref().map_or(Ok(()), |directory| write!(f, ":{directory}"))
    }
}

impl Serialize for GitSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GitSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Parsed::from(deserializer)
    }
}
