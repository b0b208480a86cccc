//! The library on a real disk: what it keeps, refuses, loses and finds again.

use std::{
    collections::BTreeSet,
    fs,
    ops::ControlFlow,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    sync::{Arc, Mutex},
};

use tempfile::TempDir;

use super::*;
use crate::{
    model::{Digest, PackageId, PackageState},
    wire::file_list::FileList,
};

fn package(number: u32) -> PackageId {
    format!("CEN{number:05}").parse().unwrap()
}

/// A source directory with these files.
fn source(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    directory
}

fn take(
    library: &Library,
    source: &Path,
    number: u32,
    version: u32,
) -> Result<PackageState, LibraryError> {
    let package = &package(number);
    let taking = Taking { package, version, origin: None, content: None };
    library.ingest_directory(source, taking, &|_, _| {})
}

/// Every regular file below a directory but the lock, relative.
fn files_below(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![root.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.remove("lock");
    found
}

fn place(content: &[u8]) -> String {
    let hex = Digest::of(content).to_hex();
    format!("files/{}/{hex}", &hex[..2])
}

fn aside(content: &[u8]) -> String {
    format!("retired/{}", Digest::of(content).to_hex())
}

#[test]
fn each_content_is_stored_once() {
    let (home, from) =
        (tempfile::tempdir().unwrap(), source(&[("a", b"1"), ("b/a", b"1"), ("c", b"")]));
    let library = Library::open(home.path()).unwrap();
    let state = take(&library, from.path(), 1, 1).unwrap();
    assert_eq!((state.files, state.bytes, state.damaged), (3, 2, 0));
    take(&library, from.path(), 2, 1).unwrap();
    let expected =
        [place(b"1"), place(b""), "packages/CEN00001.json".into(), "packages/CEN00002.json".into()];
    assert_eq!(files_below(home.path()), expected.into());
    let file = library.open_file(&Digest::of(b"1")).unwrap();
    assert_eq!(file.read(0, file.size()).unwrap(), b"1".as_slice());
}

#[test]
fn packages_are_there_after_a_restart() {
    let (home, from) = (tempfile::tempdir().unwrap(), source(&[("a", b"1"), ("b", b"2")]));
    let library = Library::open(home.path()).unwrap();
    take(&library, from.path(), 1, 3).unwrap();
    let states = library.states();
    drop(library);
    assert_eq!(Library::open(home.path()).unwrap().states(), states);
    assert_eq!(states[&package(1)].version, 3);
}

#[test]
fn new_version_replaces_the_old_one_and_its_files() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    take(&library, source(&[("a", b"1"), ("b", b"2")]).path(), 1, 1).unwrap();
    take(&library, source(&[("a", b"1"), ("b", b"3")]).path(), 1, 2).unwrap();
    let expected = [place(b"1"), place(b"3"), aside(b"2"), "packages/CEN00001.json".into()];
    assert_eq!(files_below(home.path()), expected.into());
}

#[test]
fn removed_package_leaves_what_others_need() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    take(&library, source(&[("a", b"1"), ("b", b"2")]).path(), 1, 1).unwrap();
    take(&library, source(&[("x", b"2")]).path(), 2, 1).unwrap();
    library.remove(&package(1)).unwrap();
    library.remove(&package(1)).unwrap();
    let expected = [place(b"2"), aside(b"1"), "packages/CEN00002.json".into()];
    assert_eq!(files_below(home.path()), expected.into());
    assert!(matches!(library.open_file(&Digest::of(b"1")), Err(LibraryError::NoFile(_))));
}

#[test]
fn files_of_a_package_on_its_way_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    take(&library, source(&[("a", b"1")]).path(), 1, 1).unwrap();
    let list = library.list(&package(1)).unwrap();
    let on_its_way = FileList::new(package(2), 1, list.files().to_vec()).unwrap();
    library.begin(Arc::new(on_its_way)).unwrap();
    library.remove(&package(1)).unwrap();
    drop(library);
    let library = Library::open(home.path()).unwrap();
    assert!(library.has(&Digest::of(b"1"), 1));
    library.publish(&package(2), BTreeSet::from(["dp-1".to_owned()])).unwrap();
    assert_eq!(library.state(&package(2)).unwrap().sources, ["dp-1"]);
}

#[test]
fn package_is_not_visible_before_every_file_is_there() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    let from = tempfile::tempdir().unwrap();
    let other = Library::open(from.path()).unwrap();
    take(&other, source(&[("a", b"1"), ("b", b"2")]).path(), 1, 1).unwrap();
    let list = other.list(&package(1)).unwrap();
    library.begin(Arc::clone(&list)).unwrap();
    assert_eq!(library.missing(&list).len(), 2);
    assert!(library.store(None, Digest::of(b"1"), b"1").unwrap());
    assert!(!library.store(None, Digest::of(b"2"), b"3").unwrap(), "wrong bytes");
    let early = library.publish(&package(1), BTreeSet::new());
    assert!(matches!(early, Err(LibraryError::Incomplete { missing: 1, .. })));
    assert!(library.state(&package(1)).is_none());
    assert!(library.store(None, Digest::of(b"2"), b"2").unwrap());
    assert_eq!(library.publish(&package(1), BTreeSet::new()).unwrap().damaged, 0);
    let unknown = library.publish(&package(9), BTreeSet::new());
    assert!(matches!(unknown, Err(LibraryError::NoPackage(_))));
}

#[test]
fn lost_and_cut_files_are_seen() {
    let (home, from) =
        (tempfile::tempdir().unwrap(), source(&[("a", b"11"), ("b", b"2"), ("c", b"2")]));
    let library = Library::open(home.path()).unwrap();
    take(&library, from.path(), 1, 1).unwrap();
    fs::remove_file(home.path().join(place(b"2"))).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 2, "two paths of one content");
    fs::write(home.path().join(place(b"11")), b"1").unwrap();
    assert_eq!(library.states()[&package(1)].damaged, 3);
    assert!(library.open_file(&Digest::of(b"11")).is_err(), "not as it was");
    assert!(library.whole(&package(1)).is_none());
    take(&library, from.path(), 1, 1).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 0, "taken in again");
}

#[test]
fn changed_bytes_are_found_and_never_served() {
    let (home, from) = (tempfile::tempdir().unwrap(), source(&[("a", b"11"), ("b", b"2")]));
    let library = Library::open(home.path()).unwrap();
    take(&library, from.path(), 1, 1).unwrap();
    fs::write(home.path().join(place(b"11")), b"12").unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 0, "the size is right");
    let validate = || {
        let go_on = |_: &ValidationProgress, _| ControlFlow::Continue(());
        let found = library.validate(ValidationProgress::default(), &go_on).unwrap().unwrap();
        (found.files, found.bytes, found.damaged)
    };
    assert_eq!(validate(), (2, 3, 1));
    assert!(library.open_file(&Digest::of(b"11")).is_err());
    assert_eq!(library.state(&package(1)).unwrap().damaged, 1);
    let aside = home.path().join("quarantine").join(Digest::of(b"11").to_hex());
    assert_eq!(fs::read(&aside).unwrap(), b"12", "somebody may want to see it");
    take(&library, from.path(), 1, 1).unwrap();
    assert_eq!(validate(), (2, 3, 0));
    assert!(!aside.exists(), "kept until the next validation");
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_one_from_being_hashed() {
    let (home, from) = (tempfile::tempdir().unwrap(), source(&[("a", b""), ("b", b"2")]));
    let library = Library::open(home.path()).unwrap();
    take(&library, from.path(), 1, 1).unwrap();
    // It has a length of 0, and its first byte cannot be read.
    fs::remove_file(home.path().join(place(b""))).unwrap();
    symlink("/proc/self/mem", home.path().join(place(b""))).unwrap();
    let go_on = |_: &ValidationProgress, _| ControlFlow::Continue(());
    let found = library.validate(ValidationProgress::default(), &go_on).unwrap().unwrap();
    assert_eq!((found.files, found.damaged), (2, 1));
    assert_eq!(library.state(&package(1)).unwrap().damaged, 1);
}

#[test]
fn a_validation_ends_where_it_is_told_to_and_goes_on_there() {
    let contents = [vec![1; 3 << 20], vec![2; 3 << 20], vec![3; 3 << 20]];
    let files: Vec<_> =
        ["a", "b", "c"].into_iter().zip(contents.iter().map(Vec::as_slice)).collect();
    let (home, from) = (tempfile::tempdir().unwrap(), source(&files));
    let library = Library::open(home.path()).unwrap();
    take(&library, from.path(), 1, 1).unwrap();
    let told = Mutex::new(Vec::new());
    let until = |end: u64| {
        let told = &told;
        move |progress: &ValidationProgress, bytes: u64| {
            told.lock().unwrap().push((*progress, bytes >> 20));
            if bytes < end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
    };
    let ended = library.validate(ValidationProgress::default(), &until(5 << 20)).unwrap();
    assert_eq!(ended, None);
    let (progress, hashed) = *told.lock().unwrap().last().unwrap();
    assert_eq!((progress.files, progress.bytes, hashed), (1, 3 << 20, 5));
    told.lock().unwrap().clear();
    let ended = library.validate(progress, &until(u64::MAX)).unwrap().unwrap();
    assert_eq!((ended.files, ended.bytes, ended.damaged), (3, 9 << 20, 0));
    assert_eq!(told.lock().unwrap().last().unwrap().1, 6, "the first one is not hashed again");
}

#[test]
fn sources_that_cannot_be_a_package_are_refused_and_leave_nothing() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    let refused = |from: &Path, why: &str| {
        let error = take(&library, from, 1, 1).unwrap_err();
        assert!(matches!(error, LibraryError::Source { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(files_below(home.path()), BTreeSet::new());
    };
    let from = source(&[("a", b"1")]);
    symlink("/etc/hostname", from.path().join("out")).unwrap();
    refused(from.path(), "link out of the source");
    let from = source(&[("a", b"1")]);
    symlink("nowhere", from.path().join("b")).unwrap();
    refused(from.path(), "leads nowhere");
    let from = source(&[("a/b", b"1")]);
    symlink("a", from.path().join("c")).unwrap();
    refused(from.path(), "link to a directory");
    let from = source(&[("a", b"1")]);
    let _socket = std::os::unix::net::UnixListener::bind(from.path().join("socket")).unwrap();
    refused(from.path(), "a socket");
    let from = source(&[("a", b"1")]);
    fs::write(from.path().join(std::ffi::OsStr::from_bytes(b"\xff")), b"").unwrap();
    refused(from.path(), "not UTF-8");
    refused(source(&[("a", b"1"), ("nul.txt", b"1")]).path(), "device");
    refused(tempfile::tempdir().unwrap().path(), "no files");
    refused(&source(&[("a", b"1")]).path().join("a"), "directory");
    let missing = take(&library, Path::new("/nonexistent"), 1, 1);
    assert!(matches!(missing, Err(LibraryError::Io { .. })));
}

#[test]
fn links_inside_a_source_are_followed() {
    let (home, from) = (tempfile::tempdir().unwrap(), source(&[("a", b"1")]));
    symlink("a", from.path().join("b")).unwrap();
    let library = Library::open(home.path()).unwrap();
    assert_eq!(take(&library, from.path(), 1, 1).unwrap().files, 2);
}

#[test]
fn start_removes_what_nobody_needs_and_keeps_downloads() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let library = Library::open(home.path()).unwrap();
    let origin = Library::open(other.path()).unwrap();
    take(&origin, source(&[("a", b"needed")]).path(), 1, 1).unwrap();
    library.begin(origin.list(&package(1)).unwrap()).unwrap();
    drop(library);
    let kept = [
        format!("partial/{}", Digest::of(b"needed").to_hex()),
        "pending/CEN00001.json".into(),
        "files/notes.txt".into(),
    ];
    let gone = [
        place(b"orphan"),
        format!("partial/{}", Digest::of(b"x").to_hex()),
        "incoming/x".into(),
        "packages/CEN00001.json.new".into(),
        "packages/CEN00007.json".into(),
    ];
    for name in kept.iter().chain(&gone) {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if *name != kept[1] {
            fs::write(path, "need").unwrap();
        }
    }
    let library = Library::open(home.path()).unwrap();
    assert_eq!(files_below(home.path()), kept.into());
    assert_eq!(library.partials().unwrap(), [(Digest::of(b"needed"), 4)].into());
}

#[tokio::test]
async fn download_is_taken_up_where_it_ended() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    let content = vec![7; 3 << 20];
    let (digest, size) = (Digest::of(&content), content.len() as u64);
    let mut intake = library.resume(library.claim(digest).await.unwrap(), digest, size).unwrap();
    intake.write(&content[..1_000_000]).unwrap();
    assert_eq!(intake.finish().unwrap(), Intaken::Short { written: 1_000_000 });
    let mut intake = library.resume(library.claim(digest).await.unwrap(), digest, size).unwrap();
    assert_eq!(intake.written(), 1_000_000);
    intake.write(&content[1_000_000..]).unwrap();
    assert!(intake.complete());
    assert_eq!(intake.finish().unwrap(), Intaken::Verified);
    library.settle().unwrap();
    assert!(library.has(&digest, size));
}

#[tokio::test]
async fn wrong_bytes_are_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    let digest = Digest::of(b"right");
    let mut intake = library.resume(library.claim(digest).await.unwrap(), digest, 5).unwrap();
    intake.write(b"wrong").unwrap();
    assert_eq!(intake.finish().unwrap(), Intaken::WrongDigest(Digest::of(b"wrong")));
    let mut intake = library.incoming(digest, 5).unwrap();
    intake.write(b"right and more").unwrap();
    assert_eq!(intake.finish().unwrap(), Intaken::TooLong);
    let mut intake = library.incoming(digest, 5).unwrap();
    intake.write(b"rig").unwrap();
    drop(intake);
    library.settle().unwrap();
    assert_eq!(files_below(home.path()), BTreeSet::new());
}

#[tokio::test]
async fn file_is_fetched_by_one_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    let digest = Digest::of(b"1");
    let first = library.claim(digest).await.unwrap();
    let second = tokio::spawn({
        let library = library.clone();
        async move {
            let _claim = library.claim(digest).await.unwrap();
            library.has(&digest, 1)
        }
    });
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    // Nobody settles it but the one who waits for it.
    assert!(library.store(Some(first), digest, b"1").unwrap());
    assert!(second.await.unwrap(), "it is there when the claim is given on");
}

#[test]
fn library_in_use_is_refused_to_another_process() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    let clone = library.clone();
    drop(library);
    assert!(matches!(Library::open(home.path()), Err(LibraryError::InUse(_))));
    drop(clone);
    assert!(Library::open(home.path()).is_ok());
}
