//! Random numbers, the same ones for the same seed.

/// Random numbers from a seed (`SplitMix64`: one addition and three multiplications, well mixed from
/// the first number on).
#[derive(Debug, Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`, each as likely; 0 for 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let Ok(count) = u64::try_from(count) else { return 0 };
        if count <= 1 {
            return 0;
        }
        // Numbers of the last, incomplete run would make small remainders more likely.
        let whole_runs = u64::MAX - u64::MAX % count;
        loop {
            let number = self.next();
            if number < whole_runs {
                return usize::try_from(number % count).unwrap_or(0);
            }
        }
    }
}
