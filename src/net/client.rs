//! HTTP clients that find site systems by their declared addresses.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Addresses, Certificates, Trust, names, tls};

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// As a whole.
    #[error("failed to prepare the HTTP client")]
    Http(#[from] reqwest::Error),
    /// Its TLS.
    #[error("failed to prepare the HTTP client for TLS")]
    Tls(#[from] rustls::Error),
    /// The program is ending.
    #[error("no HTTP client is prepared any more: the program is ending")]
    Ending,
}

/// How long a connection may take: a computer that is there answers within moments, and one that
/// is not should be reported while somebody still looks.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a peer may send nothing at all in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// An HTTP client that finds hosts by `addresses` and speaks plain HTTP: over TLS it trusts nobody. It
/// follows no redirects and uses no proxy: a site system talks to the address it was given and to no
/// other.
///
/// # Errors
///
/// The system refused to set the client up.
pub fn client(addresses: &Addresses) -> Result<reqwest::Client, ClientError> {
    Ok(builder(addresses)?.read_timeout(READ_TIMEOUT).build()?)
}

/// The same for roles, whose peers may speak TLS: those whose certificate is theirs and leads to a root
/// that is trusted. Those who ask for a certificate are shown one that the hierarchy's authority
/// has issued for these names. It speaks HTTP/1.1, which moves large files faster than HTTP/2. Blocks:
/// the roots may have to be read first.
///
/// # Errors
///
/// The system refused to set the client up.
pub fn verifying_client(
    addresses: &Addresses,
    certificates: &Certificates,
    names: Vec<String>,
) -> Result<reqwest::Client, ClientError> {
    let identity = tls::ClientIdentity::new(certificates, tls::KnownAs::Hosts(names));
    let client = with(addresses, tls::client_config(certificates.trust(), identity)?);
    Ok(client.read_timeout(READ_TIMEOUT).build()?)
}

/// TLS to those who are not of the hierarchy: verified against the same roots, and no certificate is
/// shown to them. Blocks: the roots may have to be read first.
///
/// # Errors
///
/// TLS cannot be set up.
pub fn outside_tls(trust: &Trust) -> Result<rustls::ClientConfig, ClientError> {
    Ok(tls::showing_nothing(trust)?)
}

/// An HTTP client for those who are not of the hierarchy: hosts are found by the system's name service
/// alone. It follows no redirects, which would hand what is secret to somebody else, and uses no proxy.
///
/// # Errors
///
/// The system refused to set the client up.
pub fn outside_client(tls: rustls::ClientConfig) -> Result<reqwest::Client, ClientError> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("headwater/", env!("CARGO_PKG_VERSION")));
    Ok(client.build()?)
}

/// What all clients have in common that speak plain HTTP.
pub(super) fn builder(addresses: &Addresses) -> Result<reqwest::ClientBuilder, ClientError> {
    Ok(with(addresses, tls::trusting_nobody()?))
}

pub(super) fn with(addresses: &Addresses, tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(16)
        .dns_resolver(Arc::new(ByAddresses(addresses.clone())))
        .user_agent(concat!("headwater/", env!("CARGO_PKG_VERSION")))
}

/// Site systems of the embedded hierarchy first, then the system's name service.
struct ByAddresses(Addresses);

impl Resolve for ByAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let embedded = self.0.lookup(name.as_str());
        Box::pin(async move {
            if let Some(address) = embedded {
                return Ok(Box::new(std::iter::once(SocketAddr::new(address, 0))) as Addrs);
            }
            Ok(Box::new(names::lookup(name.as_str(), 0).await?.into_iter()) as Addrs)
        })
    }
}
