use std::collections::BTreeMap;
use std::time::Duration;

use velo_datasources::SinkPosition;

use super::report::{Report, TaskState};

/// What tasks have reported for a checkpoint, and what those that have ended reported last.
#[derive(Debug)]
pub(super) struct Gathered {
    /// By the number of the task.
    tasks: Vec<Reported>,
}

#[derive(Debug)]
enum Reported {
    /// Nothing for the checkpoint at hand.
    Nothing,
    Passed(TaskState),
    Ended(TaskState),
}

impl Gathered {
    pub(super) fn new(tasks: usize) -> Self {
        Self {
            tasks: (0..tasks).map(|_| Reported::Nothing).collect(),
        }
    }

    /// Takes in what a task reports; a barrier of another checkpoint than `number` is none of this one.
    pub(super) fn add(&mut self, report: Report, number: u64) {
        let Some(task) = self.tasks.get_mut(report.task) else {
            return;
        };
        match report.number {
            None => *task = Reported::Ended(report.state),
            Some(passed) if passed == number => *task = Reported::Passed(report.state),
            Some(_) => {}
        }
    }

    /// Whether every task has reported.
    pub(super) fn is_complete(&self) -> bool {
        !self.tasks.iter().any(|task| matches!(task, Reported::Nothing))
    }

    /// Whether every task has come to its end.
    pub(super) fn is_ended(&self) -> bool {
        self.tasks.iter().all(|task| matches!(task, Reported::Ended(_)))
    }

    /// Whether a task has come to its end.
    pub(super) fn has_ended(&self, task: usize) -> bool {
        matches!(self.tasks.get(task), Some(Reported::Ended(_)))
    }

    /// What a task has reported.
    pub(super) fn state(&self, task: usize) -> Option<&TaskState> {
        match self.tasks.get(task) {
            Some(Reported::Passed(state) | Reported::Ended(state)) => Some(state),
            Some(Reported::Nothing) | None => None,
        }
    }

    /// The longest time that a task stood still.
    pub(super) fn stopped(&self) -> Duration {
        let passed = self.tasks.iter().filter_map(|task| match task {
            Reported::Passed(state) => Some(state.stopped),
            Reported::Ended(_) | Reported::Nothing => None,
        });
        passed.max().unwrap_or_default()
    }

    /// Where each sink is to go on, by its name.
    ///
    /// What a task tells at the barrier counts. One that has ended told how far its sink was when it ended; where others have
    /// written to the same sink since, that is behind what they tell.
    pub(super) fn outputs(&self) -> BTreeMap<String, SinkPosition> {
        let mut outputs: BTreeMap<String, SinkPosition> = BTreeMap::new();
        let ended = self.tasks.iter().filter_map(|task| match task {
            Reported::Ended(state) => Some(state),
            Reported::Passed(_) | Reported::Nothing => None,
        });
        for (name, position) in ended.flat_map(|state| &state.outputs) {
            let known = outputs.entry(name.clone()).or_insert(*position);
            *known = (*known).max(*position);
        }
        let passed = self.tasks.iter().filter_map(|task| match task {
            Reported::Passed(state) => Some(state),
            Reported::Ended(_) | Reported::Nothing => None,
        });
        outputs.extend(passed.flat_map(|state| state.outputs.iter().cloned()));
        outputs
    }

    /// Forgets what the tasks that go on have reported.
    pub(super) fn clear(&mut self) {
        for task in &mut self.tasks {
            if matches!(task, Reported::Passed(_)) {
                *task = Reported::Nothing;
            }
        }
    }
}
