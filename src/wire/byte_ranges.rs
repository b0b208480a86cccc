//! Several ranges in one answer: `multipart/byteranges` (RFC 9110, section 14.6). Only what stands
//! around the parts is made here; the bytes themselves come from the library.

use super::range::ByteRange;

/// An answer of several parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteRanges {
    parts: Vec<ByteRange>,
    /// Between the parts: a digest of what is sent, which no content holds of itself.
    boundary: String,
    kind: &'static str,
    size: u64,
}

impl ByteRanges {
    /// These parts of content of that media type and size. The boundary is the hexadecimal digits of a
    /// digest of it.
    pub fn new(parts: Vec<ByteRange>, boundary: String, kind: &'static str, size: u64) -> Self {
        Self { parts, boundary, kind, size }
    }

    /// The value of `Content-Type`.
    pub fn content_type(&self) -> String {
        format!("multipart/byteranges; boundary={}", self.boundary)
    }

    /// The value of `Content-Length`.
    pub fn length(&self) -> u64 {
        let parts =
            self.parts().map(|(head, part)| (head.len() as u64).saturating_add(part.length()));
        parts.fold(self.end().len() as u64, u64::saturating_add)
    }

    /// What stands before each part, and the part.
    pub fn parts(&self) -> impl Iterator<Item = (String, ByteRange)> + '_ {
        let Self { parts, boundary, kind, size } = self;
        parts.iter().enumerate().map(move |(number, part)| {
            let begin = if number == 0 { "" } else { "\r\n" };
            let range = part.content_range(*size);
            let head = format!(
                "{begin}--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {range}\r\n\r\n"
            );
            (head, *part)
        })
    }

    /// What stands behind the last part.
    pub fn end(&self) -> String {
        format!("\r\n--{}--\r\n", self.boundary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    #[test]
    fn parts_stand_between_boundaries_and_are_counted() {
        let content = b"0123456789";
        let digest = Digest::of(content);
        let part = |start, end_inclusive| ByteRange { start, end_inclusive };
        let ranges =
            ByteRanges::new(vec![part(0, 1), part(9, 9)], digest.to_hex(), "text/plain", 10);
        let mut body = String::new();
        for (head, part) in ranges.parts() {
            let [start, end] =
                [part.start, part.end_inclusive].map(|it| usize::try_from(it).unwrap());
            body += &head;
            body += std::str::from_utf8(&content[start..=end]).unwrap();
        }
        body += &ranges.end();
        let boundary = digest.to_hex();
        assert_eq!(ranges.content_type(), format!("multipart/byteranges; boundary={boundary}"));
        assert_eq!(
            body,
            format!(
                "--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\
                 \r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 9-9/10\r\n\r\n9\
                 \r\n--{boundary}--\r\n"
            )
        );
        assert_eq!(ranges.length(), body.len() as u64);
    }
}
