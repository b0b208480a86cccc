//! Packages that a site server makes by itself: of the files of updates, which the active update point of
//! the site has; `catalog` makes the offline catalog of the site.

use std::path::{Path, PathBuf};

use futures::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use jiff::SignedDuration;

use super::{PackageLibrary, PackageLibraryError, library::with_patches};
use crate::{
    blocking::blocking,
    clock,
    content::{LibraryError, SourceContent, SourceFile, Taking, UpdateFiles},
    error_text::with_causes,
    model::{Digest, PackageId, PackageOrigin, PackageState, TakenSource, TakenUpdates},
    net::{AgentClient, http::Client},
    role::{
        Reporter,
        update_point::{Trouble, download},
    },
    store,
    wire::{
        agent::{AgentOutcome, ProgressUnit},
        file_list::{FileEntry, FileList},
        package_files::{PackageFiles, digest_of, path_in_package},
        update_content::{ListedContent, UpdateContent},
    },
};

/// Files that come at a time.
const AT_A_TIME: usize = 4;

/// How long to wait for files that the update point does not have yet.
const COMES_LATER: SignedDuration = SignedDuration::from_mins(1);

/// A package that is to be made.
#[derive(Debug)]
pub struct Making<'a> {
    /// The package.
    pub package: &'a PackageId,
    /// Its source version.
    pub version: u32,
    /// What it is made of, and what is kept beside the content.
    pub origin: PackageOrigin,
    /// The digest that its list of files must have: on the way back to what it held.
    pub content: Option<Digest>,
    /// The agent that carries the active update point of the site.
    pub from: &'a AgentClient,
    /// A client that carries the authorization.
    pub client: &'a Client,
}

impl PackageLibrary {
    /// Makes a package anew, and takes it in. Files that are there already are not fetched again.
    ///
    /// # Errors
    ///
    /// The update point does not answer or has no such files, or the disk refuses; the package stays as
    /// it was.
    pub async fn make(
        &self,
        making: Making<'_>,
        report: &Reporter,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let _one_at_a_time = self.making.lock().await;
        match &making.origin.source {
            TakenSource::Updates(updates) => {
                let updates = updates.clone();
                self.of_updates(making, updates, report).await
            }
            TakenSource::LegacyCatalog(_) => self.of_catalog(making, report).await,
            TakenSource::Path(path) => Err(PackageLibraryError::NotMade(path.clone())),
        }
    }

    async fn of_updates(
        &self,
        making: Making<'_>,
        mut updates: TakenUpdates,
        report: &Reporter,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let package = making.package.clone();
        let told = making.from.package_files(&package).await?;
        let PackageFiles { files, missing, outdated, hindrance } =
            told.ok_or_else(|| PackageLibraryError::NotChosen(package.clone()))?;
        if let Some(why) = hindrance {
            return Err(PackageLibraryError::Hindered { package, why });
        }
        if missing > 0 || outdated {
            let until = clock::now().saturating_add(COMES_LATER).unwrap_or(jiff::Timestamp::MAX);
            let why = format!("{missing} of its {} files are still to come", files.len());
            return Ok(AgentOutcome::Waits { until, why });
        }
        if files.is_empty() {
            return Err(PackageLibraryError::NoFiles(package));
        }
        let files = files.iter().map(ListedContent::content).collect::<Result<Vec<_>, _>>()?;
        let digest = digest_of(&files);
        let there = self.whole(&making).filter(|(_, origin)| is_of(origin.as_ref(), digest));
        if let Some((state, _)) = there {
            return Ok(AgentOutcome::Package(state));
        }
        let place = self.place(&package);
        let (wanted, there) = self.missing_of(&package, files);
        let staging = staging(&place, &wanted).await?;
        fetch(&making, &staging, &wanted, report).await?;
        let files = wanted.iter().map(|it| source_file(&staging, it)).collect::<Result<_, _>>()?;
        updates.files = Some(digest);
        let origin = PackageOrigin { source: TakenSource::Updates(updates), ..making.origin };
        let (version, content) = (making.version, making.content);
        let taken = Made { package, version, origin, content, place, files, there };
        self.take_made(taken, report).await
    }

    /// Takes in what was made, and removes what it was made of.
    pub(super) async fn take_made(
        &self,
        made: Made,
        report: &Reporter,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let (library, report) = (self.library.clone(), report.clone());
        let state = blocking(move || {
            let Made { package, version, origin, content, place, files, there } = made;
            let progress = |done, total| report.progress(done, total, ProgressUnit::Bytes);
            let taking = Taking { package: &package, version, origin: Some(origin), content };
            let source = SourceContent { directory: &place, files, there };
            let taken =
                with_patches(&library, &package, || library.ingest(source, taking, &progress));
            let state = taken.map_err(|error| match error {
                LibraryError::OtherContent { package, wanted, .. } => {
                    PackageLibraryError::Changed { package, wanted }
                }
                error => error.into(),
            })?;
            remove(&place)?;
            Ok::<_, PackageLibraryError>(state)
        });
        Ok(AgentOutcome::Package(state.await?))
    }

    /// The package, if it is whole and of this version.
    fn whole(&self, making: &Making<'_>) -> Option<(PackageState, Option<PackageOrigin>)> {
        let state = self.library.state(making.package)?;
        let is_it = state.version == making.version
            && state.available()
            && making.content.is_none_or(|content| content == state.digest);
        is_it.then(|| (state, self.library.origins().remove(making.package)))
    }

    /// The files that the version before has, and the others.
    fn missing_of(
        &self,
        package: &PackageId,
        files: Vec<UpdateContent>,
    ) -> (Vec<UpdateContent>, Vec<FileEntry>) {
        let before = self.library.list(package);
        let (mut wanted, mut there) = (Vec::new(), Vec::new());
        for file in files {
            let held = before.as_deref().and_then(|list| entry_of(list, &file));
            match held.filter(|it| self.library.has(&it.digest, it.size)) {
                Some(entry) => there.push(entry.clone()),
                None => wanted.push(file),
            }
        }
        (wanted, there)
    }

    /// Where the files of a package lie before they are taken in.
    pub(super) fn place(&self, package: &PackageId) -> PathBuf {
        self.made.join(package.as_str())
    }
}

/// What was made, before it is taken in.
pub(super) struct Made {
    pub(super) package: PackageId,
    pub(super) version: u32,
    pub(super) origin: PackageOrigin,
    pub(super) content: Option<Digest>,
    pub(super) place: PathBuf,
    pub(super) files: Vec<SourceFile>,
    pub(super) there: Vec<FileEntry>,
}

/// Whether a package was made of the files of this digest.
fn is_of(origin: Option<&PackageOrigin>, digest: Digest) -> bool {
    let source = origin.map(|it| &it.source);
    matches!(source, Some(TakenSource::Updates(taken)) if taken.files == Some(digest))
}

/// A file of an update in the list of a package; `None` if it is another one.
fn entry_of<'a>(list: &'a FileList, file: &UpdateContent) -> Option<&'a FileEntry> {
    let entry = list.file(&path_in_package(&file.name).parse().ok()?)?;
    let is_it = entry.size == file.size && file.sha256.is_none_or(|it| it == entry.digest);
    is_it.then_some(entry)
}

/// The place where files of updates come, with nothing in it but what is wanted.
async fn staging(
    place: &Path,
    wanted: &[UpdateContent],
) -> Result<UpdateFiles, PackageLibraryError> {
    let (place, wanted) = (place.to_owned(), wanted.to_vec());
    blocking(move || {
        let staging = UpdateFiles::open(&place)?;
        for held in staging.list() {
            let sha1 = held.name.sha1();
            if !wanted.iter().any(|it| it.name.sha1() == sha1) {
                staging.remove(sha1)?;
            }
        }
        let missing = wanted.iter().filter(|it| !staging.has(it));
        staging.check_room(missing.map(|it| it.size).fold(0, u64::saturating_add))?;
        Ok(staging)
    })
    .await
}

/// Fetches the files from the update point, and compares both digests of each.
async fn fetch(
    making: &Making<'_>,
    staging: &UpdateFiles,
    wanted: &[UpdateContent],
    report: &Reporter,
) -> Result<(), PackageLibraryError> {
    let total = wanted.iter().map(|it| it.size).fold(0, u64::saturating_add);
    let fetched: Vec<_> = wanted.iter().map(|file| fetch_one(making, staging, file)).collect();
    let mut coming = stream::iter(fetched).buffer_unordered(AT_A_TIME);
    let mut done = 0_u64;
    while let Some(size) = coming.try_next().await? {
        done = done.saturating_add(size);
        report.progress(done, total, ProgressUnit::Bytes);
    }
    Ok(())
}

/// The size of the file, once it is there.
fn fetch_one<'a>(
    making: &'a Making<'_>,
    staging: &'a UpdateFiles,
    file: &'a UpdateContent,
) -> BoxFuture<'a, Result<u64, PackageLibraryError>> {
    async move {
        if !staging.has(file) {
            let url = making.from.update_file_url(&file.name);
            download(making.client, &url, staging, file).await.map_err(|trouble| {
                let (name, url) = (file.name.clone(), making.from.url().to_owned());
                PackageLibraryError::UpdateFile { name, url, why: words(&trouble) }
            })?;
        }
        Ok(file.size)
    }
    .boxed()
}

fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::NotThere => "it is not there any more".to_owned(),
        Trouble::Wrong(error) | Trouble::Disk(error) => with_causes(error),
        Trouble::Passing { why, .. } => why.clone(),
    }
}

fn source_file(
    staging: &UpdateFiles,
    file: &UpdateContent,
) -> Result<SourceFile, PackageLibraryError> {
    let gone = || PackageLibraryError::NotFetched(file.name.clone());
    let path = staging.path(file.name.sha1()).ok_or_else(gone)?;
    Ok(SourceFile { path, name: path_in_package(&file.name).parse()?, size: file.size })
}

/// Removes what was fetched for a package.
pub(super) fn remove(place: &Path) -> Result<(), PackageLibraryError> {
    Ok(store::remove_directory(place).map_err(LibraryError::io("remove", place))?)
}
