//! Writing XML by appending to one string. Escaping copies in runs: the common case, a long text
//! with few special characters, costs one scan and one copy.

use memchr::{memchr, memchr3_iter};

use super::{ForbiddenCharacter, reader::is_allowed};

/// Bytes at which a run ends: markup, quotes, control characters, and the first byte of
/// U+F000..U+FFFF, two of which (U+FFFE, U+FFFF) are forbidden.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        stops[byte] = true;
        byte += 1;
    }
    stops[b'<' as usize] = true;
    stops[b'>' as usize] = true;
    stops[b'&' as usize] = true;
    stops[b'"' as usize] = true;
    stops[0xEF] = true;
    stops
};

/// Appends `text` as element content. CR becomes `&#xD;`, since a parser would turn a raw CR LF
/// into LF (protocol §0.1); what XML 1.0 forbids is refused.
pub fn escape_text(out: &mut String, text: &str) -> Result<(), ForbiddenCharacter> {
    let bytes = text.as_bytes();
    if memchr(b'\r', bytes).is_none() {
        check_characters(text)?;
        let mut copied = 0;
        for at in memchr3_iter(b'<', b'>', b'&', bytes) {
            out.push_str(&text[copied..at]);
            out.push_str(match bytes[at] {
                b'<' => "&lt;",
                b'>' => "&gt;",
                _ => "&amp;",
            });
            copied = at + 1;
        }
        out.push_str(&text[copied..]);
        return Ok(());
    }
    escape(out, text, |byte| match byte {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'&' => Some("&amp;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    })
}

/// Appends `text` as the content of an attribute in double quotes. Tabs and line ends become
/// references, since a parser would turn them into spaces.
pub fn escape_attribute(out: &mut String, text: &str) -> Result<(), ForbiddenCharacter> {
    escape(out, text, |byte| match byte {
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'&' => Some("&amp;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    })
}

/// Whether every character of `text` may stand in XML 1.0.
pub fn check_characters(text: &str) -> Result<(), ForbiddenCharacter> {
    // Whole pieces are passed over as one: few have a byte that needs a look.
    const PIECE: usize = 64;
    let (pieces, rest) = text.as_bytes().as_chunks::<PIECE>();
    for (number, piece) in pieces.iter().enumerate() {
        if piece.iter().fold(false, |any, byte| any | needs_a_look(*byte)) {
            check_piece(text, number * PIECE, piece)?;
        }
    }
    check_piece(text, pieces.len() * PIECE, rest)
}

fn check_piece(text: &str, offset: usize, piece: &[u8]) -> Result<(), ForbiddenCharacter> {
    let looked_at = piece.iter().enumerate().filter(|(_, byte)| needs_a_look(**byte));
    looked_at.map(|(at, _)| at).try_for_each(|at| check_at(text, offset + at))
}

/// Whether the byte may begin a character that XML 1.0 forbids.
const fn needs_a_look(byte: u8) -> bool {
    let is_space = byte == b'\t' || byte == b'\n' || byte == b'\r';
    (byte < 0x20 && !is_space) || byte == 0xEF
}

fn check_at(text: &str, offset: usize) -> Result<(), ForbiddenCharacter> {
    match text.get(offset..).and_then(|rest| rest.chars().next()) {
        Some(character) if !is_allowed(character) => {
            Err(ForbiddenCharacter { code_point: character.into(), offset })
        }
        _ => Ok(()),
    }
}

fn escape(
    out: &mut String,
    text: &str,
    replacement: impl Fn(u8) -> Option<&'static str>,
) -> Result<(), ForbiddenCharacter> {
    let mut copied = 0;
    for (offset, byte) in text.bytes().enumerate() {
        if !STOPS[usize::from(byte)] {
            continue;
        }
        if let Some(replacement) = replacement(byte) {
            out.push_str(&text[copied..offset]);
            out.push_str(replacement);
            copied = offset + 1;
        } else {
            check_at(text, offset)?;
        }
    }
    out.push_str(&text[copied..]);
    Ok(())
}

/// Builds one document. Names are the program's own; only texts are escaped.
#[derive(Debug, Default)]
pub struct XmlWriter {
    out: String,
}

impl XmlWriter {
    /// An empty document with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { out: String::with_capacity(capacity) }
    }

    /// Appends markup as it is.
    pub fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Opens an element.
    pub fn open(&mut self, name: &str) {
        self.raw("<");
        self.raw(name);
        self.raw(">");
    }

    /// Opens an element with attributes.
    pub fn open_with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> Result<(), ForbiddenCharacter> {
        self.tag(name, attributes)?;
        self.raw(">");
        Ok(())
    }

    /// Writes an element with attributes and without content.
    pub fn empty_with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> Result<(), ForbiddenCharacter> {
        self.tag(name, attributes)?;
        self.raw(" />");
        Ok(())
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) -> Result<(), ForbiddenCharacter> {
        self.raw("<");
        self.raw(name);
        attributes.iter().try_for_each(|(attribute, value)| self.attribute(attribute, value))
    }

    /// Writes an attribute, in a tag that was begun with [`XmlWriter::raw`].
    pub fn attribute(&mut self, name: &str, value: &str) -> Result<(), ForbiddenCharacter> {
        self.raw(" ");
        self.raw(name);
        self.raw("=\"");
        escape_attribute(&mut self.out, value)?;
        self.raw("\"");
        Ok(())
    }

    /// Closes an element.
    pub fn close(&mut self, name: &str) {
        self.raw("</");
        self.raw(name);
        self.raw(">");
    }

    /// Writes an element without content.
    pub fn empty(&mut self, name: &str) {
        self.raw("<");
        self.raw(name);
        self.raw(" />");
    }

    /// Writes element content.
    pub fn text(&mut self, text: &str) -> Result<(), ForbiddenCharacter> {
        escape_text(&mut self.out, text)
    }

    /// Writes an element that holds only text.
    pub fn element(&mut self, name: &str, text: &str) -> Result<(), ForbiddenCharacter> {
        self.open(name);
        self.text(text)?;
        self.close(name);
        Ok(())
    }

    /// Writes an element that holds only text, or nothing where there is no text.
    pub fn optional(&mut self, name: &str, text: Option<&str>) -> Result<(), ForbiddenCharacter> {
        text.map_or(Ok(()), |text| self.element(name, text))
    }

    /// Writes an element whose value needs no escaping: a number, a truth value, an identifier.
    pub fn value(&mut self, name: &str, value: impl std::fmt::Display) {
        use std::fmt::Write as _;
        self.open(name);
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{value}");
        self.close(name);
    }

    /// Writes an element that holds bytes in base64.
    pub fn base64(&mut self, name: &str, bytes: &[u8]) {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        self.open(name);
        STANDARD.encode_string(bytes, &mut self.out);
        self.close(name);
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// The document.
    pub fn finish(self) -> String {
        self.out
    }
}
