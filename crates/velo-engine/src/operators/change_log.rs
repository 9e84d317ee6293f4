use arrow::array::{RecordBatch, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{take, take_record_batch};
use hashbrown::HashMap;
use velo_data::{ChangelogMode, RowKind};

use super::group_set::GroupSet;
use super::grouping::{Grouping, Visibility};
use super::same_rows::same_rows;
use super::sent_rows::Place;
use crate::error::OperatorResult;

/// Which rows come out, and as what.
#[derive(Default)]
pub(super) struct ChangeLog {
    pub(super) kinds: Vec<RowKind>,
    /// The row of the batch that caused each.
    pub(super) rows: Vec<u32>,
    /// Where the values of each stand, if not in the row that caused it; empty if all do.
    places: Vec<Place>,
}

impl ChangeLog {
    /// What changes with the rows of a batch: `records` are the values of their groups after each. Rows that are not
    /// `valid` have none that may come out.
    pub(super) fn of(
        set: &mut GroupSet,
        grouping: &Grouping,
        records: &RecordBatch,
        valid: &[bool],
        visibility: &Visibility,
    ) -> OperatorResult<Self> {
        let decided = |row: usize| valid[row] && visibility.decided.as_ref().is_none_or(|decided| decided.value(row));
        let shown = |row: usize| decided(row).then(|| visibility.visible.value(row));
        if !grouping.keeps_sent() {
            return Ok(Self::of_updates(set, shown));
        }
        match grouping.output_mode {
            ChangelogMode::AppendOnly | ChangelogMode::Upsert => Ok(Self::of_upserts(set, shown)),
            ChangelogMode::Retract => {
                let unchanged = unchanged(set, grouping, records, shown)?;
                Ok(Self::of_retractions(set, shown, &unchanged))
            }
        }
    }

    /// Where no group ever disappears.
    fn of_updates(set: &mut GroupSet, shown: impl Fn(usize) -> Option<bool>) -> Self {
        let mut log = Self::default();
        for (row, id) in set.ids.iter().enumerate() {
            if shown(row).is_some() {
                let is_update = std::mem::replace(&mut set.visible[*id as usize], true);
                log.rows.push(row as u32);
                log.kinds.push(if is_update {
                    RowKind::UpdateAfter
                } else {
                    RowKind::Insert
                });
            }
        }
        log
    }

    fn of_upserts(set: &mut GroupSet, shown: impl Fn(usize) -> Option<bool>) -> Self {
        let mut log = Self::default();
        let batch = set.sent.next_batch();
        for (row, id) in set.ids.iter().enumerate() {
            let Some(is_visible) = shown(row) else {
                continue;
            };
            let row = row as u32;
            let was_visible = std::mem::replace(&mut set.visible[*id as usize], is_visible);
            match (was_visible, is_visible) {
                (false, true) => log.push(row, RowKind::Insert, (batch, row)),
                (true, true) => log.push(row, RowKind::UpdateAfter, (batch, row)),
                (true, false) => log.push(row, RowKind::Delete, set.sent.place(*id)),
                (false, false) => {}
            }
            if is_visible {
                set.sent.set_next(*id, row);
            }
        }
        log
    }

    fn of_retractions(set: &mut GroupSet, shown: impl Fn(usize) -> Option<bool>, unchanged: &BooleanBuffer) -> Self {
        let mut log = Self::default();
        let batch = set.sent.next_batch();
        // Where the deletes of this batch stand in the log.
        let mut deletes: HashMap<u32, usize> = HashMap::new();
        let mut cancelled = Vec::new();
        for (row, id) in set.ids.iter().enumerate() {
            let Some(is_visible) = shown(row) else {
                continue;
            };
            let is_unchanged = unchanged.value(row);
            let row = row as u32;
            let was_visible = std::mem::replace(&mut set.visible[*id as usize], is_visible);
            match (was_visible, is_visible) {
                (true, true) if is_unchanged => {}
                (true, true) => {
                    log.push(row, RowKind::UpdateBefore, set.sent.place(*id));
                    log.push(row, RowKind::UpdateAfter, (batch, row));
                    set.sent.set_next(*id, row);
                }
                (false, true) => match deletes.remove(id) {
                    Some(delete) if is_unchanged => cancelled.push(delete),
                    _ => {
                        log.push(row, RowKind::Insert, (batch, row));
                        set.sent.set_next(*id, row);
                    }
                },
                (true, false) => {
                    deletes.insert(*id, log.kinds.len());
                    log.push(row, RowKind::Delete, set.sent.place(*id));
                }
                (false, false) => {}
            }
        }
        log.without(&cancelled)
    }

    fn push(&mut self, row: u32, kind: RowKind, place: Place) {
        self.rows.push(row);
        self.kinds.push(kind);
        self.places.push(place);
    }

    fn without(mut self, cancelled: &[usize]) -> Self {
        if !cancelled.is_empty() {
            let mut kept = vec![true; self.kinds.len()];
            for index in cancelled {
                kept[*index] = false;
            }
            retain(&mut self.rows, &kept);
            retain(&mut self.kinds, &kept);
            retain(&mut self.places, &kept);
        }
        self
    }

    /// The rows that come out.
    ///
    /// Those that retract something hold the values that were sent; of a [`ChangelogMode::Retract`] stream the metadata
    /// too, else that of the record that caused them.
    pub(super) fn records(
        &self,
        set: &GroupSet,
        grouping: &Grouping,
        after: &RecordBatch,
    ) -> OperatorResult<RecordBatch> {
        let batch = set.sent.next_batch();
        let mut causes = self.places.iter().zip(&self.rows);
        if causes.all(|(place, row)| *place == (batch, *row)) {
            if self.rows.len() == after.num_rows() {
                return Ok(after.clone());
            }
            return Ok(take_record_batch(after, &UInt32Array::from(self.rows.clone()))?);
        }
        let rows = UInt32Array::from(self.rows.clone());
        let values = grouping.key_columns() + grouping.calls();
        let columns = (0..after.num_columns()).map(|index| {
            if index < values || grouping.output_mode == ChangelogMode::Retract {
                set.sent.column(index, after, &self.places)
            } else {
                Ok(take(after.column(index), &rows, None)?)
            }
        });
        Ok(velo_data::record_batch(
            &after.schema(),
            columns.collect::<OperatorResult<_>>()?,
            self.rows.len(),
        )?)
    }
}

fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    values.retain(|_| kept.next().is_none_or(|kept| *kept));
}

/// The rows whose group has the values with which it was out before, if it is not out any more, last.
fn unchanged(
    set: &GroupSet,
    grouping: &Grouping,
    records: &RecordBatch,
    shown: impl Fn(usize) -> Option<bool>,
) -> OperatorResult<BooleanBuffer> {
    let batch = set.sent.next_batch();
    let mut latest: HashMap<u32, u32> = HashMap::new();
    let mut rows = Vec::new();
    let mut places = Vec::new();
    for (row, id) in set.ids.iter().enumerate() {
        if shown(row) == Some(true) {
            let earlier = latest.insert(*id, row as u32).map(|row| (batch, row));
            let sent = || set.visible[*id as usize].then(|| set.sent.place(*id));
            if let Some(place) = earlier.or_else(sent) {
                rows.push(row as u32);
                places.push(place);
            }
        }
    }
    let rows = UInt32Array::from(rows);
    let mut same = BooleanBuffer::new_set(rows.len());
    for index in grouping.key_columns()..grouping.key_columns() + grouping.calls() {
        let before = set.sent.column(index, records, &places)?;
        let after = take(records.column(index), &rows, None)?;
        same = &same & &same_rows(&before, &after)?;
    }
    let mut unchanged = vec![false; records.num_rows()];
    for (row, same) in rows.values().iter().zip(&same) {
        unchanged[*row as usize] = same;
    }
    Ok(unchanged.into())
}
