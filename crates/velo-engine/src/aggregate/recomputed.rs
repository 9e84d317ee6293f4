use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::datatypes::DataType;

use super::kept_rows::{KeptGroup, KeptOrder, KeptRows};
use super::row_bytes::RowBytes;
use super::{AggregateFactory, AggregateInput, GroupedAggregate, ValueFailure, Values};
use crate::error::OperatorResult;

/// An aggregate whose state cannot subtract a row, over an input that retracts rows: whenever its value is read, it is
/// computed again from the rows that remain.
pub(super) struct Recomputed {
    kept: KeptRows,
    /// Makes the aggregate for rows that stand for good.
    factory: AggregateFactory,
    output: DataType,
}

impl Recomputed {
    pub(super) fn new(factory: AggregateFactory, arguments: &[DataType], output: DataType) -> OperatorResult<Self> {
        Ok(Self {
            kept: KeptRows::new(arguments, KeptOrder::Arrival)?,
            factory,
            output,
        })
    }
}

/// The values of groups, from their rows.
fn compute<'a>(
    factory: &AggregateFactory,
    rows: &RowBytes,
    groups: &(impl ExactSizeIterator<Item = &'a KeptGroup> + Clone),
) -> OperatorResult<Values> {
    let arguments = rows.decode(groups.clone().flat_map(KeptGroup::iter))?;
    let mut numbers = Vec::new();
    for (number, group) in groups.clone().enumerate() {
        numbers.resize(numbers.len() + group.len(), number as u32);
    }
    let mut aggregate = factory.make()?;
    aggregate.resize(groups.len());
    aggregate.update(&AggregateInput {
        arguments: &arguments,
        filter: None,
        retractions: None,
        times: None,
        groups: &numbers,
    })?;
    let all: Vec<u32> = (0..groups.len() as u32).collect();
    aggregate.peek(&all)
}

impl GroupedAggregate for Recomputed {
    fn resize(&mut self, groups: usize) {
        self.kept.resize(groups);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        self.kept.change(input, input.filter, |_, _| Ok(()))
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let mut parts: Vec<ArrayRef> = Vec::with_capacity(input.groups.len());
        let mut failures = Vec::new();
        let factory = &self.factory;
        self.kept.change(input, input.filter, |rows, group| {
            let values = compute(factory, rows, &std::iter::once(group))?;
            failures.extend(values.failures.into_iter().map(|failure| ValueFailure {
                position: parts.len(),
                message: failure.message,
            }));
            parts.push(values.array);
            Ok(())
        })?;
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        let array = if parts.is_empty() {
            new_empty_array(&self.output)
        } else {
            arrow::compute::concat(&parts)?
        };
        Ok(Values { array, failures })
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let groups = groups.iter().map(|group| self.kept.group(*group));
        compute(&self.factory, self.kept.bytes(), &groups)
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
