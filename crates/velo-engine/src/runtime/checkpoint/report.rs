use std::time::Duration;

use tokio::sync::{mpsc, watch};
use velo_datasources::{SinkPosition, SplitId};
use velo_planner::physical::OperatorId;
use velo_state::OperatorState;

use super::SplitState;

/// A checkpoint that tasks are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::runtime) struct Request {
    /// Its number; 0 before the first.
    pub(in crate::runtime) number: u64,
    /// Whether nothing is read behind it.
    pub(in crate::runtime) is_last: bool,
}

/// The state of a task between all rows before a barrier and those behind it.
#[derive(Debug, Default)]
pub(in crate::runtime) struct TaskState {
    /// Of the operators that have any.
    pub(in crate::runtime) operators: Vec<(OperatorId, OperatorState)>,
    /// The splits that it reads.
    pub(in crate::runtime) splits: Vec<(SplitId, SplitState)>,
    /// How far its sinks are written, by their names; those that cannot be taken back have none.
    pub(in crate::runtime) outputs: Vec<(String, SinkPosition)>,
    /// How long the task stood still for it.
    pub(in crate::runtime) stopped: Duration,
}

/// What a task tells the coordinator.
#[derive(Debug)]
pub(in crate::runtime) struct Report {
    /// The number of the task.
    pub(super) task: usize,
    /// The checkpoint whose barrier has passed; `None` once no barrier will, since the task has come to its end.
    pub(super) number: Option<u64>,
    pub(super) state: TaskState,
}

/// The part of a task in checkpoints.
#[derive(Debug)]
pub(in crate::runtime) struct Barriers {
    task: usize,
    requests: watch::Receiver<Request>,
    /// The number of the newest checkpoint that is there.
    committed: watch::Receiver<u64>,
    reports: mpsc::UnboundedSender<Report>,
    /// The last checkpoint whose barrier has passed.
    passed: u64,
}

impl Barriers {
    /// Of the task of this number, in a job that has no checkpoint of its own yet.
    pub(super) fn new(
        task: usize,
        requests: watch::Receiver<Request>,
        committed: watch::Receiver<u64>,
        reports: mpsc::UnboundedSender<Report>,
    ) -> Self {
        let passed = *committed.borrow();
        Self {
            task,
            requests,
            committed,
            reports,
            passed,
        }
    }

    /// The checkpoint that is asked for and whose barrier has yet to pass.
    pub(in crate::runtime) fn due(&mut self) -> Option<Request> {
        let request = *self.requests.borrow_and_update();
        (request.number > self.passed).then_some(request)
    }

    /// Waits until a checkpoint is asked for.
    pub(in crate::runtime) async fn asked(&mut self) {
        // The coordinator ends before the tasks only when the job has failed; the job is then stopped.
        if self.requests.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the last checkpoint that has passed is there.
    pub(in crate::runtime) async fn committed(&mut self) {
        let passed = self.passed;
        // Without a coordinator the job has failed, and stops.
        if self.committed.wait_for(|committed| *committed >= passed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Reports the state at the barrier of a checkpoint.
    pub(in crate::runtime) fn passed(&mut self, number: u64, state: TaskState) {
        self.passed = number;
        self.report(Some(number), state);
    }

    /// Reports the state of a task that has come to its end.
    pub(in crate::runtime) fn ended(&mut self, state: TaskState) {
        self.report(None, state);
    }

    fn report(&mut self, number: Option<u64>, state: TaskState) {
        let task = self.task;
        // Without a coordinator the job has failed.
        let _ = self.reports.send(Report { task, number, state });
    }
}
