//! TLS of the roles' ports: which roots are trusted, the hierarchy's own authority, and the
//! certificates that are shown, which may change while a port is open.
//!
//! ```text
//!  certificates/authority.pem ─▶ authority ─┐ issues            ┌─▶ server: what a port shows
//!  secrets/NAME/tls.{crt,key} ──────────────┴─▶ certificates ───┤
//!  the system's roots, certificates/trusted.pem ─▶ trust ───────┴─▶ client: whom one believes
//!  (without the system's) ────────────────────────────▶ clients: which certificates of clients count
//! ```

mod authority;
mod certificates;
mod client;
mod clients;
mod describing;
mod error;
mod granted;
mod server;
mod signatures;
#[cfg(test)]
mod tests;
mod trust;

pub(super) use authority::Subject;
pub(super) use certificates::GRANTED_FILE;
pub use certificates::{CertificateSource, Certificates, IssuedText};
pub use client::why_refused;
pub(super) use client::{alert, client_config, showing_nothing, trusting_nobody};
pub use clients::Admission;
pub(super) use clients::{ClientIdentity, KnownAs, ShownCertificate, clients_of_roots};
pub use describing::{UnfitCertificate, certificate_names};
pub use error::CertificatesError;
pub(super) use server::HTTP_2;
pub use server::{Presented, ServerTls, WantedOfClients};
pub(crate) use signatures::{signature_algorithms, verifies_signatures};
pub use trust::{Anchors, Trust, TrustError};
