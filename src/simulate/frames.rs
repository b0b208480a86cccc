//! What travels beside content: every frame on a line has headers, and counters of lines count them.

/// Bytes of a full frame, and of the content in it: 14 are Ethernet's, 20 are IP's, and 32 TCP's with
/// time stamps.
const FRAME: f64 = 1_514.0;
const CONTENT: f64 = 1_448.0;

/// How much content goes through where so much of everything does.
pub(super) fn content_of(carried: f64) -> f64 {
    carried * CONTENT / FRAME
}

/// How much is carried where so much content goes through.
pub(super) fn carried(content: f64) -> f64 {
    content * FRAME / CONTENT
}
