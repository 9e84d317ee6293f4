use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{SortOptions, concat_batches, interleave_record_batch, take_record_batch};
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use velo_data::{ChangelogMode, StreamBatch, StreamSchema, SystemColumn};
use velo_functions::comparable;
use velo_planner::plan::Sort;
use velo_state::OperatorState;

use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::keys::KeyGroups;
use crate::operator::Operator;

/// Rows that come out at a time.
const BATCH_ROWS: usize = 8192;

/// Rows that are kept beyond those that are read, before the others are let go.
const SLACK_ROWS: usize = 8192;

/// `ORDER BY`: keeps rows until their window, or the input, is complete, and hands them on in order.
pub(crate) struct SortRows {
    sorted: SortedRows,
    by_window: bool,
    /// What has yet to come out, once the input has ended.
    ordered: Option<Box<dyn Iterator<Item = OperatorResult<RecordBatch>> + Send>>,
}

/// Rows that are put in order.
///
/// Of rows that are equal in all keys the one that came first stays first. Where only the first rows are read, the
/// others are let go on the way.
#[derive(Debug)]
pub(super) struct SortedRows {
    schema: StreamSchema,
    /// Indexes of the columns that rows are ordered by, the window before all of them.
    columns: Vec<usize>,
    converter: RowConverter,
    rows_max: Option<usize>,
    held: Vec<Held>,
    rows_held: usize,
    /// Keys of the last row that is read, once there are so many: rows behind it are not kept.
    last: Option<OwnedRow>,
}

/// Rows that wait, and their keys in the row format, whose bytes compare like the values do.
#[derive(Debug)]
struct Held {
    records: RecordBatch,
    keys: Rows,
}

impl SortRows {
    pub(crate) fn new(plan: &Sort) -> Result<Self, CompileError> {
        match plan.input.mode() {
            ChangelogMode::AppendOnly => Ok(Self {
                sorted: SortedRows::new(plan)?,
                by_window: plan.by_window,
                ordered: None,
            }),
            mode => Err(CompileError::ChangelogMode { operator: "sort", mode }),
        }
    }

    fn emit_all(&mut self, out: &mut Output) -> OperatorResult {
        for records in self.sorted.take() {
            out.emit(StreamBatch::inserts(records?));
        }
        Ok(())
    }
}

impl SortedRows {
    pub(super) fn new(plan: &Sort) -> Result<Self, CompileError> {
        let schema = plan.input.schema().clone();
        let mut columns = Vec::with_capacity(plan.keys.len() + 1);
        let mut fields = Vec::with_capacity(plan.keys.len() + 1);
        let mut add = |index: usize, options: SortOptions| {
            let data_type = schema.arrow().field(index).data_type().clone();
            columns.push(index);
            fields.push(SortField::new_with_options(data_type, options));
        };
        if plan.by_window {
            let column = SystemColumn::WindowStart;
            let index = schema.system(column).ok_or_else(|| missing(column.name()))?;
            add(index, SortOptions::default());
        }
        for key in &plan.keys {
            let index = schema.arrow().index_of(&key.column).map_err(|_| missing(&key.column))?;
            let options = SortOptions {
                descending: key.descending,
                nulls_first: key.nulls_first,
            };
            add(index, options);
        }
        let converter = RowConverter::new(fields).map_err(|error| CompileError::KeyType {
            data_type: error.to_string(),
        })?;
        Ok(Self {
            schema,
            columns,
            converter,
            rows_max: plan.rows_max.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX)),
            held: Vec::new(),
            rows_held: 0,
            last: None,
        })
    }

    pub(super) fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn keys(&self, records: &RecordBatch) -> OperatorResult<Rows> {
        let columns = self.columns.iter().map(|index| comparable(records.column(*index)));
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        Ok(self.converter.convert_columns(&columns)?)
    }

    /// Keeps rows, but for those that cannot be among the first.
    pub(super) fn keep(&mut self, records: RecordBatch) -> OperatorResult {
        if records.num_rows() == 0 || self.rows_max == Some(0) {
            return Ok(());
        }
        let keys = self.keys(&records)?;
        let (records, keys) = match &self.last {
            Some(last) => {
                let before = |row: &u32| keys.row(*row as usize) < last.row();
                let wanted: UInt32Array = (0..records.num_rows() as u32).filter(before).collect::<Vec<_>>().into();
                match wanted.len() {
                    0 => return Ok(()),
                    all if all == records.num_rows() => (records, keys),
                    _ => {
                        let records = take_record_batch(&records, &wanted)?;
                        let keys = self.keys(&records)?;
                        (records, keys)
                    }
                }
            }
            None => (records, keys),
        };
        self.rows_held += records.num_rows();
        self.held.push(Held { records, keys });
        match self.rows_max {
            Some(rows_max) if self.rows_held > rows_max.saturating_mul(2).saturating_add(SLACK_ROWS) => {
                self.let_go(rows_max)
            }
            _ => Ok(()),
        }
    }

    /// Lets go of all rows but the first.
    fn let_go(&mut self, rows_max: usize) -> OperatorResult {
        let first: Vec<RecordBatch> = self.take_sorted(rows_max).collect::<Result<_, _>>()?;
        let records = concat_batches(self.schema.arrow(), &first)?;
        let keys = self.keys(&records)?;
        self.last = keys.num_rows().checked_sub(1).map(|last| keys.row(last).owned());
        self.rows_held = records.num_rows();
        self.held.push(Held { records, keys });
        Ok(())
    }

    /// Takes out all rows, and gives the first `rows_max` of them in order.
    fn take_sorted(&mut self, rows_max: usize) -> impl Iterator<Item = OperatorResult<RecordBatch>> + use<> {
        let held = std::mem::take(&mut self.held);
        self.rows_held = 0;
        self.last = None;
        let mut order: Vec<(u32, u32)> = Vec::with_capacity(held.iter().map(|held| held.records.num_rows()).sum());
        for (batch, held) in held.iter().enumerate() {
            order.extend((0..held.records.num_rows()).map(|row| (batch as u32, row as u32)));
        }
        let compare = |left: &(u32, u32), right: &(u32, u32)| {
            let key = |place: &(u32, u32)| held[place.0 as usize].keys.row(place.1 as usize);
            key(left).cmp(&key(right)).then_with(|| left.cmp(right))
        };
        if rows_max < order.len() {
            order.select_nth_unstable_by(rows_max, compare);
            order.truncate(rows_max);
        }
        order.sort_unstable_by(compare);
        let records: Vec<RecordBatch> = held.into_iter().map(|held| held.records).collect();
        let mut from = 0;
        std::iter::from_fn(move || {
            let places = order
                .get(from..order.len().min(from + BATCH_ROWS))
                .filter(|places| !places.is_empty())?;
            from += places.len();
            let places: Vec<(usize, usize)> = places
                .iter()
                .map(|place| (place.0 as usize, place.1 as usize))
                .collect();
            let batches: Vec<&RecordBatch> = records.iter().collect();
            Some(interleave_record_batch(&batches, &places).map_err(Into::into))
        })
    }

    /// Takes out the rows that are read, in order.
    pub(super) fn take(&mut self) -> impl Iterator<Item = OperatorResult<RecordBatch>> + use<> {
        self.take_sorted(self.rows_max.unwrap_or(usize::MAX))
    }

    /// The rows so far, in no order.
    fn records(&self) -> OperatorResult<RecordBatch> {
        let batches = self.held.iter().map(|held| &held.records);
        Ok(concat_batches(self.schema.arrow(), batches)?)
    }
}

fn missing(column: &str) -> CompileError {
    CompileError::MissingColumn {
        column: column.to_owned(),
        from: "the input of an ORDER BY".to_owned(),
    }
}

impl Operator for SortRows {
    fn name(&self) -> &'static str {
        "sort"
    }

    fn schema(&self) -> &StreamSchema {
        &self.sorted.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, _out: &mut Output) -> OperatorResult {
        self.sorted.keep(batch.records)
    }

    /// A watermark says that the windows so far are complete. Without windows it waits for the rows that are held back.
    fn on_watermark(&mut self, watermark_ms: i64, out: &mut Output) -> OperatorResult {
        if self.by_window {
            self.emit_all(out)?;
            out.forward(watermark_ms);
        }
        Ok(())
    }

    fn on_end(&mut self, out: &mut Output) -> OperatorResult {
        self.ordered = Some(Box::new(self.sorted.take()));
        self.resume(out)
    }

    fn resume(&mut self, out: &mut Output) -> OperatorResult {
        if let Some(records) = self.ordered.as_mut().and_then(Iterator::next) {
            out.emit(StreamBatch::inserts(records?));
            out.hold_more();
        }
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let records = self.sorted.records()?;
        Ok(OperatorState {
            shared: (records.num_rows() > 0).then_some(records),
            ..OperatorState::default()
        })
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        match &state.shared {
            Some(records) => self.sorted.keep(records.clone()),
            None => Ok(()),
        }
    }
}
