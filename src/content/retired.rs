//! Files that no package needs any more, kept for a while: a package that comes back after it was
//! removed, or a version to which somebody goes back, moves no bytes then.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write,
    fs::{self, File},
    io,
    path::PathBuf,
    sync::PoisonError,
    time::SystemTime,
};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    Library, LibraryError, durable,
    garbage::{children, named, remove},
};
use crate::{clock, error_text::with_causes, model::Digest, wire::file_list::FileList};

/// How long: what was removed or replaced by mistake is noticed and put right within a day, and no
/// more than a day's new versions of everything lie beside what is needed. They go when something
/// changes after that, or as soon as their room is needed.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// How long it is not looked at all that is aside, if there is much.
const LOOKED_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// It is looked at after so many changes, in parts of what was there: looking takes as long as there is much,
/// and of a thousand packages that change one after the other each puts something aside.
const PART: usize = 8;

/// When it was last looked whether the time of something is over.
#[derive(Debug, Default)]
pub(super) struct Expiring {
    looked: Option<Timestamp>,
    /// How much was aside then.
    found: usize,
    /// How often something was put aside since.
    changes: usize,
}

impl Library {
    /// Puts files aside that nothing needs since now; the index must be held, so that nobody begins
    /// to need them.
    pub(super) fn retire(&self, unneeded: &[Digest]) -> Result<(), LibraryError> {
        let layout = self.layout();
        let now = SystemTime::from(clock::now());
        let (packed, alone) = self.packs().retire(unneeded);
        self.note_retired(&packed);
        for digest in &alone {
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
        self.delete_partials(unneeded)?;
        self.expire_at_times(clock::now())
    }

    /// Remembers over restarts that packed files are aside: in one file, whose time counts for them.
    fn note_retired(&self, packed: &[Digest]) {
        if packed.is_empty() {
            return;
        }
        let mut text = String::with_capacity(packed.len() * 65);
        for digest in packed {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{}", digest.to_hex());
        }
        let path = self.layout().retired_list(&Uuid::new_v4());
        let dated = |file: File| file.set_modified(SystemTime::from(clock::now()));
        // With the power the memory of them may go, and then they go too.
        let noted = durable::write_soon(&path, text.as_bytes()).and_then(|()| {
            File::open(&path).and_then(dated).map_err(LibraryError::io("write", &path))
        });
        if let Err(error) = noted {
            // A full disk is a reason to remove something.
            tracing::warn!(error = with_causes(&error), "removed files are not kept for a day");
            self.packs().forget(packed);
        }
    }

    /// What is aside in packs, from the last time that this library was open.
    pub(super) fn find_retired(&self) -> Result<(), LibraryError> {
        let noted = self.noted()?;
        let index = self.index();
        self.packs().are_retired(&noted, |digest| index.size(digest).is_some());
        Ok(())
    }

    /// The packed files of all lists of those that are aside.
    fn noted(&self) -> Result<HashSet<Digest>, LibraryError> {
        let mut noted = HashSet::new();
        for path in self.retired_lists()? {
            match fs::read_to_string(&path) {
                Ok(text) => noted.extend(text.lines().filter_map(|it| Digest::from_hex(it).ok())),
                // What it has said is not kept.
                Err(error) => tracing::warn!(path = %path.display(), %error, "cannot be read"),
            }
        }
        Ok(noted)
    }

    /// Takes back what a package needs that is about to come; the index must be held.
    pub(super) fn take_back(&self, list: &FileList) -> Result<(), LibraryError> {
        let contents = list.contents();
        self.packs().take_back(&contents);
        let retired = self.retired()?;
        if retired.is_empty() {
            return Ok(());
        }
        let layout = self.layout();
        for (digest, size) in contents {
            let Some(aside) = retired.get(&digest) else { continue };
            let right = fs::metadata(aside).is_ok_and(|found| found.len() == size);
            let place = layout.file(&digest);
            let taken = if right && !self.has(&digest, size) {
                let shard = place.parent().unwrap_or(layout.root());
                self.packs().are_unpacked([digest]);
                let moved = fs::create_dir_all(shard).and_then(|()| fs::rename(aside, &place));
                self.staging().moved();
                moved
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

    /// Removes the files whose time is over, unless they were looked at just now.
    fn expire_at_times(&self, now: Timestamp) -> Result<(), LibraryError> {
        let is_due = {
            let mut last = self.expiring().lock().unwrap_or_else(PoisonError::into_inner);
            last.changes += 1;
            let long_ago = |looked| now.duration_since(looked).abs() >= LOOKED_EVERY;
            last.changes * PART >= last.found || last.looked.is_none_or(long_ago)
        };
        if is_due { self.expire(now) } else { Ok(()) }
    }

    /// Removes the files whose time is over.
    pub(super) fn expire(&self, now: Timestamp) -> Result<(), LibraryError> {
        let (lists, retired) = (self.retired_lists()?, self.retired()?);
        let found = Expiring { looked: Some(now), found: lists.len() + retired.len(), changes: 0 };
        *self.expiring().lock().unwrap_or_else(PoisonError::into_inner) = found;
        let mut over_lists = false;
        for aside in retired.values().chain(&lists) {
            let since = fs::metadata(aside).and_then(|found| found.modified());
            let since = since.ok().and_then(|since| Timestamp::try_from(since).ok());
            // A time far ahead is that of a clock that was wrong.
            let over = since.is_none_or(|since| now.duration_since(since).abs() >= GRACE);
            if over {
                over_lists |= lists.contains(aside);
                remove(aside)?;
            }
        }
        if over_lists {
            let kept = self.noted()?;
            self.packs().forget_retired(&kept);
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
        for aside in retired.values().chain(&self.retired_lists()?) {
            remove(aside)?;
        }
        let packed = self.packs().forget_retired(&HashSet::new());
        let freed = self.packs().make_room()?;
        let files = retired.len().saturating_add(packed);
        if files > 0 {
            tracing::info!(files, "removed what no package needs: the disk is full");
        }
        // A patch saves bytes of the network; a file that cannot come is worse.
        let patches = children(&self.layout().all_patches())?;
        for new in patches.iter().filter_map(|path| named(path)) {
            self.remove_patches(&new)?;
        }
        Ok(files > 0 || freed || !patches.is_empty())
    }

    /// What is aside as files of their own.
    fn retired(&self) -> Result<BTreeMap<Digest, PathBuf>, LibraryError> {
        let children = children(&self.layout().all_retired())?.into_iter();
        Ok(children.filter_map(|path| Some((named(&path)?, path))).collect())
    }

    /// The lists of packed files that are aside.
    fn retired_lists(&self) -> Result<Vec<PathBuf>, LibraryError> {
        let list = |path: &PathBuf| path.extension().is_some_and(|it| it == "list" || it == "new");
        Ok(children(&self.layout().all_retired())?.into_iter().filter(list).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

    use super::*;
    use crate::{content::Taking, model::PackageId};

    fn package(number: u32) -> PackageId {
        format!("CEN{number:05}").parse().unwrap()
    }

    /// Files of these sizes: of each size one.
    fn take(home: &Path, library: &Library, version: u32, sizes: &[usize]) -> Arc<FileList> {
        let source = home.join(format!("source-{version}"));
        fs::create_dir(&source).unwrap();
        for (number, size) in sizes.iter().enumerate() {
            fs::write(source.join(number.to_string()), vec![1; *size]).unwrap();
        }
        let package = &package(1);
        let taking = Taking { package, version, origin: None, content: None };
        library.ingest_directory(&source, taking, &|_, _| {}).unwrap();
        library.list(package).unwrap()
    }

    fn open(home: &Path) -> Library {
        Library::open(&home.join("library")).unwrap()
    }

    /// The sizes of what is aside, in files of their own and in packs.
    fn aside(library: &Library) -> Vec<u64> {
        let retired = library.retired().unwrap();
        let alone = retired.values().map(|path| fs::metadata(path).unwrap().len());
        let mut sizes: Vec<_> = alone.chain(library.packs().retired_sizes()).collect();
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
        // Packed and not.
        for one in [1, 100_000] {
            let home = tempfile::tempdir().unwrap();
            let library = open(home.path());
            let [small, middle, large] = [one, one + 1, one + 2].map(|size| size as u64);
            let first = take(home.path(), &library, 1, &[one, one + 1]);
            library.remove(&package(1)).unwrap();
            assert_eq!(aside(&library), [small, middle]);
            // Nobody is served what no package needs, and it counts as missing.
            let digest = Digest::of(&vec![1; one]);
            assert!(library.open_file(&digest).is_err() && !library.has(&digest, small));
            drop(library);
            let library = open(home.path());
            assert_eq!(aside(&library), [small, middle]);
            publish(&library, &first);
            assert_eq!(aside(&library), [] as [u64; 0]);
            // Of a new version only what is not needed any more, and the way back.
            let second = take(home.path(), &library, 2, &[one, one + 2]);
            assert_eq!(aside(&library), [middle]);
            publish(&library, &first);
            assert_eq!(aside(&library), [large]);
            publish(&library, &second);
            assert_eq!(aside(&library), [middle]);
            drop(library);
            let library = open(home.path());
            assert_eq!(library.state(&package(1)).unwrap().damaged, 0);
            assert_eq!(aside(&library), [middle]);
        }
    }

    #[test]
    fn what_was_cut_meanwhile_is_transferred_again() {
        let home = tempfile::tempdir().unwrap();
        let library = open(home.path());
        let list = take(home.path(), &library, 1, &[100_000, 2]);
        library.remove(&package(1)).unwrap();
        fs::write(library.retired().unwrap().values().next().unwrap(), "2").unwrap();
        fs::remove_file(home.path().join("library/packs/00000001.pack")).unwrap();
        library.begin(Arc::clone(&list)).unwrap();
        assert_eq!(library.missing(&list).len(), 2);
    }

    #[test]
    fn it_is_kept_for_a_day() {
        for size in [1, 100_000] {
            let home = tempfile::tempdir().unwrap();
            let library = open(home.path());
            let noted = || children(&home.path().join("library/retired")).unwrap();
            let date = |time: SystemTime| {
                let [path] = &noted()[..] else { panic!() };
                File::open(path).unwrap().set_modified(time).unwrap();
            };
            let hour = Duration::from_hours(1);
            let list = take(home.path(), &library, 1, &[size]);
            library.remove(&package(1)).unwrap();
            date(SystemTime::now() - hour * 23);
            drop(library);
            let library = open(home.path());
            assert_eq!(aside(&library), [size as u64]);
            // Whatever is removed, also nothing, is a reason to look.
            date(SystemTime::now() - hour * 25);
            library.remove(&package(1)).unwrap();
            assert_eq!((noted(), aside(&library)), (vec![], vec![]));
            library.begin(Arc::clone(&list)).unwrap();
            assert_eq!(library.missing(&list).len(), 1);
            library.abandon(&package(1)).unwrap();
            // A clock that was wrong keeps nothing for years.
            take(home.path(), &library, 2, &[size]);
            library.remove(&package(1)).unwrap();
            date(SystemTime::now() + hour * 25);
            drop(library);
            let library = open(home.path());
            assert_eq!((noted(), aside(&library)), (vec![], vec![]));
            let packs = children(&home.path().join("library/packs")).unwrap();
            assert!(packs.is_empty(), "its room is free again: {packs:?}");
        }
    }

    #[test]
    fn twice_aside_it_is_kept_for_a_day_since_the_last_time() {
        let home = tempfile::tempdir().unwrap();
        let library = open(home.path());
        let list = take(home.path(), &library, 1, &[1]);
        library.remove(&package(1)).unwrap();
        let [first] = &library.retired_lists().unwrap()[..] else { panic!() };
        publish(&library, &list);
        library.remove(&package(1)).unwrap();
        let long_ago = SystemTime::now() - Duration::from_hours(25);
        File::open(first).unwrap().set_modified(long_ago).unwrap();
        library.expire(clock::now()).unwrap();
        assert!(!first.exists());
        assert_eq!(aside(&library), [1]);
        publish(&library, &list);
    }

    #[test]
    fn it_goes_when_its_room_is_needed() {
        for size in [1, 100_000] {
            let home = tempfile::tempdir().unwrap();
            let library = open(home.path());
            take(home.path(), &library, 1, &[size]);
            library.remove(&package(1)).unwrap();
            assert!(library.make_room().unwrap());
            assert!(!library.make_room().unwrap());
            let left = ["retired", "packs"].map(|name| home.path().join("library").join(name));
            assert!(left.iter().all(|directory| children(directory).unwrap().is_empty()));
        }
    }
}
