//! Sees at once when something changes where manifests are: directories are watched, not files, so
//! that editors which replace a file are seen too.

use std::{collections::BTreeSet, io, path::PathBuf};

#[cfg(target_os = "linux")]
use super::inotify::Watched;

/// Where manifests are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Directories of which everything counts.
    pub(super) directories: BTreeSet<PathBuf>,
    /// Files and directories of which it counts that they come, go, or are replaced.
    pub(super) names: BTreeSet<PathBuf>,
}

/// Watches places, as far as the system lets it.
#[derive(Debug, Default)]
pub(super) struct FileWatch {
    watched: Option<(Places, Watched)>,
}

impl FileWatch {
    /// Watches these places from now on, where it does not already; whether it does anew. Then it is
    /// not known what has changed before.
    ///
    /// # Errors
    ///
    /// The system does not watch so much, or nothing at all. Nothing is watched then.
    pub(super) fn watch(&mut self, places: Places) -> io::Result<bool> {
        if self.watched.as_ref().is_some_and(|(all, it)| *all == places && !it.is_upset()) {
            return Ok(false);
        }
        // What was watched before, and is not any more, goes with it.
        self.watched = None;
        let watched = Watched::of(&places)?;
        self.watched = Some((places, watched));
        Ok(true)
    }

    /// Waits until something has changed; for ever if nothing is watched. It may be given up at any
    /// time.
    pub(super) async fn changed(&mut self) {
        if let Some((_, watched)) = &mut self.watched {
            if watched.changed().await.is_ok() {
                return;
            }
            // Whoever waits looks when it is time, and then it is watched anew.
            self.watched = None;
        }
        std::future::pending::<()>().await;
    }
}

/// Other systems tell it in other ways, which are not known here.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
struct Watched;

#[cfg(not(target_os = "linux"))]
impl Watched {
    fn of(_: &Places) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    const fn is_upset(&self) -> bool {
        false
    }

    async fn changed(&mut self) -> io::Result<()> {
        std::future::pending().await
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};

    use super::*;

    /// The longest that a change may take before a test gives up: far more than it ever needs.
    const PATIENCE: Duration = Duration::from_mins(1);

    async fn seen(watch: &mut FileWatch) {
        tokio::time::timeout(PATIENCE, watch.changed()).await.unwrap();
    }

    async fn nothing_seen(watch: &mut FileWatch) {
        // What has changed is in the queue before the call that changes it returns; once around the
        // runtime finds it.
        tokio::time::timeout(Duration::from_millis(1), watch.changed()).await.unwrap_err();
    }

    fn places(directories: &[&Path], names: &[&Path]) -> Places {
        let all = |paths: &[&Path]| paths.iter().map(|path| path.to_path_buf()).collect();
        Places { directories: all(directories), names: all(names) }
    }

    #[tokio::test]
    async fn all_that_editors_and_checkouts_do_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut watch = FileWatch::default();
        let all = places(&[directory.path()], &[]);
        assert!(watch.watch(all.clone()).unwrap());
        nothing_seen(&mut watch).await;
        assert!(!watch.watch(all.clone()).unwrap(), "it is watched already");
        fs::write(path("a.yaml"), "a").unwrap();
        seen(&mut watch).await;
        fs::write(path("a.yaml"), "b").unwrap();
        seen(&mut watch).await;
        // As an editor does that writes beside and renames.
        fs::write(path("a.yaml~"), "c").unwrap();
        seen(&mut watch).await;
        fs::rename(path("a.yaml~"), path("a.yaml")).unwrap();
        seen(&mut watch).await;
        fs::read(path("a.yaml")).unwrap();
        fs::metadata(path("a.yaml")).unwrap();
        nothing_seen(&mut watch).await;
        assert!(!watch.watch(all.clone()).unwrap());
        // As a mounted configuration does that leads somewhere else at once.
        symlink("one", path("..new")).unwrap();
        seen(&mut watch).await;
        fs::rename(path("..new"), path("..data")).unwrap();
        seen(&mut watch).await;
        fs::create_dir(path("inner")).unwrap();
        seen(&mut watch).await;
        assert!(watch.watch(all).unwrap(), "there are other directories now");
        fs::remove_file(path("a.yaml")).unwrap();
        seen(&mut watch).await;
    }

    #[tokio::test]
    async fn a_directory_that_is_replaced_is_seen_and_its_neighbours_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let root = path("root");
        fs::create_dir(&root).unwrap();
        let mut watch = FileWatch::default();
        let all = places(&[&root, &path("not-there")], &[&root]);
        watch.watch(all.clone()).unwrap();
        fs::write(path("neighbour"), "").unwrap();
        fs::create_dir(path("another")).unwrap();
        nothing_seen(&mut watch).await;
        assert!(!watch.watch(all.clone()).unwrap());
        fs::rename(&root, path("before")).unwrap();
        seen(&mut watch).await;
        assert!(watch.watch(all.clone()).unwrap());
        fs::write(path("before/a.yaml"), "").unwrap();
        nothing_seen(&mut watch).await;
        fs::create_dir(&root).unwrap();
        seen(&mut watch).await;
        assert!(watch.watch(all).unwrap());
        fs::write(root.join("a.yaml"), "").unwrap();
        seen(&mut watch).await;
    }

    #[tokio::test]
    async fn nothing_is_seen_where_nothing_is_watched() {
        let mut watch = FileWatch::default();
        nothing_seen(&mut watch).await;
        assert!(watch.watch(Places::default()).unwrap());
        nothing_seen(&mut watch).await;
    }
}
