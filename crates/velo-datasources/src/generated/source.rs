use std::sync::Arc;

use arrow::datatypes::FieldRef;
use async_trait::async_trait;
use velo_data::{Clock, SqlType, StreamSchema, SystemColumn};

use super::generator::{SYSTEM_COLUMNS, TIMED_SYSTEM_COLUMNS};
use super::reader::{GeneratedReader, Pace, VALUE_BYTES, batch_rows};
use super::{Rate, RowGenerator};
use crate::source::requested_schema;
use crate::split::numbered_positions;
use crate::{
    Increment, OpenSplit, PartitionReader, ReadRequest, SizeEstimate, Source, SourceError, SourceOffset, SplitPosition,
    SplitPositions, TableDataSource, TableLoad,
};

/// Rows of a source that has no end: as many as `_offset` can number.
const ROWS_MAX: u64 = i64::MAX as u64;

/// What is generated, how much of it, and when.
#[derive(Debug)]
pub(crate) struct Generation {
    pub(crate) generator: Arc<dyn RowGenerator>,
    /// How many rows there are; `None` is without end.
    pub(crate) rows: Option<u64>,
    /// How many partitions the rows are dealt out to; at least 1.
    pub(crate) splits: u64,
    /// How many positions follow each other in a second of the clock; `None` is as fast as they are read.
    pub(crate) rate: Option<Rate>,
    /// What it is called in messages.
    pub(crate) location: String,
}

/// A source whose rows are generated.
///
/// The rows follow from the configuration alone: which seed, which columns. Row `n` is in partition `n` modulo the number
/// of splits, and its position there is `n`.
#[derive(Debug)]
pub struct GeneratedSource {
    generation: Generation,
    clock: Arc<dyn Clock>,
}

/// What a source generates, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedDescription {
    /// Its number of rows; `None` if it has no end.
    pub rows: Option<u64>,
    /// How many rows, or events of all tables of the benchmark, come in a second of the clock; `None` is as fast as they
    /// are read.
    pub per_second: Option<u64>,
    /// For each column its name, its type, and what its values are where the type does not say it.
    pub columns: Vec<(String, SqlType, String)>,
}

impl GeneratedSource {
    pub(crate) fn new(generation: Generation, clock: Arc<dyn Clock>) -> Self {
        Self { generation, clock }
    }

    /// What it generates.
    pub fn describe(&self) -> GeneratedDescription {
        let generator = &self.generation.generator;
        let column = |(index, field): (usize, &FieldRef)| {
            let sql_type = SqlType::of_field(field).unwrap_or(SqlType::Null);
            (field.name().clone(), sql_type, generator.describe(index))
        };
        GeneratedDescription {
            rows: self.generation.rows,
            per_second: self.generation.rate.map(Rate::per_second),
            columns: generator
                .schema()
                .user_fields()
                .iter()
                .enumerate()
                .map(column)
                .collect(),
        }
    }

    fn refused(&self, message: String) -> SourceError {
        SourceError::Refused {
            location: self.generation.location.clone(),
            message,
            is_transient: false,
        }
    }

    /// Rows up to the end, which those who follow sources do not need.
    fn end_row(&self, follow: bool) -> Result<u64, SourceError> {
        match self.generation.rows {
            Some(rows) => Ok(rows.min(ROWS_MAX)),
            None if follow => Ok(ROWS_MAX),
            None => Err(self.refused(
                "it generates rows without end, and is to be read to its end; say how many rows it has, or deploy the \
                 program"
                    .to_owned(),
            )),
        }
    }

    /// The row that each split begins with.
    fn first_rows(&self, from: Option<&SplitPositions>) -> Result<Vec<u64>, SourceError> {
        let splits = self.generation.splits;
        let from = from.filter(|positions| !positions.is_empty());
        // With another number of splits, rows that one has given would be given again by another.
        if let Some(positions) = from
            && positions.len() as u64 != splits
        {
            return Err(self.cannot_resume(&format!(
                "was read with 'splits' = {} and has 'splits' = {splits} now",
                positions.len()
            )));
        }
        let positions = numbered_positions(from, splits)
            .map_err(|split| self.cannot_resume(&format!("has no split {split} any more")))?;
        let rows = (0..splits).zip(positions).map(|(split, position)| match position {
            None | Some(SplitPosition::Beginning) => Ok(split),
            Some(SplitPosition::Rows { next }) if next % splits == split => Ok(*next),
            Some(SplitPosition::Rows { next }) => {
                Err(self.cannot_resume(&format!("has no row {next} in split {split}")))
            }
            Some(_) => Err(self.cannot_resume("did not generate what was read")),
        });
        rows.collect()
    }

    fn cannot_resume(&self, what: &str) -> SourceError {
        SourceError::CannotResume {
            reason: format!("`{}` {what}", self.generation.location),
        }
    }
}

/// The position that is due at once: that of the first row which is left, or the beginning of the sequence, so that several
/// sources which are parts of one sequence keep step.
fn first_position(generator: &dyn RowGenerator, first_rows: &[u64]) -> u64 {
    match first_rows.iter().min() {
        None | Some(0) => 0,
        Some(row) => generator.position_of(*row),
    }
}

#[async_trait]
impl Source for GeneratedSource {
    fn schema(&self) -> &StreamSchema {
        self.generation.generator.schema()
    }

    fn system_columns(&self) -> &[SystemColumn] {
        if self.generation.generator.is_timed() {
            TIMED_SYSTEM_COLUMNS
        } else {
            SYSTEM_COLUMNS
        }
    }

    fn estimated_bytes(&self) -> Option<u64> {
        let row_bytes = self.generation.generator.schema().user_columns() as u64 * VALUE_BYTES;
        Some(self.generation.rows?.saturating_mul(row_bytes))
    }

    fn is_resumable(&self) -> bool {
        true
    }

    async fn open(&self, request: &ReadRequest, from: Option<&SplitPositions>) -> Result<Vec<OpenSplit>, SourceError> {
        let Generation {
            generator,
            splits,
            rate,
            ..
        } = &self.generation;
        let end_row = self.end_row(request.follow)?;
        let first_rows = self.first_rows(from)?;
        let pace = rate.map(|rate| Pace {
            rate,
            clock: Arc::clone(&self.clock),
            started_ms: self.clock.now_ms(),
            first_position: first_position(generator.as_ref(), &first_rows),
        });
        let request = Arc::new(request.clone());
        let schema = requested_schema(generator.schema(), &request);
        let readers = (0..*splits).zip(first_rows).map(|(split, next_row)| {
            Box::new(GeneratedReader {
                generator: Arc::clone(generator),
                request: Arc::clone(&request),
                schema: Arc::clone(&schema),
                split,
                splits: *splits,
                next_row,
                end_row,
                batch_rows_max: batch_rows(request.batch_rows_max),
                pace: pace.clone(),
            }) as Box<dyn PartitionReader>
        });
        Ok(OpenSplit::numbered(readers))
    }
}

/// Generated rows are loaded whole each time: to generate them takes no longer than to find out whether they are the same.
#[async_trait]
impl TableDataSource for GeneratedSource {
    fn schema(&self) -> &StreamSchema {
        self.generation.generator.schema()
    }

    fn system_columns(&self) -> &[SystemColumn] {
        Source::system_columns(self)
    }

    fn location(&self) -> String {
        self.generation.location.clone()
    }

    fn supports_incremental(&self) -> bool {
        false
    }

    async fn current_offset(&self) -> Result<SourceOffset, SourceError> {
        Ok(SourceOffset::Unknown)
    }

    async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        Ok(SizeEstimate {
            rows: self.generation.rows,
            bytes: self.estimated_bytes(),
        })
    }

    async fn bulk_load(&self, request: &ReadRequest) -> Result<TableLoad, SourceError> {
        let request = ReadRequest {
            follow: false, // A load has an end.
            ..request.clone()
        };
        Ok(TableLoad {
            partitions: self
                .open(&request, None)
                .await?
                .into_iter()
                .map(|split| split.reader)
                .collect(),
            size: self.size_estimate().await?,
            reached: SourceOffset::Unknown.into(),
        })
    }

    async fn incremental_load(&self, _request: &ReadRequest, _since: &SourceOffset) -> Result<Increment, SourceError> {
        Ok(Increment::Reload {
            reason: "generated rows are always loaded whole".to_owned(),
        })
    }
}
