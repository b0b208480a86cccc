//! Checking the catalog, and fetching again what is damaged in it.

use std::sync::Arc;

use super::{UpdatePoint, UpdatePointError, exchange::Import, publishing, synchronization};
use crate::{
    blocking::blocking,
    error_text::with_causes,
    model::SourceType,
    role::Reporter,
    wire::{
        agent::{AgentOutcome, ProgressUnit},
        updates::CatalogFindings,
    },
};

impl UpdatePoint {
    /// Checks its catalog: the file, and every document against its digest. With `repair`, documents
    /// that are damaged are fetched again, from the upstream server or the export file; those of local
    /// publishers' updates are written again. If an import or
    /// synchronization is under way, this waits for it.
    ///
    /// # Errors
    ///
    /// The catalog cannot be read at all. That something cannot be repaired is a finding.
    pub async fn check(
        &self,
        repair: bool,
        report: &Reporter,
    ) -> Result<AgentOutcome, UpdatePointError> {
        let working = self.working().lock_owned().await;
        let (catalog, told) = (Arc::clone(self.catalog()), report.clone());
        let mut findings = blocking(move || {
            let findings =
                catalog.check(|done, total| told.progress(done, total, ProgressUnit::Updates))?;
            Ok::<_, UpdatePointError>(findings)
        })
        .await?;
        if repair && !findings.damaged.is_empty() {
            match self.repair(&findings, report).await {
                Ok(()) => findings.repaired.clone_from(&findings.damaged),
                Err(error) => findings.why_not = Some(with_causes(&error)),
            }
        }
        drop(working);
        Ok(AgentOutcome::CatalogChecked(findings))
    }

    async fn repair(
        &self,
        findings: &CatalogFindings,
        report: &Reporter,
    ) -> Result<(), UpdatePointError> {
        let (name, settings) = self.settings()?;
        let catalog = Arc::clone(self.catalog());
        let (of_local, damaged) = (Arc::clone(&catalog), findings.damaged.clone());
        let damaged =
            blocking(move || Ok::<_, UpdatePointError>(publishing::repair(&of_local, damaged)?))
                .await?;
        if damaged.is_empty() {
            return Ok(());
        }
        if settings.source.r#type == SourceType::Import {
            let files = self.files();
            return blocking(move || {
                let revisions = Import::of_settings(&settings)?.only(&damaged, &files)?;
                Ok(catalog.replace_documents(&revisions)?)
            })
            .await;
        }
        let upstream = self.upstream(&settings, report).await?;
        Ok(synchronization::repair(catalog, upstream, &name, damaged).await?)
    }
}
