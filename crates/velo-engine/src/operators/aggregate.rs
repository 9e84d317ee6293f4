use velo_data::{StreamBatch, StreamSchema};
use velo_state::OperatorState;

use super::changes::{changes, in_order};
use super::group_set::{FINAL_BATCH_ROWS, GroupSet};
use super::group_snapshot::{SnapshotRows, restore_sets};
use super::grouping::Grouping;
use crate::error::OperatorResult;
use crate::event::Output;
use crate::keys::{KeyGroups, RowSet};
use crate::operator::Operator;

/// `GROUP BY … EMIT CHANGES`: with every row the new values of its group.
pub(crate) struct AggregateChanges {
    groups: WindowlessGroups,
}

/// `GROUP BY … EMIT FINAL`: every group once, when the input ends, in the order of the keys.
pub(crate) struct AggregateFinal {
    groups: WindowlessGroups,
    /// The groups that have yet to come out, once the input has ended.
    finals: std::vec::IntoIter<u32>,
}

/// One set of groups for all time.
struct WindowlessGroups {
    grouping: Grouping,
    set: GroupSet,
}

impl WindowlessGroups {
    fn new(grouping: Grouping) -> OperatorResult<Self> {
        Ok(Self {
            set: GroupSet::new(&grouping)?,
            grouping,
        })
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let mut rows = SnapshotRows::default();
        rows.add(&self.grouping, &mut self.set, 0)?;
        Ok(OperatorState {
            shared: None,
            key_groups: rows.into_key_groups()?,
        })
    }

    fn restore(&mut self, name: &'static str, state: &OperatorState, owned: &KeyGroups) -> OperatorResult {
        if let Some(rows) = state.rows_of(owned)? {
            let sets = restore_sets(&self.grouping, name, &rows)?;
            if let Some(set) = sets.into_values().next() {
                self.set = set;
            }
        }
        Ok(())
    }
}

impl AggregateChanges {
    pub(crate) fn new(grouping: Grouping) -> OperatorResult<Self> {
        Ok(Self {
            groups: WindowlessGroups::new(grouping)?,
        })
    }
}

impl Operator for AggregateChanges {
    fn name(&self) -> &'static str {
        "aggregate_changes"
    }

    fn schema(&self) -> &StreamSchema {
        &self.groups.grouping.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let WindowlessGroups { grouping, set } = &mut self.groups;
        let prepared = grouping.prepare(batch, out)?;
        let rows = RowSet::Range(0..prepared.batch.num_rows());
        let changed = changes(set, grouping, &prepared, &rows, None, out)?;
        in_order(vec![changed], out)
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        self.groups.snapshot()
    }

    fn restore(&mut self, state: &OperatorState, owned: &KeyGroups) -> OperatorResult {
        self.groups.restore("aggregate_changes", state, owned)
    }
}

impl AggregateFinal {
    pub(crate) fn new(grouping: Grouping, input: &StreamSchema) -> OperatorResult<Self> {
        Ok(Self {
            groups: WindowlessGroups::new(grouping.with_group_metadata(input))?,
            finals: Vec::new().into_iter(),
        })
    }
}

impl Operator for AggregateFinal {
    fn name(&self) -> &'static str {
        "aggregate_final"
    }

    fn schema(&self) -> &StreamSchema {
        &self.groups.grouping.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let WindowlessGroups { grouping, set } = &mut self.groups;
        let prepared = grouping.prepare(batch, out)?;
        let rows = RowSet::Range(0..prepared.batch.num_rows());
        set.update(grouping, &prepared, &rows, out)
    }

    /// The groups come out at the end, and their times may be any of those that came in: the operators behind must not
    /// take them for late.
    fn on_watermark(&mut self, _watermark_ms: i64, _out: &mut Output) -> OperatorResult {
        Ok(())
    }

    fn on_end(&mut self, out: &mut Output) -> OperatorResult {
        let WindowlessGroups { grouping, set } = &mut self.groups;
        set.make_only_group(grouping)?;
        self.finals = set.in_order(grouping).into_iter();
        self.resume(out)
    }

    fn resume(&mut self, out: &mut Output) -> OperatorResult {
        let ids: Vec<u32> = self.finals.by_ref().take(FINAL_BATCH_ROWS).collect();
        if ids.is_empty() {
            return Ok(());
        }
        if self.finals.len() > 0 {
            out.hold_more();
        }
        let WindowlessGroups { grouping, set } = &mut self.groups;
        set.emit_final_rows(grouping, None, &ids, out)
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        self.groups.snapshot()
    }

    fn restore(&mut self, state: &OperatorState, owned: &KeyGroups) -> OperatorResult {
        self.groups.restore("aggregate_final", state, owned)
    }
}
