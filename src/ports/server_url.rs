//! The parts of a server's address that decide a flow: scheme, host, port.

use crate::model::{Port, Ports};

/// What a URL says of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerUrl {
    pub(super) secure: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) port: Port,
}

impl ServerUrl {
    /// Reads a URL; `None` if it is not the address of a server over HTTP or HTTPS. What may stand
    /// before and behind host and port is left out: it may be a secret, and no firewall needs it.
    pub(super) fn read(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let authority = authority.rsplit('@').next()?;
        let (host, port) = if let Some(literal) = authority.strip_prefix('[') {
            let (host, after) = literal.split_once(']')?;
            (host, after.strip_prefix(':'))
        } else {
            match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            }
        };
        let default = if secure { Ports::DEFAULT.https } else { Ports::DEFAULT.http };
        let port = match port {
            None | Some("") => default,
            Some(port) => Port::new(port.parse().ok()?)?,
        };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then_some(Self { secure, host, port })
    }

    /// The HTTP port beside an HTTPS port, by the rule of SUP-7.
    pub(super) fn plain_port(&self) -> Option<Port> {
        match self.port {
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
    fn only_scheme_host_and_port_count() {
        let read = |url| ServerUrl::read(url).map(|it| (it.secure, it.host, it.port.get()));
        assert_eq!(read("http://wsus.example:8530"), Some((false, "wsus.example".into(), 8530)));
        assert_eq!(read("HTTPS://WSUS.example./x:1"), Some((true, "wsus.example".into(), 443)));
        assert_eq!(read("http://me:secret@a.example"), Some((false, "a.example".into(), 80)));
        assert_eq!(read("https://[fd00::7]:8531/"), Some((true, "fd00::7".into(), 8531)));
        for wrong in [
            "",
            "wsus",
            "ftp://a",
            "http://",
            "http://:80",
            "http://a:0",
            "http://a:x",
            "http://[::1",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn http_is_beside_https() {
        let plain = |url| ServerUrl::read(url)?.plain_port().map(Port::get);
        assert_eq!(plain("https://a:8531"), Some(8530));
        assert_eq!(plain("https://a"), Some(80));
        assert_eq!(plain("http://a:8530"), Some(8530));
        assert_eq!(plain("https://a:1"), None);
    }
}
