use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

use super::first_last::{Nulls, Order, candidates};
use super::kept_rows::{KeptGroup, KeptOrder, KeptRows};
use super::row_bytes::RunningRows;
use super::{AggregateInput, GroupedAggregate, Values};
use crate::error::OperatorResult;

/// `FIRST_VALUE`, `LAST_VALUE` and the like over an input that retracts rows: all rows are kept, since any may become the
/// next result.
pub(super) struct KeptFirstLast {
    kept: KeptRows,
    order: Order,
    nulls: Nulls,
}

impl KeptFirstLast {
    pub(super) fn new(argument: &DataType, order: Order, nulls: Nulls) -> OperatorResult<Self> {
        let kept_order = match order {
            Order::EarliestEvent | Order::LatestEvent => KeptOrder::EventTime,
            Order::FirstArrival | Order::LastArrival => KeptOrder::Arrival,
        };
        Ok(Self {
            kept: KeptRows::new(std::slice::from_ref(argument), kept_order)?,
            order,
            nulls,
        })
    }
}

fn value(group: &KeptGroup, order: Order) -> Option<&[u8]> {
    match order {
        Order::EarliestEvent | Order::FirstArrival => group.first(),
        Order::LatestEvent | Order::LastArrival => group.last(),
    }
}

impl GroupedAggregate for KeptFirstLast {
    fn resize(&mut self, groups: usize) {
        self.kept.resize(groups);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let candidates = candidates(self.nulls, input);
        self.kept.change(input, candidates.as_ref(), |_, _| Ok(()))
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let candidates = candidates(self.nulls, input);
        let order = self.order;
        let mut running = RunningRows::default();
        self.kept.change(input, candidates.as_ref(), |_, group| {
            running.push(value(group, order));
            Ok(())
        })?;
        Ok(Values::all(self.kept.bytes().decode_values(running.iter())?))
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let values = groups.iter().map(|group| value(self.kept.group(*group), self.order));
        Ok(Values::all(self.kept.bytes().decode_values(values)?))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        self.kept.snapshot(groups)
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        self.kept.merge(state, groups)
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        self.kept.clear(groups);
        Ok(())
    }
}
