//! Chance that comes from a seed: `SplitMix64`, which is small, quick, and the same everywhere.

/// What a seed decides, one thing after the other.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// A number below this one; 0 if it is 0. All but equally likely: for the small numbers that are
    /// asked for here the difference is less than one in a billion.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.any().checked_rem(end).unwrap_or(0)
    }

    /// Whether something happens that happens once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Chance of its own for somebody, who does not disturb that of others.
    pub(crate) fn apart(&mut self) -> Self {
        Self(self.any())
    }
}

/// The bits of a number, each of which depends on all of them.
pub(crate) const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[test]
fn the_same_seed_decides_the_same() {
    let numbers = |seed| {
        let mut chance = Chance::new(seed);
        let mut apart = chance.apart();
        (0..8).map(|_| (chance.below(1000), apart.any())).collect::<Vec<_>>()
    };
    assert_eq!(numbers(7), numbers(7));
    assert_ne!(numbers(7), numbers(8));
    // As the author of SplitMix64 publishes it.
    assert_eq!(Chance::new(1_234_567).any(), 6_457_827_717_110_365_317);
}
