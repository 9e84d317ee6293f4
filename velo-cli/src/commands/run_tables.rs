//! The tables that `run` loads, which are not kept.

use std::cell::Cell;
use std::collections::HashMap;

use velo_engine::{Cancel, JoinedTable};
use velo_loader::{
    BackgroundLoad, ParallelLoader, ParallelLoadingConfig, ParallelLoadingResult, ProgramLoadOptions, ProgramLoader,
    TableChoice, TableMissing,
};
use velo_planner::plan::PlannedStatement;
use velo_session::CheckedProgram;

use super::loading::LoadingError;
use super::print_on_stderr;
use crate::print::line::text;
use crate::print::load::problems;
use crate::print::summary::{self, StatementPolicies};
use crate::progress::{LoadProgress, LoadProgressStyle};
use crate::terminal::Terminal;

/// Tables of a program that are being loaded for one run.
pub(super) struct RunTables {
    loading: BackgroundLoad,
    progress: Cell<Option<LoadProgress>>,
    /// Those that no statement reads: they are loaded to be counted.
    unread: Vec<String>,
    policies: HashMap<String, StatementPolicies>,
}

impl RunTables {
    /// Starts to load, with bars where they can be drawn; `None` when there are no tables.
    pub(super) fn load(
        tables: &[PlannedStatement],
        program: &CheckedProgram,
        cancel: &Cancel,
        terminal: Terminal,
    ) -> Result<Option<Self>, LoadingError> {
        if tables.is_empty() {
            return Ok(None);
        }
        let unread = tables.iter().filter(|table| !program.is_read(table));
        let unread = unread.map(|table| table.name.clone()).collect();
        let policies = summary::policies_by_name(tables.iter().chain(&program.statements));
        let loader = ParallelLoader::new(ParallelLoadingConfig::default())?;
        // A run tells what it has done when it is over; only bars are shown before.
        let style = match LoadProgressStyle::of(terminal) {
            LoadProgressStyle::Bars => LoadProgressStyle::Bars,
            _ => LoadProgressStyle::Quiet,
        };
        let progress = LoadProgress::show(loader.monitor(), style, terminal);
        let tables = ProgramLoader::new(program, tables, ProgramLoadOptions::default());
        let loading =
            BackgroundLoad::start(tables, loader, TableChoice::default(), cancel).map_err(LoadingError::Thread)?;
        Ok(Some(Self {
            loading,
            progress: Cell::new(Some(progress)),
            unread,
            policies,
        }))
    }

    /// Waits for the tables that statements read and look up.
    pub(super) fn wait(&self, statements: &[PlannedStatement]) -> Result<HashMap<String, JoinedTable>, TableMissing> {
        let joined = self.loading.wait_for_tables(statements);
        if !statements.is_empty() {
            // Rows, or the progress of the run, take the place of the bars.
            drop(self.progress.take());
        }
        joined
    }

    /// Waits for tables that nothing reads, if the run goes on, tells what became of them and of the rows that all tables
    /// gave up, and whether they are loaded.
    pub(super) fn end(mut self, goes_on: bool, cancel: &Cancel, terminal: Terminal) -> Result<bool, LoadingError> {
        let mut is_loaded = true;
        if !self.unread.is_empty() && goes_on && !cancel.is_cancelled() {
            let result = self.loading.finish()?;
            drop(self.progress.take());
            is_loaded = self.unread.iter().all(|table| result.successful.contains_key(table));
            if !terminal.quiet {
                print_on_stderr(&self.counted(&result));
            }
            if !is_loaded {
                print_on_stderr(&text(&problems(&result), terminal.stderr.style));
            }
        }
        drop(self.progress.take());
        if !terminal.quiet {
            let reports = self.loading.program().reports();
            print_on_stderr(&summary::rejected_text(&reports, &self.policies));
        }
        self.loading.stop();
        Ok(is_loaded)
    }

    fn counted(&self, result: &ParallelLoadingResult) -> String {
        let loaded = self
            .unread
            .iter()
            .filter_map(|name| Some((name, result.successful.get(name)?)));
        loaded
            .map(|(name, stats)| summary::loaded_text(name, stats.rows, stats.duration))
            .collect()
    }
}
