use twox_hash::XxHash64;

/// What the state of the `SplitMix64` generator grows by with each number.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// What tells the further numbers of a row apart.
const BRANCH: u64 = 0xd1b5_4a32_d192_ed03;

/// Random numbers of one column, each computed from the number of its row alone.
///
/// This is `SplitMix64`, whose n-th number can be had without the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Random {
    key: u64,
}

impl Random {
    /// The numbers that `purpose` has under a seed, such as the name of a column.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        Self {
            key: mix(XxHash64::oneshot(seed, purpose.as_bytes())),
        }
    }

    /// The number of a row: 64 random bits.
    #[inline]
    pub(crate) fn at(self, row: u64) -> u64 {
        mix(self.key.wrapping_add(row.wrapping_mul(GAMMA)))
    }

    /// A further number of a row.
    #[inline]
    pub(crate) fn branch(self, row: u64, branch: u64) -> u64 {
        mix(self.at(row).wrapping_add(branch.wrapping_mul(BRANCH)))
    }

    /// A number from 0 up to, and without, `count`; of any size if `count` is 0.
    #[inline]
    pub(crate) fn below(self, row: u64, count: u64) -> u64 {
        Self::scaled(self.at(row), count)
    }

    /// Random bits as a number below `count`; as they are if `count` is 0.
    #[inline]
    pub(crate) fn scaled(bits: u64, count: u64) -> u64 {
        if count == 0 {
            return bits;
        }
        ((u128::from(bits) * u128::from(count)) >> 64) as u64
    }

    /// The same as [`Random::below`] for counts beyond 64 bits.
    #[inline]
    pub(crate) fn below_wide(self, row: u64, count: u128) -> u128 {
        match u64::try_from(count) {
            Ok(count) => u128::from(self.below(row, count)),
            Err(_) => ((u128::from(self.at(row)) << 64) | u128::from(self.branch(row, 1))) % count,
        }
    }

    /// A number from 0 up to, and without, 1.
    #[inline]
    pub(crate) fn fraction(self, row: u64) -> f64 {
        (self.at(row) >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }
}

#[inline]
fn mix(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of `SplitMix64` for the state 0, as its authors' reference implementation in C prints them.
    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let random = Random { key: 0 };
        let numbers = [1, 2, 3].map(|row| random.at(row));
        assert_eq!(
            numbers,
            [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]
        );
    }

    #[test]
    fn numbers_stay_below_their_count() {
        let random = Random::new(7, "x");
        for row in 0..1000 {
            assert!(random.below(row, 3) < 3);
            assert!(random.below_wide(row, u128::from(u64::MAX) * 5) < u128::from(u64::MAX) * 5);
            assert!((0.0..1.0).contains(&random.fraction(row)));
        }
        assert_eq!(random.below(5, 0), random.at(5));
    }

    #[test]
    fn purposes_and_seeds_have_numbers_of_their_own() {
        let at = |seed, purpose| Random::new(seed, purpose).at(1);
        assert_ne!(at(0, "a"), at(0, "b"));
        assert_ne!(at(0, "a"), at(1, "a"));
        assert_eq!(at(3, "a"), at(3, "a"));
    }
}
