use std::ops::Range;

use arrow::array::UInt32Array;

/// Number of key groups: the grain in which keyed state is divided among workers and stored in snapshots.
///
/// Part of the format of snapshots.
pub const KEY_GROUPS: u16 = 128;

/// The key group that a key's hash falls into.
///
/// The bits are taken from the middle of the hash: hash tables use both ends, and keys of one worker, which
/// share their key groups' bits, must still spread over its tables.
pub fn key_group(hash: u64) -> u16 {
    (hash >> 40) as u16 % KEY_GROUPS
}

/// A contiguous range of key groups: what one worker owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyGroups(Range<u16>);

impl KeyGroups {
    /// All key groups.
    pub fn all() -> Self {
        Self(0..KEY_GROUPS)
    }

    /// The share of worker `index` among `workers`.
    pub fn of_worker(index: usize, workers: usize) -> Self {
        let first = |worker: usize| (worker * usize::from(KEY_GROUPS)).div_ceil(workers.max(1)) as u16;
        Self(first(index)..first(index + 1))
    }

    /// The worker, among `workers`, that owns `group`: the inverse of [`KeyGroups::of_worker`].
    pub fn worker_of(group: u16, workers: usize) -> usize {
        usize::from(group) * workers / usize::from(KEY_GROUPS)
    }

    /// Whether the range holds `group`.
    pub fn contains(&self, group: u16) -> bool {
        self.0.contains(&group)
    }

    /// The range itself.
    pub fn range(&self) -> Range<u16> {
        self.0.clone()
    }
}

/// The row numbers ordered by group, and where each group's rows start; the groups are below [`KEY_GROUPS`].
pub fn counting_sort(groups: &[u16]) -> (UInt32Array, Vec<usize>) {
    let mut starts = vec![0; usize::from(KEY_GROUPS) + 1];
    for group in groups {
        starts[usize::from(*group) + 1] += 1;
    }
    for group in 0..usize::from(KEY_GROUPS) {
        starts[group + 1] += starts[group];
    }
    let mut next = starts.clone();
    let mut order = vec![0; groups.len()];
    for (row, group) in groups.iter().enumerate() {
        let place = &mut next[usize::from(*group)];
        order[*place] = row as u32;
        *place += 1;
    }
    (UInt32Array::from(order), starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits 40 to 46 of the hash. Files of state depend on them: these values never change.
    #[test]
    fn the_group_of_a_hash_stays_what_it_was() {
        let cases = [
            (0, 0),
            (u64::MAX, 127),
            (1 << 39, 0),
            (1 << 40, 1),
            (1 << 46, 64),
            (1 << 47, 0),
            (0x0123_4567_89ab_cdef, 0x45),
            (0xfedc_ba98_7654_3210, 0x3a),
        ];
        for (hash, group) in cases {
            assert_eq!(key_group(hash), group, "{hash:#x}");
        }
    }

    #[test]
    fn every_group_has_exactly_the_worker_that_claims_it() {
        for workers in 1..=130 {
            for group in 0..KEY_GROUPS {
                let owners: Vec<_> = (0..workers)
                    .filter(|worker| KeyGroups::of_worker(*worker, workers).contains(group))
                    .collect();
                assert_eq!(owners, [KeyGroups::worker_of(group, workers)], "{group} of {workers}");
            }
        }
    }
}
