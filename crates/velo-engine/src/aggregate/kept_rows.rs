use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Int64Type};
use hashbrown::HashMap;

use super::counted_values::lists;
use super::row_bytes::RowBytes;
use super::{AggregateInput, counts};
use crate::error::OperatorResult;

/// The arguments of each group's rows that have not been retracted, in an order.
///
/// Of rows that are equal in event time and arguments, a retraction removes the first to arrive.
pub(super) struct KeptRows {
    rows: RowBytes,
    groups: Vec<KeptGroup>,
    /// Number of the next row to arrive.
    next: u64,
    order: KeptOrder,
}

/// What kept rows are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeptOrder {
    Arrival,
    /// Then by arrival.
    EventTime,
}

/// The rows of one group.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptGroup {
    rows: BTreeMap<Place, KeptRow>,
    /// Where equal rows stand, by event time and arguments.
    places: HashMap<Box<[u8]>, VecDeque<Place>>,
}

/// Event time if that counts, then number of arrival.
type Place = (i64, u64);

#[derive(Debug, Clone)]
struct KeptRow {
    time: i64,
    arguments: Box<[u8]>,
}

impl KeptGroup {
    pub(super) fn first(&self) -> Option<&[u8]> {
        self.rows.first_key_value().map(|(_, row)| row.arguments.as_ref())
    }

    pub(super) fn last(&self) -> Option<&[u8]> {
        self.rows.last_key_value().map(|(_, row)| row.arguments.as_ref())
    }

    /// The arguments of all rows in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.rows.values().map(|row| row.arguments.as_ref())
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    fn add(&mut self, key: &[u8], place: Place, row: KeptRow) {
        match self.places.get_mut(key) {
            Some(places) => places.push_back(place),
            None => {
                self.places.insert(key.into(), VecDeque::from([place]));
            }
        }
        self.rows.insert(place, row);
    }

    /// Nothing happens where no row is equal.
    fn remove(&mut self, key: &[u8]) {
        let Some(places) = self.places.get_mut(key) else {
            return;
        };
        if let Some(place) = places.pop_front() {
            self.rows.remove(&place);
        }
        if places.is_empty() {
            self.places.remove(key);
        }
    }
}

impl KeptRows {
    pub(super) fn new(arguments: &[DataType], order: KeptOrder) -> OperatorResult<Self> {
        Ok(Self {
            rows: RowBytes::new(arguments)?,
            groups: Vec::new(),
            next: 0,
            order,
        })
    }

    pub(super) fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, KeptGroup::default());
    }

    pub(super) fn clear(&mut self, groups: &[u32]) {
        for group in groups {
            self.groups[*group as usize] = KeptGroup::default();
        }
    }

    pub(super) fn group(&self, group: u32) -> &KeptGroup {
        &self.groups[group as usize]
    }

    pub(super) fn bytes(&self) -> &RowBytes {
        &self.rows
    }

    /// Takes `candidates` in and out, and calls `after` with the group of each row of the input.
    pub(super) fn change(
        &mut self,
        input: &AggregateInput<'_>,
        candidates: Option<&BooleanBuffer>,
        mut after: impl FnMut(&RowBytes, &KeptGroup) -> OperatorResult,
    ) -> OperatorResult {
        let encoded = self.rows.encode(input.arguments)?;
        let mut key = Vec::new();
        for (row, group) in input.groups.iter().enumerate() {
            let kept = &mut self.groups[*group as usize];
            if counts(candidates, row) {
                let time = input.times.map_or(0, |times| times[row]);
                key.clear();
                key.extend_from_slice(&time.to_le_bytes());
                key.extend_from_slice(encoded.key(row));
                if input.retracts(row) {
                    kept.remove(&key);
                } else {
                    let rank = if self.order == KeptOrder::EventTime { time } else { 0 };
                    let arguments = encoded.value(row).into();
                    kept.add(&key, (rank, self.next), KeptRow { time, arguments });
                    self.next += 1;
                }
            }
            after(&self.rows, kept)?;
        }
        Ok(())
    }

    /// The state of groups: for each a list of its rows in order, with their event times.
    pub(super) fn snapshot(&self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let groups = groups.iter().map(|group| self.group(*group));
        let mut columns = self.rows.decode(groups.clone().flat_map(KeptGroup::iter))?;
        let times = groups.clone().flat_map(|group| group.rows.values().map(|row| row.time));
        columns.push(Arc::new(Int64Array::from_iter_values(times)));
        Ok(vec![lists(columns, groups.map(KeptGroup::len))?])
    }

    pub(super) fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let lists = state[0].as_list::<i32>();
        for (row, group) in groups.iter().enumerate() {
            let members = lists.value(row);
            let Some((times, arguments)) = members.as_struct().columns().split_last() else {
                continue;
            };
            let times = times.as_primitive::<Int64Type>().values();
            let input = AggregateInput {
                arguments,
                filter: None,
                retractions: None,
                times: Some(times),
                groups: &vec![*group; times.len()],
            };
            self.change(&input, None, |_, _| Ok(()))?;
        }
        Ok(())
    }
}
