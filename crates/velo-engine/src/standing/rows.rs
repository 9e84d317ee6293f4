use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::format::RowBytes;

/// A slot that is not there.
const NONE: u32 = u32::MAX;

/// Bytes of rows that have gone, from which on it is worth the while to move the others together.
const DEAD_BYTES_MIN: usize = 64 << 10;

/// A multiset of rows, found by the values that users see. Each has a slot, whose number is used again when the row has gone.
///
/// Rows stand in one buffer, so that a row costs no allocation of its own.
#[derive(Debug, Default)]
pub(crate) struct StandingRows {
    /// The slot of the row that came last, of those that are equal.
    newest: HashTable<u32>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    bytes: Vec<u8>,
    dead_bytes: usize,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u64,
    start: usize,
    /// Where the user's columns end, and what is kept beside them.
    user_end: usize,
    end: usize,
    /// The slot of the equal row before it.
    older: u32,
    is_taken: bool,
}

impl StandingRows {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// One more than the highest slot so far.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Adds a row, and returns its slot.
    pub(crate) fn insert(&mut self, hash: u64, row: RowBytes<'_>) -> u32 {
        self.move_together();
        let start = self.bytes.len();
        self.bytes.extend_from_slice(row.user);
        let user_end = self.bytes.len();
        self.bytes.extend_from_slice(row.metadata);
        let mut taken = Slot {
            hash,
            start,
            user_end,
            end: self.bytes.len(),
            older: NONE,
            is_taken: true,
        };
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        let (slots, bytes) = (&self.slots, &self.bytes);
        let is_equal = |other: &u32| {
            let other = &slots[*other as usize];
            other.hash == hash && bytes[other.start..other.user_end] == *row.user
        };
        match self.newest.entry(hash, is_equal, |other| slots[*other as usize].hash) {
            Entry::Occupied(mut newest) => {
                taken.older = *newest.get();
                *newest.get_mut() = slot;
            }
            Entry::Vacant(vacant) => {
                vacant.insert(slot);
            }
        }
        match self.slots.get_mut(slot as usize) {
            Some(free) => *free = taken,
            None => self.slots.push(taken),
        }
        slot
    }

    /// The slot of the last of the rows with these values.
    pub(crate) fn find(&self, hash: u64, user: &[u8]) -> Option<u32> {
        let is_equal = |slot: &u32| {
            let slot = &self.slots[*slot as usize];
            slot.hash == hash && self.bytes[slot.start..slot.user_end] == *user
        };
        self.newest.find(hash, is_equal).copied()
    }

    /// Takes out a row that [`StandingRows::find`] found. Its slot is free from the next insert on.
    pub(crate) fn remove(&mut self, slot: u32) {
        let Some(gone) = self.slots.get_mut(slot as usize).filter(|gone| gone.is_taken) else {
            return;
        };
        gone.is_taken = false;
        let (hash, older) = (gone.hash, gone.older);
        self.dead_bytes += gone.end - gone.start;
        self.free.push(slot);
        if let Ok(mut newest) = self.newest.find_entry(hash, |other| *other == slot) {
            if older == NONE {
                newest.remove();
            } else {
                *newest.get_mut() = older;
            }
        }
    }

    /// The row of a slot that is taken.
    pub(crate) fn row(&self, slot: u32) -> RowBytes<'_> {
        let slot = &self.slots[slot as usize];
        RowBytes {
            user: &self.bytes[slot.start..slot.user_end],
            metadata: &self.bytes[slot.user_end..slot.end],
        }
    }

    /// All slots that are taken; of equal rows in the order in which they came.
    pub(crate) fn taken(&self) -> Vec<u32> {
        let mut taken = Vec::with_capacity(self.len());
        for newest in &self.newest {
            let first = taken.len();
            let mut slot = *newest;
            while slot != NONE {
                taken.push(slot);
                slot = self.slots[slot as usize].older;
            }
            taken[first..].reverse();
        }
        taken
    }

    /// Gives back the memory of rows that have gone, once they are most of it.
    fn move_together(&mut self) {
        if self.dead_bytes < DEAD_BYTES_MIN || self.dead_bytes * 2 < self.bytes.len() {
            return;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len() - self.dead_bytes);
        for slot in self.slots.iter_mut().filter(|slot| slot.is_taken) {
            let start = bytes.len();
            bytes.extend_from_slice(&self.bytes[slot.start..slot.end]);
            (slot.user_end, slot.end) = (start + slot.user_end - slot.start, bytes.len());
            slot.start = start;
        }
        self.bytes = bytes;
        self.dead_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn row<'a>(user: &'a [u8], metadata: &'a [u8]) -> RowBytes<'a> {
        RowBytes { user, metadata }
    }

    proptest! {
        /// Against vectors by value: of equal rows the last one goes first, whatever collides.
        #[test]
        fn rows_are_found_until_they_are_taken_out(steps in prop::collection::vec((0_u8..6, any::<bool>()), 0..300)) {
            let mut standing = StandingRows::default();
            let mut model: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
            for (step, (value, is_added)) in steps.into_iter().enumerate() {
                // Values of different lengths, long enough that buffers are moved, with few hashes.
                let user = vec![value; 900 * usize::from(value)];
                let hash = u64::from(value % 2);
                let metadata = [step as u8];
                if is_added {
                    standing.insert(hash, row(&user, &metadata));
                    model.entry(value).or_default().push(step as u8);
                    continue;
                }
                let expected = model.get_mut(&value).and_then(Vec::pop);
                let found = standing.find(hash, &user);
                prop_assert_eq!(found.map(|slot| standing.row(slot).metadata.to_vec()), expected.map(|step| vec![step]));
                if let Some(slot) = found {
                    standing.remove(slot);
                }
            }
            let mut left: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
            for slot in standing.taken() {
                let row = standing.row(slot);
                left.entry(row.user.first().copied().unwrap_or(0)).or_default().push(row.metadata[0]);
            }
            model.retain(|_, steps| !steps.is_empty());
            prop_assert_eq!(standing.len(), model.values().map(Vec::len).sum::<usize>());
            prop_assert_eq!(left, model);
        }
    }
}
