use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::stream::{ProgressSender, progress_channel};
use super::{LoadSummary, ProgressEvent, ProgressStream, TableLoadState, TableProgress, TableProgressTracker};
use crate::load::chain;
use crate::loader::LoadPlan;
use crate::result::millis;
use crate::{LoadError, SkipCause, TableFailure, TableLoadStats};

/// Knows how far a load is, and tells those who have subscribed.
///
/// Clones are the same monitor: give one to a [`ParallelLoader`](crate::ParallelLoader), and keep one to listen.
///
/// ```
/// use velo_loader::{ProgressEvent, ProgressMonitor};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// let monitor = ProgressMonitor::new();
/// let mut events = monitor.subscribe();
/// // Nothing is loaded, so that nothing is told.
/// assert_eq!(events.try_next(), None);
/// drop(monitor);
/// assert_eq!(events.next().await, None);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ProgressMonitor {
    state: Arc<Mutex<MonitorState>>,
}

#[derive(Debug, Default)]
struct MonitorState {
    load: Option<LoadProgress>,
    subscribers: Vec<ProgressSender>,
}

#[derive(Debug)]
struct LoadProgress {
    tables: Vec<TableEntry>,
    began: Instant,
    ended: Option<Instant>,
    /// The summary that listeners have been told last, apart from the time.
    told: LoadSummary,
}

#[derive(Debug)]
struct TableEntry {
    name: String,
    /// From 1.
    wave: usize,
    state: TableLoadState,
    attempt: u32,
    started: Option<Instant>,
    ended: Option<Instant>,
    dependencies: Vec<usize>,
    tracker: Arc<TableProgressTracker>,
    /// Rows and bytes that listeners have been told last.
    told: (u64, u64),
}

impl ProgressMonitor {
    /// A monitor of loads to come.
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens from now on. The first event is a [`ProgressEvent::InitialSnapshot`], at once if a load has begun, else
    /// when one begins.
    pub fn subscribe(&self) -> ProgressStream {
        let (sender, stream) = progress_channel();
        let mut state = self.lock();
        if let Some(load) = &state.load {
            sender.send(&load.snapshot(now()));
        }
        state.subscribers.push(sender);
        stream
    }

    /// How far all tables are, in load order; empty before the first load.
    pub fn tables(&self) -> Vec<TableProgress> {
        self.lock()
            .load
            .as_ref()
            .map_or_else(Vec::new, |load| load.tables(now()))
    }

    /// How far all tables together are.
    pub fn summary(&self) -> LoadSummary {
        self.lock()
            .load
            .as_ref()
            .map_or_else(LoadSummary::default, |load| load.summary(now()))
    }

    pub(crate) fn begin(&self, plan: &LoadPlan) {
        let now = now();
        let mut state = self.lock();
        let load = state.load.insert(LoadProgress::new(plan, now));
        let snapshot = load.snapshot(now);
        state.tell(&snapshot);
    }

    /// A table's attempt starts; its tracker counts from nothing.
    pub(crate) fn started(&self, table: usize, attempt: u32) -> Arc<TableProgressTracker> {
        let now = now();
        let mut tracker = None;
        self.change(|load| {
            let entry = load.tables.get_mut(table)?;
            entry.tracker.restart(now);
            entry.started.get_or_insert(now);
            (entry.state, entry.attempt) = (TableLoadState::Loading, attempt);
            tracker = Some(Arc::clone(&entry.tracker));
            Some(ProgressEvent::TableUpdate(entry.progress(now)))
        });
        tracker.unwrap_or_else(|| Arc::new(TableProgressTracker::new(now)))
    }

    pub(crate) fn retrying(&self, table: usize, next_attempt: u32, delay: Duration, error: &LoadError) {
        self.change(|load| {
            let entry = load.tables.get_mut(table)?;
            entry.state = TableLoadState::Retrying;
            Some(ProgressEvent::TableRetrying {
                table: entry.name.clone(),
                wave: entry.wave,
                attempt: next_attempt,
                delay_ms: millis(delay),
                error: chain(error),
            })
        });
    }

    pub(crate) fn completed(&self, table: usize, stats: &TableLoadStats) {
        self.change(|load| {
            let entry = load.end(table, TableLoadState::Completed)?;
            Some(ProgressEvent::TableCompleted {
                table: entry.name.clone(),
                wave: entry.wave,
                rows: stats.rows,
                bytes: stats.bytes,
                skipped_rows: stats.skipped_rows,
                attempts: stats.attempts,
                duration_ms: millis(stats.duration),
                outcome: stats.outcome.clone(),
            })
        });
    }

    pub(crate) fn failed(&self, table: usize, attempts: u32, failure: &TableFailure) {
        self.change(|load| {
            let entry = load.end(table, TableLoadState::Failed)?;
            Some(ProgressEvent::TableFailed {
                table: entry.name.clone(),
                wave: entry.wave,
                attempts,
                duration_ms: millis(entry.elapsed(now())),
                error: chain(failure),
            })
        });
    }

    pub(crate) fn skipped(&self, table: usize, cause: &SkipCause) {
        self.change(|load| {
            let entry = load.end(table, TableLoadState::Skipped)?;
            Some(ProgressEvent::TableSkipped {
                table: entry.name.clone(),
                wave: entry.wave,
                needs: match cause {
                    SkipCause::Dependency(cause) => Some(cause.needed().to_owned()),
                    _ => None,
                },
                cause: cause.to_string(),
            })
        });
    }

    /// Tells how far running tables are, as far as it is news.
    pub(crate) fn tick(&self) {
        let now = now();
        let mut state = self.lock();
        state.subscribers.retain(|subscriber| !subscriber.is_closed());
        if state.subscribers.is_empty() {
            return;
        }
        let Some(load) = &mut state.load else { return };
        for event in &load.updates(now) {
            state.tell(event);
        }
    }

    /// The load has ended; the last event is a summary.
    pub(crate) fn end(&self) {
        self.change(|load| {
            let now = now();
            load.ended = Some(now);
            Some(ProgressEvent::SummaryUpdate(load.summary(now)))
        });
    }

    fn change(&self, change: impl FnOnce(&mut LoadProgress) -> Option<ProgressEvent>) {
        let mut state = self.lock();
        if let Some(event) = state.load.as_mut().and_then(change) {
            state.tell(&event);
        }
    }

    fn lock(&self) -> MutexGuard<'_, MonitorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The runtime's time, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// To a tenth: more digits say nothing about a rate.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

impl MonitorState {
    fn tell(&mut self, event: &ProgressEvent) {
        self.subscribers.retain(|subscriber| subscriber.send(event));
    }
}

impl LoadProgress {
    fn new(plan: &LoadPlan, now: Instant) -> Self {
        let tables = plan.tables.iter().map(|table| TableEntry {
            name: table.name.clone(),
            wave: table.wave + 1,
            state: TableLoadState::Waiting,
            attempt: 0,
            started: None,
            ended: None,
            dependencies: table.dependencies.clone(),
            tracker: Arc::new(TableProgressTracker::new(now)),
            told: (0, 0),
        });
        Self {
            tables: tables.collect(),
            began: now,
            ended: None,
            told: LoadSummary::default(),
        }
    }

    fn snapshot(&self, now: Instant) -> ProgressEvent {
        ProgressEvent::InitialSnapshot {
            tables: self.tables(now),
            summary: self.summary(now),
        }
    }

    fn tables(&self, now: Instant) -> Vec<TableProgress> {
        let describe = |entry: &TableEntry| TableProgress {
            waits_for: self.waits_for(entry),
            ..entry.progress(now)
        };
        self.tables.iter().map(describe).collect()
    }

    /// Running tables that have got further since the last time, or whose rate still sinks; and the summary, if it is
    /// another one.
    fn updates(&mut self, now: Instant) -> Vec<ProgressEvent> {
        let is_loading = |entry: &&mut TableEntry| entry.state == TableLoadState::Loading;
        let running = self.tables.iter_mut().filter(is_loading);
        let news = running.filter_map(|entry| {
            let progress = entry.progress(now);
            let reached = (progress.rows, progress.bytes);
            let is_news = entry.told != reached || progress.rows_per_second > 0.0 || progress.bytes_per_second > 0.0;
            entry.told = reached;
            is_news.then_some(ProgressEvent::TableUpdate(progress))
        });
        let mut events: Vec<ProgressEvent> = news.collect();
        let summary = self.summary(now);
        let timeless = LoadSummary {
            elapsed_ms: 0,
            ..summary
        };
        if self.told != timeless {
            self.told = timeless;
            events.push(ProgressEvent::SummaryUpdate(summary));
        }
        events
    }

    fn waits_for(&self, entry: &TableEntry) -> Vec<String> {
        if entry.state != TableLoadState::Waiting {
            return Vec::new();
        }
        let needed = entry.dependencies.iter().map(|dependency| &self.tables[*dependency]);
        let open = needed.filter(|dependency| !dependency.state.is_final());
        open.map(|dependency| dependency.name.clone()).collect()
    }

    fn end(&mut self, table: usize, state: TableLoadState) -> Option<&TableEntry> {
        let entry = self.tables.get_mut(table)?;
        entry.state = state;
        entry.ended = Some(now());
        Some(entry)
    }

    fn summary(&self, now: Instant) -> LoadSummary {
        let mut summary = LoadSummary {
            tables: self.tables.len(),
            elapsed_ms: millis(self.ended.unwrap_or(now).saturating_duration_since(self.began)),
            ..LoadSummary::default()
        };
        for entry in &self.tables {
            *summary.count_of(entry.state) += 1;
            summary.rows += entry.tracker.rows();
            summary.bytes += entry.tracker.bytes();
            if entry.state == TableLoadState::Loading {
                let sample = entry.tracker.sample(now);
                summary.rows_per_second += sample.rows_per_second;
                summary.bytes_per_second += sample.bytes_per_second;
            }
        }
        let ended = summary.completed + summary.failed + summary.skipped;
        summary.percent = rounded(ended as f64 * 100.0 / summary.tables.max(1) as f64);
        summary.rows_per_second = rounded(summary.rows_per_second);
        summary.bytes_per_second = rounded(summary.bytes_per_second);
        summary
    }
}

impl LoadSummary {
    fn count_of(&mut self, state: TableLoadState) -> &mut usize {
        match state {
            TableLoadState::Waiting => &mut self.waiting,
            TableLoadState::Loading => &mut self.loading,
            TableLoadState::Retrying => &mut self.retrying,
            TableLoadState::Completed => &mut self.completed,
            TableLoadState::Failed => &mut self.failed,
            TableLoadState::Skipped => &mut self.skipped,
        }
    }
}

impl TableEntry {
    fn elapsed(&self, now: Instant) -> Duration {
        self.started.map_or(Duration::ZERO, |started| {
            self.ended.unwrap_or(now).saturating_duration_since(started)
        })
    }

    fn progress(&self, now: Instant) -> TableProgress {
        let sample = self.tracker.sample(now);
        let is_loading = self.state == TableLoadState::Loading;
        let remaining = sample.estimated_completion.map(|at| at.saturating_duration_since(now));
        TableProgress {
            table: self.name.clone(),
            wave: self.wave,
            state: self.state,
            attempt: self.attempt,
            rows: sample.rows,
            bytes: sample.bytes,
            total_rows: sample.total_rows,
            total_bytes: sample.total_bytes,
            rows_per_second: rounded(if is_loading { sample.rows_per_second } else { 0.0 }),
            bytes_per_second: rounded(if is_loading { sample.bytes_per_second } else { 0.0 }),
            percent: sample.percent.map(rounded),
            estimated_remaining_ms: remaining.filter(|_| is_loading).map(millis),
            elapsed_ms: millis(self.elapsed(now)),
            waits_for: Vec::new(),
        }
    }
}
