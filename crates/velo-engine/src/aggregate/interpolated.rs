use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray};
use arrow::datatypes::Float64Type;

use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::OperatorResult;

/// `PERCENTILE_CONT`: the value below which a fraction of all lie, between two neighbours in proportion, as `DuckDB`
/// has it. NULL is passed over.
#[derive(Debug)]
pub(super) struct InterpolatedPercentile {
    /// From 0 to 1.
    fraction: f64,
    /// The values of each group, ascending.
    groups: Vec<Vec<f64>>,
}

impl InterpolatedPercentile {
    pub(super) fn new(fraction: f64) -> Self {
        Self {
            fraction,
            groups: Vec::new(),
        }
    }

    fn add(&mut self, group: usize, value: f64) {
        let values = &mut self.groups[group];
        let place = values.partition_point(|held| held.total_cmp(&value).is_le());
        values.insert(place, value);
    }

    /// Nothing happens where no value is equal.
    fn remove(&mut self, group: usize, value: f64) {
        let values = &mut self.groups[group];
        let place = if value.is_nan() {
            values.iter().position(|held| held.is_nan())
        } else {
            // -0.0 and 0.0 are equal, and neighbours.
            let place = values.partition_point(|held| *held < value || held.is_nan() && held.is_sign_negative());
            values.get(place).filter(|held| **held <= value).map(|_| place)
        };
        if let Some(place) = place {
            values.remove(place);
        }
    }

    fn change(&mut self, group: usize, value: f64, retracts: bool) {
        if retracts {
            self.remove(group, value);
        } else {
            self.add(group, value);
        }
    }

    fn value(&self, group: usize) -> Option<f64> {
        let values = &self.groups[group];
        let position = self.fraction * values.len().checked_sub(1)? as f64;
        let lower = values.get(position.floor() as usize)?;
        let upper = values.get(position.ceil() as usize)?;
        Some(lower + (upper - lower) * position.fract())
    }
}

impl GroupedAggregate for InterpolatedPercentile {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, Vec::new());
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let counted = input.counted();
        let column = input.arguments[0].as_primitive::<Float64Type>();
        for (row, group) in input.groups.iter().enumerate() {
            if counts(counted.as_ref(), row) {
                self.change(*group as usize, column.value(row), input.retracts(row));
            }
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let counted = input.counted();
        let column = input.arguments[0].as_primitive::<Float64Type>();
        let rows = input.groups.iter().enumerate();
        let running = rows.map(|(row, group)| {
            if counts(counted.as_ref(), row) {
                self.change(*group as usize, column.value(row), input.retracts(row));
            }
            self.value(*group as usize)
        });
        Ok(Values::all(Arc::new(running.collect::<Float64Array>())))
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let values = groups.iter().map(|group| self.value(*group as usize));
        Ok(Values::all(Arc::new(values.collect::<Float64Array>())))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let values = |group: &u32| Some(self.groups[*group as usize].iter().copied().map(Some));
        let lists = ListArray::from_iter_primitive::<Float64Type, _, _>(groups.iter().map(values));
        Ok(vec![Arc::new(lists)])
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let lists = state[0].as_list::<i32>();
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| lists.is_valid(*row)) {
            let values = lists.value(row);
            for value in values.as_primitive::<Float64Type>().values() {
                self.add(*group as usize, *value);
            }
        }
        Ok(())
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.groups[*group as usize].clear();
        }
        Ok(())
    }
}
