//! What stands in a tag, for the quick reader: a name, and attributes.

use memchr::{memchr, memchr_iter, memchr3_iter};

use super::MAX_ATTRIBUTES;

/// The name of an element.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) written: &'a str,
    /// Where its first colon is.
    colon: Option<usize>,
}

/// What stands behind the name in a tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inside<'a> {
    pub(super) text: &'a str,
    /// Whether values are what is written, with nothing in them that has to be looked at.
    is_simple: bool,
}

impl<'a> Inside<'a> {
    /// Up to the end of the tag, which is outside of quotes; and what is behind that.
    pub(super) fn of(behind: &'a str) -> Option<(Self, &'a str)> {
        let mut end = memchr(b'>', behind.as_bytes())?;
        // Without branches, so that many bytes are looked at at a time.
        let (mut double, mut single, mut odd) = (0_u8, 0_u8, 0_u8);
        for byte in behind.as_bytes().get(..end)? {
            double ^= u8::from(*byte == b'"');
            single |= u8::from(*byte == b'\'');
            odd |= u8::from(*byte < b' ') | u8::from(*byte == b'<') | u8::from(*byte == b'&');
        }
        if double | single != 0 {
            end = end_outside_quotes(behind.as_bytes())?;
            odd = 1;
        }
        let (text, after) = behind.split_at_checked(end)?;
        Some((Self { text, is_simple: odd == 0 }, after.get(1..)?))
    }

    /// Whether a namespace may be declared here.
    pub(super) fn may_declare(self) -> bool {
        let bytes = self.text.as_bytes();
        let mut begins = memchr_iter(b'x', bytes);
        begins.any(|at| bytes.get(at..).is_some_and(|it| it.starts_with(b"xmlns")))
    }
}

fn end_outside_quotes(bytes: &[u8]) -> Option<usize> {
    let mut quoted = None;
    for at in memchr3_iter(b'>', b'"', b'\'', bytes) {
        let byte = *bytes.get(at)?;
        match quoted {
            None if byte == b'>' => return Some(at),
            None => quoted = Some(byte),
            Some(quote) if quote == byte => quoted = None,
            Some(_) => {}
        }
    }
    None
}

impl<'a> Name<'a> {
    /// The name in front, and what is behind it.
    pub(super) fn of(text: &'a str) -> Option<(Self, &'a str)> {
        let mut colon = None;
        for (at, byte) in text.bytes().enumerate() {
            match KINDS[usize::from(byte)] {
                Kind::Colon if colon.is_none() => colon = Some(at),
                Kind::Letter | Kind::Colon => {}
                Kind::Other if at > 0 => {
                    let (written, behind) = text.split_at_checked(at)?;
                    return Some((Self { written, colon }, behind));
                }
                Kind::Other => return None,
            }
        }
        None
    }

    /// The prefix, empty where there is none, and the rest.
    pub(super) fn parts(self) -> Option<(&'a str, &'a str)> {
        let Some(colon) = self.colon else { return Some(("", self.written)) };
        let (prefix, rest) = self.written.split_at_checked(colon)?;
        let local_name = rest.get(1..)?;
        (!prefix.is_empty() && is_local(local_name)).then_some((prefix, local_name))
    }
}

/// The attributes of a tag, as far as they are plain.
pub(super) struct Attributes<'a> {
    all: &'a str,
    is_simple: bool,
    rest: &'a str,
    /// Whether there may have been one whose key is like this: most tags have few, and no two alike.
    seen: u128,
    count: usize,
}

/// One attribute, its value as written.
pub(super) struct Attribute<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    /// Whether there are references in the value.
    pub(super) refers: bool,
}

impl<'a> Attributes<'a> {
    pub(super) const fn of(tag: Inside<'a>) -> Self {
        Self { all: tag.text, is_simple: tag.is_simple, rest: tag.text, seen: 0, count: 0 }
    }

    /// The one that begins here.
    fn read(&mut self, from: &'a str) -> Option<Attribute<'a>> {
        let (Name { written: key, .. }, behind) = Name::of(from)?;
        let (quote, value) = match behind.strip_prefix("=\"") {
            Some(value) => (b'"', value),
            None => (b'\'', behind.strip_prefix("='")?),
        };
        let (value, rest) = value.split_at_checked(memchr(quote, value.as_bytes())?)?;
        self.rest = rest.get(1..)?;
        let (mut is_odd, mut refers) = (false, false);
        if !self.is_simple {
            for byte in value.bytes() {
                is_odd |= matches!(byte, ..b' ' | b'<');
                refers |= byte == b'&';
            }
        }
        let is_apart = self.rest.is_empty() || self.rest.starts_with(is_space);
        if is_odd || !is_apart || self.count >= MAX_ATTRIBUTES || self.has_had(key) {
            return None;
        }
        self.count += 1;
        Some(Attribute { key, value, refers })
    }

    /// Whether the key has been there before.
    fn has_had(&mut self, key: &str) -> bool {
        let ends = [key.bytes().next(), key.bytes().next_back()];
        let sum = ends.into_iter().flatten().fold(key.len(), |sum, it| 5 * sum + usize::from(it));
        let like = 1_u128 << (sum % 128);
        let may_have = self.seen & like != 0;
        self.seen |= like;
        // Those before it have been read, and are read without looking again.
        may_have && self.keys_before().any(|it| it == key)
    }

    fn keys_before(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut rest = self.all;
        (0..self.count).map_while(move |_| {
            let (key, behind) = Name::of(rest.trim_start_matches(is_space))?;
            let quote = *behind.as_bytes().get(1)?;
            let value = behind.get(2..)?;
            rest = value.get(memchr(quote, value.as_bytes())? + 1..)?;
            Some(key.written)
        })
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Option<Attribute<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let from = self.rest.trim_start_matches(is_space);
        if from.is_empty() {
            return None;
        }
        // Whoever is told that something is not plain does not go on.
        Some(self.read(from))
    }
}

/// What a byte is in a name.
#[derive(Clone, Copy)]
enum Kind {
    /// A part of it.
    Letter,
    Colon,
    /// Its end.
    Other,
}

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Other; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') {
            kinds[byte as usize] = Kind::Letter;
        }
        byte += 1;
    }
    kinds[b':' as usize] = Kind::Colon;
    kinds
};

/// Whether it is a name without a prefix.
pub(super) fn is_local(name: &str) -> bool {
    !name.is_empty() && !name.contains(':')
}

pub(super) const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}
