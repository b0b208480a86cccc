//! TCP ports and the port settings that WSUS knows (SUP-7).

use std::{fmt, num::NonZeroU16};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Address;

/// A TCP port, 1 to 65535.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Port(NonZeroU16);

impl Port {
    /// The admin port of an agent in a pod, and of `headwater agent` where nothing else is said.
    pub const ADMIN: Self = Self::constant(8550);

    /// The port of that number; 0 is none.
    pub const fn new(number: u16) -> Option<Self> {
        match NonZeroU16::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    const fn constant(number: u16) -> Self {
        match Self::new(number) {
            Some(port) => port,
            None => panic!("a constant port is not zero: checked when the crate is compiled"),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The web site that a role uses: it decides the default ports (SUP-7).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum WebSite {
    /// A web site of its own: HTTP 8530, HTTPS 8531.
    Custom,
    /// The server's default web site: HTTP 80, HTTPS 443.
    Default,
}

/// The ports a role listens on, every default filled in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ports {
    /// The web site the ports belong to.
    pub web_site: WebSite,
    /// The port for HTTP; stays open even with SSL (SUP-7).
    pub http: Port,
    /// The port for HTTPS.
    pub https: Port,
}

impl Ports {
    /// The custom web site: 8530 and 8531.
    pub const CUSTOM: Self =
        Self { web_site: WebSite::Custom, http: Port::constant(8530), https: Port::constant(8531) };

    /// The default web site: 80 and 443.
    pub const DEFAULT: Self =
        Self { web_site: WebSite::Default, http: Port::constant(80), https: Port::constant(443) };

    /// The documented ports of a web site.
    pub const fn of(web_site: WebSite) -> Self {
        match web_site {
            WebSite::Custom => Self::CUSTOM,
            WebSite::Default => Self::DEFAULT,
        }
    }

    /// The address of a role that listens on these ports: scheme, host as declared, port.
    pub fn url(&self, secure: bool, address: &Address) -> String {
        let (scheme, port) = if secure { ("https", self.https) } else { ("http", self.http) };
        format!("{scheme}://{}:{port}", address.in_url())
    }

    /// The HTTPS port that belongs to an HTTP port: 443 to 80, otherwise one more (SUP-7). `None`
    /// for 65535, which has no successor.
    pub const fn https_for(http: Port) -> Option<Port> {
        match http.get() {
            80 => Some(Self::DEFAULT.https),
            number => match number.checked_add(1) {
                Some(next) => Port::new(next),
                None => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_port_follows_the_http_port() {
        let port = |number| Port::new(number).unwrap();
        assert_eq!(Ports::https_for(port(80)), Some(port(443)));
        assert_eq!(Ports::https_for(port(8530)), Some(port(8531)));
        assert_eq!(Ports::https_for(port(65535)), None);
    }
}
