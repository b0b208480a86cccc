//! The `xpress` encoding of HTTP answers (protocol §1.9): blocks, each compressed by itself with the
//! plain LZ77 of MS-XCA 2.3 and 2.4. Genuine servers ask for it and know no other.

/// Bytes of a block, as WSUS makes them.
const BLOCK: usize = 16_352;

/// Longest block that is read, in bytes.
const MAX_BLOCK: usize = 65_535;

/// How far back a match may lie, and how short it may be.
const WINDOW: usize = 8_192;
const SHORTEST: usize = 3;

/// Where sequences of three bytes were seen last.
const TABLE: usize = 1 << 13;

/// Why something cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XpressError {
    /// It ends in the middle of something.
    #[error("compressed data ends too early")]
    Truncated,
    /// A block has a length that none can have.
    #[error("a compressed block has a length that is not allowed")]
    Length,
    /// A match lies before the start of its block, or goes on behind its end.
    #[error("a compressed block refers to what is not in it")]
    Reference,
    /// It is longer than allowed.
    #[error("compressed data unpacks to more than {0} bytes")]
    TooLarge(usize),
}

/// Compresses `bytes`.
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 2);
    let mut seen = vec![0_u16; TABLE];
    for block in bytes.chunks(BLOCK) {
        let head = out.len();
        out.extend_from_slice(&length(block.len()));
        out.extend_from_slice(&[0; 4]);
        let start = out.len();
        seen.fill(0);
        compress(block, &mut seen, &mut out);
        if out.len() - start >= block.len() {
            // Equal lengths say that the block is as it is.
            out.truncate(start);
            out.extend_from_slice(block);
        }
        let compressed = length(out.len() - start);
        if let Some(place) = out.get_mut(head + 4..head + 8) {
            place.copy_from_slice(&compressed);
        }
    }
    out
}

/// Unpacks `bytes`, to `limit` bytes at most.
///
/// # Errors
///
/// They are not compressed in this way, or unpack to more.
pub fn decode(bytes: &[u8], limit: usize) -> Result<Vec<u8>, XpressError> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let unpacked = take_length(&mut rest)?;
        let packed = take_length(&mut rest)?;
        if unpacked > MAX_BLOCK || packed > unpacked {
            return Err(XpressError::Length);
        }
        if out.len() + unpacked > limit {
            return Err(XpressError::TooLarge(limit));
        }
        let (block, after) = rest.split_at_checked(packed).ok_or(XpressError::Truncated)?;
        rest = after;
        if packed == unpacked {
            out.extend_from_slice(block);
        } else {
            decompress(block, unpacked, &mut out)?;
        }
    }
    Ok(out)
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

fn take_length(rest: &mut &[u8]) -> Result<usize, XpressError> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or(XpressError::Truncated)?;
    *rest = after;
    usize::try_from(u32::from_le_bytes(*length)).map_err(|_| XpressError::Length)
}

/// What is written of a block, item by item: 32 flags, then the items that they are of.
struct Items<'a> {
    out: &'a mut Vec<u8>,
    flags_at: usize,
    flags: u32,
    count: u32,
    /// A byte of which the upper half is still free.
    half: Option<usize>,
}

impl Items<'_> {
    fn flag(&mut self, is_match: bool) {
        if self.count == 32 {
            self.write_flags();
            self.flags_at = self.out.len();
            self.out.extend_from_slice(&[0; 4]);
            self.flags = 0;
            self.count = 0;
        }
        self.flags = (self.flags << 1) | u32::from(is_match);
        self.count += 1;
    }

    fn write_flags(&mut self) {
        if let Some(place) = self.out.get_mut(self.flags_at..self.flags_at + 4) {
            place.copy_from_slice(&self.flags.to_le_bytes());
        }
    }

    fn literal(&mut self, byte: u8) {
        self.flag(false);
        self.out.push(byte);
    }

    fn reference(&mut self, distance: usize, length: usize) {
        self.flag(true);
        let more = length - SHORTEST;
        let word = ((distance - 1) << 3) | more.min(7);
        self.out.extend_from_slice(&u16::try_from(word).unwrap_or(u16::MAX).to_le_bytes());
        let Some(more) = more.checked_sub(7) else { return };
        let nibble = u8::try_from(more.min(15)).unwrap_or(15);
        if let Some(byte) = self.half.take().and_then(|at| self.out.get_mut(at)) {
            *byte |= nibble << 4;
        } else {
            self.half = Some(self.out.len());
            self.out.push(nibble);
        }
        let Some(more) = more.checked_sub(15) else { return };
        self.out.push(u8::try_from(more).unwrap_or(255));
        if more >= 255 {
            let all = u16::try_from(length - SHORTEST).unwrap_or(u16::MAX);
            self.out.extend_from_slice(&all.to_le_bytes());
        }
    }

    /// Flags that belong to nothing are set: a match where the block has ended ends it.
    fn finish(mut self) {
        let free = 32 - self.count;
        if free > 0 {
            self.flags = self.flags.checked_shl(free).unwrap_or(0) | (u32::MAX >> self.count);
        }
        self.write_flags();
    }
}

fn compress(block: &[u8], seen: &mut [u16], out: &mut Vec<u8>) {
    let flags_at = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut items = Items { out, flags_at, flags: 0, count: 0, half: None };
    let mut at = 0;
    while let Some(byte) = block.get(at) {
        let Some(found) = look_up(block, seen, at) else {
            items.literal(*byte);
            at += 1;
            continue;
        };
        let (here, there) = (&block[at..], &block[found..]);
        let length = here.iter().zip(there).take_while(|(one, other)| one == other).count();
        if length < SHORTEST {
            items.literal(*byte);
            at += 1;
        } else {
            items.reference(at - found, length);
            at += length;
        }
    }
    items.finish();
}

/// Where the three bytes at `at` may have been before, and remembers that they are here now.
fn look_up(block: &[u8], seen: &mut [u16], at: usize) -> Option<usize> {
    let three = block.get(at..at + 3)?;
    let number = three.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    let hash = number.wrapping_mul(0x9E37_79B1) >> (32 - TABLE.trailing_zeros());
    let place = seen.get_mut(usize::try_from(hash).ok()?)?;
    // Zero is nothing, so places are counted from one.
    let before = usize::from(*place).checked_sub(1);
    *place = u16::try_from(at + 1).ok()?;
    before.filter(|found| at - found <= WINDOW)
}

fn decompress(block: &[u8], unpacked: usize, out: &mut Vec<u8>) -> Result<(), XpressError> {
    let start = out.len();
    let end = start + unpacked;
    let mut reader = Reader { block, at: 0, half: None };
    let (mut flags, mut count) = (0_u32, 0_u32);
    while out.len() < end {
        if count == 0 {
            flags = reader.flags()?;
            count = 32;
        }
        count -= 1;
        if flags & (1 << count) == 0 {
            out.push(reader.byte()?);
            continue;
        }
        let (distance, length) = reader.reference()?;
        if distance > out.len() - start || length > end - out.len() {
            return Err(XpressError::Reference);
        }
        let from = out.len() - distance;
        if distance >= length {
            out.extend_from_within(from..from + length);
        } else {
            // It overlaps with itself: what has just been written is read again.
            for at in from..from + length {
                let byte = *out.get(at).ok_or(XpressError::Reference)?;
                out.push(byte);
            }
        }
    }
    Ok(())
}

struct Reader<'a> {
    block: &'a [u8],
    at: usize,
    /// A byte of which the upper half has not been read.
    half: Option<u8>,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, XpressError> {
        let byte = self.block.get(self.at).ok_or(XpressError::Truncated)?;
        self.at += 1;
        Ok(*byte)
    }

    fn word(&mut self) -> Result<usize, XpressError> {
        Ok(usize::from(u16::from_le_bytes([self.byte()?, self.byte()?])))
    }

    fn flags(&mut self) -> Result<u32, XpressError> {
        Ok(u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]))
    }

    fn nibble(&mut self) -> Result<usize, XpressError> {
        if let Some(byte) = self.half.take() {
            return Ok(usize::from(byte >> 4));
        }
        let byte = self.byte()?;
        self.half = Some(byte);
        Ok(usize::from(byte & 15))
    }

    /// How far back, and how much.
    fn reference(&mut self) -> Result<(usize, usize), XpressError> {
        let word = self.word()?;
        let distance = (word >> 3) + 1;
        let mut more = word & 7;
        if more == 7 {
            more += self.nibble()?;
            if more == 7 + 15 {
                let byte = usize::from(self.byte()?);
                more += byte;
                if byte == 255 {
                    // A block is too short for the form with 32 bits, which begins with a zero.
                    more = self.word()?;
                    if more < 7 + 15 {
                        return Err(XpressError::Length);
                    }
                }
            }
        }
        Ok((distance, more + SHORTEST))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 1 << 20;

    fn block(unpacked: u32, data: &[u8]) -> Vec<u8> {
        let packed = u32::try_from(data.len()).unwrap();
        [&unpacked.to_le_bytes(), &packed.to_le_bytes(), data].concat()
    }

    #[test]
    fn the_examples_of_the_specification_read_back() {
        // MS-XCA 3.1: the alphabet as it is, and "abc" a hundred times.
        let alphabet = b"abcdefghijklmnopqrstuvwxyz";
        let data = [&[0x3f, 0, 0, 0], alphabet.as_slice()].concat();
        let mut out = Vec::new();
        decompress(&data, alphabet.len(), &mut out).unwrap();
        assert_eq!(out, alphabet);
        let data = [0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01];
        let read = decode(&block(300, &data), LIMIT).unwrap();
        assert_eq!(read, b"abc".repeat(100));
        assert_eq!(encode(&read), block(300, &data));
    }

    #[test]
    fn documents_shrink_and_noise_does_not_grow_much() {
        let text = include_bytes!("../../tests/data/soap/000014.GetUpdateData.response.xml");
        let packed = encode(text);
        assert!(packed.len() < text.len());
        assert_eq!(decode(&packed, LIMIT).unwrap(), text);
        let noise: Vec<u8> = (0_u32..40_000)
            .map(|it| (it.wrapping_mul(0x9E37_79B1) >> 13).to_le_bytes()[0])
            .collect();
        let packed = encode(&noise);
        assert!(packed.len() <= noise.len() + 3 * 8, "{}", packed.len());
        assert_eq!(decode(&packed, LIMIT).unwrap(), noise);
        assert_eq!(encode(b""), b"");
    }

    #[test]
    fn what_is_broken_is_told_and_bounded() {
        let packed = encode(&b"abc".repeat(100));
        for cut in 1..packed.len() {
            assert!(decode(&packed[..cut], LIMIT).is_err(), "{cut}");
        }
        let many = encode(&vec![0; 100_000]);
        assert_eq!(decode(&many, 99_999), Err(XpressError::TooLarge(99_999)));
        assert_eq!(decode(&block(70_000, &[0; 8]), LIMIT), Err(XpressError::Length));
        assert_eq!(decode(&block(3, &[0; 8]), LIMIT), Err(XpressError::Length));
        // A match before the first byte, and one that goes on behind the last.
        let before = [0xff, 0xff, 0xff, 0xff, 0, 0];
        assert_eq!(decode(&block(9, &before), LIMIT), Err(XpressError::Reference));
        let behind = [0xff, 0xff, 0xff, 0x7f, b'a', 6, 0];
        assert_eq!(decode(&block(9, &behind), LIMIT), Err(XpressError::Reference));
    }

    proptest! {
        #[test]
        fn everything_reads_back(
            pieces in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>(), 1..40), 1_usize..300), 0..60),
        ) {
            let bytes: Vec<u8> =
                pieces.iter().flat_map(|(piece, times)| piece.repeat(*times)).collect();
            let packed = encode(&bytes);
            prop_assert_eq!(decode(&packed, bytes.len()).unwrap(), bytes);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, LIMIT);
            let _ = decode(&block(20_000, &bytes), LIMIT);
        }
    }
}
