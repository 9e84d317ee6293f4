use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::NullBuffer;
use arrow::compute::filter;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use velo_data::{RecordOrigin, RowError, RowErrorCause, UnknownMembers};

use crate::system_columns::Defaults;
use crate::{DecodedBatch, Projection};

/// Makes batches of columns that are decoded: adds metadata, and puts rows aside that miss a value.
#[derive(Debug)]
pub(crate) struct RowFinisher {
    projection: Projection,
    schema: SchemaRef,
}

impl RowFinisher {
    pub(crate) fn new(projection: Projection) -> Self {
        let system = projection.system.iter();
        let system = system.map(|column| Arc::new(column.sql_type().field(column.name(), true)));
        let fields = projection.fields.iter().cloned().chain(system);
        Self {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            projection,
        }
    }

    /// A batch of `rows` records, the first of which is number `first_record` of its file.
    pub(crate) fn finish(
        &self,
        mut columns: Vec<ArrayRef>,
        rows: usize,
        first_record: u64,
        read_at_ms: i64,
    ) -> Result<DecodedBatch, ArrowError> {
        let (kept, rejected) = self.missing_values(&columns, first_record);
        let defaults = Defaults {
            first_record,
            rows,
            topic: &self.projection.topic,
            partition: self.projection.partition,
            read_at_ms,
        };
        for column in &self.projection.system {
            columns.push(defaults.complete(*column, None)?);
        }
        let mut rows = rows;
        if let Some(kept) = kept {
            let mask = BooleanArray::new(kept.into_inner(), None);
            rows = mask.true_count();
            columns = columns
                .iter()
                .map(|column| filter(column, &mask))
                .collect::<Result<_, _>>()?;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let records = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        Ok(DecodedBatch {
            records,
            rejected,
            unknown: UnknownMembers::default(),
        })
    }

    /// The rows without a value that they must have, and which rows are left; `None` is all.
    fn missing_values(&self, columns: &[ArrayRef], first_record: u64) -> (Option<NullBuffer>, Vec<RowError>) {
        let mut kept: Option<NullBuffer> = None;
        let fields = &self.projection.fields;
        let required = fields.iter().zip(columns).filter(|(field, _)| !field.is_nullable());
        for (_, column) in required.clone() {
            if column.null_count() > 0 {
                kept = NullBuffer::union(kept.as_ref(), column.nulls());
            }
        }
        let missing = kept
            .iter()
            .flat_map(|kept| (0..kept.len()).filter(|row| kept.is_null(*row)));
        let rejected = missing.map(|row| {
            let field = required.clone().find(|(_, column)| column.is_null(row));
            RowError {
                cause: RowErrorCause::MissingValue,
                message: "the value is missing or NULL, which the column does not allow".to_owned(),
                column: field.map(|(field, _)| field.name().clone()),
                origin: RecordOrigin {
                    topic: Some(Arc::clone(&self.projection.topic)),
                    partition: Some(self.projection.partition),
                    offset: Some((first_record + row as u64) as i64),
                    line: None,
                },
                original: None,
            }
        });
        let rejected = rejected.collect();
        (kept, rejected)
    }
}
