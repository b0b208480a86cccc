//! The address of an upstream server, as far as rules look at it.

use std::borrow::Cow;

use crate::model::{Address, folded};

/// Scheme, host and port of an upstream server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerUrl<'a> {
    pub(super) secure: bool,
    /// In small letters.
    pub(super) host: Cow<'a, str>,
    /// Absent: that of the scheme.
    pub(super) port: Option<u16>,
}

impl<'a> ServerUrl<'a> {
    /// Takes it apart; `None` for what is not `http://host:port` or `https://host:port`.
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let secure = match scheme {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // An IPv6 address stands in brackets.
        let (host, port) = if let Some(rest) = rest.strip_prefix('[') {
            let (host, port) = rest.split_once(']')?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        } else {
            match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            }
        };
        host.parse::<Address>().ok()?;
        let host = folded(host);
        let port = match port {
            None => None,
            Some(digits) if digits.bytes().all(|c| c.is_ascii_digit()) => {
                Some(digits.parse().ok().filter(|port| *port > 0)?)
            }
            Some(_) => return None,
        };
        Some(Self { secure, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_servers_apart() {
        for (url, secure, host, port) in [
            ("http://wsus.example:8530", false, "wsus.example", Some(8530)),
            ("https://WSUS.example/", true, "wsus.example", None),
            ("http://10.0.0.7:80", false, "10.0.0.7", Some(80)),
            ("http://[::1]:8530", false, "::1", Some(8530)),
            ("http://[::1]", false, "::1", None),
        ] {
            let expected = ServerUrl { secure, host: host.into(), port };
            assert_eq!(ServerUrl::parse(url), Some(expected), "{url}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for url in [
            "",
            "wsus.example:8530",
            "ftp://wsus.example",
            "http://",
            "http://:8530",
            "http://a:b@c:8530",
            "http://wsus.example:0",
            "http://wsus.example:65536",
            "http://wsus.example:",
            "http://wsus.example:8530/path",
            "http://wsus.example:+80",
            "http://a b",
            "http://[::1",
            "http://[::1]8530",
        ] {
            assert_eq!(ServerUrl::parse(url), None, "{url}");
        }
    }
}
