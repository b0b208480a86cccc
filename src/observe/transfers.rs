//! Asks all distribution points for their transfers, and for nothing else.

use futures::{StreamExt, stream};

use crate::{
    error_text::with_causes,
    model::{Name, without_secrets},
    wire::agent::TransfersReport,
};

use super::{AT_ONCE, Agents};

/// The transfers of all distribution points.
#[derive(Debug, Default)]
pub struct Transfers {
    /// The reports of those that answered, with the names of their site systems.
    pub reports: Vec<(Name, TransfersReport)>,
    /// The site systems that did not answer, and why.
    pub unknown: Vec<(Name, String)>,
}

/// What all distribution points say of their transfers, by the names of their site systems.
pub async fn observe_transfers(agents: &Agents) -> Transfers {
    let answers = stream::iter(agents.all())
        .map(|(name, agent)| async move { (name, agent.transfers().await) });
    let mut answers = answers.buffer_unordered(AT_ONCE);
    let mut transfers = Transfers::default();
    while let Some((name, answer)) = answers.next().await {
        match answer {
            Ok(report) => transfers.reports.extend(report.map(|report| (name, report))),
            Err(error) => {
                let why = without_secrets(&with_causes(&error)).into_owned();
                transfers.unknown.push((name, why));
            }
        }
    }
    transfers.reports.sort_by(|(a, _), (b, _)| a.cmp(b));
    transfers.unknown.sort();
    transfers
}
