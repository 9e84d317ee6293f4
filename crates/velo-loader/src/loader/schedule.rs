use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::plan::LoadPlan;
use crate::LoadSchedule;

/// Which table comes next: knows what has ended and what waits for what, and neither time nor tasks.
///
/// Whether a table starts or is skipped is decided when all that it needs has ended, so that the answer depends neither
/// on the schedule nor on what happened to end first.
pub(crate) struct Schedule<'p> {
    plan: &'p LoadPlan,
    kind: LoadSchedule,
    continue_on_failure: bool,
    /// For each table, how many of those that it needs have not ended.
    open_dependencies: Vec<usize>,
    endings: Vec<Option<Ending>>,
    /// Tables whose turn has come: higher priority first, then the order of addition.
    ready: BinaryHeap<(i32, Reverse<usize>, usize)>,
    /// Under [`LoadSchedule::Waves`], the wave that is loaded, and how many of its tables have not ended.
    wave: usize,
    open_in_wave: usize,
}

/// How a table ended, as far as it matters to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Loaded,
    /// Failed, or skipped.
    Missing,
}

impl<'p> Schedule<'p> {
    pub(crate) fn new(plan: &'p LoadPlan, kind: LoadSchedule, continue_on_failure: bool) -> Self {
        let mut schedule = Self {
            plan,
            kind,
            continue_on_failure,
            open_dependencies: plan.tables.iter().map(|table| table.dependencies.len()).collect(),
            endings: vec![None; plan.tables.len()],
            ready: BinaryHeap::new(),
            wave: 0,
            open_in_wave: plan.waves.first().map_or(0, Vec::len),
        };
        // Nothing is skipped yet: tables of the first wave need nothing.
        for table in plan.waves.first().into_iter().flatten() {
            schedule.push_ready(*table);
        }
        schedule
    }

    /// The table whose turn it is, without taking it.
    pub(crate) fn next(&self) -> Option<usize> {
        self.ready.peek().map(|(_, _, table)| *table)
    }

    /// Takes the table whose turn it is.
    pub(crate) fn take(&mut self) -> Option<usize> {
        self.ready.pop().map(|(_, _, table)| table)
    }

    /// Makes it a table's turn: again, when it is tried once more.
    pub(crate) fn push_ready(&mut self, table: usize) {
        let planned = &self.plan.tables[table];
        self.ready.push((planned.priority, Reverse(planned.addition), table));
    }

    /// Forgets whose turn it is: the load ends early.
    pub(crate) fn clear(&mut self) {
        self.ready.clear();
    }

    /// Learns how a table ended, and tells which tables are skipped because of it, each behind what it needs.
    pub(crate) fn end(&mut self, table: usize, ending: Ending) -> Vec<usize> {
        let mut skipped = Vec::new();
        let mut ended = VecDeque::from([(table, ending)]);
        while let Some((table, ending)) = ended.pop_front() {
            self.endings[table] = Some(ending);
            for next in self.decidable_after(table) {
                if self.continue_on_failure || self.missing_dependency(next).is_none() {
                    self.push_ready(next);
                } else {
                    skipped.push(next);
                    ended.push_back((next, Ending::Missing));
                }
            }
        }
        skipped
    }

    /// The first of the tables that a table needs which is not there.
    pub(crate) fn missing_dependency(&self, table: usize) -> Option<usize> {
        let is_missing = |dependency: &usize| self.endings[*dependency] == Some(Ending::Missing);
        self.plan.tables[table].dependencies.iter().copied().find(is_missing)
    }

    /// Tables that wait for nothing more now that this one has ended.
    fn decidable_after(&mut self, table: usize) -> Vec<usize> {
        let mut freed = Vec::new();
        for dependent in &self.plan.tables[table].dependents {
            self.open_dependencies[*dependent] -= 1;
            if self.open_dependencies[*dependent] == 0 {
                freed.push(*dependent);
            }
        }
        match self.kind {
            LoadSchedule::Eager => freed,
            LoadSchedule::Waves => self.next_wave(),
        }
    }

    /// The next wave, once the last table of this one has ended. Whatever it needs is in waves before it.
    fn next_wave(&mut self) -> Vec<usize> {
        self.open_in_wave -= 1;
        if self.open_in_wave > 0 {
            return Vec::new();
        }
        self.wave += 1;
        let wave = self.plan.waves.get(self.wave).cloned().unwrap_or_default();
        self.open_in_wave = wave.len();
        wave
    }
}
