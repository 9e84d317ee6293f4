use std::collections::{BTreeMap, HashMap, HashSet};

use velo_datasources::{SplitId, SplitPosition, SplitPositions};
use velo_planner::physical::OperatorId;
use velo_state::OperatorState;

/// What a job goes on from. Without anything it begins.
#[derive(Debug, Clone, Default)]
pub struct RestoredJob {
    /// The state of operators, of all their instances together.
    pub operators: HashMap<OperatorId, OperatorState>,
    /// How far inputs were read, by the id of the scan.
    pub inputs: HashMap<OperatorId, RestoredInput>,
    /// Operators that had come to the end of their input.
    pub ended: HashSet<OperatorId>,
}

/// How far a source was read by one statement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RestoredInput {
    /// Its splits.
    pub splits: BTreeMap<SplitId, SplitState>,
}

/// How far a split was read.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitState {
    /// Where reading goes on.
    pub position: SplitPosition,
    /// The highest event time that was read, in milliseconds.
    pub event_time_ms_max: Option<i64>,
    /// Whether it was read to its end.
    pub ended: bool,
}

impl RestoredJob {
    /// Whether nothing is known of a run before.
    pub fn is_empty(&self) -> bool {
        self.operators.is_empty() && self.inputs.is_empty() && self.ended.is_empty()
    }
}

impl RestoredInput {
    /// Where the reading of each split goes on.
    pub(in crate::runtime) fn positions(&self) -> SplitPositions {
        let splits = self.splits.iter();
        splits.map(|(id, split)| (id.clone(), split.position.clone())).collect()
    }
}
