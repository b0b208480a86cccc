//! TLS of the content ports: which roots are trusted, the hierarchy's own authority, and the
//! certificates that are shown, which may change while a port is open.
//!
//! ```text
//!  certificates/authority.pem ─▶ authority ─┐ issues            ┌─▶ server: what a port shows
//!  secrets/NAME/tls.{crt,key} ──────────────┴─▶ certificates ───┤
//!  the system's roots, certificates/trusted.pem ─▶ trust ───────┴─▶ client: whom one believes
//! ```

mod authority;
mod certificates;
mod client;
mod error;
mod server;
#[cfg(test)]
mod tests;
mod trust;

pub use certificates::{CertificateSource, Certificates};
pub use client::why_refused;
pub(super) use client::{client_config, trusting_nobody};
pub use error::CertificatesError;
pub(super) use server::HTTP_2;
pub use server::{Presented, ServerTls};
pub use trust::{Anchors, Trust, TrustError};
