//! Whether a new version of a file comes sooner as a patch or as a whole: a patch has fewer bytes, but
//! the file has to be made of it.

use std::time::Duration;

/// How many bytes a second are packed again, as long as nothing was measured: what one processor of an
/// older server does.
pub const PACKED_AT_FIRST: u64 = 25 << 20;

/// How many bytes a second are unpacked, decompressed, hashed and written, all together.
const READ: u64 = 150 << 20;

/// By so much in a hundred a patch has to be quicker: what it takes is only guessed.
const BETTER: u64 = 5;

/// The two ways in which a file can come. Sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// What would have to come of the whole file.
    pub whole: u64,
    /// What has still to come of the patch.
    pub patch: u64,
    /// How long it takes then to make the file.
    pub work: Duration,
}

/// A way in which a file comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As a whole.
    Whole,
    /// As a patch.
    Patch,
}

impl Offer {
    /// The quicker way where so many bytes come in a second.
    pub fn way(&self, rate: u64) -> Way {
        let patch = took(self.patch, rate).saturating_add(millis(self.work));
        let whole = took(self.whole, rate);
        if patch.saturating_mul(100) < whole.saturating_mul(100 - BETTER) {
            Way::Patch
        } else {
            Way::Whole
        }
    }
}

/// How long it takes to make a file of a patch: `plain` bytes are read and unpacked on both sides, and
/// `packed` of them packed again, so many in a second.
pub fn work(plain: u64, packed: u64, packed_a_second: u64) -> Duration {
    Duration::from_millis(took(plain, READ).saturating_add(took(packed, packed_a_second)))
}

/// Milliseconds for so many bytes.
fn took(bytes: u64, rate: u64) -> u64 {
    bytes.saturating_mul(1_000) / rate.max(1)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGABIT: u64 = 1_000_000 / 8;

    /// As of two versions of a wheel: 28 MB, packed from 68, of which 60 have changed.
    fn offer() -> Offer {
        Offer { whole: 27_900_000, patch: 3_900_000, work: work(130_000_000, 60_000_000, 60 << 20) }
    }

    #[test]
    fn slow_links_get_the_patch_and_fast_ones_the_file() {
        assert_eq!(offer().way(2 * MEGABIT), Way::Patch);
        assert_eq!(offer().way(20 * MEGABIT), Way::Patch);
        assert_eq!(offer().way(200 * MEGABIT), Way::Whole);
        assert_eq!(offer().way(u64::MAX), Way::Whole);
        assert_eq!(offer().way(0), Way::Patch);
    }

    #[test]
    fn a_patch_has_to_be_clearly_quicker() {
        let at = |patch, work| {
            Offer { whole: 1_000, patch, work: Duration::from_millis(work) }.way(1_000)
        };
        assert_eq!(at(500, 449), Way::Patch);
        assert_eq!(at(500, 450), Way::Whole);
        assert_eq!(at(949, 0), Way::Patch);
        assert_eq!(at(950, 0), Way::Whole);
    }

    #[test]
    fn what_is_not_packed_takes_little_work() {
        assert_eq!(work(150 << 20, 0, 1), Duration::from_secs(1));
        assert_eq!(work(0, 50 << 20, 25 << 20), Duration::from_secs(2));
        assert_eq!(work(0, u64::MAX, 0).as_millis(), u128::from(u64::MAX));
    }
}
