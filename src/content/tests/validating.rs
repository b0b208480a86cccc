//! Content validation: what was changed behind the library's back.

use std::{fs, ops::ControlFlow, os::unix::fs::symlink, sync::Mutex};

use super::{super::*, large, package, place, source, take};
use crate::model::Digest;

#[test]
fn changed_bytes_are_found_and_never_served() {
    let home = tempfile::tempdir().unwrap();
    for (number, content) in [(1, &b"eleven"[..]), (2, &large(2))] {
        let from = source(&[("a", content), ("b", b"2")]);
        let mut library = Library::open(home.path()).unwrap();
        take(&library, from.path(), number, 1).unwrap();
        let (digest, bytes) = (Digest::of(content), content.len() as u64 + 1);
        let mut changed = content.to_vec();
        changed[3] ^= 1;
        if number == 1 {
            let pack = home.path().join("packs/00000001.pack");
            let text = fs::read(&pack).unwrap();
            let at = text.windows(content.len()).position(|part| part == content).unwrap();
            let text = [&text[..at], &changed, &text[at + content.len()..]].concat();
            fs::write(&pack, text).unwrap();
        } else {
            fs::write(home.path().join(place(content)), &changed).unwrap();
        }
        assert_eq!(library.state(&package(number)).unwrap().damaged, 0, "the size is right");
        let validate = |library: &Library| {
            let go_on = |_: &ValidationProgress, _| ControlFlow::Continue(());
            let found = library.validate(ValidationProgress::default(), &go_on).unwrap().unwrap();
            (found.files, found.bytes, found.damaged)
        };
        assert_eq!(validate(&library), (2, bytes, 1));
        assert!(library.open_file(&digest).is_err());
        assert_eq!(library.state(&package(number)).unwrap().damaged, 1);
        let aside = home.path().join("quarantine").join(digest.to_hex());
        assert_eq!(fs::read(&aside).unwrap(), changed, "somebody may want to see it");
        drop(library);
        library = Library::open(home.path()).unwrap();
        assert_eq!(library.state(&package(number)).unwrap().damaged, 1, "it does not come back");
        take(&library, from.path(), number, 1).unwrap();
        assert_eq!(validate(&library), (2, bytes, 0));
        assert!(!aside.exists(), "kept until the next validation");
        library.remove(&package(number)).unwrap();
    }
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_one_from_being_hashed() {
    let (home, from) = (tempfile::tempdir().unwrap(), source(&[("a", b""), ("b", b"2")]));
    let library = Library::open(home.path()).unwrap();
    take(&library, from.path(), 1, 1).unwrap();
    drop(library);
    // As an earlier version has left it. It has a length of 0, and its first byte cannot be read.
    fs::remove_dir_all(home.path().join("packs")).unwrap();
    for content in [&b""[..], b"2"] {
        let place = home.path().join(place(content));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, content).unwrap();
    }
    fs::remove_file(home.path().join(place(b""))).unwrap();
    symlink("/proc/self/mem", home.path().join(place(b""))).unwrap();
    let library = Library::open(home.path()).unwrap();
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
