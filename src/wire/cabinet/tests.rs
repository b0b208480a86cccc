use proptest::prelude::*;

use super::*;

const EXPORT: &[u8] = include_bytes!("../../../examples/wsus-export/WSUS-2024-06-19.cab");
const BLOB: &[u8] =
    include_bytes!("../../../tests/data/updates/a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200.cab");

const LIMITS: CabinetLimits =
    CabinetLimits { max_files: 4, max_uncompressed_bytes: 1 << 24, require_checksums: true };

/// A stored cabinet of these files.
fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write as _;
    let mut builder = cab::CabinetBuilder::new();
    let folder = builder.add_folder(cab::CompressionType::None);
    for (name, _) in files {
        folder.add_file(*name);
    }
    let mut writer = builder.build(std::io::Cursor::new(Vec::new())).unwrap();
    let mut contents = files.iter();
    while let Some(mut file) = writer.next_file().unwrap() {
        file.write_all(contents.next().unwrap().1).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The blocks of the blob: where each begins, and the length of its data.
fn blocks() -> Vec<(usize, usize)> {
    let mut at = 0x41;
    let mut blocks = Vec::new();
    while at < BLOB.len() {
        let length = usize::from(u16::from_le_bytes([BLOB[at + 4], BLOB[at + 5]]));
        blocks.push((at, length));
        at += 8 + length;
    }
    blocks
}

#[test]
fn real_blob_is_unpacked() {
    let files = read(BLOB, LIMITS).unwrap();
    assert_eq!((files.len(), files[0].0.as_str(), files[0].1.len()), (1, "blob", 69_570));
}

#[test]
fn every_flipped_bit_of_a_data_block_is_noticed() {
    assert_eq!(blocks().len(), 3);
    for (start, length) in blocks() {
        // All of the block's header, and every fifth byte of its data.
        let positions = (start..start + 8).chain((start + 8..start + 8 + length).step_by(5));
        for at in positions {
            let mut damaged = BLOB.to_vec();
            damaged[at] ^= 1 << (at % 8);
            assert!(read(&damaged, LIMITS).is_err(), "byte {at}");
        }
    }
}

#[test]
fn flipped_bits_of_the_real_export_are_noticed() {
    for at in [7_000, 100_001, 333_333, EXPORT.len() - 1] {
        let mut damaged = EXPORT.to_vec();
        damaged[at] ^= 0x10;
        let error = read(&damaged, CabinetLimits::EXPORT).unwrap_err();
        assert!(!matches!(error, CabinetError::Decompress { .. }), "byte {at}: {error:?}");
    }
}

#[test]
fn every_cut_is_noticed() {
    for length in (0..BLOB.len()).step_by(7) {
        let error = read(&BLOB[..length], LIMITS).unwrap_err();
        if length >= 12 {
            let declared = BLOB.len() as u64;
            assert_eq!(error, CabinetError::Length { declared, actual: length as u64 });
            assert!(error.to_string().contains("11337"), "{error}");
        }
    }
    let longer = [BLOB, &[0]].concat();
    assert!(matches!(read(&longer, LIMITS), Err(CabinetError::Length { .. })));
}

#[test]
fn limits_hold_before_anything_is_decompressed() {
    let tight = CabinetLimits { max_uncompressed_bytes: 69_569, ..LIMITS };
    assert!(matches!(read(BLOB, tight), Err(CabinetError::TooMuch { declared: 69_570, .. })));
    let none = CabinetLimits { max_files: 0, ..LIMITS };
    assert!(matches!(read(BLOB, none), Err(CabinetError::TooMuch { what: "files", .. })));
}

#[test]
fn several_files_come_in_order() {
    let large = vec![7; 40_000];
    let files: [(&str, &[u8]); 3] = [("b.txt", b"one"), ("a.txt", b""), ("c.txt", &large)];
    let unpacked = read(&stored(&files), LIMITS).unwrap();
    assert!(unpacked.iter().map(|(name, content)| (name.as_str(), content.as_slice())).eq(files));
}

#[test]
fn odd_names_and_repetitions_are_refused() {
    let twice = stored(&[("a", b"1"), ("a", b"2")]);
    assert!(matches!(read(&twice, LIMITS), Err(CabinetError::Name { file: 1, .. })));
    let mut control = stored(&[("a?c", b"1")]);
    let at = control.windows(3).position(|it| it == b"a?c").unwrap();
    control[at + 1] = 7;
    assert!(matches!(read(&control, LIMITS), Err(CabinetError::Name { .. })));
}

#[test]
fn missing_checksums_are_refused_where_they_are_required() {
    let mut bytes = stored(&[("a", b"content")]);
    let at = bytes.len() - b"content".len() - 8;
    bytes[at..at + 4].fill(0);
    assert_eq!(read(&bytes, LIMITS), Err(CabinetError::NoChecksum { block: 0 }));
    let lenient = CabinetLimits { require_checksums: false, ..LIMITS };
    assert_eq!(read(&bytes, lenient).unwrap()[0].1, b"content");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Damage that the checksums cannot notice, because they are gone.
    #[test]
    fn crafted_data_never_panics(
        flips in proptest::collection::vec((0x2C_usize..11_337, any::<u8>()), 1..6),
    ) {
        let mut bytes = BLOB.to_vec();
        for (at, with) in flips {
            bytes[at] ^= with;
        }
        for (start, _) in blocks() {
            bytes[start..start + 4].fill(0);
        }
        let lenient = CabinetLimits { require_checksums: false, ..LIMITS };
        let _ = read(&bytes, lenient);
    }
}
