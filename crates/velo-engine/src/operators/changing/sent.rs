use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{filter_record_batch, take};
use arrow::datatypes::{Field, Schema, UInt32Type};
use velo_data::{RecordColumns, RowKind, StreamBatch, StreamSchema};
use velo_state::OperatorState;

use super::unknown_row;
use crate::error::{CompileError, OperatorError, OperatorResult};
use crate::event::Output;
use crate::standing::{RowBuffer, RowBytes, RowFormat, StandingRows};

/// The key group that the state stands in.
const KEY_GROUP: u16 = 0;

/// Remembers what an operator has sent for each row of its input, so that a row that is taken back takes back just that: asked
/// again, `NOW()` or a table that was loaded anew would answer otherwise.
#[derive(Debug)]
pub(in crate::operators) struct SentRows {
    operator: &'static str,
    input: RowFormat,
    output: RowFormat,
    /// The rows of the input that stand, each with the rows that were sent for it.
    rows: StandingRows,
    record: RecordColumns,
    schemas: Schemas,
}

#[derive(Debug)]
struct Schemas {
    input: StreamSchema,
    output: StreamSchema,
}

/// What an operator makes of rows.
#[derive(Debug)]
pub(in crate::operators) struct Computed {
    pub(in crate::operators) records: RecordBatch,
    /// The row that each was made of, in ascending order.
    pub(in crate::operators) inputs: Vec<u32>,
}

/// Rows that come out, and the row of the batch that each was made of, or takes back with it.
pub(in crate::operators) struct Sent {
    pub(in crate::operators) batch: StreamBatch,
    pub(in crate::operators) inputs: Vec<u32>,
}

impl SentRows {
    pub(in crate::operators) fn new(
        operator: &'static str,
        input: &StreamSchema,
        output: &StreamSchema,
    ) -> Result<Self, CompileError> {
        Ok(Self {
            operator,
            input: RowFormat::new(input)?,
            output: RowFormat::new(output)?,
            rows: StandingRows::default(),
            record: RecordColumns::of(input),
            schemas: Schemas {
                input: input.clone(),
                output: output.clone(),
            },
        })
    }

    /// Has `compute` make something of the rows that come, and finds what was made of those that go.
    pub(in crate::operators) fn pass(
        &mut self,
        batch: &StreamBatch,
        out: &mut Output,
        compute: impl FnOnce(StreamBatch, &mut Output) -> OperatorResult<Computed>,
    ) -> OperatorResult<Sent> {
        let comes: Vec<bool> = (0..batch.num_rows())
            .map(|row| !batch.kind(row).is_retraction())
            .collect();
        let coming = filter_record_batch(&batch.records, &BooleanArray::from(comes))?;
        let computed = compute(StreamBatch::inserts(coming), out)?;
        let inputs = self.input.encode(&batch.records)?;
        let outputs = self.output.encode(&computed.records)?;
        let mut made = computed.inputs.iter().copied().enumerate().peekable();
        let mut changes = SentChanges::default();
        let mut next_coming = 0;
        let mut sent = Vec::new();
        for row in 0..batch.num_rows() {
            let input = inputs.row(row);
            let hash = input.hash();
            if !batch.kind(row).is_retraction() {
                sent.clear();
                while let Some((place, _)) = made.next_if(|(_, input)| *input == next_coming) {
                    write_row(outputs.row(place), &mut sent);
                    changes.push(RowKind::Insert, outputs.row(place), row);
                }
                next_coming += 1;
                let user = input.user;
                self.rows.insert(hash, RowBytes { user, metadata: &sent });
            } else if let Some(slot) = self.rows.find(hash, input.user) {
                for output in read_rows(self.rows.row(slot).metadata) {
                    changes.push(RowKind::Delete, output, row);
                }
                self.rows.remove(slot);
            } else {
                out.reject(unknown_row(&self.record, &batch.records, row));
            }
            if row > 0 && batch.kinds.as_ref().is_some_and(|kinds| kinds.is_pair(row - 1)) {
                changes.pair_up(row);
            }
        }
        let records = changes.rows.decode(&self.output)?;
        Ok(Sent {
            batch: StreamBatch::changes(records, changes.kinds.into()),
            inputs: changes.inputs,
        })
    }

    /// Adds what was sent to the state of an operator: a row for each row that was sent, and one for each row of the input that
    /// nothing was sent for.
    ///
    /// One worker has all rows, and any key group will do.
    pub(in crate::operators) fn snapshot(&self, state: &mut OperatorState) -> OperatorResult {
        let (mut inputs, mut outputs) = (RowBuffer::default(), RowBuffer::default());
        let (mut numbers, mut places) = (Vec::new(), Vec::new());
        for (number, slot) in self.rows.taken().into_iter().enumerate() {
            let row = self.rows.row(slot);
            inputs.push(RowBytes {
                user: row.user,
                metadata: &[],
            });
            let before = numbers.len();
            for output in read_rows(row.metadata) {
                places.push(Some(outputs.len() as u32));
                outputs.push(output);
                numbers.push(number as u32);
            }
            if numbers.len() == before {
                places.push(None);
                numbers.push(number as u32);
            }
        }
        let numbers: ArrayRef = Arc::new(UInt32Array::from(numbers));
        let places = UInt32Array::from(places);
        let taken = |column: &ArrayRef, rows: &dyn Array| Ok(take(column, rows, None)?);
        let of_inputs = inputs.decode_user(&self.input)?;
        let of_inputs = of_inputs.iter().map(|column| taken(column, &numbers));
        let of_outputs = outputs.decode(&self.output)?;
        let of_outputs = of_outputs.columns().iter().map(|column| taken(column, &places));
        let made: ArrayRef = Arc::new(arrow::compute::is_not_null(&places)?);
        let columns = of_inputs.chain(of_outputs).collect::<OperatorResult<Vec<_>>>()?;
        let columns: Vec<ArrayRef> = [numbers, made].into_iter().chain(columns).collect();
        let field = |(index, column): (usize, &ArrayRef)| {
            Field::new(format!("column {index}"), column.data_type().clone(), true)
        };
        let fields: Vec<Field> = columns.iter().enumerate().map(field).collect();
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        state.key_groups.insert(KEY_GROUP, rows);
        Ok(())
    }

    pub(in crate::operators) fn restore(&mut self, state: &OperatorState) -> OperatorResult {
        let Some(rows_sent) = state.key_groups.get(&KEY_GROUP) else {
            return Ok(());
        };
        let input_columns = self.schemas.input.user_columns();
        let output_columns = self.schemas.output.arrow().fields().len();
        let misfit = || OperatorError::Snapshot {
            operator: self.operator,
            message: "it has other columns".to_owned(),
        };
        if rows_sent.num_columns() != 2 + input_columns + output_columns {
            return Err(misfit());
        }
        let numbers = rows_sent
            .column(0)
            .as_primitive_opt::<UInt32Type>()
            .ok_or_else(misfit)?;
        let is_made = rows_sent.column(1).as_boolean_opt().ok_or_else(misfit)?;
        let (of_inputs, of_outputs) = rows_sent.columns()[2..].split_at(input_columns);
        let rows = rows_sent.num_rows();
        let metadata = self.schemas.input.arrow().fields().iter().skip(input_columns);
        let metadata = metadata.map(|field| new_null_array(field.data_type(), rows));
        let inputs = nullable(&self.schemas.input, of_inputs.iter().cloned().chain(metadata), rows)?;
        let outputs = nullable(&self.schemas.output, of_outputs.iter().cloned(), rows)?;
        let (inputs, outputs) = (self.input.encode(&inputs)?, self.output.encode(&outputs)?);
        let mut sent = Vec::new();
        let mut row = 0;
        while row < rows {
            sent.clear();
            let first = row;
            while row < rows && numbers.value(row) == numbers.value(first) {
                if is_made.value(row) {
                    write_row(outputs.row(row), &mut sent);
                }
                row += 1;
            }
            let input = inputs.row(first);
            let user = input.user;
            self.rows.insert(input.hash(), RowBytes { user, metadata: &sent });
        }
        Ok(())
    }
}

/// Columns of a schema any of which may be NULL.
fn nullable(
    schema: &StreamSchema,
    columns: impl Iterator<Item = ArrayRef>,
    rows: usize,
) -> OperatorResult<RecordBatch> {
    let fields = schema.arrow().fields().iter();
    let fields: Vec<Field> = fields.map(|field| field.as_ref().clone().with_nullable(true)).collect();
    Ok(velo_data::record_batch(
        &Arc::new(Schema::new(fields)),
        columns.collect(),
        rows,
    )?)
}

/// Changes, each with the row that caused it.
#[derive(Default)]
struct SentChanges {
    rows: RowBuffer,
    kinds: Vec<RowKind>,
    inputs: Vec<u32>,
}

impl SentChanges {
    fn push(&mut self, kind: RowKind, row: RowBytes<'_>, input: usize) {
        self.rows.push(row);
        self.kinds.push(kind);
        self.inputs.push(input as u32);
    }

    /// Makes an update of what was sent for the two rows of one, the second of which is `row`. With several rows for either it is
    /// unclear which belong together.
    fn pair_up(&mut self, row: usize) {
        let of_row = |input: usize| {
            self.inputs
                .iter()
                .rev()
                .take_while(|other| **other as usize >= input)
                .count()
        };
        let (of_both, of_last) = (of_row(row - 1), of_row(row));
        let Some(before) = self.kinds.len().checked_sub(2).filter(|_| (of_both, of_last) == (2, 1)) else {
            return;
        };
        if self.rows.row(before) == self.rows.row(before + 1) {
            for _ in 0..2 {
                self.rows.pop();
                self.kinds.pop();
                self.inputs.pop();
            }
            return;
        }
        self.kinds[before] = RowKind::UpdateBefore;
        self.kinds[before + 1] = RowKind::UpdateAfter;
    }
}

/// Bytes of a length.
const LENGTH: usize = size_of::<usize>();

fn write_row(row: RowBytes<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&row.user.len().to_le_bytes());
    out.extend_from_slice(&row.metadata.len().to_le_bytes());
    out.extend_from_slice(row.user);
    out.extend_from_slice(row.metadata);
}

/// What [`write_row`] has written, row after row.
fn read_rows(mut bytes: &[u8]) -> impl Iterator<Item = RowBytes<'_>> {
    std::iter::from_fn(move || {
        let (user, rest) = bytes.split_first_chunk::<LENGTH>()?;
        let (metadata, rest) = rest.split_first_chunk::<LENGTH>()?;
        let (user, rest) = rest.split_at_checked(usize::from_le_bytes(*user))?;
        let (metadata, rest) = rest.split_at_checked(usize::from_le_bytes(*metadata))?;
        bytes = rest;
        Some(RowBytes { user, metadata })
    })
}
