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

impl Count {
    /// The counts of groups after each row; compiled for rows with and without retractions.
    fn running(&mut self, input: &AggregateInput<'_>, retracts: impl Fn(usize) -> bool) -> Values {
        let counted = input.counted();
        let running = input.groups.iter().enumerate().map(|(row, group)| {
            let count = &mut self.counts[*group as usize];
            if counts(counted.as_ref(), row) {
                change(count, retracts(row));
            }
            *count
        });
        Values::all(Arc::new(running.collect::<Int64Array>()))
    }
}

/// One row more, or one less.
#[inline]
fn change(count: &mut i64, retracts: bool) {
    if retracts {
        *count = (*count - 1).max(0);
    } else {
        *count += 1;
    }
}

impl GroupedAggregate for Count {
    fn resize(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let held = self.counts.as_mut_slice();
        match (input.counted(), input.retractions) {
            (None, None) => input.groups.iter().for_each(|group| held[*group as usize] += 1),
            (Some(counted), None) => counted
                .set_indices()
                .for_each(|row| held[input.groups[row] as usize] += 1),
            (counted, Some(retractions)) => {
                for (row, group) in input.groups.iter().enumerate() {
                    if counts(counted.as_ref(), row) {
                        change(&mut held[*group as usize], retractions.value(row));
                    }
                }
            }
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        Ok(match input.retractions {
            None => self.running(input, |_| false),
            Some(retractions) => self.running(input, |row| retractions.value(row)),
        })
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

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.counts[*group as usize] = 0;
        }
        Ok(())
    }
}
