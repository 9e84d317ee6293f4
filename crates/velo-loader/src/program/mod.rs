//! The tables of a SQL program: what they are loaded from, and what is kept of them.

mod background;
mod definition;
mod kept;
mod missing;
mod offsets;
mod preview;
mod snapshot;
mod source;
mod table;
mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use velo_common::Name;
use velo_engine::{JoinedTable, LiveTable};
use velo_graph::{Selection, SelectionError, TableDependencyGraph};
use velo_planner::plan::PlannedStatement;
use velo_session::{CheckedProgram, SourceConnection, table_metadata};
use velo_state::SnapshotStore;

use crate::{
    CancellationToken, LoadOutcome, LoadPlanError, LoadTable, ParallelLoader, ParallelLoadingResult, TableRegistry,
    TableReport,
};
pub use background::BackgroundLoad;
pub use kept::{KeptTable, KeptTableError, KeptTables};
pub use missing::TableMissing;
pub use preview::{KeptState, PreviewAction, TablePreview};
use table::StatementTable;

/// Loads the tables of a program.
///
/// A table is loaded by running its statement over what its sources have at that moment; other tables that it reads are
/// loaded before. With a state directory a table is kept, and the next load reads only what is new.
pub struct ProgramLoader {
    shared: Arc<Shared>,
    graph: TableDependencyGraph,
}

/// What the loads of all tables share.
struct Shared {
    /// All statements, by folded name.
    statements: HashMap<String, PlannedStatement>,
    connections: HashMap<String, SourceConnection>,
    unreachable: HashMap<String, String>,
    registry: TableRegistry<LiveTable>,
    store: Option<SnapshotStore>,
    full_refresh: bool,
    reads_kept_of_failed: bool,
    workers: usize,
    reports: Mutex<HashMap<String, TableReport>>,
    /// What tells the content of each loaded table from what it was before, by folded name.
    contents: Mutex<HashMap<String, String>>,
}

/// Which tables of a program are meant.
#[derive(Debug, Clone, Default)]
pub struct TableChoice {
    /// Only these; all of them unless told.
    pub select: Option<Selection>,
    /// None of these.
    pub exclude: Option<Selection>,
}

/// What is done with the tables of a program.
#[derive(Debug, Default)]
pub struct ProgramLoadOptions {
    /// Where tables are kept; without it they are read whole each time, and forgotten.
    pub store: Option<SnapshotStore>,
    /// Whether what is kept is left aside, and everything read anew.
    pub full_refresh: bool,
    /// Whether tables read what is kept of one that they need and that could not be loaded. They are loaded then only if
    /// [`ParallelLoadingConfig::continue_on_dependency_failure`](crate::ParallelLoadingConfig) says so, too.
    pub reads_kept_of_failed: bool,
    /// Workers of each table's statement; 1 unless told.
    pub workers: usize,
}

impl ProgramLoader {
    /// The loader of the `tables` of a program, whose other statements they may read.
    pub fn new(program: &CheckedProgram, tables: &[PlannedStatement], options: ProgramLoadOptions) -> Self {
        let statements = program.statements.iter().chain(tables);
        let statements: HashMap<String, PlannedStatement> = statements
            .map(|statement| (Name::fold(&statement.name), statement.clone()))
            .collect();
        let graph = graph_of(tables, &statements, program);
        Self {
            shared: Arc::new(Shared {
                statements,
                connections: program.connections.clone(),
                unreachable: program.unreachable.clone(),
                registry: TableRegistry::new(),
                store: options.store,
                full_refresh: options.full_refresh,
                reads_kept_of_failed: options.reads_kept_of_failed,
                workers: options.workers.max(1),
                reports: Mutex::default(),
                contents: Mutex::default(),
            }),
            graph,
        }
    }

    /// The tables, and which of them need which others.
    pub fn graph(&self) -> &TableDependencyGraph {
        &self.graph
    }

    /// The tables that are loaded by now.
    pub fn registry(&self) -> &TableRegistry<LiveTable> {
        &self.shared.registry
    }

    /// Loads some of the tables or all; what they need and is not among them is taken from what is kept.
    ///
    /// # Errors
    ///
    /// When nothing is chosen by the choice, or there is no order to load in.
    pub async fn load(
        &self,
        loader: &ParallelLoader,
        choice: &TableChoice,
        cancellation: &CancellationToken,
    ) -> Result<ParallelLoadingResult, ProgramLoadError> {
        let loads: Vec<_> = self.selected(choice)?.iter().map(|name| self.table(name)).collect();
        let registry = &self.shared.registry;
        Ok(registry
            .load_tables_parallel(loader, &self.graph, loads, cancellation)
            .await?)
    }

    /// Loads one table again: what is new in it, or all.
    ///
    /// # Errors
    ///
    /// As [`ProgramLoader::load`].
    pub async fn load_again(
        &self,
        table: &str,
        loader: &ParallelLoader,
        cancellation: &CancellationToken,
    ) -> Result<ParallelLoadingResult, ProgramLoadError> {
        let registry = &self.shared.registry;
        let load = registry.load_tables_parallel(loader, &self.graph, [self.table(table)], cancellation);
        Ok(load.await?)
    }

    /// The tables that are kept fresh, and how often each reads what is new.
    pub(crate) fn refreshed_tables(&self) -> Vec<(String, Duration)> {
        let tables = self.graph.tables().map(|table| &table.name);
        let interval = |name: &String| self.shared.statement(name)?.settings.load.incremental_interval;
        tables
            .filter_map(|name| Some((name.clone(), interval(name)?)))
            .collect()
    }

    /// Reads what is new in a table, and loads the tables again that read it if anything is.
    pub(crate) async fn refresh(&self, name: &str, loader: &ParallelLoader, cancellation: &CancellationToken) {
        if !self.load_quietly(name, loader, cancellation).await {
            return;
        }
        let dependents: Vec<String> = self
            .graph
            .get_all_dependents(name)
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect();
        for dependent in dependents {
            self.load_quietly(&dependent, loader, cancellation).await;
        }
    }

    /// Loads a table again, and tells whether it has changed. What fails is logged: the table stays as it was.
    async fn load_quietly(&self, name: &str, loader: &ParallelLoader, cancellation: &CancellationToken) -> bool {
        let loaded = match self.load_again(name, loader, cancellation).await {
            Ok(loaded) => loaded,
            Err(error) => {
                tracing::warn!(table = name, %error, "cannot refresh");
                return false;
            }
        };
        for (table, failure) in &loaded.failed {
            tracing::warn!(%table, error = %crate::load::chain(failure), "cannot refresh");
        }
        let mut stats = loaded.successful.values();
        stats.any(|stats| stats.outcome != LoadOutcome::Unchanged)
    }

    fn table(&self, name: &str) -> (String, Arc<dyn LoadTable>) {
        (
            name.to_owned(),
            Arc::new(StatementTable::new(Arc::clone(&self.shared), name)),
        )
    }

    /// Names of the tables that a choice means, in load order.
    ///
    /// # Errors
    ///
    /// When a part of it means none, or nothing is left.
    pub fn selected(&self, choice: &TableChoice) -> Result<Vec<String>, ProgramLoadError> {
        let mut selected = match &choice.select {
            Some(selection) => self.graph.select(selection)?,
            None => self.graph.tables().map(|table| table.name.clone()).collect(),
        };
        if let Some(exclusion) = &choice.exclude {
            let excluded: HashSet<String> = self.graph.select(exclusion)?.into_iter().collect();
            selected.retain(|name| !excluded.contains(name));
            if selected.is_empty() {
                return Err(ProgramLoadError::AllExcluded);
            }
        }
        Ok(selected)
    }

    /// Where a table's rows are read from, directly or through streams, without credentials; nowhere if it is made of
    /// tables alone.
    pub fn locations(&self, table: &str) -> Vec<String> {
        let shared = &self.shared;
        let Some(statement) = shared.statement(table) else {
            return Vec::new();
        };
        let streams = shared.streams_of(statement);
        let connections = std::iter::once(statement)
            .chain(&streams)
            .flat_map(|part| part.plan.sources())
            .filter_map(|source| shared.connections.get(source));
        connections.map(|connection| connection.config.location()).collect()
    }

    /// What became of the rows of each table that was loaded, by its name.
    pub fn reports(&self) -> HashMap<String, TableReport> {
        self.shared
            .reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The tables that statements join or read, for those that are about to run.
    ///
    /// # Errors
    ///
    /// When one of them is not loaded, and the statement says that it does not go on without.
    pub fn joined_tables(&self, statements: &[PlannedStatement]) -> Result<HashMap<String, JoinedTable>, TableMissing> {
        let mut joined = HashMap::new();
        for statement in statements {
            self.shared.join(statement, &HashMap::new(), &mut joined)?;
        }
        Ok(joined)
    }
}

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub enum ProgramLoadError {
    /// The selection names something that there is not.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// Nothing is left to load.
    #[error("every table that is selected is excluded")]
    AllExcluded,
    /// There is no order to load in.
    #[error(transparent)]
    Plan(#[from] LoadPlanError),
    /// A defect: the load ended without a result.
    #[error("the load ended without a result: {0}")]
    Ended(String),
}

impl Shared {
    fn statement(&self, name: &str) -> Option<&PlannedStatement> {
        self.statements.get(&Name::fold(name))
    }

    /// The streams that a statement reads, directly or through each other.
    fn streams_of(&self, statement: &PlannedStatement) -> Vec<PlannedStatement> {
        let mut streams: Vec<PlannedStatement> = Vec::new();
        let mut open = vec![statement];
        let mut seen = HashSet::new();
        while let Some(statement) = open.pop() {
            for name in &statement.reads {
                let read = self.statement(name).filter(|read| !read.kind.is_table());
                if let Some(read) = read.filter(|_| seen.insert(name)) {
                    streams.push(read.clone());
                    open.push(read);
                }
            }
        }
        streams
    }

    /// Names of the tables that a statement reads or looks up, directly or through streams. Those that it only depends on
    /// have no part in its rows.
    fn tables_of(&self, statement: &PlannedStatement) -> Vec<String> {
        tables_reached(statement, &self.statements, |statement| {
            statement.reads.iter().collect()
        })
    }
}

/// Names of the tables that have to be loaded before a statement, for itself or for streams that it needs.
fn tables_needed(statement: &PlannedStatement, statements: &HashMap<String, PlannedStatement>) -> Vec<String> {
    tables_reached(statement, statements, |statement| {
        statement.reads.iter().chain(&statement.depends_on).collect()
    })
}

/// Names of the tables that are reached from a statement by what `next` tells of it, directly or through streams.
fn tables_reached(
    statement: &PlannedStatement,
    statements: &HashMap<String, PlannedStatement>,
    next: fn(&PlannedStatement) -> Vec<&String>,
) -> Vec<String> {
    let mut tables = Vec::new();
    let mut open = vec![statement];
    let mut seen = HashSet::new();
    while let Some(statement) = open.pop() {
        for name in next(statement).into_iter().filter(|name| seen.insert(*name)) {
            match statements.get(&Name::fold(name)) {
                Some(needed) if needed.kind.is_table() => tables.push(needed.name.clone()),
                Some(needed) => open.push(needed),
                None => {}
            }
        }
    }
    tables
}

fn graph_of(
    tables: &[PlannedStatement],
    statements: &HashMap<String, PlannedStatement>,
    program: &CheckedProgram,
) -> TableDependencyGraph {
    let mut graph = TableDependencyGraph::new();
    for table in tables {
        // Names are unique: the planner has seen to that.
        let _ = graph.add_table(
            &table.name,
            table_metadata(program, table),
            tables_needed(table, statements),
        );
    }
    graph
}
