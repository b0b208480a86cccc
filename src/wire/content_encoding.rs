//! How the bodies of answers travel (RFC 9110, 8.4 and 12.5.3): as they are, packed by `gzip`, or by
//! the `xpress` of genuine servers.

use std::io::{self, Read, Write};

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

use super::xpress::{self, XpressError};

/// A way to pack the body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContentEncoding {
    /// `gzip`.
    Gzip,
    /// `xpress`.
    Xpress,
}

/// Why a body cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum EncodingError {
    /// It is packed in a way that nobody has asked for.
    #[error("packed by `{0}`, which nobody has asked for")]
    Unknown(String),
    /// It is larger than allowed.
    #[error("unpacks to more than {0} bytes")]
    TooLarge(usize),
    /// It is no `gzip`.
    #[error("cannot be unpacked")]
    Gzip(#[source] io::Error),
    /// It is no `xpress`.
    #[error("cannot be unpacked")]
    Xpress(#[source] XpressError),
}

impl ContentEncoding {
    /// The name in headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xpress => "xpress",
        }
    }

    /// The one that an `Accept-Encoding` wants most, if it wants any more than a body as it is. Of
    /// two that it wants as much, `xpress`: who names it is a genuine server.
    pub fn wanted(accept: &str) -> Option<Self> {
        let (mut gzip, mut xpress, mut any, mut identity) = (None, None, None, None);
        for item in accept.split(',').take(32) {
            let (name, weight) = weighed(item);
            match name.to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => gzip = Some(weight),
                "xpress" => xpress = Some(weight),
                "identity" => identity = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        let gzip = gzip.or(any).unwrap_or(0);
        let xpress = xpress.unwrap_or(0);
        let (weight, best) =
            if xpress >= gzip { (xpress, Self::Xpress) } else { (gzip, Self::Gzip) };
        (weight > 0 && weight >= identity.unwrap_or(0)).then_some(best)
    }

    /// The one that a `Content-Encoding` names; none for a body as it is.
    ///
    /// # Errors
    ///
    /// It names another one, or several.
    pub fn of_header(name: &str) -> Result<Option<Self>, EncodingError> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(Self::Gzip)),
            "xpress" => Ok(Some(Self::Xpress)),
            _ => Err(EncodingError::Unknown(name.chars().take(40).collect())),
        }
    }

    /// Packs `bytes`, quickly rather than small; none where that does not make them shorter.
    pub fn pack(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let packed = match self {
            Self::Gzip => {
                let room = Vec::with_capacity(bytes.len() / 4);
                let mut encoder = GzEncoder::new(room, Compression::fast());
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()?
            }
            Self::Xpress => xpress::encode(bytes),
        };
        (packed.len() < bytes.len()).then_some(packed)
    }

    /// Unpacks `bytes`, to `limit` bytes at most.
    ///
    /// # Errors
    ///
    /// They are not packed in this way, or unpack to more.
    pub fn unpack(self, bytes: &[u8], limit: usize) -> Result<Vec<u8>, EncodingError> {
        match self {
            Self::Gzip => {
                let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
                let mut out = Vec::with_capacity(bytes.len().saturating_mul(3).min(limit));
                let mut decoder = MultiGzDecoder::new(bytes).take(most);
                decoder.read_to_end(&mut out).map_err(EncodingError::Gzip)?;
                if out.len() > limit { Err(EncodingError::TooLarge(limit)) } else { Ok(out) }
            }
            Self::Xpress => xpress::decode(bytes, limit).map_err(|error| match error {
                XpressError::TooLarge(limit) => EncodingError::TooLarge(limit),
                error => EncodingError::Xpress(error),
            }),
        }
    }
}

/// A name and its weight in thousandths; what is no weight is none at all.
fn weighed(item: &str) -> (&str, u32) {
    let mut parts = item.split(';');
    let name = parts.next().unwrap_or_default().trim();
    let weight = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
    });
    (name, weight.unwrap_or(1_000))
}

fn thousandths(value: &str) -> u32 {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" => 1_000,
        "0" => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_most_is_chosen() {
        use ContentEncoding::{Gzip, Xpress};
        for (accept, wanted) in [
            ("", None),
            ("xpress", Some(Xpress)),
            ("gzip, deflate, br", Some(Gzip)),
            ("GZIP", Some(Gzip)),
            ("gzip, xpress", Some(Xpress)),
            ("gzip, xpress;q=0.5", Some(Gzip)),
            ("gzip;q=0.2, xpress;q=0.199", Some(Gzip)),
            ("gzip;q=0", None),
            ("gzip;q=0.000, *", None),
            ("*", Some(Gzip)),
            ("*;q=0", None),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip", Some(Gzip)),
            ("deflate, br", None),
            ("gzip;q=2, xpress;q=nonsense", None),
            ("gzip ; q = 1.0", Some(Gzip)),
        ] {
            assert_eq!(ContentEncoding::wanted(accept), wanted, "{accept}");
        }
    }

    #[test]
    fn bodies_read_back_and_are_bounded() {
        let text = "<UpdateIdentity><UpdateID>1</UpdateID></UpdateIdentity>".repeat(1_000);
        for encoding in [ContentEncoding::Gzip, ContentEncoding::Xpress] {
            let packed = encoding.pack(text.as_bytes()).unwrap();
            assert!(packed.len() * 4 < text.len(), "{encoding:?}: {}", packed.len());
            assert_eq!(encoding.unpack(&packed, text.len()).unwrap(), text.as_bytes());
            let bomb = encoding.unpack(&packed, text.len() - 1);
            assert!(matches!(bomb, Err(EncodingError::TooLarge(_))), "{bomb:?}");
            assert!(encoding.unpack(&packed[..packed.len() - 1], text.len()).is_err());
            assert!(encoding.unpack(text.as_bytes(), text.len()).is_err());
            assert!(encoding.pack(b"a").is_none());
            assert_eq!(ContentEncoding::of_header(encoding.name()).unwrap(), Some(encoding));
        }
        assert_eq!(ContentEncoding::of_header(" Identity").unwrap(), None);
        assert!(ContentEncoding::of_header("gzip, xpress").is_err());
    }
}
