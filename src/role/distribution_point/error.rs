//! What a distribution point answers when it cannot do as asked.

use crate::{
    content::LibraryError,
    model::{PackageId, Unsupported},
    net::ClientError,
    role::WebPortError,
};

/// A distribution point could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum DistributionPointError {
    /// Nobody has told this site system to be a distribution point.
    #[error("this site system is not a distribution point: configure it first")]
    NotConfigured,
    /// A setting that this version does not carry out.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// What a cloud management gateway cannot be told (PDP-8); the settings are as they were.
    #[error("a cloud management gateway {0}")]
    Gateway(&'static str),
    /// The content port could not be opened; the settings are as they were.
    #[error(transparent)]
    Port(#[from] WebPortError),
    /// The content library refused.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The HTTP client could not be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A notification to pull, but it does not pull (PDP-4, PDP-9).
    #[error("this distribution point does not pull: its content is sent to it or prestaged")]
    DoesNotPull,
    /// Content is sent, but it pulls (PDP-1, PDP-4).
    #[error("this distribution point pulls its content: notify it instead of sending")]
    Pulls,
    /// Content is sent, but it waits for prestaged content (PDP-9).
    #[error(
        "this distribution point waits for prestaged content and takes none from a site server"
    )]
    Prestaged,
    /// Prestaged content, but it pulls (PDP-9).
    #[error(
        "this distribution point pulls its content: write `prestaged: true`, and apply, before \
         content is carried to it"
    )]
    NotPrestaged,
    /// A package on demand, but it does not fetch on demand (PDP-3, PDP-9).
    #[error(
        "this distribution point does not fetch on demand: write `onDemand: true`, without \
         `prestaged`, and apply"
    )]
    NotOnDemand,
    /// Too many transfers at once (status message 8211).
    #[error(
        "this pull distribution point is at capacity: {0} transfers are active; notify it again later"
    )]
    AtCapacity(usize),
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
    /// No transfer of the package, and no package either.
    #[error("no transfer of package {0} is under way, and the package is not available")]
    NoTransfer(PackageId),
    /// The transfer ended before the package was available.
    #[error("the transfer of package {package} stopped: {why}")]
    Stopped {
        /// The package.
        package: PackageId,
        /// Why, and what to do.
        why: String,
    },
}
