//! Numbers of one sort as those of another, where nothing is lost that matters.

/// A number of bytes or nanoseconds in floating point: exact up to 2^53, nine petabytes.
#[expect(clippy::cast_precision_loss, reason = "what is beyond 2^53 is not told apart by anybody")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

/// The whole number below; what is negative or no number is 0, what is too large the largest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` does just that with what does not fit"
)]
pub(super) fn whole(number: f64) -> u64 {
    number.floor() as u64
}

/// The place of something in a list, as it is kept: four bytes instead of eight. Nothing has so many
/// entries that one does not fit.
pub(super) fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
