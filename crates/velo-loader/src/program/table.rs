use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use velo_common::Name;
use velo_data::StreamBatch;
use velo_datasources::{MemorySink, Sink, Source, SourceError, SourceOffset};
use velo_engine::{EngineError, JoinedTable, LiveTable, StatementSummary, Table, TableBuilder, TableLoadJob};
use velo_planner::plan::{ErrorPolicy, PlannedStatement};
use velo_state::SkippedRows;

use super::Shared;
use super::definition::is_row_wise;
use super::offsets::MadeOf;
use super::snapshot::{Kept, NewState};
use super::source::{LoadedSource, unless_cancelled};
use super::watch::run_watched;
use crate::{LoadAttempt, LoadError, LoadOutcome, LoadTable, LoadedTable, TableReport};

/// A table of a program.
pub(super) struct StatementTable {
    shared: Arc<Shared>,
    name: String,
}

/// What a load needs, found out before it begins.
struct Prepared {
    statement: PlannedStatement,
    streams: Vec<PlannedStatement>,
    tables: HashMap<String, JoinedTable>,
    fingerprint: String,
    /// The content of the tables that it reads.
    contents: BTreeMap<String, String>,
}

/// A table that was loaded.
struct Made {
    table: Table,
    report: TableReport,
    sources: BTreeMap<String, SourceOffset>,
    /// The rows that were added to those that were kept.
    added: Vec<StreamBatch>,
}

/// Why a load ended without a table.
enum Stopped {
    /// What was read before is of no use: all has to be read.
    Reload(String),
    Failed(LoadError),
}

impl From<LoadError> for Stopped {
    fn from(error: LoadError) -> Self {
        Self::Failed(error)
    }
}

impl StatementTable {
    pub(super) fn new(shared: Arc<Shared>, name: &str) -> Self {
        Self {
            shared,
            name: name.to_owned(),
        }
    }

    fn prepare(&self) -> Result<Prepared, LoadError> {
        let shared = &self.shared;
        let unknown = || LoadError::permanent(format!("the program has no table `{}`", self.name));
        let statement = shared.statement(&self.name).ok_or_else(unknown)?.clone();
        let streams = shared.streams_of(&statement);
        for part in std::iter::once(&statement).chain(&streams) {
            shared.check_columns(part)?;
        }
        let mut tables = HashMap::new();
        let mut contents_kept = BTreeMap::new();
        for part in std::iter::once(&statement).chain(&streams) {
            shared.take_kept_tables(part);
            let mut kept = HashMap::new();
            for (name, (table, content)) in shared.kept_of_failed(part) {
                contents_kept.insert(Name::fold(&name), content);
                kept.insert(name, Arc::new(LiveTable::new(Arc::new(table))));
            }
            shared
                .join(part, &kept, &mut tables)
                .map_err(|missing| LoadError::permanent(missing.to_string()))?;
        }
        let known = shared.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let content = |name: &String| Some((Name::fold(name), known.get(&Name::fold(name))?.clone()));
        let mut contents: BTreeMap<_, _> = shared.tables_of(&statement).iter().filter_map(content).collect();
        drop(known);
        contents.extend(contents_kept);
        Ok(Prepared {
            fingerprint: shared.fingerprint(&statement, &streams),
            statement,
            streams,
            tables,
            contents,
        })
    }

    /// Loads the table from what is kept of it and what is new, or from everything.
    async fn make(&self, prepared: &Prepared, attempt: &LoadAttempt) -> Result<(Made, LoadOutcome, String), LoadError> {
        let shared = &self.shared;
        let policy = prepared.parts().policy();
        let reason = match shared.kept(prepared.name(), &prepared.fingerprint, &prepared.contents, &policy) {
            Kept::Nothing => None,
            Kept::Useless(reason) => Some(reason),
            Kept::Usable { made_of, skipped } => match self.go_on(prepared, made_of, skipped, attempt).await {
                Ok(done) => return Ok(done),
                Err(Stopped::Reload(reason)) => Some(reason),
                Err(Stopped::Failed(error)) => return Err(error),
            },
        };
        let builder = prepared.builder()?;
        let made = self.run(prepared, builder, &BTreeMap::new(), attempt).await;
        let made = made.map_err(|stopped| match stopped {
            Stopped::Failed(error) => error,
            Stopped::Reload(reason) => LoadError::permanent(reason),
        })?;
        let made_of = MadeOf {
            sources: made.sources.clone(),
            tables: prepared.contents.clone(),
        };
        still_wanted(attempt)?;
        let content = shared.keep(NewState {
            name: prepared.name(),
            table: &made.table,
            fingerprint: &prepared.fingerprint,
            made_of: &made_of,
            skipped: SkippedRows::default().with(made.report.skipped(), &policy),
        })?;
        let outcome = match reason {
            Some(reason) => LoadOutcome::Reloaded { reason },
            None => LoadOutcome::Loaded,
        };
        Ok((made, outcome, content))
    }

    /// Takes the rows that are kept, and adds those that are new.
    async fn go_on(
        &self,
        prepared: &Prepared,
        made_of: MadeOf,
        skipped: SkippedRows,
        attempt: &LoadAttempt,
    ) -> Result<(Made, LoadOutcome, String), Stopped> {
        let shared = &self.shared;
        let sources = prepared.parts().sources();
        if sources.is_empty() || !prepared.parts().is_row_wise() {
            self.check_unchanged(&sources, &made_of, attempt).await?;
            let (builder, content) = shared.kept_builder(&prepared.statement).map_err(Stopped::Reload)?;
            let table = builder.finish().map_err(|error| Stopped::Reload(error.to_string()))?;
            return Ok((Made::unchanged(table, skipped), LoadOutcome::Unchanged, content));
        }
        let (builder, _) = shared.kept_builder(&prepared.statement).map_err(Stopped::Reload)?;
        let mut made = self.run(prepared, builder, &made_of.sources, attempt).await?;
        // Streams read the source, and pass on what they let through.
        let rows_in = made.report.statements.iter().map(|statement| statement.rows_in);
        let rows_read = rows_in.max().unwrap_or_default();
        if made.table.num_rows() == 0 && rows_read > 0 && rows_rejected(&made.report.statements) >= rows_read {
            // Perhaps nothing could ever be read, which only a look at everything tells.
            let reason = "none of the new records can be read, and no others are kept";
            return Err(Stopped::Reload(reason.to_owned()));
        }
        let now = MadeOf {
            sources: made.sources.clone(),
            tables: prepared.contents.clone(),
        };
        let added = std::mem::take(&mut made.added);
        still_wanted(attempt)?;
        let state = NewState {
            name: prepared.name(),
            table: &made.table,
            fingerprint: &prepared.fingerprint,
            made_of: &now,
            skipped: skipped.with(made.report.skipped(), &prepared.parts().policy()),
        };
        let content = shared.keep_added(state, &added, &made_of)?;
        made.report.earlier = skipped;
        let outcome = match rows_read {
            0 => LoadOutcome::Unchanged,
            _ => LoadOutcome::Incremental { rows_read },
        };
        Ok((made, outcome, content))
    }

    /// Groups and the like can only be made anew: that is needless if no source has changed.
    async fn check_unchanged(
        &self,
        sources: &[String],
        made_of: &MadeOf,
        attempt: &LoadAttempt,
    ) -> Result<(), Stopped> {
        for name in sources {
            let source = self.shared.connect(name, attempt).await?;
            let changed = || format!("`{name}` has changed, and its rows are put together anew");
            if !source.supports_incremental() {
                return Err(Stopped::Reload(format!("`{name}` cannot tell what is new")));
            }
            let now = unless_cancelled(&attempt.cancellation, source.current_offset())
                .await
                .map_err(|error| load_error(name, error, source.endpoint()))?;
            let is_same = made_of
                .sources
                .get(name)
                .is_some_and(|before| before.is_same_content(&now));
            if !is_same {
                return Err(Stopped::Reload(changed()));
            }
        }
        Ok(())
    }

    /// Runs the statement over its sources, each from where `since` says.
    async fn run(
        &self,
        prepared: &Prepared,
        builder: TableBuilder,
        since: &BTreeMap<String, SourceOffset>,
        attempt: &LoadAttempt,
    ) -> Result<Made, Stopped> {
        let mut loaded = Vec::new();
        let mut sources: HashMap<String, Arc<dyn Source>> = HashMap::new();
        for name in prepared.parts().sources() {
            let source = self.shared.connect(&name, attempt).await?;
            let endpoint = source.endpoint();
            let since = since.get(&name).cloned();
            let source = Arc::new(LoadedSource::new(source, since, attempt));
            sources.insert(name.clone(), Arc::clone(&source) as _);
            loaded.push((name, endpoint, source));
        }
        let added = MemorySink::default();
        let sinks: Vec<Box<dyn Sink>> = if since.is_empty() {
            Vec::new()
        } else {
            vec![added.writer()]
        };
        let job = TableLoadJob {
            table: prepared.statement.clone(),
            sinks,
            streams: prepared.streams.clone(),
            sources,
            tables: prepared.tables.clone(),
            is_increment: !since.is_empty(),
        };
        let (table, statements) =
            run_watched(job, builder, self.shared.workers, attempt).map_err(|error| {
                match loaded.iter().find_map(|(_, _, source)| source.reload()) {
                    Some(reason) => Stopped::Reload(reason),
                    None => {
                        let endpoint = loaded.iter().find_map(|(_, endpoint, _)| endpoint.clone());
                        Stopped::Failed(engine_error(error, endpoint))
                    }
                }
            })?;
        let reached = loaded
            .iter()
            .filter_map(|(name, _, source)| Some((name.clone(), source.reached()?)));
        Ok(Made {
            table,
            report: TableReport {
                statements,
                ..TableReport::default()
            },
            sources: reached.collect(),
            added: added.take(),
        })
    }
}

/// A table's statement, and those of the streams that it reads.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) statement: &'a PlannedStatement,
    pub(super) streams: &'a [PlannedStatement],
}

impl<'a> Parts<'a> {
    pub(super) fn all(self) -> impl Iterator<Item = &'a PlannedStatement> {
        std::iter::once(self.statement).chain(self.streams)
    }

    /// Names of the sources that are read.
    pub(super) fn sources(self) -> Vec<String> {
        let sources = self.all().flat_map(|part| part.plan.sources());
        sources.map(str::to_owned).collect()
    }

    /// Whether every row of its sources gives its rows of the table by itself, also on the way through streams.
    pub(super) fn is_row_wise(self) -> bool {
        self.all().map(|part| &part.plan).all(is_row_wise)
    }

    /// What becomes of rows that fail.
    pub(super) fn policy(self) -> String {
        let policies = self.all().map(|part| match &part.settings.error_policy {
            ErrorPolicy::SkipSome | ErrorPolicy::Skip => "skip".to_owned(),
            ErrorPolicy::Fail => "fail".to_owned(),
            ErrorPolicy::DeadLetter { path } => format!("dead_letter to {}", path.display()),
        });
        policies.collect::<Vec<_>>().join(", ")
    }
}

impl Prepared {
    fn parts(&self) -> Parts<'_> {
        Parts {
            statement: &self.statement,
            streams: &self.streams,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.statement.name
    }

    fn builder(&self) -> Result<TableBuilder, LoadError> {
        let builder = TableBuilder::new(&self.statement.output_schema());
        builder.map_err(|error| LoadError::permanent("the table's key cannot be compared").with_source(error))
    }
}

impl Made {
    fn unchanged(table: Table, earlier: SkippedRows) -> Self {
        Self {
            table,
            report: TableReport {
                earlier,
                ..TableReport::default()
            },
            sources: BTreeMap::new(),
            added: Vec::new(),
        }
    }
}

impl Shared {
    /// A statement whose columns are unknown cannot be loaded; the source that could not be looked at is why.
    pub(super) fn check_columns(&self, statement: &PlannedStatement) -> Result<(), LoadError> {
        if !statement.columns_unknown {
            return Ok(());
        }
        let read = statement.plan.scans().into_iter().map(|scan| scan.relation.name());
        let names = read.chain(statement.plan.tables());
        let reason = names.into_iter().find_map(|name| self.unreachable.get(name));
        Err(LoadError::permanent(match reason {
            Some(reason) => reason.clone(),
            None => "the columns of what it reads are unknown".to_owned(),
        }))
    }

    async fn connect(
        &self,
        name: &str,
        attempt: &LoadAttempt,
    ) -> Result<Arc<dyn velo_datasources::TableDataSource>, LoadError> {
        let unknown = || LoadError::permanent(format!("nothing says where `{name}` is read from"));
        let connection = self.connections.get(name).ok_or_else(unknown)?;
        // On the heap: what an encrypted connection keeps on its way to being one is large.
        unless_cancelled(&attempt.cancellation, Box::pin(connection.connect()))
            .await
            .map_err(|error| load_error(name, error, connection.config.endpoint()))
    }
}

/// Rows that were read and given up.
fn rows_rejected(statements: &[StatementSummary]) -> u64 {
    let rejected = statements.iter().flat_map(|statement| statement.errors.values());
    rejected.map(|rejected| rejected.rows).sum()
}

/// A load that was given up keeps nothing: its table may be under way again.
fn still_wanted(attempt: &LoadAttempt) -> Result<(), LoadError> {
    if attempt.cancellation.is_cancelled() {
        return Err(LoadError::permanent("the load has ended"));
    }
    Ok(())
}

fn load_error(name: &str, error: SourceError, endpoint: Option<String>) -> LoadError {
    let message = format!("cannot read `{name}`");
    let failed = if error.is_transient() {
        LoadError::transient(message)
    } else {
        LoadError::permanent(message)
    };
    let failed = failed.with_retry_after(error.retry_after()).with_source(error);
    match endpoint {
        Some(endpoint) => failed.with_endpoint(endpoint),
        None => failed,
    }
}

fn engine_error(error: EngineError, endpoint: Option<String>) -> LoadError {
    match error {
        EngineError::Source { relation, source, .. } => load_error(&relation, source, endpoint),
        other => LoadError::permanent("its statement failed").with_source(other),
    }
}

#[async_trait]
impl LoadTable for StatementTable {
    async fn load(&self, attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        let prepared = self.prepare()?;
        let (made, outcome, content) = self.make(&prepared, &attempt).await?;
        let (rows, bytes) = (made.table.num_rows() as u64, made.table.memory_bytes());
        let shared = Arc::clone(&self.shared);
        let name = self.name.clone();
        let table = Arc::new(made.table);
        let skipped_rows = made.report.skipped_rows();
        let publish = move || shared.publish(&name, table, content, made.report);
        let loaded = LoadedTable::new(rows, bytes).with_skipped_rows(skipped_rows);
        Ok(loaded.with_outcome(outcome).publishing(publish))
    }

    fn endpoints(&self) -> Vec<String> {
        let Some(statement) = self.shared.statement(&self.name) else {
            return Vec::new();
        };
        let connections = statement
            .plan
            .sources()
            .filter_map(|name| self.shared.connections.get(name));
        connections
            .filter_map(|connection| connection.config.endpoint())
            .collect()
    }
}

impl Shared {
    /// Makes a table visible, or takes it to its next state.
    pub(super) fn publish(&self, name: &str, table: Arc<Table>, content: String, report: TableReport) {
        let statistics = crate::TableStatistics {
            rows: table.num_rows() as u64,
            bytes: table.memory_bytes(),
        };
        self.contents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(Name::fold(name), content);
        self.reports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), report);
        let live = match self.registry.table(name) {
            Some(live) => {
                live.replace(table);
                live
            }
            None => Arc::new(LiveTable::new(table)),
        };
        // A table that was dropped meanwhile is nobody's any more.
        let _ = self.registry.set_ready(name, live, statistics);
    }
}
