use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use velo_data::{Clock, RowError, RowErrorCause, UnknownMembers};
use velo_datasources::{DeadLetterFile, SinkSummary};
use velo_planner::plan::{ErrorPolicy, SchemaDrift, StatementSettings};

use super::SourceStart;
use super::reading::Reading;
use crate::error::EngineError;
use crate::event::{LateRows, Output};
use crate::metrics::StatementMetrics;
use crate::summary::{LateSummary, RejectedRows, StatementSummary};

/// Rows of each cause that are kept to be shown.
const SAMPLES_MAX: usize = 5;

/// Accounts for everything that happens to a statement's rows, and applies its error policy. The tasks of the
/// statement share it; its lock is taken for failing rows only.
pub(super) struct StatementLedger {
    pub(super) name: String,
    pub(super) metrics: Arc<StatementMetrics>,
    pub(super) clock: Arc<dyn Clock>,
    fails: bool,
    schema_drift: SchemaDrift,
    /// How far the statement's source may be out of order.
    out_of_orderness: Duration,
    /// Whether the statement fails when no record of a source can be read.
    wants_readable: bool,
    /// Tasks out of which rows of the statement may still come.
    outputs: AtomicUsize,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    samples: BTreeMap<RowErrorCause, Vec<RowError>>,
    dead_letters: Option<DeadLetterFile>,
    late_behind_ms_max: i64,
    unknown: UnknownMembers,
    sinks: SinkSummary,
}

impl StatementLedger {
    pub(super) fn new(
        name: &str,
        settings: &StatementSettings,
        out_of_orderness: Duration,
        clock: Arc<dyn Clock>,
        start: SourceStart,
    ) -> Result<Self, EngineError> {
        let policy = &settings.error_policy;
        let dead_letters = match policy {
            ErrorPolicy::DeadLetter { path } => Some(DeadLetterFile::open(path)),
            ErrorPolicy::SkipSome | ErrorPolicy::Skip | ErrorPolicy::Fail => None,
        };
        let dead_letters = dead_letters.transpose().map_err(|source| EngineError::DeadLetter {
            statement: name.to_owned(),
            source,
        })?;
        Ok(Self {
            name: name.to_owned(),
            metrics: Arc::new(StatementMetrics::new(name)),
            clock,
            fails: *policy == ErrorPolicy::Fail,
            schema_drift: settings.schema_drift,
            out_of_orderness,
            wants_readable: *policy != ErrorPolicy::Skip && start == SourceStart::Beginning,
            outputs: AtomicUsize::new(0),
            failures: Mutex::new(Failures {
                dead_letters,
                ..Failures::default()
            }),
        })
    }

    /// Accounts for what operators have put aside.
    pub(super) fn settle(&self, out: &mut Output) -> Result<(), EngineError> {
        self.metrics.add_zero_divisions(out.take_zero_divisions());
        self.settle_late(out.take_late())?;
        self.reject(out.take_rejected())
    }

    /// Gives up rows as the error policy says.
    pub(super) fn reject(&self, errors: Vec<RowError>) -> Result<(), EngineError> {
        if errors.is_empty() {
            return Ok(());
        }
        let mut failures = self.failures();
        for error in errors {
            self.metrics.add_errors(error.cause, 1);
            if self.fails {
                return Err(EngineError::Row {
                    statement: self.name.clone(),
                    error: Box::new(error),
                });
            }
            self.write_dead_letter(&mut failures, &error)?;
            failures.sample(error);
        }
        Ok(())
    }

    /// Counts values that no column is for, as the statement says.
    pub(super) fn leave_out(&self, unknown: UnknownMembers) -> Result<(), EngineError> {
        if unknown.is_empty() {
            return Ok(());
        }
        match (self.schema_drift, unknown.members().first()) {
            (SchemaDrift::Ignore, _) => {}
            (SchemaDrift::Fail, Some(member)) => {
                return Err(EngineError::SchemaDrift {
                    statement: self.name.clone(),
                    member: member.name.clone(),
                    first: Box::new(member.first.clone()),
                });
            }
            (SchemaDrift::Warn | SchemaDrift::Fail, _) => self.failures().unknown.add_all(unknown),
        }
        Ok(())
    }

    /// So many tasks give the rows of the statement.
    pub(super) fn set_outputs(&self, outputs: usize) {
        self.outputs.store(outputs, Ordering::Relaxed);
    }

    /// No more rows come out of a task.
    pub(super) fn output_ended(&self) {
        if self.outputs.fetch_sub(1, Ordering::AcqRel) <= 1 {
            self.metrics.end();
        }
    }

    /// Sets what `NOW()` is for the event at hand.
    pub(super) fn set_processing_time(&self) {
        velo_functions::set_processing_time(self.clock.now_ms());
    }

    /// A task has come to the end of its share of a source.
    pub(super) fn reader_ended(&self, reading: &Reading) -> Result<(), EngineError> {
        match reading.task_ended() {
            Err(source) if self.wants_readable => Err(EngineError::Source {
                statement: self.name.clone(),
                relation: reading.relation.clone(),
                source,
            }),
            _ => Ok(()),
        }
    }

    fn settle_late(&self, late: LateRows) -> Result<(), EngineError> {
        if late.rows == 0 {
            return Ok(());
        }
        self.metrics.add_errors(RowErrorCause::Late, late.rows);
        let mut failures = self.failures();
        failures.late_behind_ms_max = failures.late_behind_ms_max.max(late.behind_watermark_ms_max);
        for error in late.errors {
            if late.dead_letter {
                self.write_dead_letter(&mut failures, &error)?;
            }
            failures.sample(error);
        }
        Ok(())
    }

    fn write_dead_letter(&self, failures: &mut Failures, error: &RowError) -> Result<(), EngineError> {
        let Some(file) = &mut failures.dead_letters else {
            return Ok(());
        };
        file.write(error, Some(&self.name), self.clock.now_ms())
            .map_err(|source| self.dead_letter_error(source))
    }

    fn dead_letter_error(&self, source: velo_datasources::SinkError) -> EngineError {
        EngineError::DeadLetter {
            statement: self.name.clone(),
            source,
        }
    }

    /// Adds what a sink has done.
    pub(super) fn add_sink(&self, summary: SinkSummary) {
        let sinks = &mut self.failures().sinks;
        sinks.rows_written += summary.rows_written;
        sinks.deletes_skipped += summary.deletes_skipped;
        sinks.non_finite_as_null += summary.non_finite_as_null;
        sinks.bytes_written += summary.bytes_written;
    }

    /// Appends the dead letters to their file.
    pub(super) fn flush(&self) -> Result<(), EngineError> {
        match &mut self.failures().dead_letters {
            Some(file) => file.flush().map_err(|source| self.dead_letter_error(source)),
            None => Ok(()),
        }
    }

    /// What has come together.
    pub(super) fn summary(&self) -> StatementSummary {
        let failures = self.failures();
        let rejected = |cause: &RowErrorCause| {
            let rows = self.metrics.errors(*cause);
            let samples = failures.samples.get(cause).cloned().unwrap_or_default();
            (rows > 0).then_some((*cause, RejectedRows { rows, samples }))
        };
        let rows_late = self.metrics.errors(RowErrorCause::Late);
        let behind = Duration::from_millis(failures.late_behind_ms_max.unsigned_abs());
        StatementSummary {
            name: self.name.clone(),
            rows_in: self.metrics.rows_in(),
            rows_out: self.metrics.rows_out(),
            errors: RowErrorCause::ALL.iter().filter_map(rejected).collect(),
            late: (rows_late > 0).then(|| LateSummary {
                rows: rows_late,
                sufficient_out_of_orderness: self.out_of_orderness.saturating_add(behind),
            }),
            zero_divisions: self.metrics.zero_divisions(),
            unknown: failures.unknown.clone(),
            sinks: failures.sinks,
        }
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        // Whoever panicked with the lock has failed the job; its counts are still right.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn sample(&mut self, error: RowError) {
        let samples = self.samples.entry(error.cause).or_default();
        if samples.len() < SAMPLES_MAX {
            samples.push(error);
        }
    }
}
