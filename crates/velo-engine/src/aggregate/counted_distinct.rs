use arrow::array::{Array, ArrayRef, BooleanBufferBuilder};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use velo_functions::comparable;

use super::counted_values::CountedValues;
use super::row_bytes::RowBytes;
use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::OperatorResult;

/// Shows an aggregate each combination of arguments once per group, over an input that retracts rows: the combination is
/// added with its first row and removed with its last.
///
/// The state is the combinations with their numbers of rows, from which the aggregate's own state follows.
pub(super) struct CountedDistinct {
    inner: Box<dyn GroupedAggregate>,
    rows: RowBytes,
    groups: Vec<CountedValues>,
}

impl CountedDistinct {
    pub(super) fn new(inner: Box<dyn GroupedAggregate>, arguments: &[DataType]) -> OperatorResult<Self> {
        Ok(Self {
            inner,
            rows: RowBytes::new(arguments)?,
            groups: Vec::new(),
        })
    }

    /// The rows with which a combination comes or goes.
    fn turning(&mut self, arguments: &[ArrayRef], input: &AggregateInput<'_>) -> OperatorResult<BooleanBuffer> {
        let encoded = self.rows.encode(arguments)?;
        let mut turning = BooleanBufferBuilder::new(input.groups.len());
        for (row, group) in input.groups.iter().enumerate() {
            let values = &mut self.groups[*group as usize];
            turning.append(
                counts(input.filter, row)
                    && if input.retracts(row) {
                        values.remove(encoded.key(row))
                    } else {
                        values.add(encoded.key(row), None, 1)
                    },
            );
        }
        Ok(turning.finish())
    }

    /// Arguments as all rows of a combination have them: what comes with one row may go with another.
    fn canonical(input: &AggregateInput<'_>) -> OperatorResult<Vec<ArrayRef>> {
        Ok(input.arguments.iter().map(comparable).collect::<Result<_, _>>()?)
    }
}

impl GroupedAggregate for CountedDistinct {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, CountedValues::default());
        self.inner.resize(groups);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let arguments = Self::canonical(input)?;
        let turning = self.turning(&arguments, input)?;
        self.inner.update(&AggregateInput {
            arguments: &arguments,
            filter: Some(&turning),
            ..*input
        })
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let arguments = Self::canonical(input)?;
        let turning = self.turning(&arguments, input)?;
        self.inner.update_each(&AggregateInput {
            arguments: &arguments,
            filter: Some(&turning),
            ..*input
        })
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        self.inner.peek(groups)
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let groups = groups.iter().map(|group| &self.groups[*group as usize]);
        CountedValues::snapshot(&self.rows, groups)
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let inner = &mut self.inner;
        CountedValues::merge(&mut self.groups, &self.rows, state, groups, |group, arguments| {
            let members = arguments.first().map_or(0, Array::len);
            inner.update(&AggregateInput {
                arguments,
                filter: None,
                retractions: None,
                times: None,
                groups: &vec![group; members],
            })
        })
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.groups[*group as usize].clear();
        }
        self.inner.clear(groups)
    }
}
