//! What is wanted: what manifests say, or what a saved plan was made of.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{ExitCode, Failure, Printer, files, sources};
use crate::{
    manifest::{Loaded, SourceMap},
    model::{Declared, Digest, Hierarchy, Name},
    plan::{Basis, Plan, PlannedDocument, SavedPlan, SavedPlanError, declared},
    role::controller::locate,
};

/// A wanted hierarchy, and where it came from.
pub(super) struct Wanted {
    pub(super) hierarchy: Hierarchy,
    pub(super) declared: Declared,
    pub(super) digest: Digest,
    /// Where the documents were read, absolute, or `-`; none of a saved plan for what was there.
    pub(super) paths: Vec<String>,
    /// The admin addresses of the agents on computers of their own.
    pub(super) remote: BTreeMap<Name, String>,
    /// The way back to file and line, where the documents were read from texts.
    source_map: Option<SourceMap>,
}

impl Wanted {
    /// What manifests say.
    pub(super) fn of_manifests(paths: &[PathBuf], printer: &mut Printer) -> Result<Self, Failure> {
        let (hierarchy, loaded) = sources::load_hierarchy(paths, printer)?;
        let remote = hierarchy.remote_agents();
        let paths = paths.iter().map(|path| absolute(path)).collect::<Result<_, _>>()?;
        let Loaded { declared, digest, source_map, .. } = loaded;
        let source_map = Some(source_map);
        Ok(Self { hierarchy, declared, digest, paths, remote, source_map })
    }

    /// Whether manifests say it, and were read just now.
    pub(super) fn is_of_manifests(&self) -> bool {
        self.source_map.is_some()
    }

    /// What documents say that were kept, whose digest was this one.
    pub(super) fn of_documents(
        documents: &[PlannedDocument],
        digest: Digest,
    ) -> Result<Self, SavedPlanError> {
        let declared = declared(documents)?;
        let hierarchy = Hierarchy::resolve(&declared)?;
        let remote = hierarchy.remote_agents();
        Ok(Self { hierarchy, declared, digest, paths: Vec::new(), remote, source_map: None })
    }

    /// Says of every change of a plan for it where the manifests want it so, if there are any.
    pub(super) fn locate(&self, plan: &mut Plan) {
        if let Some(source_map) = &self.source_map {
            locate(plan, &self.declared, source_map, &self.hierarchy);
        }
    }

    /// What a saved plan was made of.
    pub(super) fn of_saved_plan(file: &Path) -> Result<Self, Failure> {
        let bytes = files::read(file)?;
        let failed = |error: anyhow::Error| {
            Failure::new(ExitCode::Usage, error.context(format!("cannot use {}", file.display())))
        };
        let saved = SavedPlan::read(&bytes).map_err(|error| failed(error.into()))?;
        let SavedPlan { plan, basis } = saved;
        let Basis { paths, remote, documents, .. } = basis;
        let wanted = Self::of_documents(&documents, plan.manifest_digest);
        Ok(Self { paths, remote, ..wanted.map_err(|error| failed(error.into()))? })
    }
}

/// A path that means the same in another directory.
fn absolute(path: &Path) -> Result<String, Failure> {
    if path.as_os_str() == "-" {
        return Ok("-".to_owned());
    }
    let absolute =
        std::path::absolute(path).map_err(|error| files::unusable("find", path, error))?;
    Ok(absolute.display().to_string())
}
