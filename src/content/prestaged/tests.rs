//! Files of prestaged content: there and back, and everything that may have happened to one on its way.

use std::{collections::BTreeSet, fs, path::Path};

use tempfile::TempDir;

use super::{super::Taking, *};
use crate::{
    content::Library,
    model::{Digest, PackageId},
};

fn package(number: u32) -> PackageId {
    format!("CEN{number:05}").parse().unwrap()
}

fn library() -> (TempDir, Library) {
    let directory = tempfile::tempdir().unwrap();
    let library = Library::open(&directory.path().join("library")).unwrap();
    (directory, library)
}

/// Takes files in as a package.
fn take(home: &Path, library: &Library, number: u32, files: &[(&str, &[u8])]) {
    let source = home.join(format!("source-{number}"));
    for (path, content) in files {
        let path = source.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let package = package(number);
    let taking = Taking { package: &package, version: 3, origin: None, content: None };
    library.ingest_directory(&source, taking, &|_, _| {}).unwrap();
}

fn export(library: &Library, packages: &[u32]) -> Vec<u8> {
    let packages: BTreeSet<_> = packages.iter().map(|number| package(*number)).collect();
    let export = library.export(&packages).unwrap();
    let size = export.size();
    let mut bytes = Vec::new();
    export.write(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, size);
    bytes
}

/// A small one, with a file of two packages.
fn small() -> Vec<u8> {
    let (home, library) = library();
    take(home.path(), &library, 1, &[("a", b"one"), ("b/c", b""), ("b/d", b"both")]);
    take(home.path(), &library, 2, &[("e", b"both")]);
    export(&library, &[2, 1])
}

/// Every file below a directory.
fn files(directory: &Path) -> BTreeSet<std::path::PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

#[test]
fn what_was_exported_is_extracted_and_the_same_packages_are_the_same_bytes() {
    let (home, from) = library();
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    take(home.path(), &from, 1, &[("a", b"one"), ("b/large.cab", &large), ("empty", b"")]);
    take(home.path(), &from, 2, &[("e", b"one"), ("other", b"more")]);
    let bytes = export(&from, &[1, 2]);
    let (_directory, to) = library();
    let extracted = to.extract(&bytes[..], "carried by hand").unwrap();
    assert_eq!(extracted.keys().collect::<Vec<_>>(), [&package(1), &package(2)]);
    for (package, state) in &extracted {
        let sent = from.state(package).unwrap();
        assert!(state.available());
        assert_eq!((state.digest, state.version, state.files), (sent.digest, 3, sent.files));
        assert_eq!(state.sources, ["carried by hand"]);
    }
    assert_eq!(export(&to, &[2, 1]), bytes);
    // Once more changes nothing, and of what is there every byte is checked all the same.
    assert_eq!(to.extract(&bytes[..], "carried by hand").unwrap(), extracted);
    let mut flipped = bytes;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let told = to.extract(&flipped[..], "").unwrap_err();
    assert!(matches!(told, PrestagedError::Damaged(_)), "{told}");
    assert!(to.states().values().all(crate::model::PackageState::available));
}

#[test]
fn cut_off_anywhere_it_is_refused_and_leaves_nothing() {
    let bytes = small();
    let (directory, library) = library();
    let before = files(directory.path());
    for length in 0..bytes.len() {
        let told = library.extract(&bytes[..length], "").unwrap_err();
        assert!(matches!(told, PrestagedError::Truncated), "{length} bytes: {told}");
        assert!(library.states().is_empty());
    }
    assert_eq!(files(directory.path()), before);
    let longer = [&bytes[..], b" "].concat();
    assert!(matches!(library.extract(&longer[..], ""), Err(PrestagedError::Damaged(_))));
    assert!(library.states().is_empty());
    assert_eq!(library.extract(&bytes[..], "").unwrap().len(), 2);
}

#[test]
fn with_any_byte_flipped_it_is_refused_and_what_was_there_stays() {
    let bytes = small();
    let (directory, library) = library();
    take(directory.path(), &library, 1, &[("kept", b"as it was")]);
    let (states, before) = (library.states(), files(&directory.path().join("library")));
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x40;
        assert!(library.extract(&flipped[..], "").is_err(), "byte {at}");
        assert_eq!(library.states(), states, "byte {at}");
    }
    assert_eq!(files(&directory.path().join("library")), before);
}

/// Puts a file together whose end is right.
fn sealed(records: &[(u8, u64, &[u8])]) -> Vec<u8> {
    let mut bytes = b"HEADWATERCONTENT\x00\x00\x00\x01".to_vec();
    for (kind, length, held) in records {
        bytes.push(*kind);
        bytes.extend(length.to_be_bytes());
        bytes.extend(*held);
    }
    let digest = Digest::of(&bytes);
    bytes.push(b'E');
    bytes.extend(32_u64.to_be_bytes());
    bytes.extend(digest.as_bytes());
    bytes
}

fn list(package: &str, path: &str, content: &[u8], size: u64) -> Vec<u8> {
    let digest = Digest::of(content);
    let text = format!(
        r#"{{"package":"{package}","version":1,"files":[{{"path":"{path}","size":{size},"digest":"{digest}"}}]}}"#
    );
    text.into_bytes()
}

#[test]
fn whoever_seals_a_file_is_not_believed_either() {
    let (directory, library) = self::library();
    let before = files(directory.path());
    let good = list("CEN00001", "a", b"one", 3);
    let length = good.len() as u64;
    let file = [&Digest::of(b"one").as_bytes()[..], b"one"].concat();
    let package = (b'P', length, &good[..]);
    let content = (b'F', 35, &file[..]);
    let (_directory, takes) = self::library();
    assert_eq!(takes.extract(&sealed(&[package, content])[..], "").unwrap().len(), 1);

    let other = [&Digest::of(b"one").as_bytes()[..], b"two"].concat();
    let climbs = list("CEN00001", "../../etc/passwd", b"one", 3);
    let absolute = list("CEN00001", "/etc/passwd", b"one", 3);
    let larger = list("CEN00002", "a", b"one", 4);
    let refused: [(&str, Vec<u8>); 14] = [
        ("nothing", sealed(&[])),
        ("no files", sealed(&[package])),
        ("no lists", sealed(&[content])),
        ("a file too many", sealed(&[package, content, content])),
        ("a package twice", sealed(&[package, package, content])),
        ("a list at the end", sealed(&[package, content, package])),
        ("other bytes", sealed(&[package, (b'F', 35, &other)])),
        ("a path that climbs", sealed(&[(b'P', climbs.len() as u64, &climbs), content])),
        ("an absolute path", sealed(&[(b'P', absolute.len() as u64, &absolute), content])),
        ("two sizes", sealed(&[package, (b'P', larger.len() as u64, &larger), content])),
        ("a list without end", sealed(&[(b'P', u64::MAX, &good), content])),
        ("a list longer than it is", sealed(&[(b'P', 200 << 20, &good), content])),
        ("a file without end", sealed(&[package, (b'F', u64::MAX, &file)])),
        ("another kind", sealed(&[package, (b'X', 35, &file)])),
    ];
    for (what, bytes) in refused {
        assert!(library.extract(&bytes[..], "").is_err(), "{what}");
        assert!(library.states().is_empty(), "{what}");
    }
    let mut newer = sealed(&[package, content]);
    newer[19] = 2;
    assert!(matches!(library.extract(&newer[..], ""), Err(PrestagedError::Format(2))));
    assert!(matches!(
        library.extract(&b"MSCF and no more of it"[..], ""),
        Err(PrestagedError::NotOne)
    ));
    assert_eq!(files(directory.path()), before);
}

#[test]
fn only_what_is_whole_and_right_is_exported() {
    let (home, from) = library();
    let one = vec![1; 70_000];
    take(home.path(), &from, 1, &[("a", &one), ("b", b"two")]);
    let nothing = from.export(&BTreeSet::from([package(1), package(2)]));
    assert!(matches!(nothing, Err(PrestagedError::NotWhole(id)) if id == package(2)));
    let name = Digest::of(&one).to_hex();
    let path = home.path().join("library/files").join(&name[..2]).join(&name);
    let mut changed = one;
    changed[7] = 2;
    fs::write(&path, changed).unwrap();
    let ready = from.export(&BTreeSet::from([package(1)])).unwrap();
    assert!(matches!(ready.write(Vec::new()), Err(PrestagedError::WrongFile(_))));
    fs::remove_file(path).unwrap();
    let missing = from.export(&BTreeSet::from([package(1)]));
    assert!(matches!(missing, Err(PrestagedError::NotWhole(_))));
}
