//! Libraries of a version that did not pack small files.

use std::{collections::BTreeSet, fs, path::Path};

use super::{super::*, aside, files_below, package, packed, place, source, take};
use crate::model::Digest;

/// Makes a library what an earlier version would have left, with these small files.
fn unpack(home: &Path, contents: &[&[u8]]) {
    fs::remove_dir_all(home.join("packs")).unwrap();
    for content in contents {
        let place = home.join(place(content));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, content).unwrap();
    }
}

#[test]
fn small_files_of_their_own_are_used_where_they_are() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    take(&library, source(&[("a", b"1"), ("b", b"2")]).path(), 1, 1).unwrap();
    drop(library);
    unpack(home.path(), &[b"1", b"2"]);
    let library = Library::open(home.path()).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 0);
    // What comes now is packed, and what is there is not there twice.
    take(&library, source(&[("a", b"1"), ("c", b"3")]).path(), 2, 1).unwrap();
    assert_eq!(packed(home.path(), &[b"1", b"2", b"3"]), [0, 0, 1]);
    for content in [b"1", b"2", b"3"] {
        let file = library.open_file(&Digest::of(content)).unwrap();
        assert_eq!(file.read(0, 1).unwrap(), content.as_slice());
    }
    let both = [b"3", b"1"].map(|content| Digest::of(content));
    assert_eq!(library.read_together(&both, 2).unwrap().unwrap(), b"31".as_slice());
    let export = library.export(&BTreeSet::from([package(1), package(2)])).unwrap();
    let mut exported = Vec::new();
    export.write(&mut exported).unwrap();
    let other = tempfile::tempdir().unwrap();
    let extracted = Library::open(other.path()).unwrap().extract(&exported[..], "").unwrap();
    assert!(extracted.values().all(crate::model::PackageState::available));
    assert_eq!(packed(other.path(), &[b"1", b"2", b"3"]), [1, 1, 1]);
}

#[test]
fn small_files_of_their_own_are_put_aside_and_come_back() {
    let home = tempfile::tempdir().unwrap();
    let library = Library::open(home.path()).unwrap();
    take(&library, source(&[("a", b"1"), ("b", b"2")]).path(), 1, 1).unwrap();
    let list = library.list(&package(1)).unwrap();
    drop(library);
    unpack(home.path(), &[b"1", b"2"]);
    let library = Library::open(home.path()).unwrap();
    library.remove(&package(1)).unwrap();
    assert_eq!(files_below(home.path()), [aside(b"1"), aside(b"2")].into());
    library.begin(list.clone()).unwrap();
    library.publish(&package(1), BTreeSet::new()).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 0);
    // What is lost is fetched again, into a pack.
    fs::remove_file(home.path().join(place(b"1"))).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 1);
    library.begin(list).unwrap();
    assert!(library.store(None, Digest::of(b"1"), b"1").unwrap());
    assert_eq!(library.publish(&package(1), BTreeSet::new()).unwrap().damaged, 0);
    assert_eq!(packed(home.path(), &[b"1", b"2"]), [1, 0]);
    drop(library);
    let library = Library::open(home.path()).unwrap();
    assert_eq!(library.state(&package(1)).unwrap().damaged, 0);
    library.remove(&package(1)).unwrap();
    assert!(!library.has(&Digest::of(b"1"), 1) && !library.has(&Digest::of(b"2"), 1));
}
