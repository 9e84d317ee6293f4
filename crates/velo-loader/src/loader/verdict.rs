use std::sync::Arc;
use std::time::Duration;

use crate::{DependencyCause, ParallelLoadingResult, SkipCause, TableFailure, TableLoadStats, WaveStats};

use super::plan::LoadPlan;
use crate::load::chain;

/// What became of a table.
#[derive(Debug)]
pub(crate) enum Verdict {
    Loaded(TableLoadStats),
    Failed(TableFailure),
    Skipped(SkipCause),
}

impl Verdict {
    /// Why a table is skipped that needs `table`, of which this became.
    pub(crate) fn cause_for_dependents(&self, table: &str) -> Option<DependencyCause> {
        match self {
            Self::Loaded(_) => None,
            Self::Failed(failure) => Some(DependencyCause::failed(table, chain(failure).into())),
            Self::Skipped(SkipCause::Dependency(cause)) => Some(cause.through(table)),
            Self::Skipped(cause) => Some(DependencyCause::failed(table, Arc::from(cause.to_string()))),
        }
    }
}

/// A table's verdict and when it was loaded, in time since the load began.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) verdict: Verdict,
    /// First start and last end; `None` when it was never started.
    pub(crate) span: Option<(Duration, Duration)>,
}

/// Puts together what became of all tables; `ended` is in load order.
pub(crate) fn conclude(plan: &LoadPlan, ended: Vec<Option<Ended>>, total_duration: Duration) -> ParallelLoadingResult {
    let waves = plan.waves.iter().enumerate();
    let mut result = ParallelLoadingResult {
        total_duration,
        waves: waves
            .map(|(wave, tables)| wave_stats(plan, wave, tables, &ended))
            .collect(),
        ..ParallelLoadingResult::default()
    };
    for (table, ended) in plan.tables.iter().zip(ended) {
        let name = table.name.clone();
        match ended.map(|ended| ended.verdict) {
            Some(Verdict::Loaded(stats)) => {
                result.successful.insert(name, stats);
            }
            Some(Verdict::Failed(failure)) => {
                result.failed.insert(name, failure);
            }
            Some(Verdict::Skipped(cause)) => {
                result.skipped.insert(name, cause);
            }
            None => {}
        }
    }
    result
}

fn wave_stats(plan: &LoadPlan, wave: usize, tables: &[usize], ended: &[Option<Ended>]) -> WaveStats {
    let ends = || tables.iter().filter_map(|table| ended[*table].as_ref());
    let spans = || ends().filter_map(|ended| ended.span);
    let first_start = spans().map(|(start, _)| start).min().unwrap_or_default();
    let last_end = spans().map(|(_, end)| end).max().unwrap_or_default();
    WaveStats {
        wave: wave + 1,
        tables: tables.iter().map(|table| plan.tables[*table].name.clone()).collect(),
        duration: last_end.saturating_sub(first_start),
        successful: ends()
            .filter(|ended| matches!(ended.verdict, Verdict::Loaded(_)))
            .count(),
        failed: ends()
            .filter(|ended| matches!(ended.verdict, Verdict::Failed(_)))
            .count(),
    }
}
