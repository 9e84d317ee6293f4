//! The state of aggregates, one column of it for all groups of a table.
//!
//! DataFusion's grouped accumulators consume their groups when they are read and wrap on overflow; a stream reads
//! its groups again and again. So the common aggregates keep their state here, typed and vectorised, and everything
//! else runs on DataFusion's single-group accumulators behind [`accumulator`].
//!
//! Over an input that retracts rows there is [other state](retracting): counts and sums subtract, where sums of floats are
//! exact; MIN, MAX, DISTINCT, FIRST and LAST keep the values that remain; the other aggregates are
//! [computed again](recomputed) when they are read.

mod accumulator;
mod approx_distinct;
mod average;
mod count;
mod counted_distinct;
mod counted_extreme;
mod counted_values;
mod delta;
mod distinct;
mod exact_folds;
mod exact_sum;
mod extreme;
mod factory;
mod first_last;
mod folded;
mod interpolated;
mod kept_first_last;
mod kept_rows;
mod ordered;
mod pairs;
mod recomputed;
mod retracting;
mod row_bytes;
mod slots;
mod sum;
mod two_float;
mod variance;

use arrow::array::{Array, ArrayRef};
use arrow::buffer::{BooleanBuffer, NullBuffer};

use crate::error::OperatorResult;

pub(crate) use delta::{nested, unnested};
pub(crate) use factory::AggregateFactory;

/// Rows for an aggregate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AggregateInput<'a> {
    /// One column per argument.
    pub(crate) arguments: &'a [ArrayRef],
    /// The rows that count; `None` is all.
    pub(crate) filter: Option<&'a BooleanBuffer>,
    /// The rows that retract an earlier one; `None` is none. Only aggregates that were made for such an input get any.
    pub(crate) retractions: Option<&'a BooleanBuffer>,
    /// Event time of each row in milliseconds, where the input has it.
    pub(crate) times: Option<&'a [i64]>,
    /// Number of each row's group.
    pub(crate) groups: &'a [u32],
}

/// Values of an aggregate: of groups, or running values of rows.
#[derive(Debug)]
pub(crate) struct Values {
    pub(crate) array: ArrayRef,
    /// Where the aggregate has no value because it failed; the array holds NULL there.
    pub(crate) failures: Vec<ValueFailure>,
}

/// An aggregate that failed for a group.
#[derive(Debug)]
pub(crate) struct ValueFailure {
    pub(crate) position: usize,
    pub(crate) message: String,
}

/// One aggregate's state for many groups, which are numbered from 0.
///
/// Laws: the order of rows matters only for aggregates that are about order; [`update`](Self::update) over a
/// batch is the same as over its parts; [`peek`](Self::peek) and [`snapshot`](Self::snapshot) change nothing that
/// can be observed; [`merge`](Self::merge) of a snapshot into new groups restores them. After
/// retractions, values are those of the rows that remain. The retraction of a row that does not exist changes nothing
/// where the state can tell, and never makes a count negative.
pub(crate) trait GroupedAggregate: Send {
    /// Makes room for `groups` groups; new ones are empty. Never fewer than before.
    fn resize(&mut self, groups: usize);

    /// Adds rows, and removes those that are retracted.
    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult;

    /// As [`update`](Self::update), and returns for each row the value of its group after it.
    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values>;

    /// The values of these groups.
    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values>;

    /// The state of these groups: columns with one row per group.
    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>>;

    /// Adds state of a snapshot: row `i` of the columns goes to group `groups[i]`.
    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult;

    /// Empties groups, as if no row had come: others may have their numbers.
    fn clear(&mut self, groups: &[u32]) -> OperatorResult;
}

impl AggregateInput<'_> {
    /// Whether a row retracts an earlier one.
    #[inline]
    fn retracts(&self, row: usize) -> bool {
        self.retractions.is_some_and(|retractions| retractions.value(row))
    }

    /// The rows that count and have no NULL argument; `None` is all.
    fn counted(&self) -> Option<BooleanBuffer> {
        let nulls = self.arguments.iter().map(Array::logical_nulls);
        let valid = nulls.fold(None, |all, nulls| NullBuffer::union(all.as_ref(), nulls.as_ref()));
        match (valid, self.filter) {
            (None, None) => None,
            (Some(valid), None) => Some(valid.into_inner()),
            (None, Some(filter)) => Some(filter.clone()),
            (Some(valid), Some(filter)) => Some(valid.inner() & filter),
        }
    }
}

impl Values {
    fn all(array: ArrayRef) -> Self {
        Self {
            array,
            failures: Vec::new(),
        }
    }
}

/// Whether a row counts, given [`AggregateInput::counted`].
fn counts(counted: Option<&BooleanBuffer>, row: usize) -> bool {
    counted.is_none_or(|counted| counted.value(row))
}
