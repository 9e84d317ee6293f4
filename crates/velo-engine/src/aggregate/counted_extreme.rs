use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

use super::counted_values::CountedValues;
use super::row_bytes::{RowBytes, RunningRows};
use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::OperatorResult;

/// MIN or MAX over an input that retracts rows: all values are kept, since any may become the next result.
pub(super) struct CountedExtreme {
    rows: RowBytes,
    max: bool,
    groups: Vec<CountedValues>,
}

impl CountedExtreme {
    pub(super) fn new(argument: &DataType, max: bool) -> OperatorResult<Self> {
        Ok(Self {
            rows: RowBytes::new(std::slice::from_ref(argument))?,
            max,
            groups: Vec::new(),
        })
    }

    /// Takes rows in and out, and calls `after` with each row's group.
    fn change(&mut self, input: &AggregateInput<'_>, mut after: impl FnMut(&CountedValues)) -> OperatorResult {
        let encoded = self.rows.encode(input.arguments)?;
        let counted = input.counted();
        for (row, group) in input.groups.iter().enumerate() {
            let values = &mut self.groups[*group as usize];
            if counts(counted.as_ref(), row) {
                if input.retracts(row) {
                    values.remove(encoded.key(row));
                } else {
                    values.add(encoded.key(row), encoded.own_value(row), 1);
                }
            }
            after(values);
        }
        Ok(())
    }

    fn values<'a>(&self, values: impl Iterator<Item = Option<&'a [u8]>>) -> OperatorResult<Values> {
        Ok(Values::all(self.rows.decode_values(values)?))
    }
}

fn extreme(values: &CountedValues, max: bool) -> Option<&[u8]> {
    if max { values.greatest() } else { values.least() }
}

impl GroupedAggregate for CountedExtreme {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, CountedValues::default());
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        self.change(input, |_| {})
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let max = self.max;
        let mut running = RunningRows::default();
        self.change(input, |values| running.push(extreme(values, max)))?;
        self.values(running.iter())
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let groups = groups.iter().map(|group| &self.groups[*group as usize]);
        self.values(groups.map(|values| extreme(values, self.max)))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let groups = groups.iter().map(|group| &self.groups[*group as usize]);
        CountedValues::snapshot(&self.rows, groups)
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        CountedValues::merge(&mut self.groups, &self.rows, state, groups, |_, _| Ok(()))
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.groups[*group as usize].clear();
        }
        Ok(())
    }
}
