use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::Int64Type;

use super::extreme::{Touched, pick};
use super::slots::Slots;
use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::OperatorResult;

/// Which row a group's value is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// `FIRST_VALUE`: the earliest by event time where rows have one; of equals, the first to arrive.
    EarliestEvent,
    /// `LAST_VALUE`: the latest by event time where rows have one; of equals, the last to arrive.
    LatestEvent,
    /// `EARLIEST_BY_OFFSET`: the first to arrive.
    FirstArrival,
    /// `LATEST_BY_OFFSET`: the last to arrive.
    LastArrival,
}

/// What NULL means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// A NULL is a value like any other.
    AreValues,
    /// A row whose value is NULL is no row.
    ArePassedOver,
}

/// `FIRST_VALUE`, `LAST_VALUE` and their like.
pub(super) struct FirstLast {
    slots: Box<dyn Slots>,
    /// Event time of the value that each group holds.
    times: Vec<Option<i64>>,
    order: Order,
    nulls: Nulls,
    /// Per group the row of the current batch that is its value; all [`NONE`] between batches.
    winners: Vec<u32>,
}

/// No row of the current batch.
const NONE: u32 = u32::MAX;

impl FirstLast {
    pub(super) fn new(slots: Box<dyn Slots>, order: Order, nulls: Nulls) -> Self {
        Self {
            slots,
            times: Vec::new(),
            order,
            nulls,
            winners: Vec::new(),
        }
    }

    /// Whether a row of this time takes the group's place; if so, the group has its time.
    #[inline]
    fn wins(&mut self, group: usize, time: i64) -> bool {
        let wins = match self.times[group] {
            None => true,
            Some(held) => match self.order {
                Order::EarliestEvent => time < held,
                Order::LatestEvent => time >= held,
                Order::FirstArrival => false,
                Order::LastArrival => true,
            },
        };
        if wins {
            self.times[group] = Some(time);
        }
        wins
    }
}

/// The rows that may be their group's value; `None` is all.
pub(super) fn candidates(nulls: Nulls, input: &AggregateInput<'_>) -> Option<BooleanBuffer> {
    match nulls {
        Nulls::AreValues => input.filter.cloned(),
        Nulls::ArePassedOver => input.counted(),
    }
}

fn time_of(input: &AggregateInput<'_>, row: usize) -> i64 {
    input.times.map_or(0, |times| times[row])
}

impl GroupedAggregate for FirstLast {
    fn resize(&mut self, groups: usize) {
        self.slots.resize(groups);
        self.times.resize(groups, None);
        self.winners.resize(groups, NONE);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        // Values are copied once per group and batch, not once per row.
        let candidates = candidates(self.nulls, input);
        let mut touched = Vec::new();
        for (row, group) in input.groups.iter().enumerate() {
            let group = *group as usize;
            if counts(candidates.as_ref(), row) && self.wins(group, time_of(input, row)) {
                if self.winners[group] == NONE {
                    touched.push(group);
                }
                self.winners[group] = row as u32;
            }
        }
        for group in touched {
            let row = std::mem::replace(&mut self.winners[group], NONE);
            self.slots.set(group, &input.arguments[0], row as usize)?;
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let candidates = candidates(self.nulls, input);
        let mut touched = Touched::new(input.groups);
        let held = self.slots.column(&touched.groups)?;
        let mut picks = Vec::with_capacity(input.groups.len());
        for (row, group) in input.groups.iter().enumerate() {
            let position = touched.position_of(*group);
            if counts(candidates.as_ref(), row) && self.wins(*group as usize, time_of(input, row)) {
                touched.winners[position] = (1, row);
            }
            picks.push(touched.winners[position]);
        }
        for (group, winner) in touched.groups.iter().zip(&touched.winners) {
            if let (1, row) = *winner {
                self.slots.set(*group as usize, &input.arguments[0], row)?;
            }
        }
        pick(&held, &input.arguments[0], &picks)
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        Ok(Values::all(self.slots.column(groups)?))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let times = groups.iter().map(|group| self.times[*group as usize]);
        Ok(vec![
            self.slots.column(groups)?,
            Arc::new(times.collect::<Int64Array>()),
        ])
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let times = state[1].as_primitive::<Int64Type>();
        let filter: BooleanBuffer = times.iter().map(|time| time.is_some()).collect();
        self.update(&AggregateInput {
            arguments: &state[..1],
            filter: Some(&filter),
            retractions: None,
            times: Some(times.values()),
            groups,
        })
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.slots.clear(*group as usize);
            self.times[*group as usize] = None;
        }
        Ok(())
    }
}
