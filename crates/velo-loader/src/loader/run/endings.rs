//! How tables and loads end: verdicts, what follows from them for others, and loads that are stopped.

use tokio::time::Instant;

use super::{LoadRun, StopCause};
use crate::load::chain;
use crate::loader::schedule::Ending;
use crate::loader::verdict::{Ended, Verdict};
use crate::{SkipCause, TableFailure};

impl LoadRun<'_> {
    pub(super) fn fail(&mut self, table: usize, failure: TableFailure) {
        let name = &self.plan.tables[table].name;
        self.loader
            .monitor
            .failed(table, self.records[table].attempts, &failure);
        self.observer.failed(name, &failure);
        let fail_fast = (self.config.fail_fast && self.stopped.is_none()).then(|| StopCause::FailFast {
            failed: name.as_str().into(),
            message: chain(&failure).into(),
        });
        self.end(table, Verdict::Failed(failure));
        if let Some(cause) = fail_fast {
            self.stop_all(cause);
        }
    }

    pub(super) fn skip(&mut self, table: usize, cause: SkipCause) {
        self.loader.monitor.skipped(table, &cause);
        self.observer.skipped(&self.plan.tables[table].name, &cause);
        self.end(table, Verdict::Skipped(cause));
    }

    pub(super) fn end(&mut self, table: usize, verdict: Verdict) {
        let ending = match &verdict {
            Verdict::Loaded(_) => Ending::Loaded,
            Verdict::Failed(_) | Verdict::Skipped(_) => Ending::Missing,
        };
        let since_began = |at: Instant| at.saturating_duration_since(self.began);
        let record = &mut self.records[table];
        let span = record
            .started
            .map(|started| (since_began(started), since_began(Instant::now())));
        record.ended = Some(Ended { verdict, span });
        // Once the load is stopped, every table that is not running has its verdict already.
        if self.stopped.is_none() {
            for skipped in self.schedule.end(table, ending) {
                self.skip_dependent(skipped);
            }
        }
    }

    /// Records a table that the schedule has skipped.
    fn skip_dependent(&mut self, table: usize) {
        let dependency = self.schedule.missing_dependency(table);
        let cause = dependency.and_then(|dependency| {
            let ended = self.records[dependency].ended.as_ref()?;
            ended.verdict.cause_for_dependents(&self.plan.tables[dependency].name)
        });
        let Some(cause) = cause.map(SkipCause::Dependency) else {
            return;
        };
        self.loader.monitor.skipped(table, &cause);
        self.observer.skipped(&self.plan.tables[table].name, &cause);
        let verdict = Verdict::Skipped(cause);
        self.records[table].ended = Some(Ended { verdict, span: None });
    }

    /// Gives a verdict to tables that are left without one: something panicked outside of what is caught, such as a value
    /// of a load while it was dropped.
    pub(super) fn fail_lost(&mut self) {
        for table in 0..self.records.len() {
            if self.records[table].ended.is_none() {
                let message = "its load was lost, or that of a table which it needs".to_owned();
                self.fail(table, TableFailure::Panicked { message });
            }
        }
    }

    /// Ends the load early: running attempts are told, all other tables get their verdict at once.
    pub(super) fn stop_all(&mut self, cause: StopCause) {
        self.stopped = Some(cause);
        self.stop.cancel();
        self.retries.clear();
        self.schedule.clear();
        for table in 0..self.records.len() {
            let record = &self.records[table];
            match (&record.ended, &record.running, record.started) {
                (Some(_), _, _) | (None, Some(_), _) => {}
                (None, None, Some(_)) => self.stop_running(table),
                (None, None, None) => self.stop_waiting(table),
            }
        }
    }

    /// The verdict on a table that was loading, or waited for its next attempt, when the load was stopped.
    pub(super) fn stop_running(&mut self, table: usize) {
        match self.stopped.clone() {
            Some(StopCause::FailFast { failed, message }) => self.skip(table, SkipCause::FailFast { failed, message }),
            Some(StopCause::TotalTimeout) => {
                let limit = self.config.total_timeout;
                self.fail(table, TableFailure::TotalTimeout { limit });
            }
            Some(StopCause::Cancelled) | None => self.skip(table, SkipCause::Cancelled { was_loading: true }),
        }
    }

    /// The verdict on a table whose turn had not come when the load was stopped.
    fn stop_waiting(&mut self, table: usize) {
        let cause = match self.stopped.clone() {
            Some(StopCause::FailFast { failed, message }) => SkipCause::FailFast { failed, message },
            Some(StopCause::TotalTimeout) => SkipCause::TotalTimeout {
                limit: self.config.total_timeout,
            },
            Some(StopCause::Cancelled) | None => SkipCause::Cancelled { was_loading: false },
        };
        self.skip(table, cause);
    }
}
