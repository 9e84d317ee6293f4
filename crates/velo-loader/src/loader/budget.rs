/// Memory that the tables that load at the same time share, by their estimated size.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    bytes_max: Option<u64>,
    bytes_granted: u64,
}

impl MemoryBudget {
    pub(crate) fn new(bytes_max: Option<u64>) -> Self {
        Self {
            bytes_max,
            bytes_granted: 0,
        }
    }

    /// What a table gets; `None` when there is no bound. A table of unknown size gets an equal share, and one that is
    /// larger than everything gets everything, so that it loads alone.
    pub(crate) fn grant_for(&self, estimated_bytes: Option<u64>, max_parallel: usize) -> Option<u64> {
        let bytes_max = self.bytes_max?;
        let equal_share = bytes_max / max_parallel.max(1) as u64;
        Some(estimated_bytes.unwrap_or(equal_share).clamp(1, bytes_max))
    }

    pub(crate) fn has_room_for(&self, grant: Option<u64>) -> bool {
        match (self.bytes_max, grant) {
            (Some(bytes_max), Some(grant)) => self.bytes_granted.saturating_add(grant) <= bytes_max,
            _ => true,
        }
    }

    pub(crate) fn take(&mut self, grant: Option<u64>) {
        self.bytes_granted += grant.unwrap_or(0);
    }

    pub(crate) fn give_back(&mut self, grant: Option<u64>) {
        self.bytes_granted -= grant.unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_larger_than_everything_loads_alone() {
        let mut budget = MemoryBudget::new(Some(100));
        let large = budget.grant_for(Some(1000), 4);
        assert_eq!(large, Some(100));
        budget.take(large);
        assert!(!budget.has_room_for(budget.grant_for(Some(1), 4)));
        budget.give_back(large);
        assert!(budget.has_room_for(budget.grant_for(None, 4)));
    }

    #[test]
    fn equal_shares_fill_the_budget_with_as_many_tables_as_may_load() {
        let mut budget = MemoryBudget::new(Some(100));
        for _ in 0..4 {
            let grant = budget.grant_for(None, 4);
            assert!(budget.has_room_for(grant));
            budget.take(grant);
        }
        assert!(!budget.has_room_for(budget.grant_for(None, 4)));
    }

    #[test]
    fn without_a_bound_everything_has_room() {
        let budget = MemoryBudget::new(None);
        assert!(budget.has_room_for(budget.grant_for(Some(u64::MAX), 1)));
    }
}
