use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StructArray, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, SchemaRef};

use crate::error::OperatorResult;

/// The row that each group sent last, for the rows that retract it.
///
/// Rows stay in the batches in which they went out. A batch is merged with the one before it once that is not much longer,
/// without the rows that others have replaced, so that there are few batches and most of their rows count.
#[derive(Debug, Default)]
pub(super) struct SentRows {
    batches: Vec<SentBatch>,
    /// Per group, where its row stands; what is said of a group that has sent none means nothing.
    places: Vec<Place>,
}

#[derive(Debug)]
struct SentBatch {
    records: RecordBatch,
    /// The group of each row.
    groups: Vec<u32>,
}

/// A row: the number of its batch, and its place there.
pub(super) type Place = (u32, u32);

impl SentRows {
    pub(super) fn resize(&mut self, groups: usize) {
        self.places.resize(groups, (0, 0));
    }

    /// The row that a group, which must have one, has sent last.
    pub(super) fn place(&self, group: u32) -> Place {
        self.places[group as usize]
    }

    /// Says that a group sends a row of the batch that [`SentRows::push`] will get next.
    pub(super) fn set_next(&mut self, group: u32, row: u32) {
        self.places[group as usize] = (self.next_batch(), row);
    }

    /// The number of the batch that comes next.
    pub(super) fn next_batch(&self) -> u32 {
        self.batches.len() as u32
    }

    /// Adds a batch, given the group of each row, and which groups have a row out.
    pub(super) fn push(&mut self, records: RecordBatch, groups: Vec<u32>, visible: &[bool]) -> OperatorResult {
        self.batches.push(SentBatch { records, groups });
        while let [.., before, last] = self.batches.as_slice()
            && before.groups.len() <= 2 * last.groups.len()
        {
            self.merge_last(visible)?;
        }
        Ok(())
    }

    /// Columns with the rows at `places`, which may be in the batch `next` that has yet to be pushed.
    pub(super) fn column(&self, index: usize, next: &RecordBatch, places: &[Place]) -> OperatorResult<ArrayRef> {
        let sources = self.batches.iter().map(|batch| batch.records.column(index).as_ref());
        let sources: Vec<&dyn Array> = sources.chain([next.column(index).as_ref()]).collect();
        gathered(&sources, places.iter().copied())
    }

    /// Columns from `first` on of `schema` with the last rows of groups; NULL where they have none out.
    pub(super) fn columns(
        &self,
        schema: &SchemaRef,
        first: usize,
        groups: &[u32],
        visible: &[bool],
    ) -> OperatorResult<Vec<ArrayRef>> {
        let nothing = (self.next_batch(), 0);
        let place = |group: &u32| {
            if visible[*group as usize] {
                self.place(*group)
            } else {
                nothing
            }
        };
        let column = |(index, data_type): (usize, &DataType)| {
            let null = new_null_array(data_type, 1);
            let sources = self.batches.iter().map(|batch| batch.records.column(index).as_ref());
            let sources: Vec<&dyn Array> = sources.chain([null.as_ref()]).collect();
            gathered(&sources, groups.iter().map(place))
        };
        let types = schema.fields().iter().map(|field| field.data_type()).enumerate();
        types.skip(first).map(column).collect()
    }

    /// Puts the last two batches together, with the rows that are still the last of their group.
    fn merge_last(&mut self, visible: &[bool]) -> OperatorResult {
        let (Some(last), Some(before)) = (self.batches.pop(), self.batches.pop()) else {
            return Ok(());
        };
        let number = self.next_batch();
        let mut picks = Vec::new();
        let mut groups = Vec::new();
        for (source, batch) in [&before, &last].into_iter().enumerate() {
            for (row, group) in batch.groups.iter().enumerate() {
                let place = &mut self.places[*group as usize];
                if visible[*group as usize] && *place == (number + source as u32, row as u32) {
                    picks.push((source, row, *group));
                }
            }
        }
        for (row, (_, _, group)) in picks.iter().enumerate() {
            self.places[*group as usize] = (number, row as u32);
            groups.push(*group);
        }
        let column = |index: usize| {
            let sources: [&dyn Array; 2] = [
                before.records.column(index).as_ref(),
                last.records.column(index).as_ref(),
            ];
            let picks = picks.iter().map(|(source, row, _)| (*source as u32, *row as u32));
            compact(&gathered(&sources, picks)?)
        };
        let columns = (0..before.records.num_columns())
            .map(column)
            .collect::<OperatorResult<_>>()?;
        self.batches.push(SentBatch {
            records: velo_data::record_batch(&before.records.schema(), columns, groups.len())?,
            groups,
        });
        Ok(())
    }
}

fn gathered(sources: &[&dyn Array], places: impl Iterator<Item = Place>) -> OperatorResult<ArrayRef> {
    let places: Vec<(usize, usize)> = places.map(|(batch, row)| (batch as usize, row as usize)).collect();
    Ok(interleave(sources, &places)?)
}

/// The same values without the buffers of those that were not picked.
fn compact(column: &ArrayRef) -> OperatorResult<ArrayRef> {
    Ok(match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        DataType::List(item) => {
            let lists = column.as_list::<i32>();
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            Arc::new(ListArray::try_new(
                Arc::clone(item),
                offsets,
                compact(lists.values())?,
                nulls,
            )?)
        }
        DataType::Struct(fields) => {
            let rows = column.as_struct();
            let columns = rows.columns().iter().map(compact).collect::<OperatorResult<_>>()?;
            Arc::new(StructArray::try_new(fields.clone(), columns, rows.nulls().cloned())?)
        }
        _ => Arc::clone(column),
    })
}
