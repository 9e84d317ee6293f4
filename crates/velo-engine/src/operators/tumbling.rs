use std::collections::BTreeMap;
use std::time::Duration;

use velo_common::format_duration;
use velo_data::{RowError, RowErrorCause, StreamBatch, StreamSchema};
use velo_planner::plan::{EmitMode, LatePolicy, Window, WindowAssigner};
use velo_state::OperatorState;

use super::changes::{Changes, changes, in_order};
use super::group_set::GroupSet;
use super::group_snapshot::{SnapshotRows, read_shared_number, restore_sets, shared_number};
use super::grouping::{Bounds, Grouping};
use super::prepared_rows::Prepared;
use super::window_assignment::Tumbling;
use crate::error::{OperatorError, OperatorResult};
use crate::event::{LateRows, Output};
use crate::keys::{KeyGroups, RowSet};
use crate::operator::Operator;

/// `WINDOW TUMBLING`: groups per window, closed by the watermark.
///
/// Every window has its own groups, so that closing one costs what it holds and not what all hold.
pub(crate) struct TumblingWindows {
    grouping: Grouping,
    tumbling: Tumbling,
    lateness_ms: i64,
    late: LatePolicy,
    emit: EmitMode,
    /// Open windows by their start. A window is fired when its final results are out.
    windows: BTreeMap<i64, WindowGroups>,
    watermark_ms: i64,
}

struct WindowGroups {
    set: GroupSet,
    fired: bool,
}

/// Late rows of a batch that are described rather than only counted, unless all go to a dead-letter queue.
const LATE_SAMPLES: usize = 5;

impl TumblingWindows {
    pub(crate) fn new(grouping: Grouping, window: &Window, emit: EmitMode) -> Self {
        let WindowAssigner::Tumbling { size_ms, offset_ms } = window.assigner;
        Self {
            grouping,
            tumbling: Tumbling { size_ms, offset_ms },
            lateness_ms: i64::try_from(window.allowed_lateness.as_millis()).unwrap_or(i64::MAX),
            late: window.late,
            emit,
            windows: BTreeMap::new(),
            watermark_ms: i64::MIN,
        }
    }

    /// Whether rows of this window come too late.
    fn is_closed(&self, bounds: Bounds) -> bool {
        bounds.end.saturating_add(self.lateness_ms) <= self.watermark_ms
    }

    /// Adds the rows of one window, and returns what changes if that comes out at once.
    fn add(
        &mut self,
        bounds: Bounds,
        prepared: &Prepared,
        rows: &RowSet<'_>,
        out: &mut Output,
    ) -> OperatorResult<Option<Changes>> {
        let window = match self.windows.entry(bounds.start) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(WindowGroups {
                set: GroupSet::new(&self.grouping)?,
                // A late row may be the first of its window, whose results are out already: there are none.
                fired: bounds.end <= self.watermark_ms,
            }),
        };
        if self.emit == EmitMode::Final && !window.fired {
            window.set.update(&self.grouping, prepared, rows, out)?;
            return Ok(None);
        }
        let (set, grouping) = (&mut window.set, &self.grouping);
        changes(set, grouping, prepared, rows, Some(bounds), out).map(Some)
    }

    /// Gives up rows whose window is closed.
    fn give_up(&self, bounds: Bounds, prepared: &Prepared, times: &[i64], rows: &RowSet<'_>) -> LateRows {
        let rows: Vec<usize> = match rows {
            RowSet::Range(range) => range.clone().collect(),
            RowSet::Indices(indices) => indices.iter().map(|row| *row as usize).collect(),
        };
        let dead_letter = self.late == LatePolicy::DeadLetter;
        let described = if dead_letter { rows.len() } else { LATE_SAMPLES };
        let behind = |row: &usize| self.watermark_ms.saturating_sub(times[*row]);
        LateRows {
            rows: rows.len() as u64,
            behind_watermark_ms_max: rows.iter().map(behind).max().unwrap_or_default(),
            errors: rows
                .iter()
                .take(described)
                .map(|row| self.late_error(bounds, prepared, *row, behind(row)))
                .collect(),
            dead_letter,
        }
    }

    fn late_error(&self, bounds: Bounds, prepared: &Prepared, row: usize, behind_ms: i64) -> RowError {
        let (origin, original) = self.grouping.record(prepared, row);
        let behind = Duration::from_millis(behind_ms.unsigned_abs());
        RowError {
            cause: RowErrorCause::Late,
            message: format!(
                "it came {} behind the watermark, and its window [{}, {}) is closed",
                format_duration(behind),
                bounds.start,
                bounds.end
            ),
            column: None,
            origin,
            original,
        }
    }

    /// Emits the final results of every window that ends by `time`, in the order of time.
    ///
    /// The watermark goes on from window to window, so that whoever joins the results of several workers can tell which
    /// belong together.
    fn fire_until(&mut self, time: i64, out: &mut Output) -> OperatorResult {
        if self.emit == EmitMode::Changes {
            return Ok(());
        }
        for (start, window) in &mut self.windows {
            let bounds = self.tumbling.starting_at(*start);
            if bounds.end > time {
                break;
            }
            if !window.fired {
                window.fired = true;
                window.set.emit_finals(&self.grouping, Some(bounds), out)?;
                out.forward(bounds.end);
            }
        }
        Ok(())
    }

    /// Forgets windows for which no row can come in time any more.
    fn close_until(&mut self, time: i64) {
        while let Some(entry) = self.windows.first_entry() {
            let end = self.tumbling.starting_at(*entry.key()).end;
            if end.saturating_add(self.lateness_ms) > time {
                break;
            }
            self.grouping.budget.give_back(entry.remove().set.len());
        }
    }
}

impl Operator for TumblingWindows {
    fn name(&self) -> &'static str {
        "tumbling_window"
    }

    fn schema(&self) -> &StreamSchema {
        &self.grouping.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let prepared = self.grouping.prepare(batch, out)?;
        let Some(times) = prepared.times.clone() else {
            return Err(OperatorError::NoEventTime);
        };
        let mut changed = Vec::new();
        for (bounds, rows) in self.tumbling.assign(&times).windows() {
            if self.is_closed(bounds) {
                out.late(self.give_up(bounds, &prepared, &times, &rows));
            } else {
                changed.extend(self.add(bounds, &prepared, &rows, out)?);
            }
        }
        in_order(changed, out)
    }

    fn on_watermark(&mut self, watermark_ms: i64, out: &mut Output) -> OperatorResult {
        if watermark_ms > self.watermark_ms {
            self.watermark_ms = watermark_ms;
            self.fire_until(watermark_ms, out)?;
            self.close_until(watermark_ms);
        }
        out.forward(watermark_ms);
        Ok(())
    }

    fn on_end(&mut self, out: &mut Output) -> OperatorResult {
        self.fire_until(i64::MAX, out)?;
        self.windows.clear();
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let mut rows = SnapshotRows::default();
        for (start, window) in &mut self.windows {
            rows.add(&self.grouping, &mut window.set, *start)?;
        }
        Ok(OperatorState {
            shared: Some(shared_number("watermark_ms", self.watermark_ms)?),
            key_groups: rows.into_key_groups()?,
        })
    }

    fn restore(&mut self, state: &OperatorState, owned: &KeyGroups) -> OperatorResult {
        if let Some(watermark_ms) = state.shared.as_ref().and_then(read_shared_number) {
            self.watermark_ms = watermark_ms;
        }
        if let Some(rows) = state.rows_of(owned)? {
            for (start, set) in restore_sets(&self.grouping, "tumbling_window", &rows)? {
                // A window fires as soon as the watermark reaches its end, so that tells which have.
                let fired = self.tumbling.starting_at(start).end <= self.watermark_ms;
                self.windows.insert(start, WindowGroups { set, fired });
            }
        }
        Ok(())
    }
}
