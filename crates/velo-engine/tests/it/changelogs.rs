//! Changelogs in a few words, and plans that are run over them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, TimestampMillisecondArray};
use velo_data::{ChangelogMode, RowError, RowKind, StreamBatch, SystemColumn};
use velo_engine::{Chain, Event, KeyGroups, LateRows, Output};
use velo_planner::plan::{LogicalPlan, StatementSettings};

use crate::support::*;

pub(crate) const ADD: RowKind = RowKind::Insert;
pub(crate) const OLD: RowKind = RowKind::UpdateBefore;
pub(crate) const NEW: RowKind = RowKind::UpdateAfter;
pub(crate) const DELETE: RowKind = RowKind::Delete;

impl Grouped {
    /// Over an input that retracts rows.
    pub(crate) fn retracting(mut self) -> Self {
        self.input_mode = ChangelogMode::Retract;
        self
    }

    /// With results that say in this mode how they change.
    pub(crate) fn giving(mut self, mode: ChangelogMode) -> Self {
        self.output_mode = Some(mode);
        self
    }
}

/// The operators of a plan behind its scan, run by one worker.
pub(crate) struct Worker {
    plan: LogicalPlan,
    chain: Chain,
    pub(crate) output: Vec<StreamBatch>,
    pub(crate) rejected: Vec<RowError>,
    pub(crate) late: LateRows,
}

impl Worker {
    pub(crate) fn new(plan: &LogicalPlan) -> Self {
        Self::with_settings(plan, &StatementSettings::default())
    }

    pub(crate) fn with_settings(plan: &LogicalPlan, settings: &StatementSettings) -> Self {
        Self {
            chain: chain_of(plan, settings, &HashMap::new()).unwrap(),
            plan: plan.clone(),
            output: Vec::new(),
            rejected: Vec::new(),
            late: LateRows::default(),
        }
    }

    pub(crate) fn push(&mut self, event: Event) -> &mut Self {
        let mut out = Output::default();
        self.chain.push(event, &mut out).unwrap();
        self.rejected.extend(out.take_rejected());
        self.late.add(out.take_late());
        self.output
            .extend(out.take_events().into_iter().filter_map(|event| match event {
                Event::Batch(batch) => Some(batch),
                _ => None,
            }));
        self
    }

    pub(crate) fn batches(&mut self, batches: &[StreamBatch]) -> &mut Self {
        for batch in batches {
            self.push(Event::Batch(batch.clone()));
        }
        self
    }

    /// Goes on in fresh operators, with what a snapshot says.
    pub(crate) fn restart(&mut self) -> &mut Self {
        let state = states_of([&mut self.chain]);
        self.chain = chain_of(&self.plan, &StatementSettings::default(), &HashMap::new()).unwrap();
        self.chain.restore(&state, &KeyGroups::all()).unwrap();
        self
    }

    /// So many workers that go on with the key groups of what these hold together.
    pub(crate) fn rescaled(from: &mut [Self], count: usize) -> Vec<Self> {
        let state = states_of(from.iter_mut().map(|worker| &mut worker.chain));
        let restored = (0..count).map(|index| {
            let mut worker = Self::new(&from[0].plan);
            worker
                .chain
                .restore(&state, &KeyGroups::of_worker(index, count))
                .unwrap();
            worker
        });
        restored.collect()
    }

    /// Everything that came out, as text.
    pub(crate) fn rows(&self) -> Vec<String> {
        rows(&self.output)
    }

    /// What came out since the last call, as text.
    pub(crate) fn take(&mut self) -> Vec<String> {
        rows(&std::mem::take(&mut self.output))
    }
}

/// A batch of changes, with the columns of a scan; event time, where the scan has it, is that of column `at`.
pub(crate) fn change_batch(plan: &LogicalPlan, kinds: Vec<RowKind>, records: &RecordBatch) -> StreamBatch {
    let schema = plan.scans()[0].schema.clone();
    let mut columns: Vec<ArrayRef> = records.columns().to_vec();
    if schema.system(SystemColumn::EventTime).is_some() {
        use arrow::array::AsArray;
        let at = records.column_by_name("at").unwrap();
        let at = at.as_primitive::<arrow::datatypes::Int64Type>();
        columns.push(Arc::new(TimestampMillisecondArray::new(
            at.values().clone(),
            at.nulls().cloned(),
        )));
    }
    let records = RecordBatch::try_new(Arc::clone(schema.arrow()), columns).unwrap();
    StreamBatch::changes(records, kinds.into())
}

/// Slices of `rows` rows, but for pairs, which stay together.
pub(crate) fn sliced_changes(batch: &StreamBatch, rows: usize) -> Vec<StreamBatch> {
    let mut slices = Vec::new();
    let mut start = 0;
    while start < batch.num_rows() {
        let mut end = (start + rows).min(batch.num_rows());
        if end < batch.num_rows() && batch.kind(end - 1) == OLD && batch.kind(end) == NEW {
            end += 1;
        }
        slices.push(batch.slice(start, end - start));
        start = end;
    }
    slices
}

/// The rows that stand after all changes, sorted. A change of an upsert stream replaces the row whose first `keys` words
/// it has; without keys there is one row.
pub(crate) fn fold(changes: &[String], mode: ChangelogMode, keys: usize) -> Vec<String> {
    let mut upserts: BTreeMap<String, String> = BTreeMap::new();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for change in changes {
        let (kind, row) = change.split_once(": ").unwrap();
        let key = row.split(' ').take(keys).collect::<Vec<_>>().join(" ");
        let is_retraction = matches!(kind, "update_before" | "delete");
        if mode == ChangelogMode::Retract {
            let count = counts.entry(row.to_owned()).or_default();
            *count += if is_retraction { -1 } else { 1 };
            assert!(*count >= 0, "{row} is retracted, and does not exist: {changes:#?}");
        } else if is_retraction {
            assert_eq!(upserts.remove(&key).as_deref(), Some(row), "{changes:#?}");
        } else {
            let was_there = upserts.insert(key, row.to_owned()).is_some();
            assert_eq!(was_there, kind == "update_after", "{change} in {changes:#?}");
        }
    }
    let counted = counts.into_iter().flat_map(|(row, count)| vec![row; count as usize]);
    sorted(upserts.into_values().chain(counted).collect())
}

/// That the rows of updates stand side by side in one batch, where old values come out.
pub(crate) fn assert_pairs(batches: &[StreamBatch], mode: ChangelogMode) {
    for batch in batches.iter().filter(|_| mode == ChangelogMode::Retract) {
        for row in 0..batch.num_rows() {
            match batch.kind(row) {
                OLD => assert_eq!(batch.kind(row + 1), NEW),
                NEW => assert_eq!(batch.kind(row - 1), OLD),
                _ => {}
            }
        }
    }
}
