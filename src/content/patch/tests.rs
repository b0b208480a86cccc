//! Patches of files that are packed as others pack them, and of what hostile servers send.

use std::io::Write;

use proptest::prelude::*;

use super::{
    Header, MAX_SIZE, PatchError, apply,
    deflate::Deflater,
    make,
    recipe::{Put, Recipe, Take},
    scan::streams,
};

/// Words in an order that never repeats for long.
fn text(seed: u64, size: usize) -> Vec<u8> {
    let (mut text, mut state) = (Vec::new(), seed.wrapping_mul(2) | 1);
    while text.len() < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let words = ["update ", "point ", "of the ", "site\n", "package ", "{value} ", "0x"];
        text.extend_from_slice(words[(state >> 60) as usize % 7].as_bytes());
        text.extend_from_slice(format!("{:x}", (state >> 40) & 0xfff).as_bytes());
    }
    text.truncate(size);
    text
}

fn deflated(by: Deflater, plain: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    assert!(by.run(plain, |part| {
        stream.extend_from_slice(part);
        true
    }));
    stream
}

/// A stream of zlib, level 6, the usual way.
fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn entry(name: &str, plain: &[u8], stream: &[u8]) -> Vec<u8> {
    let mut head = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0".to_vec();
    for number in [7, stream.len(), plain.len()] {
        head.extend_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    }
    head.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
    head.extend_from_slice(&[0; 2]);
    [&head, name.as_bytes(), stream].concat()
}

/// A zip file, as far as a scan looks at it.
fn zip(plains: &[Vec<u8>]) -> Vec<u8> {
    let entries = plains.iter().enumerate();
    let entries = entries.map(|(number, plain)| entry(&format!("f{number}"), plain, &zlib(plain)));
    [entries.collect::<Vec<_>>().concat(), b"PK\x01\x02 the directory".to_vec()].concat()
}

fn applied(old: &[u8], patch: &[u8]) -> Result<Vec<u8>, PatchError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(old).unwrap();
    let mut new = Vec::new();
    apply(&file, patch, |part| {
        new.extend_from_slice(part);
        Ok(())
    })?;
    Ok(new)
}

#[test]
fn a_zip_file_that_changed_a_little_costs_a_little() {
    let before: Vec<_> = (0..9).map(|number| text(number, 200_000)).collect();
    let mut after = before.clone();
    after[3].splice(70_000..70_010, *b"something else");
    after.remove(7);
    after.push(text(77, 3_000));
    let (old, new) = (zip(&before), zip(&after));
    let patch = make(&old, &new).unwrap();
    assert!(patch.len() * 50 < new.len(), "{} of {}", patch.len(), new.len());
    assert_eq!(applied(&old, &patch).unwrap(), new);
    // Only what has changed is packed again.
    let header = Header::read(&patch).unwrap();
    assert_eq!(header.deflated, after[3].len() as u64 + 3_000);
    assert_eq!((header.old, header.new), (old.len() as u64, new.len() as u64));
}

#[test]
fn what_is_not_packed_and_what_somebody_else_packed_is_compared_as_it_is() {
    let (mut old, mut new) = (text(1, 300_000), text(1, 300_000));
    new.splice(5_000..5_000, *b"inserted");
    // A stream that no compressor here makes: stored, in a block of its own.
    let stored = [&[1, 100, 0, 155, 255][..], &[9; 100]].concat();
    old.extend(entry("s", &[9; 100], &stored));
    new.extend(entry("t", &[9; 100], &stored));
    let patch = make(&old, &new).unwrap();
    assert!(patch.len() < 1_000, "{}", patch.len());
    assert_eq!(applied(&old, &patch).unwrap(), new);
}

#[test]
fn a_gzip_file_is_unpacked() {
    let gzip = |plain: &[u8]| {
        [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3][..], b"name\0", &zlib(plain), &[0; 8]].concat()
    };
    let (before, mut after) = (text(1, 300_000), text(1, 300_000));
    after[9] ^= 1;
    let (old, new) = (gzip(&before), gzip(&after));
    let patch = make(&old, &new).unwrap();
    assert!(patch.len() * 20 < new.len(), "{} of {}", patch.len(), new.len());
    assert_eq!(applied(&old, &patch).unwrap(), new);
}

#[test]
fn no_patch_is_made_that_saves_less_than_half() {
    let noise = |seed: u64| -> Vec<u8> {
        (0..40_000_u64)
            .flat_map(|n| blake3::hash(&(n ^ seed << 32).to_le_bytes()).as_bytes()[..8].to_vec())
            .collect()
    };
    let (one, other) = (noise(1), noise(2));
    assert_eq!(make(&one, &other), None);
    assert_eq!(make(&zip(&[one]), &zip(&[other])), None);
}

#[test]
fn every_compressor_makes_its_own_stream_again() {
    let plain = text(5, 70_000);
    for by in Deflater::TRIED {
        assert_eq!(Deflater::of(by.code()), Some(by));
        let stream = deflated(by, &plain[..4_000]);
        assert!(by.makes(&plain[..4_000], &stream), "{by:?}");
        assert!(!by.makes(&plain[..4_001], &stream) && !by.makes(&plain[..3_999], &stream));
    }
    let found = streams(&zip(&[plain.clone(), plain]));
    assert_eq!(found.iter().map(|it| it.plain).collect::<Vec<_>>(), [70_000; 2]);
}

#[test]
fn a_patch_for_another_file_makes_nothing_of_it() {
    let (old, new) = (zip(&[text(1, 90_000)]), zip(&[text(1, 95_000)]));
    let patch = make(&old, &new).unwrap();
    assert!(matches!(applied(&old[1..], &patch), Err(PatchError::Wrong(_))));
    let mut other = old.clone();
    other[400] ^= 1;
    assert_ne!(applied(&other, &patch).ok(), Some(new));
}

#[test]
fn what_would_take_too_much_memory_is_refused() {
    let (old, new) = (text(1, 10_000), text(1, 10_001));
    let patch = make(&old, &new).unwrap();
    let with = |at: usize, number: u64| {
        let mut patch = patch.clone();
        patch[8 * at..8 * (at + 1)].copy_from_slice(&number.to_le_bytes());
        applied(&old, &patch)
    };
    for at in 0..8 {
        for number in [MAX_SIZE + 1, u64::MAX] {
            assert!(matches!(with(at, number), Err(PatchError::Wrong(_))), "{at}");
        }
        // How much is deflated is only told.
        assert!(at == 5 || with(at, 0).is_err(), "{at}");
    }
    // A bomb: a frame that becomes more than it says.
    assert!(with(4, 10_000).is_err());
}

fn steps() -> impl Strategy<Value = Recipe> {
    let take = prop_oneof![
        (0..400_u64).prop_map(Take::Raw),
        (0..400_u64).prop_map(Take::Skip),
        (0..400_u64, 0..4_000_u64).prop_map(|(deflated, plain)| Take::Inflate { deflated, plain }),
    ];
    let put = prop_oneof![
        (0..400_u64).prop_map(Put::Raw),
        (any::<u32>(), 0..400_u64).prop_map(|(from, size)| Put::Copy { from: from.into(), size }),
        (0..400_u64, 0..400_u64, 0..17_usize).prop_map(|(plain, deflated, by)| Put::Deflate {
            plain,
            deflated,
            by: Deflater::TRIED[by],
        }),
    ];
    let of = |takes, puts| Recipe { takes, puts };
    (prop::collection::vec(take, 0..9), prop::collection::vec(put, 0..9))
        .prop_map(move |(takes, puts)| of(takes, puts))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is changed in whatever entry: every byte is right in the end.
    #[test]
    fn patches_make_the_new_file(
        sizes in prop::collection::vec(0..30_000_usize, 1..5),
        edits in prop::collection::vec((0..5_usize, 0..30_000_usize, 0..200_usize, any::<u64>()), 0..6),
        packed in any::<bool>(),
    ) {
        let before: Vec<_> = sizes.iter().enumerate().map(|(seed, size)| text(seed as u64, *size)).collect();
        let mut after = before.clone();
        for (entry, at, size, seed) in edits {
            let count = after.len();
            let entry = &mut after[entry % count];
            let at = at.min(entry.len());
            let end = (at + size / 2).min(entry.len());
            entry.splice(at..end, text(seed, size));
        }
        let of = |plains: &[Vec<u8>]| if packed { zip(plains) } else { plains.concat() };
        let (old, new) = (of(&before), of(&after));
        if let Some(patch) = make(&old, &new) {
            prop_assert!(patch.len() * 2 <= new.len());
            prop_assert_eq!(applied(&old, &patch).unwrap(), new);
        }
    }

    #[test]
    fn recipes_read_back(recipe in steps()) {
        prop_assert_eq!(Recipe::read(&recipe.write()).unwrap(), recipe);
    }

    #[test]
    fn hostile_recipes_are_refused_without_panic(recipe in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Recipe::read(&recipe);
    }

    /// A patch of right form with steps that lead anywhere.
    #[test]
    fn hostile_steps_are_refused_without_panic(recipe in steps(), plain in 0..2_000_usize) {
        let old = zip(&[text(1, 900)]);
        let pack = |bytes: &[u8]| {
            let mut packed = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
            zstd_safe::compress(&mut packed, bytes, 1).unwrap();
            packed
        };
        let (steps, plain) = (recipe.write(), vec![7; plain]);
        let header = Header {
            old: old.len() as u64,
            new: 1_000,
            old_plain: 1_000,
            new_plain: plain.len() as u64,
            deflated: 0,
            recipe: steps.len() as u64,
            packed_recipe: pack(&steps).len() as u64,
        };
        let patch = [header.write(), pack(&steps), pack(&plain)].concat();
        if let Ok(new) = applied(&old, &patch) {
            prop_assert_eq!(new.len(), 1_000);
        }
    }

    #[test]
    fn damaged_patches_are_refused_without_panic(at in 0..4_000_usize, bit in 0..8_u8, cut in any::<bool>()) {
        let (old, new) = (zip(&[text(1, 9_000)]), zip(&[text(1, 9_500)]));
        let mut patch = make(&old, &new).unwrap();
        let at = at % patch.len();
        if cut { patch.truncate(at) } else { patch[at] ^= 1 << bit }
        // It may still be applied, to another file: that one has another digest.
        let _ = applied(&old, &patch);
    }
}
