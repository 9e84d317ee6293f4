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
    /// It has passed the barrier, and has come to its end since.
    PassedAndEnded {
        passed: TaskState,
        ended: TaskState,
    },
    Ended(TaskState),
}

impl Reported {
    /// The state at the barrier of a task that passed it.
    fn passed(&self) -> Option<&TaskState> {
        match self {
            Self::Passed(passed) | Self::PassedAndEnded { passed, .. } => Some(passed),
            Self::Nothing | Self::Ended(_) => None,
        }
    }

    /// The last state of a task that came to its end without passing the barrier.
    fn ended(&self) -> Option<&TaskState> {
        match self {
            Self::Ended(ended) => Some(ended),
            Self::Nothing | Self::Passed(_) | Self::PassedAndEnded { .. } => None,
        }
    }
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
        *task = match (report.number, std::mem::replace(task, Reported::Nothing)) {
            // Others may have yet to report what came before the barrier; what this one did behind it is not part of the checkpoint.
            (None, Reported::Passed(passed)) => Reported::PassedAndEnded {
                passed,
                ended: report.state,
            },
            (None, _) => Reported::Ended(report.state),
            (Some(passed), _) if passed == number => Reported::Passed(report.state),
            (Some(_), before) => before,
        };
    }

    /// Whether every task has reported.
    pub(super) fn is_complete(&self) -> bool {
        !self.tasks.iter().any(|task| matches!(task, Reported::Nothing))
    }

    /// Whether every task has come to its end.
    pub(super) fn is_ended(&self) -> bool {
        let ended = |task: &Reported| matches!(task, Reported::Ended(_) | Reported::PassedAndEnded { .. });
        self.tasks.iter().all(ended)
    }

    /// Whether a task had come to its end at the barrier.
    pub(super) fn has_ended(&self, task: usize) -> bool {
        self.tasks.get(task).and_then(Reported::ended).is_some()
    }

    /// What a task has reported.
    pub(super) fn state(&self, task: usize) -> Option<&TaskState> {
        let task = self.tasks.get(task)?;
        task.passed().or_else(|| task.ended())
    }

    /// The longest time that a task stood still.
    pub(super) fn stopped(&self) -> Duration {
        let passed = self.tasks.iter().filter_map(Reported::passed);
        passed.map(|state| state.stopped).max().unwrap_or_default()
    }

    /// Where each sink is to go on, by its name.
    ///
    /// What a task tells at the barrier counts. One that has ended told how far its sink was when it ended; where others have
    /// written to the same sink since, that is behind what they tell.
    pub(super) fn outputs(&self) -> BTreeMap<String, SinkPosition> {
        let mut outputs: BTreeMap<String, SinkPosition> = BTreeMap::new();
        let ended = self.tasks.iter().filter_map(Reported::ended);
        for (name, position) in ended.flat_map(|state| &state.outputs) {
            let known = outputs.entry(name.clone()).or_insert(*position);
            *known = (*known).max(*position);
        }
        let passed = self.tasks.iter().filter_map(Reported::passed);
        outputs.extend(passed.flat_map(|state| state.outputs.iter().cloned()));
        outputs
    }

    /// Forgets what the tasks have reported at the barrier.
    pub(super) fn clear(&mut self) {
        for task in &mut self.tasks {
            *task = match std::mem::replace(task, Reported::Nothing) {
                Reported::Nothing | Reported::Passed(_) => Reported::Nothing,
                Reported::PassedAndEnded { ended, .. } | Reported::Ended(ended) => Reported::Ended(ended),
            };
        }
    }
}
