//! The library on a real disk: what it keeps, refuses, loses and finds again.

mod unpacked;
mod validating;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    sync::Arc,
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

/// A file that is not packed: its number, many times.
fn large(number: u8) -> Vec<u8> {
    vec![number; 70_000]
}

/// How often each small file was written into packs.
fn packed(root: &Path, contents: &[&[u8]]) -> Vec<usize> {
    let packs: Vec<_> = fs::read_dir(root.join("packs"))
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let times = |content: &&[u8]| {
        let digest = Digest::of(content);
        let windows = packs.iter().flat_map(|pack| pack.windows(32));
        windows.filter(|window| window == digest.as_bytes()).count()
    };
    contents.iter().map(times).collect()
}

fn aside(content: &[u8]) -> String {
    format!("retired/{}", Digest::of(content).to_hex())
}

#[test]
fn each_content_is_stored_once() {
    let (home, one) = (tempfile::tempdir().unwrap(), large(1));
    let from = source(&[("a", &one), ("b/a", &one), ("c", b""), ("d", b"1"), ("e", b"1")]);
    let library = Library::open(home.path()).unwrap();
    let state = take(&library, from.path(), 1, 1).unwrap();
    assert_eq!((state.files, state.bytes, state.damaged), (5, 140_002, 0));
    take(&library, from.path(), 2, 1).unwrap();
    let expected = [
        place(&one),
        "packs/00000001.pack".into(),
        "packages/CEN00001.json".into(),
        "packages/CEN00002.json".into(),
    ];
    assert_eq!(files_below(home.path()), expected.into());
    assert_eq!(packed(home.path(), &[b"", b"1"]), [1, 1]);
    for content in [&b"1"[..], b"", &one] {
        let file = library.open_file(&Digest::of(content)).unwrap();
        assert_eq!(file.read(0, file.size()).unwrap(), content);
        assert!(file.read(0, file.size() + 1).is_err(), "what comes behind it in its pack");
    }
    let together: Vec<_> = [&b"1"[..], b"", b"1"].into_iter().map(Digest::of).collect();
    assert_eq!(library.read_together(&together, 2).unwrap().unwrap(), b"11".as_slice());
    assert_eq!(library.read_together(&together, 1).unwrap(), None, "they are too many bytes");
    let unknown = library.read_together(&[Digest::of(b"2")], 1);
    assert!(matches!(unknown, Err(LibraryError::NoFile(_))));
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
    take(&library, source(&[("a", &large(1)), ("b", &large(2))]).path(), 1, 1).unwrap();
    take(&library, source(&[("a", &large(1)), ("b", &large(3))]).path(), 1, 2).unwrap();
    let package = "packages/CEN00001.json".into();
    let expected = [place(&large(1)), place(&large(3)), aside(&large(2)), package];
    assert_eq!(files_below(home.path()), expected.into());
}

#[test]
fn removed_package_leaves_what_others_need() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    let (one, two) = (large(1), large(2));
    let contents = [("a", &one[..]), ("b", &two), ("c", b"1"), ("d", b"2")];
    take(&library, source(&contents).path(), 1, 1).unwrap();
    take(&library, source(&[("x", &two), ("y", b"2")]).path(), 2, 1).unwrap();
    library.remove(&package(1)).unwrap();
    library.remove(&package(1)).unwrap();
    let mut found = files_below(home.path());
    found.retain(|name| Path::new(name).extension().is_none_or(|end| end != "list"));
    let package = "packages/CEN00002.json".into();
    let expected = [place(&two), aside(&one), package, "packs/00000001.pack".into()];
    assert_eq!(found, expected.into());
    for (gone, kept) in [(&one[..], &two[..]), (b"1", b"2")] {
        assert!(matches!(library.open_file(&Digest::of(gone)), Err(LibraryError::NoFile(_))));
        assert!(library.open_file(&Digest::of(kept)).is_ok());
    }
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
    let (home, one, two) = (tempfile::tempdir().unwrap(), large(1), large(2));
    let from = source(&[("a", &one), ("b", &two), ("c", &two), ("d", b"3"), ("e", b"4")]);
    let library = Library::open(home.path()).unwrap();
    take(&library, from.path(), 1, 1).unwrap();
    fs::remove_file(home.path().join(place(&two))).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 2, "two paths of one content");
    fs::write(home.path().join(place(&one)), b"1").unwrap();
    assert_eq!(library.states()[&package(1)].damaged, 3);
    assert!(library.open_file(&Digest::of(&one)).is_err(), "not as it was");
    // Of the pack the last file is not whole any more, and then it is gone.
    let pack = home.path().join("packs/00000001.pack");
    let cut = fs::OpenOptions::new().write(true).open(&pack).unwrap();
    cut.set_len(fs::metadata(&pack).unwrap().len() - 1).unwrap();
    assert_eq!(library.states()[&package(1)].damaged, 4);
    fs::remove_file(&pack).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 5);
    assert!(library.open_file(&Digest::of(b"3")).is_err());
    assert!(library.whole(&package(1)).is_none());
    take(&library, from.path(), 1, 1).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 0, "taken in again");
    drop(library);
    let library = Library::open(home.path()).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 0);
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

#[test]
fn patches_of_files_that_nothing_needs_go_when_the_library_opens() {
    let home = tempfile::tempdir().unwrap();
    drop(Library::open(home.path()).unwrap());
    // As a crash leaves them between the end of a package and that of its patches.
    let patches = home.path().join("patches").join(Digest::of(b"gone").to_hex());
    fs::create_dir_all(&patches).unwrap();
    fs::write(patches.join("patch"), "bytes").unwrap();
    drop(Library::open(home.path()).unwrap());
    assert!(!patches.exists());
}
