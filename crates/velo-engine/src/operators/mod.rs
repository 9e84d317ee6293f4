//! The operators that plans are made of.

mod aggregate;
mod budget;
mod change_log;
mod changes;
mod distinct;
mod filter;
mod group_set;
mod group_snapshot;
mod grouping;
mod limit;
mod lookup;
mod prepared_rows;
mod project;
mod row_counts;
mod same_rows;
mod scan;
mod sent_rows;
mod sort;
mod tumbling;
mod values;
mod watermark;
mod window_assignment;

pub(crate) use aggregate::{AggregateChanges, AggregateFinal};
pub(crate) use budget::GroupBudget;
pub(crate) use distinct::DistinctRows;
pub(crate) use filter::FilterRows;
pub(crate) use grouping::Grouping;
pub(crate) use limit::LimitRows;
pub(crate) use lookup::LookupRows;
pub(crate) use project::ProjectColumns;
pub(crate) use scan::{ScanRows, milliseconds};
pub(crate) use sort::SortRows;
pub(crate) use tumbling::TumblingWindows;
pub(crate) use values::{ValuesRows, values_batch};
pub(crate) use watermark::WatermarkStep;
