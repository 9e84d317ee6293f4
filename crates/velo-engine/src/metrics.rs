use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use velo_data::RowErrorCause;

/// Counters of a job, to be read while it runs.
#[derive(Debug, Default)]
pub struct Metrics {
    statements: OnceLock<Vec<Arc<StatementMetrics>>>,
    checkpoint: Mutex<Option<CheckpointMetrics>>,
}

/// The newest checkpoint of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointMetrics {
    /// Its number.
    pub number: u64,
    /// Time from the request to the moment when it was there.
    pub duration: Duration,
    /// The longest time that a task stood still for it, to copy its state and to have its sinks write.
    pub stopped: Duration,
    /// Bytes of state.
    pub bytes: u64,
}

impl Metrics {
    /// The counters of each statement, in the order of the job; empty until the job has started.
    pub fn statements(&self) -> &[Arc<StatementMetrics>] {
        self.statements.get().map_or(&[], Vec::as_slice)
    }

    /// The newest checkpoint, if one was taken.
    pub fn checkpoint(&self) -> Option<CheckpointMetrics> {
        *self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_checkpoint(&self, checkpoint: CheckpointMetrics) {
        *self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner) = Some(checkpoint);
    }

    /// Sets the statements, unless another job has.
    pub(crate) fn start(&self, statements: Vec<Arc<StatementMetrics>>) {
        let _ = self.statements.set(statements);
    }
}

/// Counters of a statement.
#[derive(Debug)]
pub struct StatementMetrics {
    name: String,
    rows_in: AtomicU64,
    rows_out: AtomicU64,
    bytes_read: AtomicU64,
    /// Bytes that reading to the end takes; [`UNKNOWN`] when nobody knows.
    bytes_total: AtomicU64,
    errors: [AtomicU64; RowErrorCause::ALL.len()],
    zero_divisions: AtomicU64,
    watermark_ms: AtomicI64,
    lag_bytes: AtomicU64,
    has_ended: AtomicBool,
}

const UNKNOWN: u64 = u64::MAX;

impl StatementMetrics {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rows_in: AtomicU64::default(),
            rows_out: AtomicU64::default(),
            bytes_read: AtomicU64::default(),
            bytes_total: AtomicU64::new(UNKNOWN),
            errors: Default::default(),
            zero_divisions: AtomicU64::default(),
            watermark_ms: AtomicI64::new(i64::MIN),
            lag_bytes: AtomicU64::default(),
            has_ended: AtomicBool::default(),
        }
    }

    /// The statement's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Rows read, rejected ones included.
    pub fn rows_in(&self) -> u64 {
        self.rows_in.load(Ordering::Relaxed)
    }

    /// Rows that came out.
    pub fn rows_out(&self) -> u64 {
        self.rows_out.load(Ordering::Relaxed)
    }

    /// Bytes of input read; 0 for statements that read other statements.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Bytes of input in all, if the source knows.
    pub fn bytes_total(&self) -> Option<u64> {
        Some(self.bytes_total.load(Ordering::Relaxed)).filter(|bytes| *bytes != UNKNOWN)
    }

    /// Rows given up for this cause.
    pub fn errors(&self, cause: RowErrorCause) -> u64 {
        self.counter(cause).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    /// Divisions by zero, which gave NULL.
    pub fn zero_divisions(&self) -> u64 {
        self.zero_divisions.load(Ordering::Relaxed)
    }

    /// The watermark of the output, in milliseconds; `None` before the first.
    pub fn watermark_ms(&self) -> Option<i64> {
        Some(self.watermark_ms.load(Ordering::Relaxed)).filter(|watermark_ms| *watermark_ms != i64::MIN)
    }

    /// Bytes that are there of sources that are followed, and have not been read.
    pub fn lag_bytes(&self) -> u64 {
        self.lag_bytes.load(Ordering::Relaxed)
    }

    /// Whether the statement has come to its end.
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    /// A partition that lagged by `before` bytes lags by `now`.
    pub(crate) fn change_lag(&self, before: u64, now: u64) {
        // Each partition takes away no more than it has added, so that the sum cannot stay below zero.
        self.lag_bytes.fetch_add(now.wrapping_sub(before), Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn add_read(&self, rows: u64, bytes: u64) {
        self.rows_in.fetch_add(rows, Ordering::Relaxed);
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_rows_out(&self, rows: u64) {
        self.rows_out.fetch_add(rows, Ordering::Relaxed);
    }

    pub(crate) fn set_bytes_total(&self, bytes: u64) {
        self.bytes_total.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_errors(&self, cause: RowErrorCause, rows: u64) {
        if let Some(counter) = self.counter(cause) {
            counter.fetch_add(rows, Ordering::Relaxed);
        }
    }

    pub(crate) fn add_zero_divisions(&self, count: u64) {
        if count > 0 {
            self.zero_divisions.fetch_add(count, Ordering::Relaxed);
        }
    }

    pub(crate) fn set_watermark(&self, watermark_ms: i64) {
        self.watermark_ms.store(watermark_ms, Ordering::Relaxed);
    }

    fn counter(&self, cause: RowErrorCause) -> Option<&AtomicU64> {
        let index = RowErrorCause::ALL.iter().position(|candidate| *candidate == cause)?;
        self.errors.get(index)
    }
}
