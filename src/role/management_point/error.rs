//! What a management point cannot do, and why.

use crate::{
    net::CertificatesError,
    role::{WebPortError, site_server::SiteServerError},
    wire::client_policy::NoServer,
};

/// Why a management point does not serve what it shall.
#[derive(Debug, thiserror::Error)]
pub enum ManagementPointError {
    /// Its port could not be opened, or not changed.
    #[error("the management point cannot be opened")]
    Port(#[from] WebPortError),
    /// The site database could not be read.
    #[error(transparent)]
    SiteServer(#[from] SiteServerError),
    /// The policy could not be signed.
    #[error(transparent)]
    Signature(#[from] CertificatesError),
    /// The policy names no server.
    #[error(transparent)]
    NoServer(#[from] NoServer),
}
