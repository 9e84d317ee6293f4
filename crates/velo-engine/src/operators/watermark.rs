//! The watermark that follows from the event times of rows.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::is_not_null;
use arrow::datatypes::TimestampMillisecondType;
use velo_data::{RecordColumns, RowError, RowErrorCause, StreamBatch, SystemColumn};
use velo_planner::plan::{WatermarkPace, WatermarkRule};
use velo_state::OperatorState;

use super::group_snapshot::{read_shared_number, shared_number};
use super::milliseconds;
use crate::error::OperatorResult;
use crate::event::Output;
use crate::expression::Expressions;

/// How far event time has come in a partition, or behind whatever computes event times.
///
/// Whether a row is late depends on what came before it, not on where batches end. So where it matters to a window
/// the batch is divided, and the watermark goes out between its parts.
#[derive(Debug)]
pub(super) struct WatermarkClock {
    out_of_orderness_ms: i64,
    pace: WatermarkPace,
    steps: Vec<WatermarkStep>,
    /// The highest event time so far; `i64::MIN` before the first.
    max_ms: i64,
    /// The last watermark that went out.
    forwarded_ms: i64,
}

impl WatermarkClock {
    /// `steps` are the instants that matter to whatever the watermark reaches.
    pub(super) fn new(rule: WatermarkRule, steps: Vec<WatermarkStep>) -> Self {
        Self {
            out_of_orderness_ms: milliseconds(rule.out_of_orderness),
            pace: rule.pace,
            steps,
            max_ms: i64::MIN,
            forwarded_ms: i64::MIN,
        }
    }

    /// Hands rows on by `emit`, and the watermark that follows from their event times.
    pub(super) fn pass(
        &mut self,
        batch: &StreamBatch,
        times: &[i64],
        out: &mut Output,
        emit: impl Fn(StreamBatch, &mut Output) -> OperatorResult,
    ) -> OperatorResult {
        if self.pace == WatermarkPace::Input {
            self.max_ms = times.iter().copied().fold(self.max_ms, i64::max);
            return emit(batch.clone(), out);
        }
        let mut start = 0;
        for (row, watermark_ms) in self.advance(times) {
            emit(batch.slice(start, row - start), out)?;
            out.forward(watermark_ms);
            start = row;
        }
        emit(batch.slice(start, batch.num_rows() - start), out)?;
        self.forward(out);
        Ok(())
    }

    /// Learns that the watermark of the input has moved on: rows that were held back together are all there.
    pub(super) fn on_watermark(&mut self, out: &mut Output) {
        if self.pace == WatermarkPace::Input {
            self.forward(out);
        }
    }

    /// Sends out the watermark, if it has moved on.
    fn forward(&mut self, out: &mut Output) {
        // Nothing before it is expected any more.
        let watermark_ms = self.max_ms.saturating_sub(self.out_of_orderness_ms);
        if watermark_ms > self.forwarded_ms {
            self.forwarded_ms = watermark_ms;
            out.forward(watermark_ms);
        }
    }

    /// Takes in event times. Where a row is behind the watermark, and the watermark that has gone out would let a window
    /// treat it otherwise, there is a cut: the row, and the watermark that must go out before it.
    fn advance(&mut self, times: &[i64]) -> Vec<(usize, i64)> {
        let mut cuts = Vec::new();
        let mut max_ms = self.max_ms;
        for (row, time) in times.iter().enumerate() {
            if *time > max_ms {
                max_ms = *time;
                continue;
            }
            let watermark_ms = max_ms.saturating_sub(self.out_of_orderness_ms);
            let step = |step: &WatermarkStep| step.lies_between(self.forwarded_ms, watermark_ms);
            if *time < watermark_ms && watermark_ms > self.forwarded_ms && self.steps.iter().any(step) {
                self.forwarded_ms = watermark_ms;
                cuts.push((row, watermark_ms));
            }
        }
        self.max_ms = max_ms;
        cuts
    }

    pub(super) fn snapshot(&self) -> OperatorResult<OperatorState> {
        event_time_state(self.max_ms)
    }

    pub(super) fn restore(&mut self, state: &OperatorState) {
        if let Some(max_ms) = event_time_of(state) {
            self.max_ms = max_ms;
        }
    }
}

/// The state of what derives a watermark from event times: the highest of them, `i64::MIN` before the first.
pub(crate) fn event_time_state(max_ms: i64) -> OperatorResult<OperatorState> {
    Ok(OperatorState {
        shared: Some(shared_number("event_time_ms_max", max_ms)?),
        ..OperatorState::default()
    })
}

/// The highest event time that [`event_time_state`] tells; `None` before the first.
pub(crate) fn event_time_of(state: &OperatorState) -> Option<i64> {
    let max_ms = state.shared.as_ref().and_then(read_shared_number);
    max_ms.filter(|max_ms| *max_ms > i64::MIN)
}

/// A series of instants at which a watermark changes what a window does with rows: `offset + n * size + lateness`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatermarkStep {
    pub(crate) size_ms: i64,
    pub(crate) offset_ms: i64,
}

impl WatermarkStep {
    /// Every instant matters.
    pub(super) const EACH: Self = Self {
        size_ms: 1,
        offset_ms: 0,
    };

    /// Whether an instant of the series lies in `(from, to]`.
    fn lies_between(self, from: i64, to: i64) -> bool {
        let step = |time: i64| time.saturating_sub(self.offset_ms).div_euclid(self.size_ms.max(1));
        from == i64::MIN || step(from) != step(to)
    }
}

/// Event times as numbers.
pub(super) fn milliseconds_of(times: &ArrayRef) -> &[i64] {
    times.as_primitive::<TimestampMillisecondType>().values()
}

/// Gives up the rows that have no event time. `record` has what tells where each row comes from, and `reasons` fails on it
/// where it has what could not be read as a time.
pub(super) fn reject_untimed(
    batch: StreamBatch,
    times: ArrayRef,
    record: (&RecordColumns, &RecordBatch),
    reasons: Option<&Expressions>,
    out: &mut Output,
) -> OperatorResult<(StreamBatch, ArrayRef)> {
    if times.null_count() == 0 {
        return Ok((batch, times));
    }
    let timed = is_not_null(&times)?;
    let (origins, records) = record;
    // A row that has no time when it is taken back had none when it came.
    let is_new = |row: &usize| times.is_null(*row) && !batch.kind(*row).is_retraction();
    for row in (0..batch.num_rows()).filter(is_new) {
        let reason = reasons.and_then(|reasons| reasons.failure(&records.slice(row, 1), out));
        out.reject(RowError {
            cause: RowErrorCause::EventTime,
            message: reason.unwrap_or_else(|| "the event time is missing".to_owned()),
            column: Some(SystemColumn::EventTime.name().to_owned()),
            origin: origins.origin(records, row),
            original: origins.original(records, row),
        });
    }
    Ok((batch.filter(&timed)?, arrow::compute::filter(&times, &timed)?))
}
