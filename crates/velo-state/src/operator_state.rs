use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::key_groups::{KEY_GROUPS, KeyGroups, counting_sort};

/// An operator's state: Arrow batches, so that any of it can be written as Arrow IPC.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OperatorState {
    /// State that belongs to no key, such as the watermark: every worker that restores gets all of it.
    pub shared: Option<RecordBatch>,
    /// State of the keys of each key group.
    pub key_groups: BTreeMap<u16, RecordBatch>,
}

impl OperatorState {
    /// Whether nothing would be lost without it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.is_none() && self.key_groups.is_empty()
    }

    /// Joins the snapshots that the workers of one operator took of disjoint key groups; of what belongs to no key, the rows of
    /// each are kept, in the order of the workers.
    ///
    /// # Errors
    ///
    /// When they are of different forms.
    pub fn merge(parts: impl IntoIterator<Item = Self>) -> Result<Self, ArrowError> {
        let mut key_groups = BTreeMap::new();
        let mut shared = Vec::new();
        for part in parts {
            key_groups.extend(part.key_groups);
            shared.extend(part.shared);
        }
        let shared = match shared.as_slice() {
            [] => None,
            [first, ..] => Some(concat_batches(first.schema_ref(), &shared)?),
        };
        Ok(Self { shared, key_groups })
    }

    /// Divides `rows` by the key group of each.
    ///
    /// # Errors
    ///
    /// When an Arrow kernel fails.
    pub fn partition(rows: &RecordBatch, groups: &[u16]) -> Result<BTreeMap<u16, RecordBatch>, ArrowError> {
        let (order, starts) = counting_sort(groups);
        let sorted = take_record_batch(rows, &order)?;
        let part = |group: u16| {
            let (start, end) = (starts[usize::from(group)], starts[usize::from(group) + 1]);
            (end > start).then(|| (group, sorted.slice(start, end - start)))
        };
        Ok((0..KEY_GROUPS).filter_map(part).collect())
    }

    /// The rows of the `owned` key groups as one batch; `None` when there are none.
    ///
    /// # Errors
    ///
    /// When they have different columns.
    pub fn rows_of(&self, owned: &KeyGroups) -> Result<Option<RecordBatch>, ArrowError> {
        let mut batches = self.key_groups.range(owned.range()).map(|(_, batch)| batch).peekable();
        let Some(schema): Option<SchemaRef> = batches.peek().map(|batch| batch.schema()) else {
            return Ok(None);
        };
        concat_batches(&schema, batches).map(Some)
    }
}
