use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::Int64Type;

use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::OperatorResult;

/// `COUNT(*)` and `COUNT(x)`: rows whose arguments are not NULL.
#[derive(Debug, Default)]
pub(super) struct Count {
    counts: Vec<i64>,
}

impl GroupedAggregate for Count {
    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let counts = self.counts.as_mut_slice();
        match input.counted() {
            None => input.groups.iter().for_each(|group| counts[*group as usize] += 1),
            Some(counted) => counted
                .set_indices()
                .for_each(|row| counts[input.groups[row] as usize] += 1),
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let counted = input.counted();
        let running = input.groups.iter().enumerate().map(|(row, group)| {
            let count = &mut self.counts[*group as usize];
            *count += i64::from(counts(counted.as_ref(), row));
            *count
        });
        Ok(Values::all(Arc::new(running.collect::<Int64Array>())))
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let counts = groups.iter().map(|group| self.counts[*group as usize]);
        Ok(Values::all(Arc::new(counts.collect::<Int64Array>())))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        Ok(vec![self.peek(groups)?.array])
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let counts = state[0].as_primitive::<Int64Type>().values();
        for (count, group) in counts.iter().zip(groups) {
            self.counts[*group as usize] += count;
        }
        Ok(())
    }
}
