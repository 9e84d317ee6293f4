use std::collections::HashMap;
use std::time::Duration;

use velo_loader::{LoadSummary, ProgressEvent, TableLoadState, TableProgress};

use crate::print::words;

/// How all tables of a load are, as far as events have told.
///
/// It has no clock of its own: events say how long the load has been running, and [`LoadBoard::pass`] what has passed since.
#[derive(Debug, Default)]
pub(super) struct LoadBoard {
    /// In load order.
    tables: Vec<TableRow>,
    index: HashMap<String, usize>,
    /// By number of the wave, less one.
    waves: Vec<StateCounts>,
    summary: LoadSummary,
    /// Since the load began.
    now_ms: u64,
}

/// A table, and what is told about it.
#[derive(Debug)]
pub(super) struct TableRow {
    pub(super) name: String,
    /// From 1.
    pub(super) wave: usize,
    pub(super) status: TableStatus,
    /// Tables that have to end before this one starts.
    dependencies: Vec<usize>,
}

/// What a table is doing.
#[derive(Debug)]
pub(super) enum TableStatus {
    Waiting,
    Loading(Box<TableProgress>),
    Retrying {
        attempt: u32,
        /// When the next attempt starts, since the load began.
        due_ms: u64,
        error: String,
    },
    /// Nothing more happens.
    Ended {
        state: TableLoadState,
        /// How it ended.
        words: String,
    },
}

impl TableStatus {
    pub(super) const fn state(&self) -> TableLoadState {
        match self {
            Self::Waiting => TableLoadState::Waiting,
            Self::Loading(_) => TableLoadState::Loading,
            Self::Retrying { .. } => TableLoadState::Retrying,
            Self::Ended { state, .. } => *state,
        }
    }
}

/// How many tables are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct StateCounts([usize; 6]);

impl StateCounts {
    pub(super) const fn of(&self, state: TableLoadState) -> usize {
        self.0[state as usize]
    }

    pub(super) fn total(&self) -> usize {
        self.0.iter().sum()
    }

    pub(super) fn ended(&self) -> usize {
        self.of(TableLoadState::Completed) + self.of(TableLoadState::Failed) + self.of(TableLoadState::Skipped)
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, other) in self.0.iter_mut().zip(other.0) {
            *count += other;
        }
    }

    fn step(&mut self, from: TableLoadState, to: TableLoadState) {
        self.0[from as usize] = self.0[from as usize].saturating_sub(1);
        self.0[to as usize] += 1;
    }
}

impl LoadBoard {
    pub(super) fn tables(&self) -> &[TableRow] {
        &self.tables
    }

    /// Counts of each wave, the first one at the front.
    pub(super) fn waves(&self) -> &[StateCounts] {
        &self.waves
    }

    pub(super) fn summary(&self) -> &LoadSummary {
        &self.summary
    }

    /// Milliseconds since the load began, up to its end.
    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Lets time go on, to so long after the last event that told the time. A load that has ended stands still.
    pub(super) fn pass(&mut self, since_told: Duration) {
        let counts = self.counts();
        if counts.ended() < counts.total() {
            self.now_ms = self.summary.elapsed_ms.saturating_add(since_told.as_millis() as u64);
        }
    }

    /// Counts of all tables.
    pub(super) fn counts(&self) -> StateCounts {
        let mut counts = StateCounts::default();
        for wave in &self.waves {
            counts.add(wave);
        }
        counts
    }

    /// Names of tables that have not ended and that this one needs.
    pub(super) fn waits_for<'a>(&'a self, table: &'a TableRow) -> impl Iterator<Item = &'a str> {
        let needed = table.dependencies.iter().filter_map(|index| self.tables.get(*index));
        let open = needed.filter(|needed| !needed.status.state().is_final());
        open.map(|needed| needed.name.as_str())
    }

    /// Takes note of what happened.
    pub(super) fn hear(&mut self, event: ProgressEvent) {
        match event {
            ProgressEvent::InitialSnapshot { tables, summary } => self.begin(tables, summary),
            ProgressEvent::TableUpdate(progress) => {
                let table = progress.table.clone();
                self.set(&table, TableStatus::Loading(Box::new(progress)));
            }
            ProgressEvent::SummaryUpdate(summary) => {
                self.summary = summary;
                self.now_ms = summary.elapsed_ms;
            }
            ProgressEvent::TableRetrying {
                table,
                attempt,
                delay_ms,
                error,
                ..
            } => {
                let due_ms = self.now_ms.saturating_add(delay_ms);
                self.set(&table, TableStatus::Retrying { attempt, due_ms, error });
            }
            ProgressEvent::TableCompleted {
                table,
                rows,
                attempts,
                duration_ms,
                outcome,
                ..
            } => {
                let words = words::completed(&outcome, rows, attempts, duration_ms);
                self.end(&table, TableLoadState::Completed, words);
            }
            ProgressEvent::TableFailed { table, error, .. } => {
                self.end(&table, TableLoadState::Failed, words::failed(&error));
            }
            ProgressEvent::TableSkipped {
                table, needs, cause, ..
            } => {
                self.end(
                    &table,
                    TableLoadState::Skipped,
                    words::skipped(needs.as_deref(), &cause),
                );
            }
            ProgressEvent::KeepAlive => {}
        }
    }

    fn begin(&mut self, tables: Vec<TableProgress>, summary: LoadSummary) {
        let waves = tables.iter().map(|table| table.wave).max().unwrap_or(0);
        let names = tables.iter().enumerate();
        let index: HashMap<String, usize> = names.map(|(index, table)| (table.table.clone(), index)).collect();
        *self = Self {
            tables: Vec::with_capacity(tables.len()),
            index,
            waves: vec![StateCounts::default(); waves],
            summary,
            now_ms: summary.elapsed_ms,
        };
        for mut progress in tables {
            let needed = std::mem::take(&mut progress.waits_for);
            let row = TableRow {
                name: progress.table.clone(),
                wave: progress.wave,
                dependencies: needed.iter().filter_map(|name| self.index.get(name).copied()).collect(),
                status: status_at_first(progress, self.now_ms),
            };
            if let Some(wave) = self.waves.get_mut(row.wave.saturating_sub(1)) {
                wave.0[row.status.state() as usize] += 1;
            }
            self.tables.push(row);
        }
    }

    fn end(&mut self, table: &str, state: TableLoadState, words: String) {
        self.set(table, TableStatus::Ended { state, words });
    }

    fn set(&mut self, table: &str, status: TableStatus) {
        let Some(row) = self.index.get(table).and_then(|index| self.tables.get_mut(*index)) else {
            return;
        };
        if let Some(wave) = self.waves.get_mut(row.wave.saturating_sub(1)) {
            wave.step(row.status.state(), status.state());
        }
        row.status = status;
    }
}

/// What is known about a table when listening begins, which may be in the middle of a load.
fn status_at_first(progress: TableProgress, now_ms: u64) -> TableStatus {
    let ended = |words: String| TableStatus::Ended {
        state: progress.state,
        words,
    };
    match progress.state {
        TableLoadState::Waiting => TableStatus::Waiting,
        TableLoadState::Loading => TableStatus::Loading(Box::new(progress)),
        TableLoadState::Retrying => TableStatus::Retrying {
            attempt: progress.attempt + 1,
            due_ms: now_ms,
            error: "the last one failed".to_owned(),
        },
        TableLoadState::Completed => ended(format!("loaded {}", words::rows(progress.rows))),
        TableLoadState::Failed => ended("failed".to_owned()),
        TableLoadState::Skipped => ended("skipped".to_owned()),
    }
}
