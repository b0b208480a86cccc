//! Updates that are carried by hand: a file of the whole catalog goes out, and files come in (SYNC-7).

use std::{path::PathBuf, sync::Arc};

use super::{
    ImportError, UpdatePoint, UpdatePointError,
    exchange::{self, Exported, Import, Way},
};
use crate::{
    blocking::blocking,
    model::SourceType,
    role::Reporter,
    wire::{
        agent::AgentOutcome,
        exchange::{ExportForm, ExportedParts, ImportedUpdates, ReceivedUpdates},
    },
};

impl UpdatePoint {
    /// Writes all that its catalog holds into a file, which is left on the shelf (SYNC-7).
    ///
    /// # Errors
    ///
    /// The catalog is empty, cannot be read or does not fit into the form, or the disk refuses.
    pub async fn export(
        &self,
        form: ExportForm,
        with: ExportedParts,
        report: &Reporter,
    ) -> Result<AgentOutcome, UpdatePointError> {
        let (name, _) = self.settings()?;
        let (catalog, exchanged) = (Arc::clone(self.catalog()), self.files());
        let report = report.clone();
        let files = self.update_files().clone();
        blocking(move || {
            let what = Exported { name: &name, form, with, files: &files };
            let exported = exchange::export(&catalog, &exchanged, &what, &report)?;
            Ok(AgentOutcome::Exported(exported))
        })
        .await
    }

    /// Imports the export file of its settings (SYNC-7). The file is verified as a whole before
    /// anything changes. If another import or synchronization is under way, this one waits for it.
    ///
    /// # Errors
    ///
    /// The file is not a whole export, or the catalog cannot be written.
    pub async fn import(&self, report: &Reporter) -> Result<AgentOutcome, UpdatePointError> {
        let (_, settings) = self.settings()?;
        let working = self.working().lock_owned().await;
        let (catalog, exchanged) = (Arc::clone(self.catalog()), self.files());
        let report = report.clone();
        let files = self.update_files().clone();
        let imported = blocking(move || {
            let outcome =
                Import::of_settings(&settings)?.run(&catalog, &files, &exchanged, &report);
            drop(working);
            let ImportedUpdates { catalog_version, new_revisions, .. } = outcome?;
            Ok(AgentOutcome::Synchronized { catalog_version, new_revisions, set_aside: 0 })
        })
        .await;
        self.changed().await;
        imported
    }

    /// Imports a file that was sent before (SYNC-7), verified as a whole before anything of it is
    /// stored.
    ///
    /// # Errors
    ///
    /// The file is damaged or not an export, the point synchronizes from another server, or the
    /// catalog cannot be written.
    pub async fn import_received(
        &self,
        received: ReceivedUpdates,
        report: &Reporter,
    ) -> Result<AgentOutcome, UpdatePointError> {
        let (name, settings) = self.settings()?;
        let ReceivedUpdates { digest, name: called, verify_key, force, approvals } = received;
        if settings.source.is_another_server() && !force {
            return Err(ImportError::HasUpstream(name).into());
        }
        if settings.replica && approvals {
            return Err(ImportError::Replica(name).into());
        }
        let beside = settings.source.r#type == SourceType::Import;
        let working = self.working().lock_owned().await;
        let (catalog, exchanged) = (Arc::clone(self.catalog()), self.files());
        let report = report.clone();
        let files = self.update_files().clone();
        let imported = blocking(move || {
            let path = PathBuf::from(called);
            let taken = exchanged.take(Way::Received, digest);
            let failed = |source| ImportError::Read { path: path.clone(), source };
            let file = taken.map_err(failed)?.ok_or(ImportError::Gone(digest))?;
            let import = Import { path, file, verify_key, beside, approvals };
            let outcome = import.run(&catalog, &files, &exchanged, &report);
            drop(working);
            Ok(AgentOutcome::Imported(outcome?))
        })
        .await;
        self.changed().await;
        imported
    }
}
