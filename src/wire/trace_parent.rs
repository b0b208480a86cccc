//! The header `traceparent` of W3C Trace Context: which work a request belongs to.

use std::{fmt, str::FromStr};

/// The identity of some work, over all computers that take part in it: 32 hexadecimal digits, not all of
/// them zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// What `traceparent` says: `00-<trace>-<who asks>-<flags>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The work.
    pub trace: TraceId,
    /// The part of it that asks, as 16 hexadecimal digits; never zero.
    asks: [u8; 8],
}

/// What is not a `traceparent`. Whoever gets one like this does as if there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a `traceparent` of version 00")]
pub struct InvalidTraceParent;

impl TraceParent {
    /// Its header.
    pub const HEADER: &str = "traceparent";

    /// Made of random bytes. Those of nothing but zeros, which mean nothing, become others.
    pub fn random(mut trace: [u8; 16], mut asks: [u8; 8]) -> Self {
        trace[15] |= u8::from(trace == [0; 16]);
        asks[7] |= u8::from(asks == [0; 8]);
        Self { trace: TraceId(trace), asks }
    }
}

/// Bytes of lower-case hexadecimal digits, as the header has them.
fn bytes<const N: usize>(digits: &str) -> Result<[u8; N], InvalidTraceParent> {
    if digits.bytes().any(|it| it.is_ascii_uppercase()) {
        return Err(InvalidTraceParent);
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| InvalidTraceParent)?;
    Ok(bytes)
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    /// Later versions begin like this one; what they have behind it is not read.
    fn from_str(text: &str) -> Result<Self, InvalidTraceParent> {
        let mut parts = text.split('-');
        let mut next = || parts.next().ok_or(InvalidTraceParent);
        let [version] = bytes(next()?)?;
        let (trace, asks) = (bytes(next()?)?, bytes(next()?)?);
        let [_flags] = bytes(next()?)?;
        let more = parts.next().is_some();
        if version == 0xff || version == 0 && more {
            return Err(InvalidTraceParent);
        }
        if trace == [0; 16] || asks == [0; 8] {
            return Err(InvalidTraceParent);
        }
        Ok(Self { trace: TraceId(trace), asks })
    }
}

impl fmt::Display for TraceParent {
    /// The last flag says that something was written down under this trace: log lines are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-01", self.trace, hex::encode(self.asks))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_is_read() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let read: TraceParent = text.parse().unwrap();
        assert_eq!(read.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(read.to_string(), text);
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-comes";
        assert_eq!(later.parse(), Ok(read));
    }

    #[test]
    fn what_is_not_one_is_refused() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47361-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
            "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        ] {
            assert_eq!(text.parse::<TraceParent>(), Err(InvalidTraceParent), "{text}");
        }
        let random = TraceParent::random([0; 16], [0; 8]);
        assert_eq!(random.to_string().parse(), Ok(random));
    }
}
