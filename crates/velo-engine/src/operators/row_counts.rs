use arrow::buffer::BooleanBuffer;

/// How many rows each group has.
#[derive(Debug, Default)]
pub(super) struct RowCounts {
    counts: Vec<u64>,
    /// Groups without rows.
    empty: usize,
    /// Groups that were emptied and may have rows again.
    emptied: Vec<u32>,
}

/// What counting the rows of a batch says of them.
#[derive(Debug)]
pub(super) struct Counted {
    /// Positions of the rows that retract one that does not exist.
    pub(super) unknown: Vec<usize>,
    /// After which rows their group has rows.
    pub(super) occupied: BooleanBuffer,
}

/// Fewest groups without rows that are worth dropping.
const EMPTY_MIN: usize = 1024;

impl RowCounts {
    pub(super) fn resize(&mut self, groups: usize) {
        self.empty += groups - self.counts.len();
        self.counts.resize(groups, 0);
    }

    pub(super) fn get(&self, group: u32) -> u64 {
        self.counts[group as usize]
    }

    /// Says how many rows a new group has.
    pub(super) fn set(&mut self, group: u32, count: u64) {
        self.counts[group as usize] = count;
        self.empty -= usize::from(count > 0);
    }

    /// Counts rows of these groups, of which `retractions` remove one.
    pub(super) fn count(&mut self, groups: &[u32], retractions: Option<&BooleanBuffer>) -> Counted {
        let mut unknown = Vec::new();
        let Some(retractions) = retractions else {
            for group in groups {
                let count = &mut self.counts[*group as usize];
                self.empty -= usize::from(*count == 0);
                *count += 1;
            }
            return Counted {
                unknown,
                occupied: BooleanBuffer::new_set(groups.len()),
            };
        };
        let occupied = BooleanBuffer::collect_bool(groups.len(), |position| {
            let group = groups[position];
            let count = &mut self.counts[group as usize];
            match (retractions.value(position), *count) {
                (true, 0) => unknown.push(position),
                (true, 1) => {
                    *count = 0;
                    self.empty += 1;
                    self.emptied.push(group);
                }
                (true, _) => *count -= 1,
                (false, 0) => {
                    *count = 1;
                    self.empty -= 1;
                }
                (false, _) => *count += 1,
            }
            *count > 0
        });
        Counted { unknown, occupied }
    }

    /// The groups that have been emptied since the last call, and have no rows still.
    pub(super) fn take_emptied(&mut self) -> Vec<u32> {
        let mut emptied = std::mem::take(&mut self.emptied);
        emptied.retain(|group| self.counts[*group as usize] == 0);
        emptied.sort_unstable();
        emptied.dedup();
        emptied
    }

    /// The groups that have rows.
    pub(super) fn occupied(&self) -> impl Iterator<Item = u32> {
        let groups = self.counts.iter().enumerate();
        groups.filter(|(_, count)| **count > 0).map(|(group, _)| group as u32)
    }

    /// Whether groups without rows take more room than the others.
    pub(super) fn are_mostly_empty(&self) -> bool {
        self.empty >= EMPTY_MIN && self.empty > self.counts.len() / 2
    }
}
