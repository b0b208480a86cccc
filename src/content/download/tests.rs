//! Downloads in pieces, on a real disk.

use super::*;
use crate::{
    content::ValidationProgress,
    wire::file_list::{FileEntry, FileList},
    wire::pieces::PIECE,
};
use std::ops::ControlFlow;

/// Three pieces and a bit, no two alike.
fn content() -> Vec<u8> {
    (0..3 * PIECE + 5).map(|at| u8::try_from(at / 1_000 % 251).unwrap()).collect()
}

fn library(home: &std::path::Path, content: &[u8]) -> (Library, Digest, Pieces) {
    let library = Library::open(home).unwrap();
    let (digest, pieces) = (Digest::of(content), Pieces::of(content).unwrap());
    let size = content.len() as u64;
    let entry =
        FileEntry { path: "image".parse().unwrap(), size, digest, pieces: Some(pieces.clone()) };
    let list = FileList::new("CEN00001".parse().unwrap(), 1, vec![entry]).unwrap();
    library.begin(Arc::new(list)).unwrap();
    (library, digest, pieces)
}

fn open(library: &Library, digest: Digest, size: usize, pieces: &Pieces) -> Arc<Download> {
    let claim = library.try_claim(digest).unwrap();
    library.download(&claim, digest, size as u64, pieces.clone()).unwrap()
}

fn finish(library: &Library, download: &Download) -> bool {
    download.finish(library.try_claim(download.digest).unwrap()).unwrap()
}

fn write(download: &Arc<Download>, index: u64, content: &[u8]) -> bool {
    let span = Pieces::span(index, content.len() as u64);
    let mut piece = download.piece(index);
    let [start, end] = [span.start, span.end].map(|at| usize::try_from(at).unwrap());
    content[start..end].chunks(1 << 20).for_each(|part| piece.write(part).unwrap());
    piece.finish().unwrap()
}

#[test]
fn pieces_come_in_any_order_and_are_found_again() {
    let home = tempfile::tempdir().unwrap();
    let content = content();
    let (library, digest, pieces) = library(home.path(), &content);
    let download = open(&library, digest, content.len(), &pieces);
    assert_eq!(download.missing(), [0, 1, 2, 3].into());
    assert!(write(&download, 3, &content) && write(&download, 1, &content));
    let mut cut_off = download.piece(0);
    cut_off.write(&content[..100]).unwrap();
    assert_eq!((cut_off.position(), cut_off.left()), (100, PIECE - 100));
    assert!(!cut_off.finish().unwrap(), "it is not complete");
    assert!(!finish(&library, &download), "pieces are missing");
    drop(download);
    drop(library);

    let library = Library::open(home.path()).unwrap();
    let download = open(&library, digest, content.len(), &pieces);
    assert_eq!(download.missing(), [0, 2].into());
    assert!(write(&download, 0, &content) && write(&download, 2, &content));
    assert!(finish(&library, &download));
    library.publish(&"CEN00001".parse().unwrap(), [].into()).unwrap();
    let stored = library.open_file(&digest).unwrap();
    assert_eq!(stored.read(0, content.len() as u64).unwrap(), content);
}

#[test]
fn a_wrong_piece_stays_missing() {
    let home = tempfile::tempdir().unwrap();
    let content = content();
    let (library, digest, pieces) = library(home.path(), &content);
    let download = open(&library, digest, content.len(), &pieces);
    let mut wrong = content.clone();
    wrong[7] ^= 1;
    assert!(!write(&download, 0, &wrong));
    assert_eq!(download.missing(), [0, 1, 2, 3].into());
    assert!(write(&download, 0, &content));
    let mut more = download.piece(3);
    more.write(&[&content[content.len() - 5..], b"more"].concat()).unwrap();
    assert!(more.finish().unwrap(), "bytes behind the end are not taken");
}

#[test]
fn a_damaged_file_lacks_only_its_damaged_pieces() {
    let home = tempfile::tempdir().unwrap();
    let content = content();
    let (library, digest, pieces) = library(home.path(), &content);
    let download = open(&library, digest, content.len(), &pieces);
    (0..4).for_each(|index| assert!(write(&download, index, &content)));
    assert!(finish(&library, &download));
    drop(download);
    library.publish(&"CEN00001".parse().unwrap(), [].into()).unwrap();
    let hex = digest.to_hex();
    let place = home.path().join("files").join(&hex[..2]).join(&hex);
    let flip = |at: u64| {
        let file = OpenOptions::new().write(true).open(&place).unwrap();
        file.write_all_at(&[content[usize::try_from(at).unwrap()] ^ 1], at).unwrap();
    };
    // Found by a validation and put aside.
    flip(2 * PIECE + 9);
    let validated =
        library.validate(ValidationProgress::default(), &|_, _| ControlFlow::Continue(()));
    assert_eq!(validated.unwrap().unwrap().damaged, 1);
    let download = open(&library, digest, content.len(), &pieces);
    assert_eq!(download.missing(), [2].into());
    assert!(write(&download, 2, &content) && finish(&library, &download));
    drop(download);
    library.settle().unwrap();
    // Cut short in its place.
    OpenOptions::new().write(true).open(&place).unwrap().set_len(PIECE + 1).unwrap();
    let download = open(&library, digest, content.len(), &pieces);
    assert_eq!(download.missing(), [1, 2, 3].into());
}
