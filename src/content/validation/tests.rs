//! Validation at once: what is found, named, put aside and left.

use std::{
    collections::BTreeSet,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Mutex,
};

use tempfile::TempDir;

use super::super::{Library, LibraryError, Taking, ValidationProgress};
use crate::model::{Digest, FileDamage, PackageId, ValidationFindings};

fn package(number: u32) -> PackageId {
    format!("CEN{number:05}").parse().unwrap()
}

/// A library with a package of these files.
struct Kept {
    home: TempDir,
    library: Library,
}

impl Kept {
    fn of(packages: &[&[(&str, &[u8])]]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let library = Library::open(&home.path().join("library")).unwrap();
        let kept = Self { home, library };
        for (number, files) in (1..).zip(packages) {
            kept.take(number, files).unwrap();
        }
        kept
    }

    fn take(&self, number: u32, files: &[(&str, &[u8])]) -> Result<(), LibraryError> {
        let source = self.home.path().join(format!("source-{number}"));
        for (path, content) in files {
            fs::create_dir_all(source.join(path).parent().unwrap()).unwrap();
            fs::write(source.join(path), content).unwrap();
        }
        let package = &package(number);
        let taking = Taking { package, version: 1, origin: None, content: None };
        self.library.ingest_directory(&source, taking, &|_, _| {}).map(drop)
    }

    fn place(&self, content: &[u8]) -> PathBuf {
        let hex = Digest::of(content).to_hex();
        self.home.path().join("library/files").join(&hex[..2]).join(hex)
    }

    fn aside(&self, content: &[u8]) -> PathBuf {
        self.home.path().join("library/quarantine").join(Digest::of(content).to_hex())
    }

    /// Changes a bit in the middle of a stored file.
    fn flip(&self, content: &[u8]) {
        flip(&self.place(content));
    }

    fn validate(&self, packages: &[u32]) -> ValidationFindings {
        let packages = packages.iter().map(|it| package(*it)).collect();
        let go_on = |_, _| ControlFlow::Continue(());
        self.library.validate_at_once(&packages, &go_on).unwrap().unwrap()
    }
}

/// Too large for a pack: a file of its own.
fn unpacked(byte: u8) -> Vec<u8> {
    vec![byte; 100_000]
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn named(findings: &ValidationFindings) -> Vec<(&str, &str, FileDamage)> {
    let named = findings.named.iter();
    named.map(|it| (it.package.as_str(), it.path.as_str(), it.damage)).collect()
}

#[test]
fn damage_is_named_wherever_it_is_and_put_aside_once() {
    let (large, three) = (vec![7; 3 << 20], unpacked(3));
    let kept = Kept::of(&[&[("a/large", &large), ("b", b"2"), ("c", &three)], &[("same", &large)]]);
    assert!(kept.validate(&[]).is_whole());
    kept.flip(&large);
    fs::remove_file(kept.place(&three)).unwrap();
    let found = kept.validate(&[]);
    assert_eq!((found.files, found.damaged, found.missing), (2, 1, 1));
    assert_eq!(found.bytes, 1 + (3 << 20));
    assert_eq!(
        named(&found),
        [
            ("CEN00001", "a/large", FileDamage::Damaged),
            ("CEN00001", "c", FileDamage::Missing),
            ("CEN00002", "same", FileDamage::Damaged),
        ]
    );
    assert_eq!(kept.library.states()[&package(2)].damaged, 1);
    assert!(kept.library.open_file(&Digest::of(&large)).is_err(), "never served again");
    // The next one finds it missing, and leaves what is the beginning of its repair.
    let again = kept.validate(&[]);
    assert_eq!((again.files, again.damaged, again.missing), (1, 0, 2));
    let go_on = |_: &ValidationProgress, _| ControlFlow::Continue(());
    kept.library.validate(ValidationProgress::default(), &go_on).unwrap();
    assert!(kept.aside(&large).exists());
    // Once it is repaired, nobody needs the damaged one.
    kept.take(2, &[("same", &large)]).unwrap();
    assert_eq!(kept.validate(&[]).damaged, 0);
    assert!(!kept.aside(&large).exists());
}

#[test]
fn only_what_was_asked_for_is_hashed() {
    let [one, two, three] = [1, 2, 3].map(unpacked);
    let kept = Kept::of(&[&[("a", &one), ("b", &two)], &[("c", &three)]]);
    for content in [&one, &three] {
        kept.flip(content);
    }
    let found = kept.validate(&[2]);
    assert_eq!((found.files, found.bytes), (1, three.len() as u64));
    assert_eq!(named(&found), [("CEN00002", "c", FileDamage::Damaged)]);
    assert!(kept.place(&one).exists(), "nobody has looked at it");
    let unknown = BTreeSet::from([package(1), package(9)]);
    let go_on = |_, _| ControlFlow::Continue(());
    let error = kept.library.validate_at_once(&unknown, &go_on).unwrap_err();
    assert!(matches!(error, LibraryError::NoPackage(id) if id == package(9)));
}

#[test]
fn every_byte_is_told_and_it_ends_when_it_is_told_to() {
    let contents: Vec<Vec<u8>> = (1..5_u8).map(|it| vec![it; usize::from(it) << 20]).collect();
    let files: Vec<(&str, &[u8])> =
        ["a", "b", "c", "d"].into_iter().zip(contents.iter().map(Vec::as_slice)).collect();
    let kept = Kept::of(&[&files]);
    let told = Mutex::new(Vec::new());
    let tell = |done, total| {
        told.lock().unwrap().push((done, total));
        ControlFlow::Continue(())
    };
    kept.library.validate_at_once(&BTreeSet::new(), &tell).unwrap().unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.iter().all(|(_, total)| *total == 10 << 20));
    assert_eq!(told.iter().map(|(done, _)| *done).max(), Some(10 << 20));
    let end =
        |done, _| if done < 5 << 20 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    assert_eq!(kept.library.validate_at_once(&BTreeSet::new(), &end).unwrap(), None);
}
