//! How the two plain texts are made of the files: steps through the old file, then steps through the
//! new one. Each step is a number whose last two bits say what it is, and what belongs to it.

use super::{PatchError, deflate::Deflater};

/// A step through the old file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// So many bytes as they are.
    Raw(u64),
    /// So many bytes are not needed.
    Skip(u64),
    /// So many bytes are a stream of so many bytes of plain text.
    Inflate { deflated: u64, plain: u64 },
}

/// A step through the new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// So many bytes of the plain text as they are.
    Raw(u64),
    /// So many bytes of the old file, from this one on.
    Copy { from: u64, size: u64 },
    /// So many bytes of the plain text, deflated to so many.
    Deflate { plain: u64, deflated: u64, by: Deflater },
}

/// All steps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Recipe {
    pub(super) takes: Vec<Take>,
    pub(super) puts: Vec<Put>,
}

const END: u64 = 3;

impl Recipe {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for take in &self.takes {
            match *take {
                Take::Raw(size) => step(&mut bytes, size, 0),
                Take::Skip(size) => step(&mut bytes, size, 1),
                Take::Inflate { deflated, plain } => {
                    step(&mut bytes, deflated, 2);
                    number(&mut bytes, plain);
                }
            }
        }
        step(&mut bytes, 0, END);
        for put in &self.puts {
            match *put {
                Put::Raw(size) => step(&mut bytes, size, 0),
                Put::Copy { from, size } => {
                    step(&mut bytes, size, 1);
                    number(&mut bytes, from);
                }
                Put::Deflate { plain, deflated, by } => {
                    step(&mut bytes, deflated, 2);
                    number(&mut bytes, plain);
                    bytes.push(by.code());
                }
            }
        }
        step(&mut bytes, 0, END);
        bytes
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, PatchError> {
        let mut rest = Reader(bytes);
        let mut recipe = Self::default();
        loop {
            recipe.takes.push(match rest.step()? {
                (size, 0) => Take::Raw(size),
                (size, 1) => Take::Skip(size),
                (deflated, 2) => Take::Inflate { deflated, plain: rest.number()? },
                _ => break,
            });
        }
        loop {
            recipe.puts.push(match rest.step()? {
                (size, 0) => Put::Raw(size),
                (size, 1) => Put::Copy { size, from: rest.number()? },
                (deflated, 2) => {
                    let plain = rest.number()?;
                    let by = Deflater::of(rest.byte()?)
                        .ok_or(PatchError::Wrong("it needs a compressor that is not known"))?;
                    Put::Deflate { plain, deflated, by }
                }
                _ => break,
            });
        }
        if rest.0.is_empty() { Ok(recipe) } else { Err(PatchError::Wrong("its recipe goes on")) }
    }
}

fn step(bytes: &mut Vec<u8>, size: u64, kind: u64) {
    // Sizes are far below 62 bits.
    number(bytes, size << 2 | kind);
}

/// Seven bits a byte, the lowest first.
fn number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn step(&mut self) -> Result<(u64, u64), PatchError> {
        let number = self.number()?;
        Ok((number >> 2, number & 3))
    }

    fn number(&mut self) -> Result<u64, PatchError> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(PatchError::Wrong("a number of its recipe is too long"))
    }

    fn byte(&mut self) -> Result<u8, PatchError> {
        let (byte, rest) =
            self.0.split_first().ok_or(PatchError::Wrong("its recipe breaks off"))?;
        self.0 = rest;
        Ok(*byte)
    }
}
