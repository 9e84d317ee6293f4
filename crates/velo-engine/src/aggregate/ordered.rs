use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use velo_functions::comparable;

use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::OperatorResult;

/// What is made of a group's values, which are kept in ascending order.
#[derive(Debug, Clone, Copy)]
pub(super) enum OrderedResult {
    /// `TOPK` and `TOPKDISTINCT`: the largest, largest first.
    Largest {
        /// How many.
        count: usize,
        /// Whether equal values are one.
        distinct: bool,
    },
    /// `PERCENTILE_DISC`: the first value that at least this fraction of all do not exceed.
    Percentile(f64),
}

/// Aggregates that need their values in order. NULL is passed over.
pub(super) struct Ordered {
    result: OrderedResult,
    converter: RowConverter,
    data_type: DataType,
    /// Whether the input retracts rows, so that any value may become one of the largest.
    retracts: bool,
    /// The values of each group, ascending, in the row format, whose bytes compare like the values.
    groups: Vec<Vec<Box<[u8]>>>,
}

impl Ordered {
    pub(super) fn new(result: OrderedResult, data_type: &DataType, retracts: bool) -> OperatorResult<Self> {
        let order = SortOptions::default();
        Ok(Self {
            result,
            converter: RowConverter::new(vec![SortField::new_with_options(data_type.clone(), order)])?,
            data_type: data_type.clone(),
            retracts,
            groups: Vec::new(),
        })
    }

    fn add(&mut self, group: usize, value: &[u8]) {
        let values = &mut self.groups[group];
        let place = values.partition_point(|held| held.as_ref() <= value);
        match self.result {
            _ if self.retracts => values.insert(place, value.into()),
            OrderedResult::Largest { distinct: true, .. } if place > 0 && *values[place - 1] == *value => {}
            OrderedResult::Largest { count, .. } if values.len() == count => {
                if place > 0 {
                    values.insert(place, value.into());
                    values.remove(0);
                }
            }
            _ => values.insert(place, value.into()),
        }
    }

    /// Nothing happens where no value is equal.
    fn remove(&mut self, group: usize, value: &[u8]) {
        let values = &mut self.groups[group];
        let place = values.partition_point(|held| held.as_ref() < value);
        if values.get(place).is_some_and(|held| held.as_ref() == value) {
            values.remove(place);
        }
    }

    fn change(&mut self, group: usize, value: &[u8], retracts: bool) {
        if retracts {
            self.remove(group, value);
        } else {
            self.add(group, value);
        }
    }

    fn add_rows(&mut self, column: &ArrayRef, mut add: impl FnMut(&mut Self, usize, &[u8])) -> OperatorResult {
        let rows = if self.retracts {
            // The retraction of a value may be written as another that is equal, such as -0.0 for 0.0.
            self.converter.convert_columns(&[comparable(column)?])?
        } else {
            self.converter.convert_columns(std::slice::from_ref(column))?
        };
        for (row, value) in rows.iter().enumerate() {
            add(self, row, value.data());
        }
        Ok(())
    }

    /// The values that a group's result consists of.
    fn picked(&self, group: usize) -> Box<dyn Iterator<Item = &[u8]> + '_> {
        let values = self.groups[group].as_slice();
        match self.result {
            OrderedResult::Largest { count, distinct } => {
                let repeats = move |index: usize| distinct && values.get(index + 1) == Some(&values[index]);
                let picked = (0..values.len()).rev().filter(move |index| !repeats(*index));
                Box::new(picked.take(count).map(|index| values[index].as_ref()))
            }
            OrderedResult::Percentile(fraction) => {
                let rank = (fraction * values.len() as f64).ceil().max(1.0) as usize;
                Box::new(values.get(rank - 1).map(AsRef::as_ref).into_iter())
            }
        }
    }

    fn decode(&self, values: &[&[u8]]) -> OperatorResult<ArrayRef> {
        let parser = self.converter.parser();
        let mut columns = self
            .converter
            .convert_rows(values.iter().map(|value| parser.parse(value)))?;
        Ok(columns.swap_remove(0))
    }

    fn lists(&self, lists: &[Vec<&[u8]>], nulls: Option<NullBuffer>) -> OperatorResult<ListArray> {
        let item = Arc::new(Field::new_list_field(self.data_type.clone(), true));
        let offsets = OffsetBuffer::from_lengths(lists.iter().map(Vec::len));
        Ok(ListArray::try_new(item, offsets, self.decode(&lists.concat())?, nulls)?)
    }

    /// Results, given the values that each consists of; none is NULL.
    fn results(&self, picked: &[Vec<&[u8]>]) -> OperatorResult<Values> {
        let valid: NullBuffer = picked.iter().map(|values| !values.is_empty()).collect();
        if let OrderedResult::Largest { .. } = self.result {
            return Ok(Values::all(Arc::new(self.lists(picked, Some(valid))?)));
        }
        let values = self.decode(&picked.concat())?;
        let mut next = 0;
        let places = valid.iter().map(|valid| {
            next += u32::from(valid);
            valid.then(|| next - 1)
        });
        let places = places.collect::<arrow::array::UInt32Array>();
        Ok(Values::all(arrow::compute::take(&values, &places, None)?))
    }
}

impl GroupedAggregate for Ordered {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, Vec::new());
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let counted = input.counted();
        self.add_rows(&input.arguments[0], |this, row, value| {
            if counts(counted.as_ref(), row) {
                this.change(input.groups[row] as usize, value, input.retracts(row));
            }
        })
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let counted = input.counted();
        let mut running: Vec<Vec<Box<[u8]>>> = Vec::with_capacity(input.groups.len());
        self.add_rows(&input.arguments[0], |this, row, value| {
            let group = input.groups[row] as usize;
            if counts(counted.as_ref(), row) {
                this.change(group, value, input.retracts(row));
            }
            running.push(this.picked(group).map(Into::into).collect());
        })?;
        let running: Vec<Vec<&[u8]>> = running
            .iter()
            .map(|values| values.iter().map(AsRef::as_ref).collect())
            .collect();
        self.results(&running)
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let picked: Vec<Vec<&[u8]>> = groups
            .iter()
            .map(|group| self.picked(*group as usize).collect())
            .collect();
        self.results(&picked)
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let values = |group: &u32| self.groups[*group as usize].iter().map(AsRef::as_ref).collect();
        let values: Vec<Vec<&[u8]>> = groups.iter().map(values).collect();
        Ok(vec![Arc::new(self.lists(&values, None)?)])
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let lists = state[0].as_list::<i32>();
        for (row, group) in groups.iter().enumerate() {
            self.add_rows(&lists.value(row), |this, _, value| this.add(*group as usize, value))?;
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
