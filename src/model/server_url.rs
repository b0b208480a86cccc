//! The address of a server: an upstream server, or an agent.

use std::{borrow::Cow, net::IpAddr};

use super::{Address, Port, Ports, folded};

/// Scheme, host and port of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl<'a> {
    /// Whether it is asked over HTTPS.
    pub secure: bool,
    /// As hosts are compared (see [`folded`]); without the brackets of an IPv6 address.
    pub host: Cow<'a, str>,
    /// The port that is written; absent: that of the scheme.
    pub written_port: Option<Port>,
}

impl<'a> ServerUrl<'a> {
    /// Takes it apart; `None` for what is not `http://host:port` or `https://host:port`, with a slash
    /// behind it or without.
    pub fn parse(url: &'a str) -> Option<Self> {
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
            // No more digits than a port has: so an address has a longest length.
            Some(digits) if digits.len() <= 5 && digits.bytes().all(|c| c.is_ascii_digit()) => {
                Some(Port::new(digits.parse().ok()?)?)
            }
            Some(_) => return None,
        };
        Some(Self { secure, host, written_port: port })
    }

    /// The port, written or not.
    pub fn port(&self) -> Port {
        let default = if self.secure { Ports::DEFAULT.https } else { Ports::DEFAULT.http };
        self.written_port.unwrap_or(default)
    }

    /// Whether it is this computer itself, whatever a name service says: nothing that is sent there can be
    /// read on a network.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Where its content is (protocol §1.1): over HTTP, on the port of its web services or, where those are
    /// over HTTPS, on the one beside it. `None` where there is no such port.
    pub fn content_root(&self) -> Option<String> {
        let port = self.plain_port()?;
        // An IPv6 address stands in brackets.
        let brackets = self.host.contains(':');
        let host = if brackets { format!("[{}]", self.host) } else { self.host.to_string() };
        Some(format!("http://{host}:{port}"))
    }

    /// The HTTP port beside an HTTPS port, by the rule of SUP-7.
    pub fn plain_port(&self) -> Option<Port> {
        match self.port() {
            port if !self.secure => Some(port),
            port if port == Ports::DEFAULT.https => Some(Ports::DEFAULT.http),
            port => Port::new(port.get() - 1),
        }
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
            let written_port = port.and_then(Port::new);
            let expected = ServerUrl { secure, host: host.into(), written_port };
            assert_eq!(ServerUrl::parse(url), Some(expected), "{url}");
        }
    }

    #[test]
    fn http_is_beside_https() {
        let plain = |url| ServerUrl::parse(url)?.plain_port().map(Port::get);
        assert_eq!(plain("https://a:8531"), Some(8530));
        assert_eq!(plain("https://a"), Some(80));
        assert_eq!(plain("http://a:8530"), Some(8530));
        assert_eq!(plain("https://a:1"), None);
        let content = |url| ServerUrl::parse(url)?.content_root();
        assert_eq!(content("https://wsus.example:8531").unwrap(), "http://wsus.example:8530");
        assert_eq!(content("https://[fe80::1]").unwrap(), "http://[fe80::1]:80");
        assert_eq!(content("http://wsus.example:8540/").unwrap(), "http://wsus.example:8540");
        assert_eq!(content("https://a:1"), None);
    }

    #[test]
    fn only_loopback_addresses_are_this_computer() {
        let is_loopback = |url| ServerUrl::parse(url).unwrap().is_loopback();
        for url in
            ["http://127.0.0.5:8550", "http://[::1]:1", "http://localhost", "http://LocalHost"]
        {
            assert!(is_loopback(url), "{url}");
        }
        for url in
            ["http://10.0.0.5", "http://127.example", "http://localhost.example", "http://[::2]"]
        {
            assert!(!is_loopback(url), "{url}");
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
