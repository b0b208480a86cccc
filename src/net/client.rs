//! HTTP clients that find site systems by their declared addresses.

use std::{io, net::SocketAddr, time::Duration};

use futures::{FutureExt, future::BoxFuture};

use super::{
    Addresses, Certificates, Trust,
    http::{Client, ClientBuilder, Find},
    names, tls,
};

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Its TLS.
    #[error("failed to prepare the HTTP client for TLS")]
    Tls(#[from] rustls::Error),
    /// The program is ending.
    #[error("no HTTP client is prepared any more: the program is ending")]
    Ending,
}

/// How long a peer may send nothing at all in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// An HTTP client that finds hosts by `addresses` and speaks plain HTTP: over TLS it trusts nobody. It
/// follows no redirects and uses no proxy: a site system talks to the address it was given and to no
/// other.
///
/// # Errors
///
/// The system refused to set the client up.
pub fn client(addresses: &Addresses) -> Result<Client, ClientError> {
    Ok(builder(addresses)?.read_timeout(READ_TIMEOUT).build())
}

/// The same for roles, whose peers may speak TLS: those whose certificate is theirs and leads to a root
/// that is trusted. Those who ask for a certificate are shown one that the hierarchy's authority
/// has issued for these names. Blocks: the roots may have to be read first.
///
/// # Errors
///
/// The system refused to set the client up.
pub fn verifying_client(
    addresses: &Addresses,
    certificates: &Certificates,
    names: Vec<String>,
) -> Result<Client, ClientError> {
    let identity = tls::ClientIdentity::new(certificates, tls::KnownAs::Hosts(names));
    let client = with(addresses, tls::client_config(certificates.trust(), identity)?);
    Ok(client.read_timeout(READ_TIMEOUT).build())
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
pub fn outside_client(tls: rustls::ClientConfig) -> Client {
    with(&Addresses::system(), tls).build()
}

/// What all clients have in common that speak plain HTTP.
pub(super) fn builder(addresses: &Addresses) -> Result<ClientBuilder, ClientError> {
    Ok(with(addresses, tls::trusting_nobody()?))
}

pub(super) fn with(addresses: &Addresses, tls: rustls::ClientConfig) -> ClientBuilder {
    Client::builder(tls, ByAddresses(addresses.clone()))
}

/// Site systems of the embedded hierarchy first, then the system's name service.
struct ByAddresses(Addresses);

impl Find for ByAddresses {
    fn find(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let (addresses, host) = (self.0.clone(), host.to_owned());
        async move { find(&addresses, &host, port).await }.boxed()
    }
}

/// The addresses of a host: those of the embedded hierarchy first, then the system's name service.
pub(super) async fn find(
    addresses: &Addresses,
    host: &str,
    port: u16,
) -> io::Result<Vec<SocketAddr>> {
    match addresses.lookup(host) {
        Some(ip) => Ok(vec![SocketAddr::new(ip, port)]),
        None => names::lookup(&addresses.known_as(host), port).await,
    }
}
