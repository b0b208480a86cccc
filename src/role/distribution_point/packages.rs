//! What a point is told of packages: to pull one, to fetch one on demand, to remove one.

use std::collections::BTreeSet;

use super::{DistributionPoint, DistributionPointError, job::JobRecord};
use crate::{
    content::blocking,
    model::{ContentFacts, Digest, PackageId},
};

impl DistributionPoint {
    /// Takes the notification to pull a package (PDP-5): the transfer is written down and runs in the
    /// background. A repeated notification changes nothing, but a transfer that waits for a source
    /// looks again at once.
    ///
    /// # Errors
    ///
    /// It does not pull, or has as many transfers as it takes.
    pub async fn pull(
        &self,
        package: PackageId,
        version: u32,
        digest: Digest,
    ) -> Result<(), DistributionPointError> {
        let configured = self.configured().read().await;
        let configured = configured.as_ref().ok_or(DistributionPointError::NotConfigured)?;
        if !configured.saved.settings.pulls() {
            return Err(DistributionPointError::DoesNotPull);
        }
        if configured.available(&package).await?.is_some_and(|state| state.digest == digest) {
            return Ok(());
        }
        let sources = BTreeSet::new();
        configured.jobs.notify(JobRecord { package, version, digest, sources }).await
    }

    /// Lets a package be fetched when a client first asks for it (PDP-3).
    ///
    /// # Errors
    ///
    /// It does not fetch on demand, or the disk refuses.
    pub async fn offer(
        &self,
        package: PackageId,
        content: ContentFacts,
    ) -> Result<(), DistributionPointError> {
        let configured = self.configured().read().await;
        let configured = configured.as_ref().ok_or(DistributionPointError::NotConfigured)?;
        if !configured.saved.settings.fetches_on_demand() {
            return Err(DistributionPointError::NotOnDemand);
        }
        let point = self.clone();
        Ok(blocking(move || point.on_demand().offer(package, content)).await?)
    }

    /// Takes that back. What it holds or pulls by then stays.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub async fn withdraw(&self, package: PackageId) -> Result<(), DistributionPointError> {
        let point = self.clone();
        Ok(blocking(move || point.on_demand().withdraw(&package)).await?)
    }

    /// Removes a package, and its transfer if there is one. No client may ask for it any more.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub async fn remove_package(&self, package: &PackageId) -> Result<(), DistributionPointError> {
        // First, so that nobody who asks now begins another transfer.
        self.withdraw(package.clone()).await?;
        let configured = self.configured().read().await;
        let configured = configured.as_ref().ok_or(DistributionPointError::NotConfigured)?;
        configured.jobs.cancel(package).await?;
        let (library, package) = (configured.library.clone(), package.clone());
        self.usage().forget(&package);
        Ok(blocking(move || library.remove(&package)).await?)
    }
}
