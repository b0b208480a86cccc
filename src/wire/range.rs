//! HTTP ranges and validators (RFC 9110), as content downloads use them: BITS and other update
//! points ask for parts of files (protocol §1.10).

/// Most ranges that one request may name; more are answered with the whole file, which the RFC
/// allows for what looks like an attack.
pub const MAX_RANGES: usize = 16;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeRequest {
    /// Everything: no range was asked for that counts.
    Whole,
    /// One part.
    Single(ByteRange),
    /// Several parts, in the order of the request; they may overlap.
    Multiple(Vec<ByteRange>),
    /// Only parts that the file does not have: status 416.
    Unsatisfiable,
}

/// A part of a file. Never empty, always inside the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteRange {
    /// First byte, from 0.
    pub start: u64,
    /// Last byte.
    pub end_inclusive: u64,
}

impl ByteRange {
    /// Bytes in the part.
    pub const fn length(self) -> u64 {
        self.end_inclusive - self.start + 1
    }

    /// The value of `Content-Range` for this part of a file of `length` bytes.
    pub fn content_range(self, length: u64) -> String {
        format!("bytes {}-{}/{length}", self.start, self.end_inclusive)
    }
}

/// The value of `Content-Range` with status 416.
pub fn unsatisfied_content_range(length: u64) -> String {
    format!("bytes */{length}")
}

/// Reads the value of a `Range` header for a file of `length` bytes. A header that is not
/// understood is ignored, as the RFC prescribes.
pub fn parse(header: &str, length: u64) -> RangeRequest {
    let Some((unit, list)) = header.split_once('=') else { return RangeRequest::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return RangeRequest::Whole;
    }
    let mut ranges = Vec::new();
    let mut named = 0;
    for item in list.split(',').map(|item| item.trim_matches([' ', '\t'])) {
        // Empty items are allowed in lists, and mean nothing.
        if item.is_empty() {
            continue;
        }
        named += 1;
        match range(item, length) {
            Ok(range) if named <= MAX_RANGES => ranges.extend(range),
            _ => return RangeRequest::Whole,
        }
    }
    match ranges.as_slice() {
        [] if named == 0 => RangeRequest::Whole,
        [] => RangeRequest::Unsatisfiable,
        [single] => RangeRequest::Single(*single),
        _ => RangeRequest::Multiple(ranges),
    }
}

/// An item that is not understood.
struct NotUnderstood;

/// One item; nothing where the file has no such part.
fn range(item: &str, length: u64) -> Result<Option<ByteRange>, NotUnderstood> {
    let (first, last) = item.split_once('-').ok_or(NotUnderstood)?;
    let (first, last) = (number(first)?, number(last)?);
    let end = length.checked_sub(1);
    match (first, last) {
        (None, None) => Err(NotUnderstood),
        (None, Some(suffix)) => Ok(end
            .filter(|_| suffix > 0)
            .map(|end| ByteRange { start: length.saturating_sub(suffix), end_inclusive: end })),
        (Some(first), Some(last)) if last < first => Err(NotUnderstood),
        (Some(start), last) => Ok(end
            .filter(|end| start <= *end)
            .map(|end| ByteRange { start, end_inclusive: last.map_or(end, |last| last.min(end)) })),
    }
}

/// Digits, or nothing. A number that does not fit is as good as the largest.
fn number(digits: &str) -> Result<Option<u64>, NotUnderstood> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotUnderstood);
    }
    Ok((!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX)))
}

/// Whether `If-None-Match` says that the client has the file with this entity tag (weak
/// comparison): status 304. Tags are given with their quotes.
pub fn none_match_hits(header: &str, etag: &str) -> bool {
    header.trim() == "*" || tags(header).any(|tag| opaque(tag) == opaque(etag))
}

/// Whether `If-Match` holds for the file with this entity tag (strong comparison); if not, status
/// 412.
pub fn match_holds(header: &str, etag: &str) -> bool {
    header.trim() == "*" || tags(header).any(|tag| is_strongly(tag, etag))
}

/// Whether a `Range` counts, given `If-Range`: only for an unchanged file. A tag is compared
/// strongly; a date must be the file's own `Last-Modified`, letter for letter.
pub fn if_range_holds(header: &str, etag: &str, last_modified: Option<&str>) -> bool {
    let header = header.trim();
    if header.starts_with('"') || header.starts_with("W/") {
        is_strongly(header, etag)
    } else {
        last_modified.is_some_and(|it| it == header)
    }
}

fn is_strongly(tag: &str, etag: &str) -> bool {
    tag == etag && tag.starts_with('"') && tag.len() > 1 && tag.ends_with('"')
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The entity tags of a list; commas may stand inside quotes. Ends at the first that is not one.
fn tags(header: &str) -> impl Iterator<Item = &str> {
    let mut rest = header;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let open = if rest.starts_with("W/\"") { 3 } else { 1 };
        if open == 1 && !rest.starts_with('"') {
            return None;
        }
        let end = open + rest.get(open..)?.find('"')? + 1;
        let (tag, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn single(start: u64, end_inclusive: u64) -> RangeRequest {
        RangeRequest::Single(ByteRange { start, end_inclusive })
    }

    #[test]
    fn forms_of_the_rfc_are_read() {
        for (header, expected) in [
            ("bytes=0-499", single(0, 499)),
            ("bytes=500-", single(500, 999)),
            ("bytes=-300", single(700, 999)),
            ("bytes=-5000", single(0, 999)),
            ("bytes=0-99999999999999999999999", single(0, 999)),
            ("Bytes = 999-999", single(999, 999)),
            ("bytes=,1-2, ", single(1, 2)),
            ("bytes=1000-", RangeRequest::Unsatisfiable),
            ("bytes=-0", RangeRequest::Unsatisfiable),
            ("bytes=1000-,3-4", single(3, 4)),
            ("bytes=99999999999999999999999-", RangeRequest::Unsatisfiable),
        ] {
            assert_eq!(parse(header, 1000), expected, "{header}");
        }
        let several = RangeRequest::Multiple(vec![
            ByteRange { start: 0, end_inclusive: 0 },
            ByteRange { start: 999, end_inclusive: 999 },
        ]);
        assert_eq!(parse("bytes=0-0, -1", 1000), several);
        assert_eq!(parse("bytes=0-", 0), RangeRequest::Unsatisfiable);
        assert_eq!(parse("bytes=-1", 0), RangeRequest::Unsatisfiable);
    }

    #[test]
    fn what_is_not_understood_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "items=0-1",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=-",
            "bytes=1-2-3",
            "bytes=+1-2",
            "bytes=1 - 2",
            "bytes=0-1;2-3",
            "bytes=0x1-2",
        ] {
            assert_eq!(parse(header, 1000), RangeRequest::Whole, "{header}");
        }
    }

    #[test]
    fn too_many_ranges_are_answered_with_the_whole() {
        let list = |count| format!("bytes={}", vec!["0-1"; count].join(","));
        assert!(matches!(parse(&list(16), 10), RangeRequest::Multiple(it) if it.len() == 16));
        assert_eq!(parse(&list(17), 10), RangeRequest::Whole);
    }

    #[test]
    fn content_range_counts_the_last_byte() {
        let range = ByteRange { start: 0, end_inclusive: 499 };
        assert_eq!((range.content_range(1000).as_str(), range.length()), ("bytes 0-499/1000", 500));
        assert_eq!(unsatisfied_content_range(1000), "bytes */1000");
    }

    #[test]
    fn validators_are_compared_as_the_rfc_says() {
        assert!(none_match_hits("\"a\", W/\"b,c\" ,\"d\"", "\"b,c\""));
        assert!(none_match_hits("W/\"a\"", "\"a\"") && none_match_hits(" * ", "\"a\""));
        assert!(!none_match_hits("\"a\"x", "\"b\"") && !none_match_hits("a, \"a\"", "\"a\""));
        assert!(match_holds("\"b\",\"a\"", "\"a\"") && match_holds("*", "\"a\""));
        assert!(!match_holds("W/\"a\"", "W/\"a\"") && !match_holds("", "\"a\""));
        assert!(if_range_holds("\"a\"", "\"a\"", None));
        assert!(!if_range_holds("W/\"a\"", "W/\"a\"", None));
        let date = "Sun, 04 Oct 2026 16:33:26 GMT";
        assert!(if_range_holds(date, "\"a\"", Some(date)));
        assert!(!if_range_holds(date, "\"a\"", None));
    }

    proptest! {
        #[test]
        fn ranges_lie_inside_the_file(
            header in "bytes=([0-9]{0,3}-[0-9]{0,3},? ?){0,5}",
            length in 0_u64..600,
        ) {
            let ranges = match parse(&header, length) {
                RangeRequest::Single(range) => vec![range],
                RangeRequest::Multiple(ranges) => ranges,
                RangeRequest::Whole | RangeRequest::Unsatisfiable => Vec::new(),
            };
            for range in ranges {
                prop_assert!(range.start <= range.end_inclusive && range.end_inclusive < length);
            }
        }

        #[test]
        fn any_header_is_survived(header in ".{0,60}", tag in ".{0,20}", length in any::<u64>()) {
            let _ = parse(&header, length);
            let _ = none_match_hits(&header, &tag) | match_holds(&header, &tag);
            let _ = if_range_holds(&header, &tag, Some(&tag));
        }
    }
}
