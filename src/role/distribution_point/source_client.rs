//! The HTTP client with which a point asks its sources.

use super::DistributionPointError;
use crate::{
    model::PullSourceSettings,
    net::{self, Addresses, Trust},
};

/// A client for these sources. The roots are read only where one of them speaks TLS.
pub(super) async fn source_client(
    sources: &[PullSourceSettings],
    addresses: &Addresses,
    trust: &Trust,
) -> Result<reqwest::Client, DistributionPointError> {
    if !sources.iter().any(|source| source.url.starts_with("https:")) {
        return Ok(net::client(addresses)?);
    }
    let (addresses, trust) = (addresses.clone(), trust.clone());
    let made = tokio::task::spawn_blocking(move || net::content_client(&addresses, &trust));
    Ok(made.await.map_err(|_| DistributionPointError::Ending)??)
}
