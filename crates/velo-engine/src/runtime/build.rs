//! From a job to tasks that are wired to each other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use velo_data::{Clock, StreamSchema};
use velo_datasources::{MemorySource, Sink, Source};
use velo_planner::physical::{Exchange, JobGraph, Stage, StatementLayout};
use velo_planner::plan::{LogicalPlan, PlannedStatement, Relation, Scan, WatermarkRule};

use super::flush::FlushSchedule;
use super::ledger::StatementLedger;
use super::sink_output::SinkOutput;
use super::source_input::SourceInput;
use super::split::{OpenSource, Split};
use super::task::{Input, Task};
use super::{Job, RunOptions, SourceStart};
use crate::chain::Chain;
use crate::compile::{CompiledStage, StageInput, has_light_aggregates, relation, scan_chain, values};
use crate::error::{CompileError, EngineError};
use crate::exchange::{Channels, Receiver, Route, Sender};
use crate::table::JoinedTable;

/// A job that is ready to run.
pub(super) struct Built {
    /// The tasks of each worker.
    pub(super) workers: Vec<Vec<Task>>,
    /// In the order of the statements.
    pub(super) ledgers: Vec<Arc<StatementLedger>>,
}

/// What building a statement needs to know of the others.
struct Program {
    statements: Vec<PlannedStatement>,
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
    let (statements, sinks): (Vec<_>, Vec<_>) = job
        .statements
        .into_iter()
        .map(|statement| (statement.planned, statement.sinks))
        .unzip();
    let program = Program {
        statements,
        sources: job.sources,
        tables: job.tables,
        start,
        clock: Arc::clone(&options.clock),
        parallelism,
        follow: options.follow,
    };
    program.check()?;
    let ledgers = program.statements.iter().map(|statement| program.ledger(statement));
    let ledgers = ledgers.collect::<Result<Vec<_>, _>>()?;
    options
        .progress
        .start(ledgers.iter().map(|ledger| Arc::clone(&ledger.metrics)).collect());
    let inputs = program.open_sources(&ledgers)?;
    let layouts = program.statements.iter().zip(&inputs).zip(&sinks);
    let layouts: Vec<_> = layouts
        .map(|((statement, splits), sinks)| (statement, program.layout(statement, splits, sinks)))
        .collect();
    let graph = JobGraph::new(&layouts);
    let workers = Wiring::new(&program, &graph, &ledgers)?.tasks(inputs, sinks)?;
    Ok(Built { workers, ledgers })
}

impl Program {
    fn statement(&self, name: &str) -> Option<&PlannedStatement> {
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

    fn ledger(&self, statement: &PlannedStatement) -> Result<Arc<StatementLedger>, EngineError> {
        let rule = self.watermark_rule(statement);
        let out_of_orderness = rule.map_or(Duration::ZERO, |rule| rule.out_of_orderness);
        let settings = &statement.settings;
        let clock = Arc::clone(&self.clock);
        let ledger = StatementLedger::new(&statement.name, settings, out_of_orderness, clock, self.start)?;
        Ok(Arc::new(ledger))
    }

    /// The plans that the watermark of a statement's scan reaches: its own and, through each other, its readers'.
    fn plans_fed_by<'a>(&'a self, statement: &'a PlannedStatement) -> Vec<&'a LogicalPlan> {
        let mut plans = vec![&statement.plan];
        let reads = |other: &&PlannedStatement| matches!(relation(&other.plan), Some(Relation::Statement(name)) if *name == statement.name);
        for reader in self.statements.iter().filter(reads) {
            plans.extend(self.plans_fed_by(reader));
        }
        plans
    }

    fn layout(&self, statement: &PlannedStatement, splits: &[Vec<Split>], sinks: &[Box<dyn Sink>]) -> StatementLayout {
        StatementLayout {
            split_instances: splits.len().max(1),
            keyed_instances: self.keyed_instances(statement),
            gathers_output: !sinks.is_empty(),
        }
    }

    /// Instances of the keyed stages of a statement.
    ///
    /// Where several threads decode one file, they do most of the work. Light aggregates then keep up with half as many
    /// workers, and on two cores rows need no exchange at all.
    fn keyed_instances(&self, statement: &PlannedStatement) -> usize {
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

    /// The splits of what each statement reads, dealt out to as many tasks as there may be; none for those that read no source
    /// and no table.
    fn open_sources(&self, ledgers: &[Arc<StatementLedger>]) -> Result<Vec<Vec<Vec<Split>>>, EngineError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let thread = |source| EngineError::Thread {
            statement: self
                .statements
                .first()
                .map(|first| first.name.clone())
                .unwrap_or_default(),
            source,
        };
        let runtime = runtime.map_err(thread)?;
        let statements = self.statements.iter().zip(ledgers);
        let opened = statements.map(|(statement, ledger)| {
            let Some(scan) = statement.plan.scan() else {
                return Ok(Vec::new());
            };
            match &scan.relation {
                Relation::Source(name) => {
                    let source = self.sources.get(name).ok_or_else(|| unknown(statement, name))?;
                    runtime.block_on(self.splits(statement, scan, source.as_ref(), ledger))
                }
                Relation::Table(name) => {
                    let table = self.tables.get(name).ok_or_else(|| unknown(statement, name))?;
                    runtime.block_on(self.splits(statement, scan, &rows_at_rest(table), ledger))
                }
                Relation::Statement(_) => Ok(Vec::new()),
            }
        });
        opened.collect()
    }

    async fn splits(
        &self,
        statement: &PlannedStatement,
        scan: &Scan,
        source: &dyn Source,
        ledger: &StatementLedger,
    ) -> Result<Vec<Vec<Split>>, EngineError> {
        if let Some(bytes) = source.estimated_bytes() {
            ledger.metrics.set_bytes_total(bytes);
        }
        let batch_rows = statement.settings.batch_rows;
        let opened = OpenSource::open(source, scan, batch_rows, self.parallelism, self.follow).await;
        let mut open = opened.map_err(|source| EngineError::Source {
            statement: statement.name.clone(),
            relation: scan.relation.name().to_owned(),
            source,
        })?;
        let readers = std::mem::take(&mut open.readers);
        let tasks = readers.len().clamp(1, self.parallelism);
        ledger.set_readers(tasks);
        let plans = self.plans_fed_by(statement);
        let mut dealt: Vec<Vec<_>> = (0..tasks).map(|_| Vec::new()).collect();
        for (index, reader) in readers.into_iter().enumerate() {
            let scan = scan_chain(scan, &open.schema, &plans).map_err(compile_error(statement))?;
            dealt[index % tasks].push(open.split(reader, scan, &self.clock));
        }
        Ok(dealt)
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

/// The stages of a job while they are connected.
struct Wiring<'a> {
    program: &'a Program,
    graph: &'a JobGraph,
    ledgers: &'a [Arc<StatementLedger>],
    compiled: Vec<CompiledStage<'a>>,
    /// What each instance of each stage sends to.
    senders: Vec<Vec<Vec<Sender>>>,
    /// What each instance of each stage that does not read a source takes events from.
    receivers: Vec<Vec<Option<Receiver>>>,
}

impl<'a> Wiring<'a> {
    fn new(
        program: &'a Program,
        graph: &'a JobGraph,
        ledgers: &'a [Arc<StatementLedger>],
    ) -> Result<Self, EngineError> {
        let compiled = graph.stages.iter();
        let compiled = compiled.map(|stage| CompiledStage::new(stage, &program.statements[stage.statement].settings));
        let instances = || graph.stages.iter().map(|stage| stage.instances);
        let mut wiring = Self {
            program,
            graph,
            ledgers,
            compiled: compiled.collect(),
            senders: instances()
                .map(|count| (0..count).map(|_| Vec::new()).collect())
                .collect(),
            receivers: instances().map(|count| (0..count).map(|_| None).collect()).collect(),
        };
        for stage in 0..graph.stages.len() {
            wiring.connect(stage)?;
        }
        Ok(wiring)
    }

    /// Connects a stage to those that it gets rows from.
    fn connect(&mut self, stage: usize) -> Result<(), EngineError> {
        for edge in self.graph.inputs(stage) {
            let (senders, receivers) = (
                self.graph.stages[edge.from].instances,
                self.graph.stages[stage].instances,
            );
            let channels = match edge.exchange {
                Exchange::Forward => Channels::between_pairs(receivers),
                Exchange::Hash | Exchange::Gather | Exchange::GatherInOrder => {
                    Channels::between_all(senders, receivers)
                }
            };
            for (instance, channels) in channels.senders.into_iter().enumerate() {
                let route = match edge.exchange {
                    Exchange::Hash => Route::Hash(self.compiled[stage].router().map_err(self.compile_error(stage))?),
                    Exchange::Forward | Exchange::Gather | Exchange::GatherInOrder => Route::Only,
                };
                self.senders[edge.from][instance].push(Sender::new(route, channels));
            }
            for (instance, channels) in channels.receivers.into_iter().enumerate() {
                let merge = self.compiled[edge.from].merge(edge.exchange, channels.len());
                let merge = merge.map_err(self.compile_error(edge.from))?;
                self.receivers[stage][instance] = Some(Receiver::new(channels, merge));
            }
        }
        Ok(())
    }

    fn compile_error(&self, stage: usize) -> impl Fn(CompileError) -> EngineError + use<> {
        compile_error(self.statement(stage))
    }

    fn statement(&self, stage: usize) -> &'a PlannedStatement {
        &self.program.statements[self.graph.stages[stage].statement]
    }

    /// The tasks of each worker, given the splits and the sinks of each statement.
    fn tasks(
        mut self,
        mut splits: Vec<Vec<Vec<Split>>>,
        mut sinks: Vec<Vec<Box<dyn Sink>>>,
    ) -> Result<Vec<Vec<Task>>, EngineError> {
        let homes = self.homes();
        let mut workers: Vec<Vec<Task>> = (0..self.program.parallelism).map(|_| Vec::new()).collect();
        for (index, stage) in self.graph.stages.iter().enumerate() {
            let ledger = &self.ledgers[stage.statement];
            if stage.is_output {
                ledger.set_outputs(stage.instances);
            }
            let mut splits = std::mem::take(&mut splits[stage.statement]).into_iter();
            for instance in 0..stage.instances {
                let task = Task {
                    ledger: Arc::clone(ledger),
                    input: self.input(index, instance, &mut splits)?,
                    chain: self.chain(index, stage)?,
                    senders: std::mem::take(&mut self.senders[index][instance]),
                    output: stage
                        .is_output
                        .then(|| SinkOutput::new(std::mem::take(&mut sinks[stage.statement]))),
                    flush: self
                        .program
                        .follow
                        .then(|| FlushSchedule::new(self.program.statements[stage.statement].settings.flush_interval)),
                    busy: Duration::ZERO,
                };
                let worker = (homes[index] + instance) % workers.len();
                workers[worker].push(task);
            }
        }
        Ok(workers)
    }

    /// The worker of the first instance of each stage. What is forwarded stays with its worker, where it is in the cache; stages
    /// of one instance are dealt out.
    fn homes(&self) -> Vec<usize> {
        let mut homes: Vec<usize> = Vec::with_capacity(self.graph.stages.len());
        let mut next = 0;
        for (index, stage) in self.graph.stages.iter().enumerate() {
            let forwarded = self.graph.inputs(index).find(|edge| edge.exchange == Exchange::Forward);
            let home = match forwarded {
                Some(edge) => homes[edge.from],
                None if stage.instances > 1 => 0,
                None => {
                    next += 1;
                    next - 1
                }
            };
            homes.push(home);
        }
        homes
    }

    fn chain(&self, index: usize, stage: &Stage) -> Result<Chain, EngineError> {
        let statement = &self.program.statements[stage.statement];
        let read = match relation(&statement.plan) {
            Some(Relation::Statement(name)) => self.program.statement(name).map(|read| read.plan.schema()),
            _ => None,
        };
        let input = StageInput {
            tables: &self.program.tables,
            read,
            reached: &self.program.plans_fed_by(statement),
        };
        self.compiled[index].chain(&input).map_err(compile_error(statement))
    }

    /// Where the events of an instance come from.
    fn input(
        &mut self,
        stage: usize,
        instance: usize,
        splits: &mut impl Iterator<Item = Vec<Split>>,
    ) -> Result<Input, EngineError> {
        if let Some(receiver) = self.receivers[stage][instance].take() {
            let own = self.graph.stages[stage].statement;
            let mut inputs = self.graph.inputs(stage);
            let is_read = inputs.any(|edge| self.graph.stages[edge.from].statement != own);
            return Ok(Input::Stage { receiver, is_read });
        }
        let statement = self.statement(stage);
        match self.graph.stages[stage].operators.first() {
            Some(LogicalPlan::Values(plan)) => {
                let rows = values(plan).map_err(compile_error(statement))?;
                Ok(Input::Values(Box::new(rows)))
            }
            _ => {
                let relation = statement.plan.scan().map(|scan| scan.relation.name().to_owned());
                let splits = splits.next().unwrap_or_default();
                let source = SourceInput::new(relation.unwrap_or_default(), splits, self.program.follow);
                Ok(Input::Source(source))
            }
        }
    }
}

fn unknown(statement: &PlannedStatement, relation: &str) -> EngineError {
    EngineError::UnknownRelation {
        statement: statement.name.clone(),
        relation: relation.to_owned(),
    }
}

fn compile_error(statement: &PlannedStatement) -> impl Fn(CompileError) -> EngineError + use<> {
    let statement = statement.name.clone();
    move |source| EngineError::Compile {
        statement: statement.clone(),
        source,
    }
}
