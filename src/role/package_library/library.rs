//! The packages of a site.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use jiff::Timestamp;

use super::{PackageLibraryError, made, pacing::Budgets};
use crate::{
    content::{Library, LibraryError, Taking, blocking},
    model::{
        ContentValidation, Digest, PackageId, PackageOrigin, PackageState, ValidationFindings,
        ValidationRecord,
    },
    role::{
        Reporter,
        validating::{Asked, Validating},
    },
    wire::agent::{AgentOutcome, ProgressUnit},
};

/// The content library of a site server. Clones are the same library.
#[derive(Debug, Clone)]
pub struct PackageLibrary {
    pub(in crate::role) library: Library,
    pub(super) budgets: Budgets,
    validating: Arc<tokio::sync::Mutex<Validating>>,
    /// Where files lie of which packages are made.
    pub(super) made: PathBuf,
    /// One package is made at a time.
    pub(super) making: Arc<tokio::sync::Mutex<()>>,
}

impl PackageLibrary {
    /// Opens the library of a directory, or makes an empty one. With `validate` it is validated every week
    /// (PDP-15); a look at what there is sets nothing in motion.
    ///
    /// # Errors
    ///
    /// The directory cannot be used, or another process uses it.
    pub async fn open(directory: PathBuf, validate: bool) -> Result<Self, PackageLibraryError> {
        let path = directory.join("validation.json");
        let made = directory.join("made");
        let library = blocking(move || Library::open(&directory)).await?;
        let schedule = validate.then(|| (ContentValidation::of_site_server(), None));
        let span = tracing::info_span!("content validation", library = "of the site server");
        let validating = Validating::start(path, &library, schedule, span).await?;
        let validating = Arc::new(tokio::sync::Mutex::new(validating));
        let (budgets, making) = (Budgets::default(), Arc::default());
        Ok(Self { library, budgets, validating, made, making })
    }

    /// Ends validations that are under way: what is on the disk may go then.
    pub async fn close(&self) {
        self.validating.lock().await.stop().await;
    }

    /// What the last content validation has found.
    pub async fn validated(&self) -> Option<ValidationRecord> {
        self.validating.lock().await.last()
    }

    /// Hashes the files of some packages, or of all, again, and puts aside what is damaged.
    ///
    /// # Errors
    ///
    /// A package is not there, it ended early, or the disk refuses.
    pub(in crate::role) async fn validate(
        &self,
        asked: Asked,
        report: &Reporter,
    ) -> Result<ValidationFindings, PackageLibraryError> {
        let at_once = self.validating.lock().await.at_once();
        Ok(at_once.run(asked, report).await?)
    }

    /// Takes the source directory of a package in, as this version. A version that is there whole is
    /// not read again, and what is kept of its origin stays: new content is a new version. `content`
    /// is the digest that it must have, if that is known; a version that is there and damaged must be what
    /// it was.
    ///
    /// # Errors
    ///
    /// The source has something that cannot be in a package, or other content than it must have, or
    /// the disk refuses; nothing changes.
    pub async fn take(
        &self,
        package: &PackageId,
        version: u32,
        origin: PackageOrigin,
        content: Option<Digest>,
        report: &Reporter,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let (library, package) = (self.library.clone(), package.clone());
        let made = || PackageLibraryError::NoUpdatePoint(origin.source.words());
        let source = PathBuf::from(origin.source.path().ok_or_else(made)?);
        let report = report.clone();
        let state = blocking(move || {
            let there = library.state(&package);
            let wanted = |digest| content.is_none_or(|content| content == digest);
            let whole = |it: &PackageState| it.version == version && it.available();
            if let Some(state) = there.filter(|it| whole(it) && wanted(it.digest)) {
                return Ok(state);
            }
            let same = library.state(&package).filter(|it| it.version == version);
            let content = content.or(same.map(|it| it.digest));
            let progress = |done, total| report.progress(done, total, ProgressUnit::Bytes);
            let taking = Taking { package: &package, version, origin: Some(origin), content };
            with_patches(&library, &package, || {
                library.ingest_directory(&source, taking, &progress)
            })
        });
        Ok(AgentOutcome::Package(state.await?))
    }

    /// The packages as they are on the disk now: every file is looked at.
    ///
    /// # Errors
    ///
    /// The work was cut off.
    pub async fn states(&self) -> Result<BTreeMap<PackageId, PackageState>, PackageLibraryError> {
        let library = self.library.clone();
        Ok(blocking(move || Ok(library.states())).await?)
    }

    /// A package as it is on the disk now.
    ///
    /// # Errors
    ///
    /// The work was cut off.
    pub async fn state(
        &self,
        package: &PackageId,
    ) -> Result<Option<PackageState>, PackageLibraryError> {
        let (library, package) = (self.library.clone(), package.clone());
        Ok(blocking(move || Ok(library.state(&package))).await?)
    }

    /// Since when packages are damaged, as [`PackageLibrary::states`] saw them last.
    pub fn damaged_since(&self) -> BTreeMap<PackageId, Timestamp> {
        self.library.damaged_since()
    }

    /// When its packages were taken in, as far as that is known.
    pub fn taken_since(&self) -> BTreeMap<PackageId, Timestamp> {
        self.library.taken_since()
    }

    /// Where the packages were taken from, as far as that is known.
    pub fn origins(&self) -> BTreeMap<PackageId, PackageOrigin> {
        self.library.origins()
    }

    /// Removes a package and the files that no other package needs.
    ///
    /// # Errors
    ///
    /// The disk refuses.
    pub async fn remove(&self, package: &PackageId) -> Result<(), PackageLibraryError> {
        let (library, id) = (self.library.clone(), package.clone());
        blocking(move || library.remove(&id)).await?;
        // Where one is made just now, what lies there is removed at the end of that.
        let Ok(_making) = self.making.try_lock() else { return Ok(()) };
        let place = self.place(package);
        crate::blocking::blocking(move || made::remove(&place)).await
    }
}

/// Takes a version of a package in, and makes the patches from the version before, which is looked at
/// first. Before it is sent: whoever gets it gets the patches too.
pub(super) fn with_patches(
    library: &Library,
    package: &PackageId,
    take: impl FnOnce() -> Result<PackageState, LibraryError>,
) -> Result<PackageState, LibraryError> {
    let before = library.list(package);
    let state = take()?;
    tracing::info!(%package, version = state.version, files = state.files, "a package's source was taken in");
    if let Some(before) = before {
        library.make_patches(package, &before);
    }
    Ok(state)
}
