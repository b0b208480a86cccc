//! Making a patch: takes some ten seconds of one processor for sixty megabytes of plain text, and is
//! done once.

use std::collections::{BTreeSet, HashMap};

use zstd_safe::{CCtx, CParameter};

use super::{
    MAX_SIZE,
    deflate::{Deflater, inflate},
    format::Header,
    recipe::{Put, Recipe, Take},
    scan::{Stream, streams},
};

/// With tables as large as below. The highest level takes ten times as long, and saves another eighth
/// of the bytes of real patches, or a quarter.
const LEVEL: i32 = 12;

/// Tables of 64 and 128 MiB: those that belong to the level hold too little of an old plain text to find
/// most of it again.
const HASH: u32 = 24;
const CHAIN: u32 = 25;

/// The patch that makes `new` of `old`; `None` if it would be more than half as large as the file
/// itself, or one of them is too large.
pub(in crate::content) fn make(old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    if [old, new].iter().any(|file| file.len() as u64 > MAX_SIZE) {
        return None;
    }
    let (old_streams, new_streams) = (streams(old), streams(new));
    let mut plan = Plan::default();
    plan.put_all(new, &new_streams, old, &old_streams)?;
    plan.take_all(old, &old_streams)?;
    let recipe = plan.recipe.write();
    let at_most = new.len() / 2;
    let packed_recipe = compress(&recipe, &[], at_most)?;
    let header = Header {
        old: old.len() as u64,
        new: new.len() as u64,
        old_plain: plan.old.len() as u64,
        new_plain: plan.new.len() as u64,
        deflated: plan.deflated,
        recipe: recipe.len() as u64,
        packed_recipe: packed_recipe.len() as u64,
    };
    let mut patch = header.write();
    patch.extend_from_slice(&packed_recipe);
    let left = at_most.checked_sub(patch.len())?;
    patch.extend_from_slice(&compress(&plan.new, &plan.old, left)?);
    // What a reader would refuse is not given out.
    Header::read(&patch).ok()?;
    Some(patch)
}

#[derive(Default)]
struct Plan {
    recipe: Recipe,
    /// The plain texts.
    old: Vec<u8>,
    new: Vec<u8>,
    deflated: u64,
    /// Where streams of the old file begin that are the same in the new one.
    same: BTreeSet<usize>,
}

impl Plan {
    fn put_all(
        &mut self,
        new: &[u8],
        streams: &[Stream],
        old: &[u8],
        old_streams: &[Stream],
    ) -> Option<()> {
        let there: HashMap<&[u8], &Stream> =
            old_streams.iter().map(|stream| (stream.of(old), stream)).collect();
        let mut usual = Deflater::TRIED.to_vec();
        let mut at = 0;
        for stream in streams {
            let deflated = stream.of(new);
            let put = if let Some(same) = there.get(deflated) {
                self.same.insert(same.start);
                self.put_raw(new.get(at..stream.start)?);
                Put::Copy { from: same.start as u64, size: deflated.len() as u64 }
            } else {
                let mut plain = vec![0; stream.plain];
                // One that nobody here makes stays as it is.
                let made = inflate(deflated, &mut plain)
                    .then(|| usual.iter().position(|by| by.makes(&plain, deflated)))
                    .flatten();
                let Some(number) = made else { continue };
                // A file is usually made by one compressor: the next stream is tried with it first.
                let by = usual.remove(number);
                usual.insert(0, by);
                self.put_raw(new.get(at..stream.start)?);
                self.new.extend_from_slice(&plain);
                self.deflated = self.deflated.saturating_add(plain.len() as u64);
                Put::Deflate { plain: plain.len() as u64, deflated: deflated.len() as u64, by }
            };
            self.recipe.puts.push(put);
            at = stream.end;
            if self.new.len() as u64 > MAX_SIZE {
                return None;
            }
        }
        self.put_raw(new.get(at..)?);
        Some(())
    }

    fn put_raw(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.new.extend_from_slice(bytes);
            self.recipe.puts.push(Put::Raw(bytes.len() as u64));
        }
    }

    /// What the new file has already is left out: it only makes it longer to look for the rest.
    fn take_all(&mut self, old: &[u8], streams: &[Stream]) -> Option<()> {
        let mut at = 0;
        for stream in streams {
            let deflated = stream.of(old).len() as u64;
            let same = self.same.contains(&stream.start);
            // Where nothing of the new file could be inflated, nothing inflated would be like it.
            if !same && self.deflated == 0 {
                continue;
            }
            self.take_raw(old.get(at..stream.start)?);
            at = stream.end;
            if same {
                self.recipe.takes.push(Take::Skip(deflated));
                continue;
            }
            let begun = self.old.len();
            let end = begun.checked_add(stream.plain)?;
            if end as u64 > MAX_SIZE {
                return None;
            }
            self.old.resize(end, 0);
            inflate(stream.of(old), self.old.get_mut(begun..)?).then_some(())?;
            self.recipe.takes.push(Take::Inflate { deflated, plain: stream.plain as u64 });
        }
        self.take_raw(old.get(at..)?);
        Some(())
    }

    fn take_raw(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.old.extend_from_slice(bytes);
            self.recipe.takes.push(Take::Raw(bytes.len() as u64));
        }
    }
}

/// Compresses bytes behind others that the reader has too; `None` if it becomes larger than that.
fn compress(bytes: &[u8], before: &[u8], at_most: usize) -> Option<Vec<u8>> {
    let whole = bytes.len().saturating_add(before.len()).max(1 << 10);
    // Over all of both: what has moved is found wherever it was.
    let window = whole.next_power_of_two().ilog2();
    let mut compressor = CCtx::create();
    for parameter in [
        CParameter::CompressionLevel(LEVEL),
        CParameter::WindowLog(window),
        CParameter::HashLog(window.min(HASH)),
        CParameter::ChainLog(window.min(CHAIN)),
        CParameter::EnableLongDistanceMatching(true),
    ] {
        compressor.set_parameter(parameter).ok()?;
    }
    compressor.ref_prefix(before).ok()?;
    let bound = zstd_safe::compress_bound(bytes.len());
    let mut packed = Vec::with_capacity(bound.min(at_most));
    compressor.compress2(&mut packed, bytes).ok()?;
    Some(packed)
}
