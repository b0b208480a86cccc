//! Files of updates go in verified, go on where they were, and come out again.

use std::{
    fs,
    io::{Read, Write},
};

use super::*;
use crate::wire::update_content::{ContentName, HashingContent, UpdateContent};

fn wanted(bytes: &[u8]) -> UpdateContent {
    let (sha1, sha256) = HashingContent::of(bytes);
    let (name, size) = (ContentName::new(sha1, "Update.EXE"), bytes.len() as u64);
    UpdateContent { name, sha256: Some(sha256), size }
}

fn read(files: &UpdateFiles, wanted: &UpdateContent) -> Vec<u8> {
    let mut bytes = Vec::new();
    let path = files.path(wanted.name.sha1()).unwrap();
    fs::File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_file_is_put_in_its_place_and_found_again() {
    let home = tempfile::tempdir().unwrap();
    let files = UpdateFiles::open(home.path()).unwrap();
    let wanted = wanted(b"an update");
    files.put(&wanted, &b"an update"[..]).unwrap();
    // Whatever is offered, it is here already.
    files.put(&wanted, &b"something else"[..]).unwrap();
    let place = home.path().join(wanted.name.folder()).join(wanted.name.to_string());
    assert!(place.exists() && place.extension().unwrap() == "exe");
    let again = UpdateFiles::open(home.path()).unwrap();
    assert!(again.has(&wanted));
    assert_eq!(read(&again, &wanted), b"an update");
    assert_eq!(again.total(), (1, 9));
    assert_eq!(again.open_file(&wanted.name).unwrap().unwrap().file.size(), 9);
    let other = ContentName::new(wanted.name.sha1(), "update.cab");
    assert!(again.open_file(&other).unwrap().is_none(), "only under its own name");
    assert!(again.remove(wanted.name.sha1()).unwrap());
    assert!(!again.remove(wanted.name.sha1()).unwrap());
    assert_eq!((again.total(), place.exists()), ((0, 0), false));
}

#[test]
fn nothing_is_kept_of_a_file_that_is_another_one() {
    let home = tempfile::tempdir().unwrap();
    let files = UpdateFiles::open(home.path()).unwrap();
    let right = wanted(b"an update");
    let error = files.put(&right, &b"an updatE"[..]).unwrap_err();
    assert!(matches!(error, UpdateFileError::Sha1 { .. }), "{error}");
    let other = wanted(b"other");
    let error =
        files.put(&UpdateContent { sha256: other.sha256, ..right.clone() }, &b"an update"[..]);
    assert!(matches!(error.unwrap_err(), UpdateFileError::Sha256 { .. }));
    let error = files.put(&right, &b"an update and more"[..]).unwrap_err();
    assert!(matches!(error, UpdateFileError::TooLong { size: 9, .. }), "{error}");
    let error = files.put(&right, &b"an"[..]).unwrap_err();
    assert!(matches!(error, UpdateFileError::Short { written: 2, size: 9, .. }), "{error}");
    assert!(files.put(&UpdateContent { size: 1 << 62, ..right }, &b""[..]).is_err(), "no room");
    assert_eq!(files.list(), []);
    assert_eq!(fs::read_dir(home.path().join("incoming")).unwrap().count(), 0);
}

#[test]
fn a_download_goes_on_where_it_was() {
    let home = tempfile::tempdir().unwrap();
    let files = UpdateFiles::open(home.path()).unwrap();
    let wanted = wanted(b"an update");
    let mut download = files.download(&wanted).unwrap();
    let twice = files.download(&wanted).unwrap_err();
    assert!(matches!(twice, UpdateFileError::Coming(_)), "{twice}");
    download.write(b"an up").unwrap();
    let error = download.finish().unwrap_err();
    assert!(matches!(error, UpdateFileError::Short { written: 5, .. }), "{error}");
    let files = UpdateFiles::open(home.path()).unwrap();
    assert_eq!(files.begun(wanted.name.sha1()), 5);
    let mut download = files.download(&wanted).unwrap();
    assert_eq!(download.written(), 5);
    download.write(b"date").unwrap();
    download.finish().unwrap();
    assert_eq!(read(&files, &wanted), b"an update");
    assert_eq!(files.begun(wanted.name.sha1()), 0);
}

#[test]
fn a_download_that_was_spoilt_on_the_disk_is_not_believed() {
    let home = tempfile::tempdir().unwrap();
    let files = UpdateFiles::open(home.path()).unwrap();
    let wanted = wanted(b"an update");
    files.download(&wanted).unwrap().write(b"an up").unwrap();
    let part = home.path().join("incoming").join(format!("{}.part", wanted.name.sha1()));
    fs::File::options().write(true).open(&part).unwrap().write_all(b"AN").unwrap();
    let mut download = files.download(&wanted).unwrap();
    download.write(b"date").unwrap();
    assert!(download.finish().unwrap_err().is_wrong());
    assert_eq!((files.begun(wanted.name.sha1()), files.list()), (0, Vec::new()));
    // What is longer than the file begins anew.
    fs::write(&part, b"an update and more").unwrap();
    assert_eq!(files.download(&wanted).unwrap().written(), 0);
}

#[test]
fn what_is_no_file_of_an_update_is_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let wanted = wanted(b"an update");
    for folder in ["00", "readme", &wanted.name.folder()] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
        fs::write(home.path().join(folder).join("x.exe"), b"x").unwrap();
    }
    // In another folder than that of its digest.
    fs::write(home.path().join("00").join(wanted.name.to_string()), b"an update").unwrap();
    assert_eq!(UpdateFiles::open(home.path()).unwrap().list(), []);
}
