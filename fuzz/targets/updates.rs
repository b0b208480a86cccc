//! Whatever is in a file of updates: reading it never panics, and what is read is written and read
//! again as the same.
#![no_main]

mod work;

use std::io::Cursor;

use headwater::{
    model::UpdateIdentity,
    wire::{
        cabinet::{self, CabinetLimits},
        export_file::{ExportError, ExportFile, each_record, write_record},
        update_document::UpdateDocument,
        updates_file::{UpdatesFileError, UpdatesFileReader},
        xml::XmlReader,
    },
};
use libfuzzer_sys::fuzz_target;

use self::work::work_of;

/// The most work for a file: what is packed may unpack to a mebibyte, and is read to its end. Quadratic work
/// passes it.
const WORK: u64 = 4_000_000_000;

/// Without checksums the decoder of cabinets, which is not ours, would be what is tried, and its
/// panics, which are caught, end a fuzzer all the same.
const LIMITS: CabinetLimits =
    CabinetLimits { max_files: 4, max_uncompressed_bytes: 1 << 20, require_checksums: true };

/// The records of `metadata.txt`.
fn records(bytes: &[u8]) -> Result<Vec<(UpdateIdentity, String)>, ExportError> {
    let mut found = Vec::new();
    each_record(bytes, |identity, text| {
        found.push((identity, text.to_owned()));
        Ok::<_, ExportError>(())
    })?;
    Ok(found)
}

fn metadata(bytes: &[u8]) {
    let Ok(found) = records(bytes) else { return };
    let mut written = String::new();
    for (identity, text) in &found {
        write_record(&mut written, *identity, text).unwrap();
    }
    assert_eq!(records(written.as_bytes()).unwrap(), found);
    // Digits may be written in either case; all else is the same.
    assert!(bytes.eq_ignore_ascii_case(written.as_bytes()));
}

fn headwater(bytes: &[u8]) {
    let Ok(mut reader) = UpdatesFileReader::check(Cursor::new(bytes), None) else { return };
    let _ = reader.languages();
    let _ = reader.each_address(|_| Ok::<_, UpdatesFileError>(()));
    let _ = reader.each_document(|_, _| Ok::<_, UpdatesFileError>(()));
    let _ = reader.approvals();
    let Ok(contents) = reader.contents() else { return };
    let _ = reader.each_content(&contents, |_, _| Ok::<_, UpdatesFileError>(()));
}

/// The fragments of a document are rows of elements, whatever it is.
fn fragments(text: &str) {
    let Ok(made) = UpdateDocument::fragments(text) else { return };
    let localized = made.localized.iter().map(|it| &it.text);
    for fragment in [&made.core, &made.extended].into_iter().chain(localized) {
        let below_root = format!("<root>{fragment}</root>");
        let mut xml = XmlReader::new(&below_root, usize::MAX).unwrap();
        xml.root().unwrap();
        xml.skip().unwrap();
        xml.finish().unwrap();
    }
}

fn read(bytes: &[u8]) {
    let Some((which, bytes)) = bytes.split_first() else { return };
    match which {
        b'C' => drop(cabinet::read(bytes, LIMITS)),
        b'E' => drop(ExportFile::parse(bytes)),
        b'M' => metadata(bytes),
        b'H' => headwater(bytes),
        _ => {
            if let Ok(text) = str::from_utf8(bytes) {
                let _ = UpdateDocument::identity(text);
                let titles = UpdateDocument::titles(text);
                // Every way to read a document comes to the same.
                let index = UpdateDocument::index_carefully(text).ok();
                assert_eq!(UpdateDocument::index(text).ok(), index);
                assert!(titles.is_ok() || index.is_none());
                fragments(text);
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let work = work_of(|| read(bytes));
    assert!(work <= WORK, "{} bytes took {work} branches", bytes.len());
});
