use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::{CastOptions, cast_with_options, filter_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use velo_data::{RecordOrigin, RowError, RowErrorCause, StreamSchema, UnknownMembers};

use super::columns::{Column, ReadableColumn};
use crate::source::requested_schema;
use crate::{ReadRequest, SourceBatch, SourceError};

/// What a scan reads: the columns of a request, and how batches of them are made.
#[derive(Debug, Clone)]
pub(super) struct Selection<T> {
    /// In the order of the request.
    pub(super) columns: Vec<Column<T>>,
    pub(super) batch_rows_max: usize,
    schema: SchemaRef,
    /// What is read, for messages.
    location: Arc<str>,
}

/// What is wrong with rows of a batch: the first fault of each.
#[derive(Debug, Default)]
pub(super) struct Faults {
    rows: BTreeMap<usize, (usize, String)>,
}

impl Faults {
    /// Says that the value of a column does not fit.
    pub(super) fn add(&mut self, row: usize, column: usize, message: String) {
        self.rows.entry(row).or_insert((column, message));
    }
}

impl<T: Clone> Selection<T> {
    /// The columns of a request.
    ///
    /// # Errors
    ///
    /// A sentence that says why one of them cannot be read.
    pub(super) fn new(
        schema: &StreamSchema,
        columns: &[ReadableColumn<T>],
        request: &ReadRequest,
        location: &str,
    ) -> Result<Self, String> {
        let requested = request.columns.iter().map(|index| columns[*index].clone());
        Ok(Self {
            columns: requested.collect::<Result<_, _>>()?,
            batch_rows_max: request.batch_rows_max.max(1),
            schema: requested_schema(schema, request),
            location: location.into(),
        })
    }

    /// Makes a batch of `rows` rows, the first of which is number `first` of the scan. Rows with faults are rejected;
    /// metadata columns are NULL.
    pub(super) fn batch(
        &self,
        arrays: &[ArrayRef],
        rows: usize,
        first: u64,
        faults: Faults,
        bytes_read: u64,
    ) -> Result<SourceBatch, SourceError> {
        let fields = self.schema.fields();
        let widened = arrays
            .iter()
            .zip(fields.iter())
            .map(|(array, field)| widen(array, field.data_type()));
        let metadata = fields.iter().skip(arrays.len());
        let metadata = metadata.map(|field| Ok(new_null_array(field.data_type(), rows)));
        let columns: Result<Vec<ArrayRef>, _> = widened.chain(metadata).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let records = columns
            .and_then(|columns| RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options))
            .and_then(|records| without(&records, &faults));
        let records = records.map_err(|error| SourceError::Task {
            message: error.to_string(),
        })?;
        Ok(SourceBatch {
            records,
            rejected: self.rejected(first, faults),
            unknown: UnknownMembers::default(),
            bytes_read,
        })
    }

    fn rejected(&self, first: u64, faults: Faults) -> Vec<RowError> {
        let rejected = faults.rows.into_iter().map(|(row, (column, message))| RowError {
            cause: RowErrorCause::InvalidValue,
            message,
            column: self.columns.get(column).map(|column| column.name.clone()),
            origin: RecordOrigin {
                topic: Some(Arc::clone(&self.location)),
                offset: Some((first + row as u64) as i64),
                ..RecordOrigin::default()
            },
            original: None,
        });
        rejected.collect()
    }
}

/// The values as a type that holds all of them.
fn widen(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, arrow::error::ArrowError> {
    if array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, wanted, &options)
}

fn without(records: &RecordBatch, faults: &Faults) -> Result<RecordBatch, arrow::error::ArrowError> {
    if faults.rows.is_empty() {
        return Ok(records.clone());
    }
    let kept = (0..records.num_rows()).map(|row| Some(!faults.rows.contains_key(&row)));
    filter_record_batch(records, &kept.collect::<BooleanArray>())
}
