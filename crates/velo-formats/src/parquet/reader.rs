use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::FieldRef;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::{ChunkReader, Length};
use velo_data::ColumnBounds;

use super::ParquetFile;
use super::fields::leaves;
use super::file::{FileColumn, guarded, plain};
use super::prune::Pruner;
use crate::columnar::{ColumnarError, RowFinisher};
use crate::{DecodedBatch, Projection};

/// Bytes that a batch of rows may take when it is decoded, as far as sizes in the footer tell.
const BATCH_BYTES_MAX: u64 = 16 << 20;

/// Which records are read, and how many at a time.
#[derive(Debug, Clone)]
pub struct ReadRange {
    /// Numbers of the records, from 0; those behind the end of the file do not matter.
    pub records: Range<u64>,
    /// Most rows of a batch.
    pub batch_rows_max: usize,
}

/// Reads the rows of a Parquet file, row group after row group, in memory that does not grow with the file.
pub struct ParquetReader<R: ChunkReader + 'static> {
    file: ParquetFile,
    input: Arc<R>,
    columns: Vec<FileColumn>,
    fields: Vec<FieldRef>,
    /// For each column, its place among those that are read.
    places: Vec<usize>,
    mask: ProjectionMask,
    finisher: RowFinisher,
    groups: VecDeque<RowGroup>,
    current: Option<CurrentGroup>,
    range: ReadRange,
    /// Number of the next record.
    next_record: u64,
    groups_pruned: usize,
}

#[derive(Debug, Clone)]
struct RowGroup {
    index: usize,
    /// Numbers of its records that are read.
    records: Range<u64>,
    /// Records of it that come before those.
    skipped: u64,
}

struct CurrentGroup {
    index: usize,
    batches: ParquetRecordBatchReader,
    end_record: u64,
}

impl ParquetFile {
    /// Reads records, and of them the columns of `projection`. Row groups that cannot hold a row within `bounds`, whose
    /// columns are indexes into `projection`, are left out.
    ///
    /// # Errors
    ///
    /// As [`ParquetFile::check`].
    pub fn reader<R: ChunkReader + 'static>(
        &self,
        input: R,
        projection: Projection,
        bounds: &[ColumnBounds],
        range: ReadRange,
    ) -> Result<ParquetReader<R>, ColumnarError> {
        let columns = self.columns(&projection.fields)?;
        let pruner = Pruner::new(self, &projection.fields, &columns, bounds);
        let mut groups = VecDeque::new();
        let mut groups_pruned = 0;
        for group in self.row_groups(&range.records)? {
            if pruner.may_match(group.index) {
                groups.push_back(group);
            } else {
                groups_pruned += 1;
            }
        }
        let mut roots: Vec<usize> = columns.iter().map(|column| column.index).collect();
        roots.sort_unstable();
        roots.dedup();
        let places = columns
            .iter()
            .map(|column| roots.partition_point(|root| *root < column.index));
        Ok(ParquetReader {
            places: places.collect(),
            mask: self.mask(&columns),
            fields: projection.fields.clone(),
            finisher: RowFinisher::new(projection),
            next_record: range.records.start.min(self.rows()),
            file: self.clone(),
            input: Arc::new(input),
            columns,
            groups,
            current: None,
            range,
            groups_pruned,
        })
    }

    /// The row groups that hold any of the records.
    fn row_groups(&self, wanted: &Range<u64>) -> Result<Vec<RowGroup>, ColumnarError> {
        let mut groups = Vec::new();
        let mut first = 0;
        for (index, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = u64::try_from(group.num_rows()).map_err(|_| {
                ColumnarError::damaged_part("the footer", format!("row group {index} has a negative number of rows"))
            })?;
            let records = first.max(wanted.start)..(first + rows).min(wanted.end);
            if !records.is_empty() {
                groups.push(RowGroup {
                    index,
                    skipped: records.start - first,
                    records,
                });
            }
            first += rows;
        }
        Ok(groups)
    }

    /// The leaves that the columns are made of.
    fn mask(&self, columns: &[FileColumn]) -> ProjectionMask {
        let mut next = 0;
        let mut wanted = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            let start = next;
            let mut uses = columns.iter().filter(|column| column.index == index).peekable();
            if uses.peek().is_none() {
                leaves(field, None, &mut next, &mut wanted);
            }
            for column in uses {
                next = start;
                leaves(field, Some(&column.conversion), &mut next, &mut wanted);
            }
        }
        ProjectionMask::leaves(self.metadata.parquet_schema(), wanted)
    }
}

impl<R: ChunkReader + 'static> ParquetReader<R> {
    /// Number of the record that comes next.
    pub fn position(&self) -> u64 {
        self.next_record
    }

    /// Row groups that were left out because none of their rows can be wanted.
    pub fn groups_pruned(&self) -> usize {
        self.groups_pruned
    }

    /// The next rows; `None` at the end. `read_at_ms` is the time of the records.
    ///
    /// # Errors
    ///
    /// When a row group is damaged, or holds a value that its declared type cannot.
    pub fn next_batch(&mut self, read_at_ms: i64) -> Result<Option<DecodedBatch>, ColumnarError> {
        loop {
            let Some(current) = &mut self.current else {
                let Some(group) = self.groups.pop_front() else {
                    self.next_record = self.range.records.end.min(self.file.rows()).max(self.next_record);
                    return Ok(None);
                };
                self.open_group(&group)?;
                continue;
            };
            let part = format!("row group {}", current.index);
            let batch = guarded(|| Ok(current.batches.next().transpose()?));
            match batch.map_err(|error| ColumnarError::damaged_part(&part, plain(&error)))? {
                Some(batch) => return self.finish(&batch, &part, read_at_ms).map(Some),
                None if self.next_record < current.end_record => {
                    let missing = current.end_record - self.next_record;
                    return Err(ColumnarError::damaged_part(part, format!("{missing} rows are missing")));
                }
                None => self.current = None,
            }
        }
    }

    fn open_group(&mut self, group: &RowGroup) -> Result<(), ColumnarError> {
        let limit = group.records.end - group.records.start;
        let metadata = self.file.metadata.clone();
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(Shared(Arc::clone(&self.input)), metadata)
            .with_row_groups(vec![group.index])
            .with_projection(self.mask.clone())
            .with_batch_size(self.batch_rows(group.index))
            .with_offset(usize::try_from(group.skipped).unwrap_or(usize::MAX))
            .with_limit(usize::try_from(limit).unwrap_or(usize::MAX));
        let part = format!("row group {}", group.index);
        let batches = guarded(|| builder.build());
        self.next_record = group.records.start;
        self.current = Some(CurrentGroup {
            index: group.index,
            batches: batches.map_err(|error| ColumnarError::damaged_part(part, plain(&error)))?,
            end_record: group.records.end,
        });
        Ok(())
    }

    /// Rows of a batch: fewer than asked for where rows are long.
    fn batch_rows(&self, group: usize) -> usize {
        let group = self.file.metadata.metadata().row_group(group);
        let read = group
            .columns()
            .iter()
            .enumerate()
            .filter(|(leaf, _)| self.mask.leaf_included(*leaf));
        let bytes: u64 = read
            .map(|(_, column)| u64::try_from(column.uncompressed_size()).unwrap_or(0))
            .sum();
        let rows = u64::try_from(group.num_rows()).unwrap_or(0);
        let row_bytes = (bytes / rows.max(1)).max(1);
        let rows_max = usize::try_from(BATCH_BYTES_MAX / row_bytes).unwrap_or(usize::MAX);
        self.range.batch_rows_max.min(rows_max).max(1)
    }

    fn finish(&mut self, batch: &RecordBatch, part: &str, read_at_ms: i64) -> Result<DecodedBatch, ColumnarError> {
        let wanted = self.columns.iter().zip(&self.places).zip(&self.fields);
        let columns = wanted.map(|((column, place), field)| {
            let converted = column.conversion.apply(batch.column(*place), field.data_type());
            converted.map_err(|error| ColumnarError::Damaged(format!("{part}, column `{}`: {error}", field.name())))
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let finished = self
            .finisher
            .finish(columns, batch.num_rows(), self.next_record, read_at_ms);
        self.next_record += batch.num_rows() as u64;
        finished.map_err(|error| ColumnarError::damaged_part(part, error))
    }
}

/// An input that the readers of all row groups share.
struct Shared<R>(Arc<R>);

impl<R: ChunkReader> Length for Shared<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Shared<R> {
    type T = R::T;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}
