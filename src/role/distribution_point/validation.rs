//! Content validation of a distribution point (PDP-15).

use std::path::{Path, PathBuf};

use super::{DistributionPoint, DistributionPointError, point::Inner, saved::Saved};
use crate::{
    content::{Library, LibraryError},
    model::ValidationFindings,
    role::{
        Reporter,
        validating::{Asked, Validating},
    },
};

/// Where it is kept what validations have found.
pub(super) fn path(directory: &Path) -> PathBuf {
    directory.join("validation.json")
}

impl Inner {
    /// Begins to look after a library as the settings say. A look at what there is sets nothing in motion:
    /// without `resume` nothing is validated by the schedule.
    pub(super) async fn validate(
        &self,
        library: &Library,
        saved: &Saved,
        resume: bool,
    ) -> Result<Validating, LibraryError> {
        let wanted = saved.settings.content_validation.clone().filter(|_| resume);
        let told = saved.settings_since;
        let span = tracing::info_span!("content validation", distribution_point = %saved.name);
        Validating::start(path(&self.directory), library, wanted.map(|it| (it, told)), span).await
    }
}

impl DistributionPoint {
    /// Hashes the files of some packages, or of all, again, and puts aside what is damaged. It ends early
    /// when the point is removed or told of another schedule.
    ///
    /// # Errors
    ///
    /// A package is not there, it ended early, or the disk refuses.
    pub(in crate::role) async fn validate(
        &self,
        asked: Asked,
        report: &Reporter,
    ) -> Result<ValidationFindings, DistributionPointError> {
        let validating = {
            let configured = self.configured().read().await;
            let configured = configured.as_ref().ok_or(DistributionPointError::NotConfigured)?;
            configured.validating.at_once()
        };
        Ok(validating.run(asked, report).await?)
    }
}
