//! Where manifests are: the files at some paths, in the order in which they are read.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::SourcesError;

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    /// Standard input; relative paths in it refer to this directory.
    StandardInput(Arc<Path>),
    /// A file.
    File(FoundFile),
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FoundFile {
    /// The path as people gave it, or below that.
    pub(super) path: PathBuf,
    /// The absolute path of its directory, which relative paths in it refer to.
    pub(super) directory: Arc<Path>,
}

/// What is to be read at some paths: files as they are, directories with all manifests below them
/// in the order of their names, `-` for standard input. What is named twice is found once.
///
/// # Errors
///
/// Something cannot be looked at, or there is nothing at all.
pub(super) fn search(paths: &[PathBuf]) -> Result<Vec<Found>, SourcesError> {
    searched(paths).map(|(found, _)| found)
}

/// Like [`search`], and the directories that decide what is found, without symbolic links.
///
/// # Errors
///
/// Like [`search`].
pub(super) fn searched(paths: &[PathBuf]) -> Result<(Vec<Found>, BTreeSet<PathBuf>), SourcesError> {
    let mut search = Search::default();
    for path in paths {
        if path.as_os_str() == "-" {
            search.standard_input()?;
        } else if path.is_dir() {
            search.directories(path)?;
        } else {
            search.named_file(path)?;
        }
    }
    if search.found.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(SourcesError::NothingFound { paths: paths.join(", ") });
    }
    Ok((search.found, search.directories))
}

#[derive(Default)]
struct Search {
    found: Vec<Found>,
    /// What was visited, without symbolic links: so that loops of them end.
    visited: BTreeSet<PathBuf>,
    directories: BTreeSet<PathBuf>,
}

/// A directory that is looked through.
struct Directory {
    real: PathBuf,
    absolute: Arc<Path>,
}

/// What is still to be looked at; of plain files, the directory that they are in.
type Pending = Vec<(PathBuf, Option<Arc<Directory>>)>;

impl Found {
    /// The directory that relative paths in it refer to.
    pub(super) fn directory(&self) -> Arc<Path> {
        match self {
            Self::StandardInput(directory) => Arc::clone(directory),
            Self::File(file) => Arc::clone(&file.directory),
        }
    }
}

impl Search {
    fn standard_input(&mut self) -> Result<(), SourcesError> {
        let found = Found::StandardInput(Arc::from(absolute(Path::new("."))?));
        if !self.found.contains(&found) {
            self.found.push(found);
        }
        Ok(())
    }

    fn directories(&mut self, root: &Path) -> Result<(), SourcesError> {
        // The next one is the last: names are pushed in reverse order.
        let mut pending: Pending = vec![(root.to_owned(), None)];
        while let Some((path, parent)) = pending.pop() {
            if let Some(parent) = parent {
                self.file_in(&path, &parent);
            } else {
                self.directory_or_link(&path, &mut pending)?;
            }
        }
        Ok(())
    }

    /// Looks at what is no plain file by its entry.
    fn directory_or_link(
        &mut self,
        path: &Path,
        pending: &mut Pending,
    ) -> Result<(), SourcesError> {
        let facts = match fs::metadata(path) {
            Ok(facts) => facts,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return self.unreadable(path);
            }
            // A link that leads nowhere is none of ours, unless it was named.
            Err(_) => return Ok(()),
        };
        if facts.is_file() {
            if is_manifest(path) {
                self.named_file(path)?;
            }
            return Ok(());
        }
        if !facts.is_dir() {
            return Ok(());
        }
        let Ok(real) = fs::canonicalize(path) else { return self.unreadable(path) };
        if !self.visited.insert(real.clone()) {
            return Ok(());
        }
        self.directories.insert(real.clone());
        let directory = Arc::new(Directory { real, absolute: Arc::from(absolute(path)?) });
        let inside = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let Ok(mut inside) = inside else { return self.unreadable(path) };
        inside.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
        inside.sort_by_cached_key(|entry| std::cmp::Reverse(entry.file_name()));
        for entry in inside {
            let path = entry.path();
            // The entry says what it is without another question to the file system.
            match entry.file_type() {
                Ok(kind) if !kind.is_file() => pending.push((path, None)),
                _ if !is_manifest(&path) => {}
                Ok(_) => pending.push((path, Some(Arc::clone(&directory)))),
                Err(_) => pending.push((path, None)),
            }
        }
        Ok(())
    }

    /// What cannot be looked into does not hide the rest: whoever reads it is told why it cannot.
    fn unreadable(&mut self, path: &Path) -> Result<(), SourcesError> {
        let directory = Arc::from(absolute(path)?);
        self.found.push(Found::File(FoundFile { path: path.to_owned(), directory }));
        Ok(())
    }

    /// A plain file of a directory.
    fn file_in(&mut self, path: &Path, directory: &Directory) {
        let name = path.file_name().unwrap_or_default();
        if self.visited.insert(directory.real.join(name)) {
            let directory = Arc::clone(&directory.absolute);
            self.found.push(Found::File(FoundFile { path: path.to_owned(), directory }));
        }
    }

    fn named_file(&mut self, path: &Path) -> Result<(), SourcesError> {
        let real = fs::canonicalize(path).map_err(|source| SourcesError::read(path, source))?;
        // Where a link leads, somebody may write too.
        if path.is_symlink() {
            self.directories.extend(real.parent().map(Path::to_owned));
        }
        if self.visited.insert(real) {
            let whole = absolute(path)?;
            let directory = Arc::from(whole.parent().unwrap_or(&whole));
            self.found.push(Found::File(FoundFile { path: path.to_owned(), directory }));
        }
        Ok(())
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

fn absolute(path: &Path) -> Result<PathBuf, SourcesError> {
    std::path::absolute(path).map_err(|source| SourcesError::read(path, source))
}
