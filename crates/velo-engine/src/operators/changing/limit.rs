use std::collections::BTreeMap;

use velo_data::{ChangelogMode, RecordColumns, RowKind, StreamBatch, StreamSchema};
use velo_planner::plan::Limit;
use velo_state::OperatorState;

use super::arrivals::{Arrivals, Change};
use super::{ChangeBuffer, unknown_row};
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::keys::KeyGroups;
use crate::operator::Operator;
use crate::standing::RowBuffer;

/// `LIMIT` and `OFFSET` over rows that change: of those that stand, in the order in which they came, the ones behind the offset
/// up to the limit. One that goes makes room for the next.
#[derive(Debug)]
pub(crate) struct LimitStanding {
    limit: usize,
    offset: usize,
    schema: StreamSchema,
    record: RecordColumns,
    arrivals: Arrivals,
    /// The slots of the rows before the offset, of those that are out, and of those that wait, by their places.
    skipped: BTreeMap<u64, u32>,
    shown: BTreeMap<u64, u32>,
    waiting: BTreeMap<u64, u32>,
}

/// What was out before a batch, at the places that the batch has touched.
#[derive(Debug, Default)]
struct Before {
    rows: RowBuffer,
    places: BTreeMap<u64, Option<usize>>,
}

impl LimitStanding {
    pub(crate) fn new(plan: &Limit) -> Result<Self, CompileError> {
        match plan.input.mode() {
            ChangelogMode::Retract => {}
            mode => {
                return Err(CompileError::ChangelogMode {
                    operator: "limit",
                    mode,
                });
            }
        }
        let schema = plan.input.schema();
        let rows = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        Ok(Self {
            limit: plan.limit.map_or(usize::MAX, rows),
            offset: rows(plan.offset),
            arrivals: Arrivals::new(schema)?,
            record: RecordColumns::of(schema),
            schema: schema.clone(),
            skipped: BTreeMap::new(),
            shown: BTreeMap::new(),
            waiting: BTreeMap::new(),
        })
    }

    /// Takes in the rows of a batch; `before` learns what was out at the places that change.
    fn take_in(&mut self, batch: &StreamBatch, before: &mut Before, out: &mut Output) -> OperatorResult {
        let encoded = self.arrivals.format.encode(&batch.records)?;
        let mut row = 0;
        while row < encoded.num_rows() {
            if batch.kind(row).is_retraction() {
                match self.arrivals.place_of(encoded.row(row)) {
                    Some(place) => self.note(place, before),
                    None => out.reject(unknown_row(&self.record, &batch.records, row)),
                }
            }
            let (taken, change) = self.arrivals.apply(batch, &encoded, row);
            row += taken;
            match change {
                Some(Change::Came { slot, place }) => {
                    self.waiting.insert(place, slot);
                }
                Some(Change::Updated { slot, place }) => {
                    let rows = [&mut self.skipped, &mut self.shown, &mut self.waiting];
                    if let Some(known) = rows.into_iter().find_map(|rows| rows.get_mut(&place)) {
                        *known = slot;
                    }
                }
                Some(Change::Gone { place }) => {
                    for rows in [&mut self.skipped, &mut self.shown, &mut self.waiting] {
                        rows.remove(&place);
                    }
                }
                None => {}
            }
            self.move_up(before);
        }
        Ok(())
    }

    /// Lets rows take the places that have become free.
    fn move_up(&mut self, before: &mut Before) {
        while self.skipped.len() < self.offset {
            if let Some((place, _)) = self.shown.first_key_value() {
                self.note(*place, before);
            }
            let Some((place, slot)) = self.shown.pop_first().or_else(|| self.waiting.pop_first()) else {
                return;
            };
            self.skipped.insert(place, slot);
        }
        while self.shown.len() < self.limit {
            let Some((place, slot)) = self.waiting.pop_first() else {
                return;
            };
            self.note(place, before);
            self.shown.insert(place, slot);
        }
    }

    /// Notes what is out at a place, unless that was noted before.
    fn note(&self, place: u64, before: &mut Before) {
        let Before { rows, places } = before;
        places.entry(place).or_insert_with(|| {
            let slot = self.shown.get(&place)?;
            rows.push(self.arrivals.row(*slot));
            Some(rows.len() - 1)
        });
    }

    /// What a batch has changed of the rows that are out.
    fn changes(&self, before: &Before) -> OperatorResult<StreamBatch> {
        let mut changes = ChangeBuffer::default();
        for (place, noted) in &before.places {
            let was = noted.and_then(|row| before.rows.row(row));
            let is = self.shown.get(place).map(|slot| self.arrivals.row(*slot));
            match (was, is) {
                (Some(was), Some(is)) if was == is => {}
                (Some(was), Some(is)) => {
                    changes.push(RowKind::UpdateBefore, was);
                    changes.push(RowKind::UpdateAfter, is);
                }
                (Some(was), None) => changes.push(RowKind::Delete, was),
                (None, Some(is)) => changes.push(RowKind::Insert, is),
                (None, None) => {}
            }
        }
        changes.into_batch(&self.arrivals.format)
    }
}

impl Operator for LimitStanding {
    fn name(&self) -> &'static str {
        "limit"
    }

    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let mut before = Before::default();
        self.take_in(&batch, &mut before, out)?;
        out.emit(self.changes(&before)?);
        Ok(())
    }

    /// Rows that wait may come out at any time, with the times that they have.
    fn on_watermark(&mut self, watermark_ms: i64, out: &mut Output) -> OperatorResult {
        if self.waiting.is_empty() {
            out.forward(watermark_ms);
        }
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        Ok(OperatorState {
            shared: Some(self.arrivals.snapshot()?),
            ..OperatorState::default()
        })
    }

    /// Which rows are out follows from their order.
    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        if let Some(rows) = &state.shared {
            self.waiting = self.arrivals.restore(rows)?;
            self.move_up(&mut Before::default());
        }
        Ok(())
    }
}
