//! Files that no package needs any more, kept for a while: a package that comes back after it was
//! removed, or a version to which somebody goes back, moves no bytes then.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::{SignedDuration, Timestamp};

use super::{Library, LibraryError, garbage::children};
use crate::{clock, model::Digest, wire::file_list::FileList};

/// How long: what was removed or replaced by mistake is noticed and put right within a day, and no
/// more than a day's new versions of everything lie beside what is needed. They go when something
/// changes after that, or as soon as their room is needed.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

impl Library {
    /// Puts files aside that nothing needs since now; the index must be held, so that nobody begins
    /// to need them.
    pub(super) fn retire(&self, unneeded: &[Digest]) -> Result<(), LibraryError> {
        let layout = self.layout();
        let now = SystemTime::from(clock::now());
        for digest in unneeded {
            let (place, aside) = (layout.file(digest), layout.retired(digest));
            // From when its time counts, before it counts.
            let dated = File::open(&place).and_then(|file| file.set_modified(now));
            match dated.and_then(|()| fs::rename(&place, &aside)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(LibraryError::io("put aside", &place)(error));
                }
                _ => {}
            }
        }
        // What was downloaded of them is no file.
        self.delete(unneeded)?;
        self.expire(clock::now())
    }

    /// Takes back what a package needs that is about to come; the index must be held.
    pub(super) fn take_back(&self, list: &FileList) -> Result<(), LibraryError> {
        let retired = self.retired()?;
        if retired.is_empty() {
            return Ok(());
        }
        let layout = self.layout();
        for (digest, size) in list.contents() {
            let Some(aside) = retired.get(&digest) else { continue };
            let right = fs::metadata(aside).is_ok_and(|found| found.len() == size);
            let place = layout.file(&digest);
            let taken = if right && !self.has(&digest, size) {
                let shard = place.parent().unwrap_or(layout.root());
                fs::create_dir_all(shard).and_then(|()| fs::rename(aside, &place))
            } else {
                fs::remove_file(aside)
            };
            match taken {
                // Somebody needed its room in this moment.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(LibraryError::io("move into", &place)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the files whose time is over.
    pub(super) fn expire(&self, now: Timestamp) -> Result<(), LibraryError> {
        for aside in self.retired()?.values() {
            let since = fs::metadata(aside).and_then(|found| found.modified());
            let since = since.ok().and_then(|since| Timestamp::try_from(since).ok());
            // A time far ahead is that of a clock that was wrong.
            let over = since.is_none_or(|since| now.duration_since(since).abs() >= GRACE);
            if over {
                remove(aside)?;
            }
        }
        Ok(())
    }

    /// Does what needs room on the disk; where there is none, what no package needs makes it.
    pub(super) fn with_room<T>(
        &self,
        work: impl Fn() -> Result<T, LibraryError>,
    ) -> Result<T, LibraryError> {
        match work() {
            Err(LibraryError::DiskFull { .. } | LibraryError::NoRoom { .. })
                if self.make_room()? =>
            {
                work()
            }
            done => done,
        }
    }

    /// Removes all of them, because their room is needed; whether there were any.
    fn make_room(&self) -> Result<bool, LibraryError> {
        let retired = self.retired()?;
        for aside in retired.values() {
            remove(aside)?;
        }
        if !retired.is_empty() {
            tracing::info!(
                files = retired.len(),
                "removed what no package needs: the disk is full"
            );
        }
        // A patch saves bytes of the network; a file that cannot come is worse.
        let patches = children(&self.layout().all_patches())?;
        for patches in &patches {
            fs::remove_dir_all(patches).map_err(LibraryError::io("remove", patches))?;
        }
        Ok(!retired.is_empty() || !patches.is_empty())
    }

    /// What is aside.
    fn retired(&self) -> Result<BTreeMap<Digest, PathBuf>, LibraryError> {
        let digest = |path: PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            let digest = name.and_then(|name| Digest::from_hex(name).ok())?;
            Some((digest, path))
        };
        Ok(children(&self.layout().all_retired())?.into_iter().filter_map(digest).collect())
    }
}

fn remove(path: &Path) -> Result<(), LibraryError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LibraryError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc, time::Duration};

    use super::*;
    use crate::{content::Taking, model::PackageId};

    fn package(number: u32) -> PackageId {
        format!("CEN{number:05}").parse().unwrap()
    }

    fn take(home: &Path, library: &Library, version: u32, files: &[(&str, &str)]) -> Arc<FileList> {
        let source = home.join(format!("source-{version}"));
        fs::create_dir(&source).unwrap();
        for (name, content) in files {
            fs::write(source.join(name), content).unwrap();
        }
        let package = &package(1);
        let taking = Taking { package, version, origin: None, content: None };
        library.ingest_directory(&source, taking, &|_, _| {}).unwrap();
        library.list(package).unwrap()
    }

    fn open(home: &Path) -> Library {
        Library::open(&home.join("library")).unwrap()
    }

    /// The sizes of what is aside.
    fn aside(library: &Library) -> Vec<u64> {
        let retired = library.retired().unwrap();
        let mut sizes: Vec<_> =
            retired.values().map(|path| fs::metadata(path).unwrap().len()).collect();
        sizes.sort_unstable();
        sizes
    }

    /// Publishes a list without any byte.
    fn publish(library: &Library, list: &Arc<FileList>) {
        library.begin(Arc::clone(list)).unwrap();
        assert_eq!(library.missing(list), BTreeMap::new());
        library.publish(list.package(), BTreeSet::new()).unwrap();
    }

    #[test]
    fn what_was_removed_or_replaced_comes_back_without_bytes() {
        let home = tempfile::tempdir().unwrap();
        let library = open(home.path());
        let first = take(home.path(), &library, 1, &[("a", "1"), ("b", "22")]);
        library.remove(&package(1)).unwrap();
        assert_eq!(aside(&library), [1, 2]);
        // Nobody is served what no package needs, and it counts as missing.
        let digest = Digest::of(b"1");
        assert!(library.open_file(&digest).is_err() && !library.has(&digest, 1));
        drop(library);
        let library = open(home.path());
        publish(&library, &first);
        assert_eq!(aside(&library), [] as [u64; 0]);
        // Of a new version only what is not needed any more, and the way back.
        let second = take(home.path(), &library, 2, &[("a", "1"), ("b", "333")]);
        assert_eq!(aside(&library), [2]);
        publish(&library, &first);
        assert_eq!(aside(&library), [3]);
        publish(&library, &second);
        assert_eq!(aside(&library), [2]);
        // What was cut meanwhile is transferred again.
        fs::write(library.retired().unwrap().values().next().unwrap(), "2").unwrap();
        library.begin(Arc::clone(&first)).unwrap();
        assert_eq!(library.missing(&first).len(), 1);
    }

    #[test]
    fn it_is_kept_for_a_day() {
        let home = tempfile::tempdir().unwrap();
        let library = open(home.path());
        take(home.path(), &library, 1, &[("a", "1")]);
        library.remove(&package(1)).unwrap();
        let path = library.retired().unwrap().into_values().next().unwrap();
        let date = |time: SystemTime| File::open(&path).unwrap().set_modified(time).unwrap();
        let hour = Duration::from_hours(1);
        date(SystemTime::now() - hour * 23);
        drop(library);
        let library = open(home.path());
        assert!(path.exists());
        date(SystemTime::now() - hour * 25);
        library.remove(&package(1)).unwrap();
        assert!(!path.exists());
        // A clock that was wrong keeps nothing for years.
        fs::write(&path, "1").unwrap();
        date(SystemTime::now() + hour * 25);
        drop(library);
        let library = open(home.path());
        assert!(!path.exists());
        fs::write(&path, "1").unwrap();
        assert!(library.make_room().unwrap() && !path.exists());
        assert!(!library.make_room().unwrap());
    }
}
