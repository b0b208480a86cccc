//! How the declared address of a site system becomes an IP address.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use super::elsewhere::Elsewhere;
use crate::model::Digest;

/// How declared addresses become IP addresses: by the system's name service, or, for the site
/// systems of an embedded hierarchy, each on a loopback address of its own, so that manifests
/// written for production run unchanged in one process, with every update point on port 8530 at
/// once. Clones share what has been registered.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    embedded: Option<Arc<Embedded>>,
    elsewhere: Arc<Elsewhere>,
}

#[derive(Debug)]
struct Embedded {
    salt: Digest,
    known: RwLock<BTreeMap<String, IpAddr>>,
}

/// Two site systems of an embedded hierarchy would share one loopback address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{host}` and `{other}` would share the loopback address {ip}: give one of them another address"
)]
pub struct AddressTaken {
    host: String,
    other: String,
    ip: IpAddr,
}

impl Addresses {
    /// By the system's name service alone: site systems on computers of their own.
    pub fn system() -> Self {
        Self::default()
    }

    /// The same, where a file tells under which other names the name service knows some of them: a line
    /// each, the declared address and the name. It is read again when it changes.
    #[must_use]
    pub fn with_names_file(self, file: PathBuf) -> Self {
        Self { elsewhere: Arc::new(Elsewhere::told_by(file)), ..self }
    }

    /// Tells under which other names the name service knows declared addresses, from now on.
    pub fn set_names(&self, names: BTreeMap<String, String>) {
        self.elsewhere.set(names);
    }

    /// The name under which the name service knows a host. Certificates and the `Host` of requests are those
    /// of the declared address all the same.
    pub fn known_as<'a>(&self, host: &'a str) -> Cow<'a, str> {
        self.elsewhere.name_of(host)
    }

    /// An embedded hierarchy. The salt (a digest of the data directory's path) keeps two
    /// hierarchies on one computer apart.
    pub fn embedded(salt: Digest) -> Self {
        let embedded = Some(Arc::new(Embedded { salt, known: RwLock::default() }));
        Self { embedded, ..Self::default() }
    }

    /// Makes `host` a site system of the embedded hierarchy and tells its loopback address, which
    /// is derived from the name alone: the same in every process. `None` without an embedded
    /// hierarchy.
    ///
    /// # Errors
    ///
    /// Another site system has that loopback address (about 1 of 16 million pairs of names).
    pub fn register(&self, host: &str) -> Result<Option<IpAddr>, AddressTaken> {
        let Some(embedded) = &self.embedded else { return Ok(None) };
        let host = host.to_ascii_lowercase();
        let ip = loopback(&embedded.salt, &host);
        let mut known = embedded.known.write().unwrap_or_else(PoisonError::into_inner);
        let taken = known.iter().find(|(other, other_ip)| **other_ip == ip && **other != host);
        if let Some((other, _)) = taken {
            return Err(AddressTaken { host, other: other.clone(), ip });
        }
        known.insert(host, ip);
        Ok(Some(ip))
    }

    /// Ends what [`Addresses::register`] began.
    pub fn forget(&self, host: &str) {
        if let Some(embedded) = &self.embedded {
            let mut known = embedded.known.write().unwrap_or_else(PoisonError::into_inner);
            known.remove(&host.to_ascii_lowercase());
        }
    }

    /// The loopback address of a host of the embedded hierarchy; `None` for every other host.
    pub fn lookup(&self, host: &str) -> Option<IpAddr> {
        let known = self.embedded.as_ref()?.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&host.trim_matches(['[', ']']).to_ascii_lowercase()).copied()
    }

    /// A URL as it is reached from here: where its host is declared as an IP address of the
    /// embedded hierarchy, the loopback address stands in for it. Names are left to
    /// [`client`](fn@super::client), which resolves them in the same way.
    pub fn reach(&self, url: &str) -> String {
        let Ok(mut parsed) = url::Url::parse(url) else { return url.to_owned() };
        let literal = parsed
            .host_str()
            .filter(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok());
        let Some(ip) = literal.and_then(|host| self.lookup(host)) else { return url.to_owned() };
        if parsed.set_ip_host(ip).is_err() {
            return url.to_owned();
        }
        parsed.as_str().trim_end_matches('/').to_owned()
    }
}

fn loopback(salt: &Digest, host: &str) -> IpAddr {
    if let Ok(literal) = host.parse::<IpAddr>()
        && literal.is_loopback()
    {
        return literal;
    }
    if host == "localhost" {
        return IpAddr::V4(Ipv4Addr::LOCALHOST);
    }
    let mut text = salt.as_bytes().to_vec();
    text.extend_from_slice(host.as_bytes());
    let [a, b, c, ..] = *Digest::of(&text).as_bytes();
    // 127.0.0.0/9 is left to people's own services, and no part is 0 or 255, which some programs
    // take for a network or a broadcast.
    let part = |byte: u8| byte.clamp(1, 254);
    IpAddr::V4(Ipv4Addr::new(127, 128 | a, part(b), part(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_loopback_address_of_its_own() {
        let addresses = Addresses::embedded(Digest::of(b"data"));
        let one = addresses.register("cen-srv.contoso.example").unwrap().unwrap();
        assert!(one.is_loopback());
        assert_eq!(addresses.lookup("CEN-SRV.contoso.example"), Some(one));
        assert_ne!(addresses.register("cen-wsus.contoso.example").unwrap(), Some(one));
        assert_eq!(addresses.lookup("elsewhere.example"), None);
        let other = Addresses::embedded(Digest::of(b"other"));
        assert_ne!(other.register("cen-srv.contoso.example").unwrap(), Some(one));
    }

    #[test]
    fn addresses_of_this_computer_stay_as_they_are() {
        let addresses = Addresses::embedded(Digest::of(b"data"));
        assert_eq!(addresses.register("127.0.0.9").unwrap(), "127.0.0.9".parse().ok());
        assert_eq!(Addresses::system().register("127.0.0.9").unwrap(), None);
        assert!(addresses.register("localhost").is_ok());
        assert!(addresses.register("127.0.0.1").is_err(), "it is localhost already");
    }

    #[test]
    fn a_declared_ip_address_is_reached_on_loopback() {
        let addresses = Addresses::embedded(Digest::of(b"data"));
        let ip = addresses.register("10.0.0.7").unwrap().unwrap();
        assert_eq!(addresses.reach("http://10.0.0.7:8530"), format!("http://{ip}:8530"));
        assert_eq!(addresses.reach("http://10.0.0.8:8530"), "http://10.0.0.8:8530");
        assert_eq!(addresses.reach("http://a.example:8530"), "http://a.example:8530");
    }
}
