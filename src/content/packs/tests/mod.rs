//! Packs on a real disk: what crashes, damage and rewriting leave of them.

mod model;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
};

use super::{format::RECORD, *};

fn open(home: &Path) -> Packs {
    Packs::open(home.to_owned()).unwrap()
}

fn append(packs: &Packs, files: &[&[u8]]) {
    let files: Vec<_> = files.iter().map(|file| (Digest::of(file), *file)).collect();
    packs.append(&files).unwrap();
}

fn read(packs: &Packs, file: &[u8]) -> Option<Vec<u8>> {
    let read = packs.read(&Digest::of(file), file.len() as u64)?;
    Some(read.bytes.unwrap())
}

/// Which of these files are there.
fn there<'a>(packs: &Packs, files: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let read = |file: &&&[u8]| read(packs, file).is_some_and(|it| it == **file);
    files.iter().filter(read).copied().collect()
}

fn names(home: &Path) -> Vec<String> {
    let children = fs::read_dir(home).unwrap();
    let mut names: Vec<_> =
        children.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn no_damage(digest: &Digest, _: &[u8]) -> Result<(), LibraryError> {
    panic!("{digest} is damaged")
}

/// A file of some size; no two numbers have the same.
fn file(number: u32, size: usize) -> Vec<u8> {
    number.to_be_bytes().into_iter().cycle().take(size.max(4)).collect()
}

/// As many files as a pack takes, and one more.
fn fill(packs: &Packs) {
    let files: Vec<_> = (0..=u32::try_from(MAX_RECORDS).unwrap()).map(|it| file(it, 4)).collect();
    for part in files.chunks(8_192) {
        append(packs, &part.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}

const THREE: [&[u8]; 3] = [b"one", b"", b"three"];
const HEADS: usize = RECORD as usize;

#[test]
fn files_are_there_at_once_and_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let packs = open(home.path());
    append(&packs, &THREE[..2]);
    append(&packs, &THREE[2..]);
    assert_eq!(there(&packs, &THREE), THREE);
    assert!(!packs.has(&Digest::of(b"one"), 4), "another size");
    let together: Vec<_> =
        [2, 0, 1, 2].map(|at| (Digest::of(THREE[at]), THREE[at].len() as u64)).into();
    assert_eq!(packs.read_together(&together).unwrap(), b"threeonethree".as_slice());
    assert_eq!(packs.read_together(&[(Digest::of(b"four"), 4)]), None);
    packs.settle().unwrap();
    drop(packs);
    let packs = open(home.path());
    assert_eq!(there(&packs, &THREE), THREE);
    append(&packs, &[b"four"]);
    drop(packs);
    assert_eq!(there(&open(home.path()), &[b"one", b"four"]).len(), 2);
    assert_eq!(names(home.path()), ["00000001.pack"]);
}

#[test]
fn cut_off_anywhere_a_pack_has_what_is_whole_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    append(&open(home.path()), &THREE);
    let pack = home.path().join("00000001.pack");
    let whole = fs::read(&pack).unwrap();
    let ends = [16 + HEADS + 3, 16 + 2 * HEADS + 3, 16 + 3 * HEADS + 8];
    assert_eq!(whole.len(), ends[2]);
    for length in 0..=whole.len() {
        fs::write(&pack, &whole[..length]).unwrap();
        let packs = open(home.path());
        let left = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(there(&packs, &THREE), THREE[..left], "{length} bytes");
        let end = ends[..left].last().copied().unwrap_or(16) as u64;
        assert!(length < 16 || fs::metadata(&pack).unwrap().len() == end, "{length} bytes");
        append(&packs, &[b"more"]);
        drop(packs);
        let packs = open(home.path());
        assert_eq!(there(&packs, &[b"more"]).len(), 1);
        assert_eq!(there(&packs, &THREE), THREE[..left], "{length} bytes");
    }
    fs::write(&pack, [0; 99]).unwrap();
    append(&open(home.path()), &[b"more"]);
    assert_eq!(there(&open(home.path()), &[b"more"]).len(), 1, "not even its head was written");
}

/// What a failure of power leaves: lengths are there, and zeros or old bytes instead of new ones.
#[test]
fn whatever_is_wrong_in_a_pack_without_index_only_that_is_missing() {
    let home = tempfile::tempdir().unwrap();
    append(&open(home.path()), &[b"one", b"second", b"three"]);
    let pack = home.path().join("00000001.pack");
    let whole = fs::read(&pack).unwrap();
    let second = 16 + HEADS + 3;
    for at in second..second + HEADS + 6 {
        for count in [1, 16 + HEADS] {
            let mut wrong = whole.clone();
            let end = (at + count).min(second + HEADS + 6);
            wrong[at..end].iter_mut().for_each(|byte| *byte ^= 0x55);
            fs::write(&pack, wrong).unwrap();
            for _ in 0..2 {
                let packs = open(home.path());
                let found = there(&packs, &[b"one", b"second", b"three"]);
                assert_eq!(found, [&b"one"[..], b"three"], "byte {at}");
            }
        }
    }
    // One that is wrong is not found by its head alone when the pack is full.
    let mut wrong = whole;
    wrong[second + HEADS] = 0;
    fs::write(&pack, wrong).unwrap();
    let packs = open(home.path());
    fill(&packs);
    packs.settle().unwrap();
    drop(packs);
    assert!(names(home.path()).contains(&"00000001.index".to_owned()));
    assert_eq!(there(&open(home.path()), &[b"one", b"second", b"three"]).len(), 2);
}

#[test]
fn what_looks_like_a_record_inside_of_a_file_is_none() {
    let home = tempfile::tempdir().unwrap();
    let mut inner = Vec::new();
    format::write_record(&mut inner, &Digest::of(b"wanted"), 6, b"others");
    append(&open(home.path()), &[b"one", &inner, b"two"]);
    let pack = home.path().join("00000001.pack");
    let mut wrong = fs::read(&pack).unwrap();
    wrong[16 + HEADS + 3] = 0;
    fs::write(&pack, wrong).unwrap();
    let packs = open(home.path());
    assert!(!packs.has(&Digest::of(b"wanted"), 6));
    assert_eq!(there(&packs, &[b"one", &inner, b"two"]), [&b"one"[..], b"two"]);
}

#[test]
fn a_full_pack_has_an_index_that_is_believed_if_it_is_right() {
    let home = tempfile::tempdir().unwrap();
    let packs = open(home.path());
    fill(&packs);
    assert_eq!(names(home.path()), ["00000001.pack", "00000002.pack"], "not before it is durable");
    packs.settle().unwrap();
    let all = ["00000001.index", "00000001.pack", "00000002.pack"];
    assert_eq!(names(home.path()), all);
    drop(packs);
    let pack = home.path().join("00000001.pack");
    let mut wrong = fs::read(&pack).unwrap();
    wrong[16 + HEADS] = 7;
    fs::write(&pack, &wrong).unwrap();
    let first = file(0, 4);
    let packs = open(home.path());
    assert_eq!(read(&packs, &first), Some(vec![7, 0, 0, 0]), "only a validation hashes it");
    assert_eq!(there(&packs, &[&file(9, 4)]).len(), 1);
    drop(packs);
    let index = home.path().join("00000001.index");
    let mut other = fs::read(&index).unwrap();
    other[40] ^= 1;
    fs::write(&index, &other).unwrap();
    let packs = open(home.path());
    assert_eq!((read(&packs, &first), there(&packs, &[&file(9, 4)]).len()), (None, 1));
    assert_ne!(fs::read(&index).unwrap(), other, "it was written anew");
    drop(packs);
    // A cut pack is not what its index says.
    fs::OpenOptions::new().write(true).open(&pack).unwrap().set_len(100).unwrap();
    assert_eq!(there(&open(home.path()), &[&file(9, 4)]).len(), 0);
    fs::remove_file(&pack).unwrap();
    let packs = open(home.path());
    assert_eq!(names(home.path()), ["00000002.pack"], "an index without its pack");
    assert_eq!(there(&packs, &[&file(u32::try_from(MAX_RECORDS).unwrap(), 4)]).len(), 1);
}

#[test]
fn a_damaged_record_is_buried_for_good() {
    let home = tempfile::tempdir().unwrap();
    let packs = open(home.path());
    fill(&packs);
    packs.settle().unwrap();
    for number in [5, u32::try_from(MAX_RECORDS).unwrap()] {
        let digest = Digest::of(&file(number, 4));
        let place = packs.read(&digest, 4).unwrap().place;
        assert!(packs.bury(&digest, place).unwrap());
        assert!(!packs.bury(&digest, place).unwrap(), "once");
        assert!(!packs.has(&digest, 4));
    }
    drop(packs);
    let packs = open(home.path());
    assert_eq!((read(&packs, &file(5, 4)), there(&packs, &[&file(6, 4)]).len()), (None, 1));
    // What is fetched again has another place, and is not buried by who has read the old one.
    let old = packs.read(&Digest::of(&file(6, 4)), 4).unwrap().place;
    packs.forget(&[Digest::of(&file(6, 4))]);
    append(&packs, &[&file(6, 4)]);
    assert!(!packs.bury(&Digest::of(&file(6, 4)), old).unwrap());
    assert_eq!(there(&packs, &[&file(6, 4)]).len(), 1);
}

/// Four MiB in files of 64 KiB, of which the first quarter is kept, one of them aside.
fn mostly_unneeded(home: &Path) -> (Packs, Vec<Vec<u8>>, Digest) {
    let packs = open(home);
    let files: Vec<_> = (0..64).map(|number| file(number, 64 << 10)).collect();
    for part in files.chunks(8) {
        append(&packs, &part.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    packs.settle().unwrap();
    let digests: Vec<_> = files.iter().map(|file| Digest::of(file)).collect();
    assert_eq!(packs.forget(&digests[16..]), []);
    packs.retire(&digests[15..16]);
    (packs, files, digests[15])
}

#[test]
fn a_pack_of_which_most_is_unneeded_is_rewritten() {
    let home = tempfile::tempdir().unwrap();
    let (packs, files, aside) = mostly_unneeded(home.path());
    let size = 64 << 10;
    let stored = packs.stored(&Digest::of(&files[3]), size).unwrap().unwrap();
    let before = fs::read(home.path().join("00000001.pack")).unwrap();
    packs.compact(&no_damage).unwrap();
    assert_eq!(names(home.path()), ["00000002.pack"]);
    let check = |packs: &Packs| {
        assert!((0..15).all(|at| read(packs, &files[at]).as_ref() == Some(&files[at])));
        assert!((16..64).all(|at| read(packs, &files[at]).is_none()));
    };
    check(&packs);
    assert_eq!(stored.read(0, size).unwrap(), files[3], "who has it open reads on");
    assert_eq!((packs.retired_sizes(), packs.has(&aside, size)), (vec![size], false));
    packs.take_back(&BTreeMap::from([(aside, size)]));
    assert!(packs.has(&aside, size));
    packs.compact(&no_damage).unwrap();
    assert_eq!(names(home.path()), ["00000002.pack"], "there is nothing more to do");
    drop(packs);
    check(&open(home.path()));
    // It was killed before the old one was removed.
    fs::write(home.path().join("00000001.pack"), &before).unwrap();
    let packs = open(home.path());
    let needed: HashSet<_> = files[..16].iter().map(|file| Digest::of(file)).collect();
    packs.forget_unneeded(|digest| needed.contains(digest));
    check(&packs);
    packs.compact(&no_damage).unwrap();
    assert_eq!(names(home.path()), ["00000002.pack"]);
    check(&packs);
    drop(packs);
    // It was killed in the middle of the copies.
    let copies = fs::read(home.path().join("00000002.pack")).unwrap();
    for length in [16, 20, 100, 80_000, copies.len() - 1] {
        fs::write(home.path().join("00000001.pack"), &before).unwrap();
        fs::write(home.path().join("00000002.pack"), &copies[..length]).unwrap();
        let packs = open(home.path());
        packs.forget_unneeded(|digest| needed.contains(digest));
        check(&packs);
        packs.compact(&no_damage).unwrap();
        check(&packs);
        drop(packs);
        let packs = open(home.path());
        packs.forget_unneeded(|digest| needed.contains(digest));
        check(&packs);
    }
}

#[test]
fn what_is_damaged_is_not_copied() {
    let home = tempfile::tempdir().unwrap();
    let (packs, files, _) = mostly_unneeded(home.path());
    let place = packs.read(&Digest::of(&files[2]), 64 << 10).unwrap().place;
    let pack = fs::OpenOptions::new().write(true).open(home.path().join("00000001.pack")).unwrap();
    pack.write_all_at(b"x", u64::from(place.at) + 9).unwrap();
    let found = std::cell::RefCell::new(Vec::new());
    let aside = |digest: &Digest, bytes: &[u8]| {
        assert_eq!(bytes[9], b'x');
        found.borrow_mut().push(*digest);
        Ok(())
    };
    packs.compact(&aside).unwrap();
    assert_eq!(found.into_inner(), [Digest::of(&files[2])]);
    assert!(read(&packs, &files[2]).is_none() && read(&packs, &files[1]).is_some());
    assert_eq!(names(home.path()), ["00000002.pack"]);
}

#[cfg(target_os = "linux")]
#[test]
fn room_that_nothing_needs_is_given_back_without_copies() {
    let home = tempfile::tempdir().unwrap();
    let (packs, files, aside) = mostly_unneeded(home.path());
    // One of the last, so that there is a gap.
    append(&packs, &[&files[60]]);
    let pack = home.path().join("00000001.pack");
    let blocks = || fs::metadata(&pack).unwrap().blocks() * 512;
    let before = blocks();
    packs.make_room().unwrap();
    assert!(before - blocks() >= 47 << 16, "{before} {}", blocks());
    let kept: BTreeSet<_> = (0..15).chain([60]).collect();
    let check = |packs: &Packs| {
        for (at, file) in (0..).zip(&files) {
            assert_eq!(read(packs, file).as_ref() == Some(file), kept.contains(&at), "{at}");
        }
    };
    check(&packs);
    drop(packs);
    let packs = open(home.path());
    packs.are_retired(&HashSet::from([aside]), |_| false);
    check(&packs);
    packs.compact(&no_damage).unwrap();
    check(&packs);
}

#[test]
fn what_is_no_pack_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("00000003.pack"), "HEADWATER PACK 2").unwrap();
    fs::write(home.path().join("notes.txt"), "").unwrap();
    fs::write(home.path().join("00000001.index.new"), "").unwrap();
    let packs = open(home.path());
    append(&packs, &THREE);
    assert_eq!(names(home.path()), ["00000003.pack", "00000004.pack", "notes.txt"]);
    assert_eq!(fs::read(home.path().join("00000003.pack")).unwrap(), b"HEADWATER PACK 2");
}
