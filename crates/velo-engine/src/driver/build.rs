//! From a job to workers that are wired to each other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use velo_data::{Clock, StreamSchema};
use velo_datasources::{MemorySource, Sink, Source};
use velo_planner::plan::{LogicalPlan, PlannedStatement, Relation, Scan, WatermarkRule};

use super::accounts::Accounts;
use super::downstream::{CHANNEL_EVENTS, Downstream, Message, Outputs, Ports};
use super::flush::FlushSchedule;
use super::leaf::OpenSource;
use super::worker::{Input, Worker};
use super::{Job, RunOptions, SourceStart};
use crate::chain::Chain;
use crate::compile::{Leaf, Stage, StageInput, has_light_aggregates, relation, scan_chain, stages, values};
use crate::error::{CompileError, EngineError};
use crate::merge::Merge;
use crate::table::JoinedTable;

/// A job that is ready to run.
pub(super) struct Built {
    pub(super) workers: Vec<Worker>,
    /// In the order of the statements.
    pub(super) accounts: Vec<Arc<Accounts>>,
}

/// What building a statement needs to know of the others.
struct Program {
    statements: Vec<Arc<PlannedStatement>>,
    sources: HashMap<String, Arc<dyn Source>>,
    tables: HashMap<String, JoinedTable>,
    clock: Arc<dyn Clock>,
    parallelism: usize,
    follow: bool,
    start: SourceStart,
}

pub(super) fn build(
    job: Job,
    parallelism: usize,
    options: &RunOptions,
    start: SourceStart,
) -> Result<Built, EngineError> {
    let (planned, sinks): (Vec<_>, Vec<_>) = job
        .statements
        .into_iter()
        .map(|statement| (Arc::new(statement.planned), statement.sinks))
        .unzip();
    let program = Program {
        statements: planned,
        sources: job.sources,
        tables: job.tables,
        start,
        clock: Arc::clone(&options.clock),
        parallelism,
        follow: options.follow,
    };
    program.check()?;
    let accounts = program.statements.iter().map(|statement| program.accounts(statement));
    let accounts = accounts.collect::<Result<Vec<_>, _>>()?;
    options
        .progress
        .start(accounts.iter().map(|accounts| Arc::clone(&accounts.metrics)).collect());
    let (mut consumers, feeds) = program.statement_channels();
    let mut workers = Vec::new();
    let statements = program.statements.iter().zip(&accounts);
    for (((statement, accounts), sinks), feed) in statements.zip(sinks).zip(feeds) {
        let outlets = Outlets {
            sinks,
            consumers: consumers.remove(&statement.name).unwrap_or_default(),
            feed,
        };
        workers.extend(program.workers(statement, accounts, outlets)?);
    }
    Ok(Built { workers, accounts })
}

/// Senders to the statements that read a statement, by its name.
type Consumers = HashMap<String, Vec<Sender<Message>>>;

/// The ends of a statement.
struct Outlets {
    sinks: Vec<Box<dyn Sink>>,
    consumers: Vec<Sender<Message>>,
    /// Brings the rows of the statement that it reads.
    feed: Option<Receiver<Message>>,
}

impl Program {
    fn statement(&self, name: &str) -> Option<&Arc<PlannedStatement>> {
        self.statements.iter().find(|statement| statement.name == name)
    }

    /// Every relation is there with its columns, and nothing reads itself.
    fn check(&self) -> Result<(), EngineError> {
        for statement in &self.statements {
            if statement.columns_unknown {
                // What it names would be NULL, whatever the records have.
                return Err(EngineError::ColumnsUnknown {
                    statement: statement.name.clone(),
                });
            }
            let mut current = statement;
            for _ in 0..=self.statements.len() {
                match relation(&current.plan) {
                    Some(Relation::Statement(name)) => {
                        current = self.statement(name).ok_or_else(|| unknown(current, name))?;
                    }
                    Some(Relation::Table(name)) if !self.tables.contains_key(name) => {
                        return Err(unknown(current, name));
                    }
                    Some(Relation::Source(name)) if !self.sources.contains_key(name) => {
                        return Err(unknown(current, name));
                    }
                    _ => break,
                }
            }
            if let Some(Relation::Statement(_)) = relation(&current.plan) {
                return Err(EngineError::Cycle {
                    statement: statement.name.clone(),
                });
            }
        }
        Ok(())
    }

    /// How the watermark of a statement's rows is made: by the statement itself, or one that it reads.
    fn watermark_rule(&self, statement: &PlannedStatement) -> Option<WatermarkRule> {
        let own = statement.plan.watermark_rule();
        own.or_else(|| match relation(&statement.plan)? {
            Relation::Statement(name) => self.watermark_rule(self.statement(name)?),
            Relation::Source(_) | Relation::Table(_) => None,
        })
    }

    fn accounts(&self, statement: &PlannedStatement) -> Result<Arc<Accounts>, EngineError> {
        let rule = self.watermark_rule(statement);
        let out_of_orderness = rule.map_or(Duration::ZERO, |rule| rule.out_of_orderness);
        let settings = &statement.settings;
        let clock = Arc::clone(&self.clock);
        let accounts = Accounts::new(&statement.name, settings, out_of_orderness, clock, self.start)?;
        Ok(Arc::new(accounts))
    }

    /// A channel for every statement that reads another: senders by the name of the one that is read, receivers in
    /// the order of the statements.
    fn statement_channels(&self) -> (Consumers, Vec<Option<Receiver<Message>>>) {
        let mut consumers = Consumers::new();
        let feeds = self.statements.iter().map(|statement| match relation(&statement.plan) {
            Some(Relation::Statement(name)) => {
                let (sender, receiver) = channel(CHANNEL_EVENTS);
                consumers.entry(name.clone()).or_default().push(sender);
                Some(receiver)
            }
            _ => None,
        });
        let feeds = feeds.collect();
        (consumers, feeds)
    }

    /// The plans that the watermark of a statement's scan reaches: its own and, through each other, its readers'.
    fn plans_fed_by(&self, statement: &PlannedStatement) -> Vec<LogicalPlan> {
        let mut plans = vec![statement.plan.clone()];
        let reads = |other: &&Arc<PlannedStatement>| matches!(relation(&other.plan), Some(Relation::Statement(name)) if *name == statement.name);
        for reader in self.statements.iter().filter(reads) {
            plans.extend(self.plans_fed_by(reader));
        }
        plans
    }

    /// The workers of a statement, all stages.
    fn workers(
        &self,
        statement: &PlannedStatement,
        accounts: &Arc<Accounts>,
        outlets: Outlets,
    ) -> Result<Vec<Worker>, EngineError> {
        let keyed_workers = self.keyed_workers(statement);
        let stages = stages(&statement.plan, &statement.settings, keyed_workers);
        let Outlets { sinks, consumers, feed } = outlets;
        let mut inputs = self.leaf_inputs(statement, &stages[0], feed, accounts)?;
        let mut final_output = Some(Downstream::Final(Outputs::new(sinks, Ports::new(consumers, 0))));
        let mut workers = Vec::new();
        for (index, stage) in stages.iter().enumerate() {
            let count = inputs.len();
            let next = stages
                .get(index + 1)
                .map(|next| (next, Inboxes::new(workers_of(next, keyed_workers))));
            for (port, (input, merge)) in inputs.into_iter().enumerate() {
                let downstream = match &next {
                    Some((next, inboxes)) => inboxes.downstream(next, port).map_err(compile_error(statement))?,
                    None => match final_output.take() {
                        Some(output) => output,
                        None => continue,
                    },
                };
                workers.push(Worker {
                    accounts: Arc::clone(accounts),
                    input,
                    merge,
                    chain: stage.chain(&self.tables).map_err(compile_error(statement))?,
                    downstream,
                    flush: self
                        .follow
                        .then(|| FlushSchedule::new(statement.settings.flush_interval)),
                    busy: Duration::ZERO,
                });
            }
            inputs = match next {
                Some((next, inboxes)) => inboxes.inputs(stage, next, count).map_err(compile_error(statement))?,
                None => Vec::new(),
            };
        }
        Ok(workers)
    }

    /// Workers of each keyed stage of a statement.
    ///
    /// Where several threads decode one file, they do most of the work. Light aggregates then keep up with half as many
    /// workers, and on two cores rows need no exchange at all.
    fn keyed_workers(&self, statement: &PlannedStatement) -> usize {
        let source = match relation(&statement.plan) {
            Some(Relation::Source(name)) => self.sources.get(name),
            _ => None,
        };
        if source.is_some_and(|source| source.decodes_apart()) && has_light_aggregates(&statement.plan) {
            (self.parallelism / 2).max(1)
        } else {
            self.parallelism
        }
    }

    /// What the workers of the first stage read.
    fn leaf_inputs(
        &self,
        statement: &PlannedStatement,
        stage: &Stage,
        feed: Option<Receiver<Message>>,
        accounts: &Arc<Accounts>,
    ) -> Result<Vec<(Input, Merge)>, EngineError> {
        let one = |input| vec![(input, Merge::as_they_come(1))];
        match stage.leaf() {
            Some(Leaf::Scan(scan)) => match (&scan.relation, feed) {
                (Relation::Source(name), _) => {
                    let source = self.sources.get(name).ok_or_else(|| unknown(statement, name))?;
                    self.partitions(statement, scan, source.as_ref(), accounts)
                }
                (Relation::Table(name), _) => {
                    let table = self.tables.get(name).ok_or_else(|| unknown(statement, name))?;
                    self.partitions(statement, scan, &rows_at_rest(table), accounts)
                }
                (Relation::Statement(name), Some(receiver)) => {
                    let read = self.statement(name).ok_or_else(|| unknown(statement, name))?;
                    let scan = self.scan_chain(statement, scan, read.plan.schema())?;
                    Ok(one(Input::Statement { receiver, scan }))
                }
                (Relation::Statement(name), None) => Err(unknown(statement, name)),
            },
            Some(Leaf::Values(plan)) => {
                let rows = values(plan).map_err(compile_error(statement))?;
                Ok(one(Input::Values(Box::new(rows))))
            }
            None => Ok(Vec::new()),
        }
    }

    fn scan_chain(
        &self,
        statement: &PlannedStatement,
        scan: &Scan,
        input: &StreamSchema,
    ) -> Result<Chain, EngineError> {
        let plans = self.plans_fed_by(statement);
        scan_chain(scan, input, &plans).map_err(compile_error(statement))
    }

    /// Opens a source, and deals its partitions out to as many workers as there may be.
    fn partitions(
        &self,
        statement: &PlannedStatement,
        scan: &Scan,
        source: &dyn Source,
        accounts: &Arc<Accounts>,
    ) -> Result<Vec<(Input, Merge)>, EngineError> {
        let name = scan.relation.name();
        let failed = |source| EngineError::Source {
            statement: statement.name.clone(),
            relation: name.to_owned(),
            source,
        };
        if let Some(bytes) = source.estimated_bytes() {
            accounts.metrics.set_bytes_total(bytes);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|source| EngineError::Thread {
            statement: statement.name.clone(),
            source,
        })?;
        let batch_rows = statement.settings.batch_rows;
        let mut open = runtime
            .block_on(OpenSource::open(
                source,
                scan,
                batch_rows,
                self.parallelism,
                self.follow,
            ))
            .map_err(failed)?;
        let readers = std::mem::take(&mut open.readers);
        let workers = readers.len().clamp(1, self.parallelism);
        accounts.set_readers(workers);
        let mut dealt: Vec<Vec<_>> = (0..workers).map(|_| Vec::new()).collect();
        for (index, reader) in readers.into_iter().enumerate() {
            let scan = self.scan_chain(statement, scan, &open.schema)?;
            dealt[index % workers].push(open.partition(reader, scan, &self.clock));
        }
        let input = |partitions: Vec<_>| {
            let merge = Merge::as_they_come(partitions.len().max(1));
            let relation = name.to_owned();
            (Input::Partitions { relation, partitions }, merge)
        };
        Ok(dealt.into_iter().map(input).collect())
    }
}

/// Rows of a table that are read at a time.
const TABLE_BATCH_ROWS: usize = 8192;

/// The rows of a table as a source has them. One that cannot be had has none.
fn rows_at_rest(table: &JoinedTable) -> MemorySource {
    match table {
        JoinedTable::Loaded(live) => {
            let table = live.current();
            MemorySource::new(table.schema().clone(), vec![table.batches(TABLE_BATCH_ROWS).collect()])
        }
        JoinedTable::Missing => MemorySource::new(StreamSchema::of_user_columns([]), vec![Vec::new()]),
    }
}

fn workers_of(stage: &Stage, keyed_workers: usize) -> usize {
    match stage.input {
        StageInput::Keyed => keyed_workers,
        StageInput::Leaf | StageInput::Gathered => 1,
    }
}

/// The channels into a stage's workers.
struct Inboxes {
    senders: Vec<Sender<Message>>,
    receivers: Vec<Receiver<Message>>,
}

impl Inboxes {
    fn new(workers: usize) -> Self {
        let (senders, receivers) = (0..workers).map(|_| channel(CHANNEL_EVENTS)).unzip();
        Self { senders, receivers }
    }

    /// What worker `port` of the stage before sends into.
    fn downstream(&self, stage: &Stage, port: usize) -> Result<Downstream, CompileError> {
        let workers = Ports::new(self.senders.clone(), port);
        Ok(match stage.router()? {
            Some(router) => Downstream::Keyed { router, workers },
            None => Downstream::Gathered(workers),
        })
    }

    /// The inputs of the stage's workers, given the stage before and its number of workers.
    fn inputs(self, before: &Stage, stage: &Stage, ports: usize) -> Result<Vec<(Input, Merge)>, CompileError> {
        let merge = || match stage.input {
            StageInput::Gathered => before.merge(ports),
            StageInput::Leaf | StageInput::Keyed => Ok(Merge::as_they_come(ports)),
        };
        // The senders live on in the workers of the stage before alone, so that a channel ends with them.
        let receivers = self.receivers.into_iter();
        receivers
            .map(|receiver| Ok((Input::Stage(receiver), merge()?)))
            .collect()
    }
}

fn unknown(statement: &PlannedStatement, relation: &str) -> EngineError {
    EngineError::UnknownRelation {
        statement: statement.name.clone(),
        relation: relation.to_owned(),
    }
}

fn compile_error(statement: &PlannedStatement) -> impl Fn(CompileError) -> EngineError {
    let statement = statement.name.clone();
    move |source| EngineError::Compile {
        statement: statement.clone(),
        source,
    }
}
