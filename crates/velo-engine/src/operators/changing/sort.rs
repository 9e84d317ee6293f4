use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, filter_record_batch, is_not_null, not};
use velo_data::{ChangelogMode, RecordColumns, RowKind, StreamBatch, StreamSchema};
use velo_planner::plan::Sort;
use velo_state::OperatorState;

use super::arrivals::{Arrivals, split_places, with_places};
use super::{all_of, taken, unknown_row};
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::keys::KeyGroups;
use crate::operator::Operator;
use crate::operators::sort::SortedRows;

/// `ORDER BY` over rows that change: keeps what stands until the input, or a window, is complete, and hands it on in order.
///
/// All rows are kept, also where only the first are read: any of those may go.
#[derive(Debug)]
pub(crate) struct SortStanding {
    sorted: SortedRows,
    by_window: bool,
    held: Arrivals,
    record: RecordColumns,
    /// Rows that are out and have been taken back since.
    taken_back: Vec<RecordBatch>,
}

impl SortStanding {
    pub(crate) fn new(plan: &Sort) -> Result<Self, CompileError> {
        match plan.input.mode() {
            ChangelogMode::Retract => Ok(Self {
                sorted: SortedRows::new(plan)?,
                by_window: plan.by_window,
                held: Arrivals::new(plan.input.schema())?,
                record: RecordColumns::of(plan.input.schema()),
                taken_back: Vec::new(),
            }),
            mode => Err(CompileError::ChangelogMode { operator: "sort", mode }),
        }
    }

    fn hold(&mut self, batch: &StreamBatch, out: &mut Output) -> OperatorResult {
        let encoded = self.held.format.encode(&batch.records)?;
        let mut unknown = Vec::new();
        let mut row = 0;
        while row < batch.num_rows() {
            let is_unknown = batch.kind(row).is_retraction() && self.held.place_of(encoded.row(row)).is_none();
            // Without windows nothing is out that could be taken back.
            if is_unknown && self.by_window {
                unknown.push(row as u32);
            } else if is_unknown {
                out.reject(unknown_row(&self.record, &batch.records, row));
            }
            row += self.held.apply(batch, &encoded, row).0;
        }
        if !unknown.is_empty() {
            self.taken_back.push(taken(&batch.records, unknown)?);
        }
        Ok(())
    }

    fn emit_all(&mut self, out: &mut Output) -> OperatorResult {
        for records in self.taken_back.drain(..) {
            out.emit(all_of(RowKind::Delete, records));
        }
        if self.held.len() == 0 {
            return Ok(());
        }
        self.sorted.keep(self.held.records()?)?;
        self.held.clear();
        for records in self.sorted.take() {
            out.emit(if self.by_window {
                all_of(RowKind::Insert, records?)
            } else {
                StreamBatch::inserts(records?)
            });
        }
        Ok(())
    }
}

impl Operator for SortStanding {
    fn name(&self) -> &'static str {
        "sort"
    }

    fn schema(&self) -> &StreamSchema {
        self.sorted.schema()
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        self.hold(&batch, out)
    }

    fn on_watermark(&mut self, watermark_ms: i64, out: &mut Output) -> OperatorResult {
        if self.by_window {
            self.emit_all(out)?;
            out.forward(watermark_ms);
        }
        Ok(())
    }

    fn on_end(&mut self, out: &mut Output) -> OperatorResult {
        self.emit_all(out)
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let held = self.held.snapshot()?;
        let mut batches = vec![held];
        for records in &self.taken_back {
            batches.push(with_places(records, UInt64Array::new_null(records.num_rows()))?);
        }
        Ok(OperatorState {
            shared: Some(concat_batches(batches[0].schema_ref(), &batches)?),
            ..OperatorState::default()
        })
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        let Some(rows) = &state.shared else {
            return Ok(());
        };
        let (records, places) = split_places(rows)?;
        let is_standing = is_not_null(&places)?;
        self.held.restore(&filter_record_batch(rows, &is_standing)?)?;
        let taken_back = filter_record_batch(&records, &not(&is_standing)?)?;
        if taken_back.num_rows() > 0 {
            self.taken_back.push(taken_back);
        }
        Ok(())
    }
}
