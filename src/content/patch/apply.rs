//! Applying a patch: the old plain text, the new one, and the streams made again on all processors.

use std::{fs::File, os::unix::fs::FileExt};

use zstd_safe::DCtx;

use super::{
    Header, PatchError,
    deflate::inflate,
    format::in_memory,
    recipe::{Put, Recipe, Take},
};
use crate::content::{LibraryError, ingest::on_all_processors};

/// Streams of so much plain text are made at a time: enough for all processors, and not all of the
/// new file again.
const AT_A_TIME: usize = 16 << 20;

/// How much of the old file is copied at once.
const BLOCK: u64 = 1 << 20;

/// Makes the new file of the old one and gives it away in parts. Only its digest tells whether it is
/// the right one.
///
/// # Errors
///
/// The patch is none for this file, or a file cannot be read or written.
pub(in crate::content) fn apply(
    old: &File,
    patch: &[u8],
    mut write: impl FnMut(&[u8]) -> Result<(), LibraryError>,
) -> Result<(), PatchError> {
    let header = Header::read(patch)?;
    if old.metadata().map_err(PatchError::Old)?.len() != header.old {
        return Err(PatchError::Wrong("it begins with a file of another size"));
    }
    let packed = patch.get(Header::BYTES..).unwrap_or_default();
    let (recipe, packed) = packed
        .split_at_checked(in_memory(header.packed_recipe))
        .ok_or(PatchError::Wrong("it is too short"))?;
    let recipe = Recipe::read(&decompress(recipe, &[], header.recipe)?)?;
    let old_plain = plain_text(old, &recipe.takes, &header)?;
    let new_plain = decompress(packed, &old_plain, header.new_plain)?;
    drop(old_plain);
    let mut left = header.new;
    let mut plain = new_plain.as_slice();
    let mut puts = recipe.puts.as_slice();
    while !puts.is_empty() {
        let (now, later) = puts.split_at(at_a_time(puts));
        puts = later;
        let mut pieces = Vec::with_capacity(now.len());
        for put in now {
            pieces.push(Piece::cut(*put, &mut plain)?);
            left = left.checked_sub(put.size()).ok_or(TOO_LONG)?;
        }
        let made = on_all_processors(&pieces, Piece::make)?;
        for (piece, made) in pieces.iter().zip(made) {
            match (piece, made) {
                (Piece::Copy { from, size }, _) => copy(old, *from, *size, &mut write)?,
                (Piece::Raw(bytes), _) => write(bytes)?,
                (Piece::Deflate { .. }, made) => write(&made)?,
            }
        }
    }
    if left > 0 || !plain.is_empty() {
        return Err(PatchError::Wrong("its recipe is not of a file of that size"));
    }
    Ok(())
}

const TOO_LONG: PatchError = PatchError::Wrong("its recipe is longer than its texts");

/// How many of the next steps are done at a time.
fn at_a_time(puts: &[Put]) -> usize {
    let mut sum = 0_u64;
    let some = puts.iter().take_while(|put| {
        let fits = sum < AT_A_TIME as u64;
        sum = sum.saturating_add(put.size()).saturating_add(64);
        fits
    });
    some.count().max(1)
}

/// A part of the new file.
enum Piece<'a> {
    Raw(&'a [u8]),
    Copy { from: u64, size: u64 },
    Deflate { plain: &'a [u8], size: u64, by: super::deflate::Deflater },
}

impl<'a> Piece<'a> {
    fn cut(put: Put, plain: &mut &'a [u8]) -> Result<Self, PatchError> {
        let mut cut = |size: u64| {
            let (now, later) = plain.split_at_checked(in_memory(size)).ok_or(TOO_LONG)?;
            *plain = later;
            Ok::<_, PatchError>(now)
        };
        Ok(match put {
            Put::Raw(size) => Self::Raw(cut(size)?),
            Put::Copy { from, size } => Self::Copy { from, size },
            Put::Deflate { plain, deflated, by } => {
                Self::Deflate { plain: cut(plain)?, size: deflated, by }
            }
        })
    }

    /// What takes a processor.
    fn make(&self) -> Result<Vec<u8>, PatchError> {
        match self {
            Self::Deflate { plain, size, by } => by
                .deflate(plain, in_memory(*size))
                .ok_or(PatchError::Wrong("a stream becomes another one here")),
            Self::Raw(_) | Self::Copy { .. } => Ok(Vec::new()),
        }
    }
}

impl Put {
    /// How many bytes of the new file it makes.
    fn size(&self) -> u64 {
        match self {
            Self::Raw(size) | Self::Copy { size, .. } | Self::Deflate { deflated: size, .. } => {
                *size
            }
        }
    }
}

/// The plain text of the old file.
fn plain_text(old: &File, takes: &[Take], header: &Header) -> Result<Vec<u8>, PatchError> {
    let mut text = Vec::with_capacity(in_memory(header.old_plain));
    let mut at = 0_u64;
    for take in takes {
        let (size, more) = match *take {
            Take::Raw(size) => (size, size),
            Take::Skip(size) => (size, 0),
            Take::Inflate { deflated, plain } => (deflated, plain),
        };
        let end = at.checked_add(size).filter(|end| *end <= header.old).ok_or(TOO_LONG)?;
        let begun = text.len();
        let length = begun.checked_add(in_memory(more));
        let length = length.filter(|it| *it <= in_memory(header.old_plain)).ok_or(TOO_LONG)?;
        text.resize(length, 0);
        let part = text.get_mut(begun..).unwrap_or_default();
        match take {
            Take::Raw(_) => old.read_exact_at(part, at).map_err(PatchError::Old)?,
            Take::Skip(_) => {}
            Take::Inflate { .. } => {
                let mut deflated = vec![0; in_memory(size)];
                old.read_exact_at(&mut deflated, at).map_err(PatchError::Old)?;
                if !inflate(&deflated, part) {
                    return Err(PatchError::Wrong("the old file has no stream where it should"));
                }
            }
        }
        at = end;
    }
    Ok(text)
}

/// Decompresses a frame of exactly that size behind bytes that are here.
fn decompress(packed: &[u8], before: &[u8], size: u64) -> Result<Vec<u8>, PatchError> {
    let wrong = |_| PatchError::Wrong("it is damaged");
    let mut text = Vec::with_capacity(in_memory(size));
    let mut decompressor = DCtx::create();
    decompressor.ref_prefix(before).map_err(wrong)?;
    decompressor.decompress(&mut text, packed).map_err(wrong)?;
    if text.len() as u64 == size { Ok(text) } else { Err(PatchError::Wrong("it is damaged")) }
}

fn copy(
    old: &File,
    from: u64,
    size: u64,
    write: &mut impl FnMut(&[u8]) -> Result<(), LibraryError>,
) -> Result<(), PatchError> {
    let mut block = vec![0; in_memory(size.min(BLOCK))];
    let mut left = size;
    let mut at = from;
    while left > 0 {
        let part = block.get_mut(..in_memory(left.min(BLOCK))).unwrap_or_default();
        old.read_exact_at(part, at).map_err(PatchError::Old)?;
        write(part)?;
        let read = part.len() as u64;
        (at, left) = (at.saturating_add(read), left.saturating_sub(read));
    }
    Ok(())
}
