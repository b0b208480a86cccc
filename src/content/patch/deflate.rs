//! Inflating, and deflating in such a way that the very same bytes come out as the first time.

use flate2::{Compress, Compression, FlushCompress, Status};
use miniz_oxide::{
    deflate::core::{
        CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output,
        create_comp_flags_from_zip_params,
    },
    inflate::{
        TINFLStatus,
        core::{
            DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        },
    },
};

/// How far back a stream refers, and so how much of it has to be remembered.
const WINDOW: usize = 32 << 10;

/// How much a compressor gives at once.
const PART: usize = 16 << 10;

/// Added to the level where it is miniz that deflates.
const MINIZ: u8 = 0x10;

/// A compressor and its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deflater(u8);

impl Deflater {
    /// Those that streams are tried with, the most usual ones first.
    pub(super) const TRIED: [Self; 17] = [
        Self(6),
        Self(MINIZ | 6),
        Self(9),
        Self(1),
        Self(5),
        Self(8),
        Self(7),
        Self(4),
        Self(3),
        Self(2),
        Self(MINIZ | 9),
        Self(MINIZ | 1),
        Self(MINIZ | 5),
        Self(MINIZ | 8),
        Self(MINIZ | 7),
        Self(MINIZ | 4),
        Self(MINIZ | 3),
    ];

    /// What stands in a recipe.
    pub(super) fn code(self) -> u8 {
        self.0
    }

    pub(super) fn of(code: u8) -> Option<Self> {
        (1..=9).contains(&(code & !MINIZ)).then_some(Self(code))
    }

    /// Whether these bytes are what it makes of the plain text. Ends at the first one that is not.
    pub(super) fn makes(self, plain: &[u8], deflated: &[u8]) -> bool {
        let mut left = deflated;
        let ended = self.run(plain, |part| match left.strip_prefix(part) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
        ended && left.is_empty()
    }

    /// The stream of this size that it makes of the plain text; `None` if it makes another one.
    pub(super) fn deflate(self, plain: &[u8], size: usize) -> Option<Vec<u8>> {
        let mut made = Vec::with_capacity(size.min(plain.len().saturating_add(PART)));
        let ended = self.run(plain, |part| {
            made.extend_from_slice(part);
            made.len() <= size
        });
        (ended && made.len() == size).then_some(made)
    }

    /// Gives the stream part by part; whether it came to its end.
    pub(super) fn run(self, plain: &[u8], mut take: impl FnMut(&[u8]) -> bool) -> bool {
        let level = self.0 & !MINIZ;
        if self.0 & MINIZ == 0 {
            return zlib(u32::from(level), plain, take);
        }
        let mut state = CompressorOxide::new(create_comp_flags_from_zip_params(level.into(), 0, 0));
        let mut whole = true;
        let (status, _) = compress_to_output(&mut state, plain, TDEFLFlush::Finish, |part| {
            whole &= take(part);
            whole
        });
        whole && status == TDEFLStatus::Done
    }
}

fn zlib(level: u32, plain: &[u8], mut take: impl FnMut(&[u8]) -> bool) -> bool {
    let mut state = Compress::new(Compression::new(level), false);
    let mut part = vec![0; PART];
    let mut left = plain;
    loop {
        let before = (state.total_in(), state.total_out());
        let Ok(status) = state.compress(left, &mut part, FlushCompress::Finish) else {
            return false;
        };
        let [read, made] = [state.total_in() - before.0, state.total_out() - before.1]
            .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        left = left.get(read..).unwrap_or_default();
        if !take(part.get(..made).unwrap_or_default()) {
            return false;
        }
        match status {
            Status::StreamEnd => return true,
            Status::Ok if read.saturating_add(made) > 0 => {}
            Status::Ok | Status::BufError => return false,
        }
    }
}

/// How long the stream at the beginning of these bytes is, and its plain text; `None` if there is
/// none, or its plain text has more than `limit` bytes.
pub(super) fn measure(bytes: &[u8], limit: usize) -> Option<(usize, usize)> {
    let mut state = Box::<DecompressorOxide>::default();
    let mut window = vec![0; WINDOW];
    let (mut read, mut made) = (0_usize, 0_usize);
    loop {
        let rest = bytes.get(read..)?;
        let (status, more_read, more_made) =
            decompress(&mut state, rest, &mut window, made % WINDOW, 0);
        read = read.saturating_add(more_read);
        made = made.saturating_add(more_made);
        match status {
            TINFLStatus::Done if made <= limit => return Some((read, made)),
            TINFLStatus::HasMoreOutput if made <= limit => {}
            _ => return None,
        }
    }
}

/// Inflates a stream that fills `plain`; whether it does, and ends where its bytes end.
pub(super) fn inflate(deflated: &[u8], plain: &mut [u8]) -> bool {
    let mut state = Box::<DecompressorOxide>::default();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let (status, read, made) = decompress(&mut state, deflated, plain, 0, flags);
    status == TINFLStatus::Done && read == deflated.len() && made == plain.len()
}
