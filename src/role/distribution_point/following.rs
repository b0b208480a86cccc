//! Following a transfer to its end.

use std::{collections::BTreeMap, time::Duration};

use super::{DistributionPoint, DistributionPointError, job::Status};
use crate::{
    model::{Name, PackageId, PullJob, PullJobState},
    role::Reporter,
    wire::agent::{AgentOutcome, ProgressUnit},
};

/// How often progress is told to whoever follows a transfer.
const PROGRESS: Duration = Duration::from_millis(200);

impl DistributionPoint {
    /// Its name and its transfers that have not finished; `None` if this site system is no
    /// distribution point. No file is looked at.
    pub async fn transfers(&self) -> Option<(Name, BTreeMap<PackageId, PullJob>)> {
        let configured = self.configured().read().await;
        let configured = configured.as_ref()?;
        Some((configured.name().clone(), configured.jobs.report()))
    }

    /// Follows the transfer of a package until the package is available.
    ///
    /// # Errors
    ///
    /// There is no such transfer, or it stopped.
    pub async fn follow(
        &self,
        package: &PackageId,
        report: &Reporter,
    ) -> Result<AgentOutcome, DistributionPointError> {
        let job = {
            let configured = self.configured().read().await;
            let configured = configured.as_ref().ok_or(DistributionPointError::NotConfigured)?;
            configured.jobs.get(package)
        };
        if let Some(job) = job {
            let mut status = job.status.subscribe();
            let mut told = None;
            loop {
                let now = status.borrow_and_update().clone();
                let (done, total) = job.progress.so_far();
                report.progress(done, total, ProgressUnit::Bytes);
                match now {
                    Status::Finished => break,
                    Status::Unfinished(PullJobState::Downloading(_)) => {}
                    Status::Unfinished(PullJobState::WaitingForSource { until, reasons }) => {
                        if told.replace(until) != Some(until) {
                            let reasons = reasons.join("; ");
                            report.waiting(until, format!("no source has the content: {reasons}"));
                        }
                    }
                    Status::Unfinished(PullJobState::Stopped(why)) => {
                        let package = package.clone();
                        return Err(DistributionPointError::Stopped { package, why });
                    }
                }
                let changed = status.changed();
                if let Ok(Err(_)) = tokio::time::timeout(PROGRESS, changed).await {
                    break;
                }
            }
        }
        let configured = self.configured().read().await;
        let configured = configured.as_ref().ok_or(DistributionPointError::NotConfigured)?;
        let available = configured.available(package).await?;
        let no_transfer = || DistributionPointError::NoTransfer(package.clone());
        available.map(AgentOutcome::Package).ok_or_else(no_transfer)
    }
}
