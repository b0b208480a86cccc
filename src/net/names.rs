//! The name service of the world around the program.

use std::{io, net::SocketAddr};

use crate::world;

/// The addresses of a host, which may be an IP address itself, each with this port.
///
/// # Errors
///
/// The name service does not know it, or does not answer.
pub async fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let Some(world) = world::current() else {
        return Ok(tokio::net::lookup_host((host, port)).await?.collect());
    };
    let found = match host.parse() {
        Ok(ip) => vec![ip],
        Err(_) => world.lookup(host)?,
    };
    Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}
