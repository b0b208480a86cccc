//! The proxy by which a git repository is reached, as people write it. It is handed to a program, so
//! it holds no password.

use std::{fmt, str::FromStr};

use super::git_source::{is_host, is_word};

/// A proxy, written `http://HOST:PORT`, `https://…` or `socks5h://…`, with `USER@` in front of the host
/// where it wants to know who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitProxy(String);

/// Why a text is no proxy. What could hold a password is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    /// Nothing of this kind.
    #[error(
        "this is no proxy: write `http://HOST:PORT`, `https://HOST:PORT` or `socks5h://HOST:PORT`"
    )]
    Form,
    /// A password where everybody can read it.
    #[error(
        "the address of the proxy has a password in it, which others could read: write `USER@HOST:PORT` \
         there, and `http://USER:PASSWORD@HOST:PORT` into the file of `--git-credentials`"
    )]
    Password,
}

impl GitProxy {
    /// The address, as git takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GitProxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidProxy::Form)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if user.is_some_and(|user| !is_word(user, "._-")) {
            return Err(InvalidProxy::Password);
        }
        if matches!(scheme, "http" | "https" | "socks5h") && is_host(host) {
            return Ok(Self(format!("{scheme}://{authority}")));
        }
        Err(InvalidProxy::Form)
    }
}

impl fmt::Display for GitProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_a_host_and_no_password() {
        for text in ["http://proxy:3128", "https://ada@a.example:8443", "socks5h://[::1]:1080"] {
            assert_eq!(text.parse::<GitProxy>().unwrap().as_str(), text);
        }
        assert_eq!("http://a:1/".parse::<GitProxy>().unwrap().as_str(), "http://a:1");
        for text in
            ["", "proxy", "ftp://a", "http://", "http://a/b", "http://-a", "http://a b", "a:1"]
        {
            assert_eq!(text.parse::<GitProxy>(), Err(InvalidProxy::Form), "{text}");
        }
        for text in ["http://ada:s3cret@a", "http://ada:s3@cret@a:1", "http://@a"] {
            let error = text.parse::<GitProxy>().unwrap_err();
            assert_eq!(error, InvalidProxy::Password, "{text}");
            assert!(!error.to_string().contains("s3"));
        }
    }
}
