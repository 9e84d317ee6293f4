//! One load under way.

mod endings;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;

use super::ParallelLoader;
use super::attempt::{AttemptEnd, panic_message, run_attempt};
use super::budget::MemoryBudget;
use super::observer::LoadObserver;
use super::plan::LoadPlan;
use super::schedule::Schedule;
use super::verdict::{Ended, Verdict, conclude};
use crate::breaker::{EndpointOpen, EndpointPermits};
use crate::deadline::after;
use crate::load::chain;
use crate::retry::Jitter;
use crate::{
    CallOutcome, LoadAttempt, LoadError, LoadedTable, ParallelLoadingConfig, ParallelLoadingResult, SkipCause,
    TableFailure, TableLoadStats,
};

/// One load under way: starts what may start, and learns what ended.
pub(super) struct LoadRun<'a> {
    loader: &'a ParallelLoader,
    config: &'a ParallelLoadingConfig,
    plan: &'a LoadPlan,
    observer: &'a dyn LoadObserver,
    schedule: Schedule<'a>,
    budget: MemoryBudget,
    jitter: Jitter,
    max_parallel: usize,
    /// Attempts under way, each with the table that it loads.
    attempts: JoinSet<(usize, AttemptEnd)>,
    /// Tables that wait for their next attempt, the earliest first.
    retries: BinaryHeap<Reverse<(Instant, usize)>>,
    records: Vec<TableRecord>,
    began: Instant,
    cancellation: &'a CancellationToken,
    /// Ends all attempts when it is cancelled.
    stop: CancellationToken,
    stopped: Option<StopCause>,
}

/// What a run remembers of a table.
#[derive(Default)]
struct TableRecord {
    attempts: u32,
    started: Option<Instant>,
    running: Option<RunningAttempt>,
    ended: Option<Ended>,
}

/// What an attempt under way holds.
struct RunningAttempt {
    memory_bytes: Option<u64>,
    permits: EndpointPermits,
}

/// Why a load ends before all tables have had their turn.
#[derive(Debug, Clone)]
enum StopCause {
    Cancelled,
    TotalTimeout,
    FailFast { failed: Arc<str>, message: Arc<str> },
}

impl<'a> LoadRun<'a> {
    pub(super) fn new(
        loader: &'a ParallelLoader,
        plan: &'a LoadPlan,
        cancellation: &'a CancellationToken,
        observer: &'a dyn LoadObserver,
    ) -> Self {
        let config = &loader.config;
        Self {
            loader,
            config,
            plan,
            observer,
            schedule: Schedule::new(plan, config.schedule, config.continue_on_dependency_failure),
            budget: MemoryBudget::new(config.max_memory_bytes),
            jitter: Jitter::new(config.retry.seed),
            max_parallel: loader.max_parallel(),
            attempts: JoinSet::new(),
            retries: BinaryHeap::new(),
            records: plan.tables.iter().map(|_| TableRecord::default()).collect(),
            began: Instant::now(),
            cancellation,
            stop: CancellationToken::new(),
            stopped: None,
        }
    }

    pub(super) async fn run(mut self) -> ParallelLoadingResult {
        self.loader.monitor.begin(self.plan);
        if self.cancellation.is_cancelled() {
            self.stop_all(StopCause::Cancelled);
        }
        self.start_ready();
        self.drive().await;
        self.fail_lost();
        self.loader.monitor.end();
        let records = std::mem::take(&mut self.records);
        let ended = records.into_iter().map(|record| record.ended).collect();
        conclude(self.plan, ended, self.began.elapsed())
    }

    async fn drive(&mut self) {
        let interval = self.config.progress_interval;
        let mut ticks = interval_at(after(Instant::now(), interval), interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let total_deadline = after(self.began, self.config.total_timeout);
        while !self.is_done() {
            let is_running = self.stopped.is_none();
            let next_retry = self.retries.peek().map(|Reverse((at, _))| *at);
            tokio::select! {
                biased;
                () = self.cancellation.cancelled(), if is_running => self.stop_all(StopCause::Cancelled),
                () = sleep_until(total_deadline), if is_running => self.stop_all(StopCause::TotalTimeout),
                _ = ticks.tick() => self.tick(),
                () = sleep_until(next_retry.unwrap_or(total_deadline)), if next_retry.is_some() => self.take_due_retries(),
                Some(joined) = self.attempts.join_next() => self.joined(joined),
            }
            self.start_ready();
        }
    }

    fn is_done(&self) -> bool {
        self.attempts.is_empty() && self.retries.is_empty() && self.schedule.next().is_none()
    }

    fn tick(&mut self) {
        self.loader.monitor.tick();
        self.max_parallel = self.loader.max_parallel();
    }

    /// Starts tables whose turn has come, as long as there is room. None overtakes one that waits for room: a large
    /// table would never start otherwise.
    fn start_ready(&mut self) {
        while self.attempts.len() < self.max_parallel
            && let Some(table) = self.schedule.next()
        {
            let estimate = self.plan.tables[table].estimated_bytes;
            let memory_bytes = self.budget.grant_for(estimate, self.max_parallel);
            if !self.budget.has_room_for(memory_bytes) {
                return;
            }
            self.schedule.take();
            self.start(table, memory_bytes);
        }
    }

    fn start(&mut self, table: usize, memory_bytes: Option<u64>) {
        let now = Instant::now();
        let record = &mut self.records[table];
        let deadline = after(*record.started.get_or_insert(now), self.config.table_timeout);
        if now >= deadline {
            let limit = self.config.table_timeout;
            return self.fail(table, TableFailure::TimedOut { limit });
        }
        record.attempts += 1;
        let planned = &self.plan.tables[table];
        match self
            .loader
            .breakers
            .try_acquire(planned.load.endpoints(), now.into_std())
        {
            Err(open) => self.refused(table, open),
            Ok(permits) => {
                record.running = Some(RunningAttempt { memory_bytes, permits });
                self.budget.take(memory_bytes);
                self.spawn(table, memory_bytes, deadline);
            }
        }
    }

    fn spawn(&mut self, table: usize, memory_bytes: Option<u64>, deadline: Instant) {
        let planned = &self.plan.tables[table];
        let number = self.records[table].attempts;
        let attempt = LoadAttempt {
            number,
            progress: self.loader.monitor.started(table, number),
            cancellation: self.stop.child_token(),
            memory_bytes,
        };
        self.observer.started(&planned.name);
        tracing::debug!(table = planned.name, attempt = number, "loading");
        let (name, load) = (planned.name.clone(), Arc::clone(&planned.load));
        let grace = self.config.cancellation_grace;
        self.attempts
            .spawn(async move { (table, run_attempt(&name, load, attempt, deadline, grace).await) });
    }

    fn joined(&mut self, joined: Result<(usize, AttemptEnd), JoinError>) {
        match joined {
            Ok((table, end)) => self.attempt_ended(table, end),
            // Which table it was is found out at the end: see `fail_lost`.
            Err(error) => tracing::error!("an attempt to load a table was lost: {error}"),
        }
    }

    fn attempt_ended(&mut self, table: usize, end: AttemptEnd) {
        self.release(table, &end);
        let limit = self.config.table_timeout;
        match end {
            AttemptEnd::Loaded(loaded) => self.accept(table, loaded),
            AttemptEnd::Panicked(message) => self.fail(table, TableFailure::Panicked { message }),
            AttemptEnd::Failed(_) | AttemptEnd::TimedOut | AttemptEnd::Stopped if self.stopped.is_some() => {
                self.stop_running(table);
            }
            AttemptEnd::Failed(error) => self.failed_attempt(table, error),
            AttemptEnd::TimedOut => self.fail(table, TableFailure::TimedOut { limit }),
            AttemptEnd::Stopped => self.skip(table, SkipCause::Cancelled { was_loading: true }),
        }
    }

    /// Gives back what the attempt held, and tells its circuit breakers how it went.
    fn release(&mut self, table: usize, end: &AttemptEnd) {
        let Some(running) = self.records[table].running.take() else {
            return;
        };
        self.budget.give_back(running.memory_bytes);
        let is_stopped = self.stopped.is_some();
        let now = Instant::now().into_std();
        self.loader.breakers.record(running.permits, now, |endpoint| match end {
            AttemptEnd::Loaded(_) => CallOutcome::Success,
            AttemptEnd::Failed(error) if !is_stopped => outcome_of(error, endpoint),
            AttemptEnd::TimedOut => CallOutcome::Failure,
            AttemptEnd::Failed(_) | AttemptEnd::Panicked(_) | AttemptEnd::Stopped => CallOutcome::Inconclusive,
        });
    }

    fn accept(&mut self, table: usize, mut loaded: LoadedTable) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| loaded.publish())) {
            let message = panic_message(&*panic);
            return self.fail(table, TableFailure::Panicked { message });
        }
        let record = &self.records[table];
        let stats = TableLoadStats {
            rows: loaded.rows,
            bytes: loaded.bytes,
            skipped_rows: loaded.skipped_rows,
            outcome: loaded.outcome,
            attempts: record.attempts,
            duration: record.started.map_or(Duration::ZERO, |started| started.elapsed()),
        };
        self.loader.monitor.completed(table, &stats);
        self.observer.completed(&self.plan.tables[table].name, &stats);
        self.end(table, Verdict::Loaded(stats));
    }

    fn failed_attempt(&mut self, table: usize, error: LoadError) {
        let attempts = self.records[table].attempts;
        if !error.is_transient() || self.config.retry.max_attempts == 1 {
            return self.fail(table, TableFailure::Failed(error));
        }
        if attempts >= self.config.retry.max_attempts {
            return self.fail(
                table,
                TableFailure::GaveUp {
                    attempts,
                    source: error,
                },
            );
        }
        let drawn = self.jitter.up_to(self.config.retry.delay_bound(attempts));
        let delay = drawn.max(error.retry_after().unwrap_or_default());
        if let Err(error) = self.retry_after(table, delay, error) {
            let limit = self.config.table_timeout;
            self.fail(table, TableFailure::NoTimeLeft { limit, source: error });
        }
    }

    /// A circuit breaker refused the attempt, which counts as one that failed. Asking again before the circuit lets
    /// somebody try would be refused as well.
    fn refused(&mut self, table: usize, open: EndpointOpen) {
        let attempts = self.records[table].attempts;
        let now = Instant::now().into_std();
        let drawn = self.jitter.up_to(self.config.retry.delay_bound(attempts));
        let half_open_in = open.circuit.retry_at.map(|at| at.saturating_duration_since(now));
        let delay = drawn.max(half_open_in.unwrap_or_default());
        let (endpoint, source) = (open.endpoint, open.circuit);
        let error = LoadError::transient(format!("`{endpoint}` is not asked")).with_source(source);
        let is_last = attempts >= self.config.retry.max_attempts;
        if is_last || self.retry_after(table, delay, error).is_err() {
            self.fail(table, TableFailure::EndpointOpen { endpoint, source });
        }
    }

    /// Lets a table wait for its next attempt, which takes no room; gives the error back if its time is over before.
    fn retry_after(&mut self, table: usize, delay: Duration, error: LoadError) -> Result<(), LoadError> {
        let record = &self.records[table];
        let at = after(Instant::now(), delay);
        if record
            .started
            .is_some_and(|started| at >= after(started, self.config.table_timeout))
        {
            return Err(error);
        }
        tracing::debug!(
            table = self.plan.tables[table].name,
            ?delay,
            error = chain(&error),
            "trying again"
        );
        self.loader.monitor.retrying(table, record.attempts + 1, delay, &error);
        self.retries.push(Reverse((at, table)));
        Ok(())
    }

    fn take_due_retries(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, table))) = self.retries.peek().copied()
            && at <= now
        {
            self.retries.pop();
            self.schedule.push_ready(table);
        }
    }
}

impl Drop for LoadRun<'_> {
    /// A run that is dropped half way must not leave a circuit breaker waiting for calls that nobody makes any more.
    fn drop(&mut self) {
        let now = Instant::now().into_std();
        for running in self.records.iter_mut().filter_map(|record| record.running.take()) {
            let breakers = &self.loader.breakers;
            breakers.record(running.permits, now, |_| CallOutcome::Inconclusive);
        }
    }
}

/// What an error says about an endpoint: one that stays is an answer, and so none that the endpoint is to blame for.
fn outcome_of(error: &LoadError, endpoint: &str) -> CallOutcome {
    let is_to_blame = error.endpoint().is_none_or(|blamed| blamed == endpoint);
    match (error.is_transient(), is_to_blame) {
        (true, true) => CallOutcome::Failure,
        (true, false) => CallOutcome::Inconclusive,
        (false, _) => CallOutcome::Success,
    }
}
