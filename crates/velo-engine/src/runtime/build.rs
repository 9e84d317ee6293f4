//! From a job to tasks that are wired to each other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use velo_data::{Clock, StreamSchema};
use velo_datasources::{MemorySource, Source};
use velo_planner::physical::{Exchange, Identities, JobGraph, OperatorId, Stage, StatementLayout};
use velo_planner::plan::{LogicalPlan, PlannedStatement, Relation, Scan};
use velo_state::{NamedId, StatementEntry};

use super::alignment::Alignment;
use super::checkpoint::{Coordinator, RestoredJob, TaskDescription};
use super::flush::FlushSchedule;
use super::ledger::StatementLedger;
use super::reading::Reading;
use super::sink_output::SinkOutput;
use super::source_input::SourceInput;
use super::split::{OpenSource, ReadOptions};
use super::task::{Input, Task};
use super::{Job, JobSink, RunOptions, SourceStart};
use crate::chain::Chain;
use crate::compile::{CompiledStage, StageInput, has_light_aggregates, scan_chain, values};
use crate::error::{CompileError, EngineError, OperatorError};
use crate::event::Event;
use crate::exchange::{Channels, Merge, Receiver, Route, Sender};
use crate::keys::KeyGroups;
use crate::table::JoinedTable;

/// A job that is ready to run.
pub(super) struct Built {
    /// The tasks of each worker.
    pub(super) workers: Vec<Vec<Task>>,
    /// In the order of the statements.
    pub(super) ledgers: Vec<Arc<StatementLedger>>,
    /// What takes checkpoints, if any are taken.
    pub(super) coordinator: Option<Coordinator>,
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
    restored: RestoredJob,
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
        // Of what goes on, only the rest is read.
        start: if job.restored.is_empty() {
            start
        } else {
            SourceStart::Increment
        },
        restored: job.restored,
        clock: Arc::clone(&options.clock),
        parallelism,
        follow: options.follow,
    };
    program.check()?;
    program.check_cycles()?;
    let ledgers = program.statements.iter().map(|statement| program.ledger(statement));
    let ledgers = ledgers.collect::<Result<Vec<_>, _>>()?;
    options
        .progress
        .start(ledgers.iter().map(|ledger| Arc::clone(&ledger.metrics)).collect());
    let mut inputs = program.open_sources(&ledgers)?;
    let layouts = program.statements.iter().zip(&inputs).zip(&sinks);
    let layouts: Vec<_> = layouts
        .map(|((statement, splits), sinks)| (statement, program.layout(statement, splits, sinks)))
        .collect();
    let graph = JobGraph::new(&layouts);
    program.align(&graph, &mut inputs);
    let mut coordinator = options.checkpoints.clone().map(|checkpoints| {
        let around = (Arc::clone(&options.clock), Arc::clone(&options.progress));
        Coordinator::new(checkpoints, parallelism, around, program.remembered(&sinks))
    });
    let workers = Wiring::new(&program, &graph, &ledgers)?.tasks(inputs, sinks, coordinator.as_mut())?;
    Ok(Built {
        workers,
        ledgers,
        coordinator,
    })
}

impl Program {
    fn statement(&self, name: &str) -> Option<&PlannedStatement> {
        self.statements.iter().find(|statement| statement.name == name)
    }

    /// Has the sources be read side by side whose rows meet in a union.
    fn align(&self, graph: &JobGraph, inputs: &mut [Vec<OpenScan>]) {
        let groups = graph.meeting_sources();
        // Stages that read come in the order of the scans.
        let mut scans: Vec<_> = inputs.iter_mut().map(|inputs| inputs.iter_mut()).collect();
        let mut alignments: HashMap<usize, Arc<Alignment>> = HashMap::new();
        for (index, stage) in graph.stages.iter().enumerate() {
            if !stage.reads_source() {
                continue;
            }
            let Some(scan) = scans.get_mut(stage.statement).and_then(Iterator::next) else {
                continue;
            };
            if let Some(group) = groups.get(&index) {
                let alignment = alignments.entry(*group).or_insert_with(Alignment::new);
                scan.inputs.iter_mut().for_each(|input| input.align(alignment.join()));
            }
        }
    }

    /// What each statement remembers, given the sinks of each.
    fn remembered(&self, sinks: &[Vec<JobSink>]) -> Vec<StatementEntry> {
        let identities = Identities::new(&self.statements);
        let statements = self.statements.iter().zip(sinks).map(|(statement, sinks)| {
            let identity = identities.of(statement);
            let operators = identity.operators.into_iter().map(|operator| NamedId {
                id: operator.id.to_string(),
                name: operator.operator.to_owned(),
            });
            let inputs = identity.inputs.into_iter().map(|input| NamedId {
                id: input.id.to_string(),
                name: input.relation,
            });
            StatementEntry {
                statement: identity.statement,
                operators: operators.collect(),
                inputs: inputs.collect(),
                sinks: sinks
                    .iter()
                    .map(|sink| sink.name.clone())
                    .filter(|name| !name.is_empty())
                    .collect(),
            }
        });
        statements.collect()
    }

    /// Every relation is there with its columns.
    fn check(&self) -> Result<(), EngineError> {
        for statement in &self.statements {
            if statement.columns_unknown {
                // What it names would be NULL, whatever the records have.
                return Err(EngineError::ColumnsUnknown {
                    statement: statement.name.clone(),
                });
            }
            for scan in statement.plan.scans() {
                let (name, is_there) = match &scan.relation {
                    Relation::Statement(name) => (name, self.statement(name).is_some()),
                    Relation::Table(name) => (name, self.tables.contains_key(name)),
                    Relation::Source(name) => (name, self.sources.contains_key(name)),
                };
                if !is_there {
                    return Err(unknown(statement, name));
                }
            }
        }
        Ok(())
    }

    /// Nothing reads itself, directly or through others.
    fn check_cycles(&self) -> Result<(), EngineError> {
        let mut waiting: Vec<&PlannedStatement> = self.statements.iter().collect();
        let mut ready: HashSet<&str> = HashSet::new();
        while let Some(first) = waiting.first() {
            let circular = EngineError::Cycle {
                statement: first.name.clone(),
            };
            let before = waiting.len();
            waiting.retain(|statement| {
                let is_ready = statement.plan.statements().all(|name| ready.contains(name));
                if is_ready {
                    ready.insert(&statement.name);
                }
                !is_ready
            });
            if waiting.len() == before {
                return Err(circular);
            }
        }
        Ok(())
    }

    /// How far the rows of a statement may be out of order, by what makes their watermarks: the statement itself, or those
    /// that it reads.
    fn out_of_orderness(&self, statement: &PlannedStatement) -> Duration {
        let own = statement
            .plan
            .watermark_rules()
            .into_iter()
            .map(|rule| rule.out_of_orderness);
        own.max().unwrap_or_else(|| {
            let read = statement.plan.statements().filter_map(|name| self.statement(name));
            read.map(|read| self.out_of_orderness(read)).max().unwrap_or_default()
        })
    }

    fn ledger(&self, statement: &PlannedStatement) -> Result<Arc<StatementLedger>, EngineError> {
        let out_of_orderness = self.out_of_orderness(statement);
        let settings = &statement.settings;
        let clock = Arc::clone(&self.clock);
        let ledger = StatementLedger::new(&statement.name, settings, out_of_orderness, clock, self.start)?;
        Ok(Arc::new(ledger))
    }

    /// The plans that the watermark of a statement's scan reaches: its own and, through each other, its readers'.
    fn plans_fed_by<'a>(&'a self, statement: &'a PlannedStatement) -> Vec<&'a LogicalPlan> {
        let mut plans = vec![&statement.plan];
        let reads = |other: &&PlannedStatement| other.plan.statements().any(|name| name == statement.name);
        for reader in self.statements.iter().filter(reads) {
            plans.extend(self.plans_fed_by(reader));
        }
        plans
    }

    fn layout(&self, statement: &PlannedStatement, sources: &[OpenScan], sinks: &[JobSink]) -> StatementLayout {
        StatementLayout {
            split_instances: sources.iter().map(|source| source.inputs.len()).collect(),
            keyed_instances: self.keyed_instances(statement),
            gathers_output: !sinks.is_empty(),
        }
    }

    /// Instances of the keyed stages of a statement.
    ///
    /// Where several threads decode one file, they do most of the work. Light aggregates then keep up with half as many
    /// workers, and on two cores rows need no exchange at all.
    fn keyed_instances(&self, statement: &PlannedStatement) -> usize {
        let decodes_apart = |name: &str| self.sources.get(name).is_some_and(|source| source.decodes_apart());
        let mut sources = statement.plan.sources().peekable();
        if sources.peek().is_some() && sources.all(decodes_apart) && has_light_aggregates(&statement.plan) {
            (self.parallelism / 2).max(1)
        } else {
            self.parallelism
        }
    }

    /// Opens the sources and tables that each statement reads, in the order of its scans.
    fn open_sources(&self, ledgers: &[Arc<StatementLedger>]) -> Result<Vec<Vec<OpenScan>>, EngineError> {
        let Some(first) = self.statements.first() else {
            return Ok(Vec::new());
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|source| EngineError::Thread {
            statement: first.name.clone(),
            source,
        })?;
        let identities = Identities::new(&self.statements);
        let statements = self.statements.iter().zip(ledgers);
        let opened = statements.map(|(statement, ledger)| {
            let inputs = identities.of(statement).inputs.into_iter().map(|input| input.id);
            runtime.block_on(self.open_scans(statement, inputs, ledger))
        });
        opened.collect()
    }

    /// Opens what the scans of a statement read, which have these ids.
    async fn open_scans(
        &self,
        statement: &PlannedStatement,
        mut ids: impl Iterator<Item = OperatorId>,
        ledger: &StatementLedger,
    ) -> Result<Vec<OpenScan>, EngineError> {
        let mut opened = Vec::new();
        let mut bytes_total = Some(0);
        for scan in statement.plan.scans() {
            let rows_at_rest;
            let source: &dyn Source = match &scan.relation {
                Relation::Statement(_) => continue,
                Relation::Source(name) => self.sources.get(name).ok_or_else(|| unknown(statement, name))?.as_ref(),
                Relation::Table(name) => {
                    rows_at_rest = table_source(self.tables.get(name).ok_or_else(|| unknown(statement, name))?);
                    &rows_at_rest
                }
            };
            bytes_total = bytes_total
                .zip(source.estimated_bytes())
                .map(|(total, bytes)| total + bytes);
            // There is one for each scan that reads no statement.
            let id = ids.next().unwrap_or_default();
            opened.push(self.open_scan(statement, id, scan, source).await?);
        }
        if let Some(bytes) = bytes_total.filter(|_| !opened.is_empty()) {
            ledger.metrics.set_bytes_total(bytes);
        }
        Ok(opened)
    }

    /// Opens what a scan reads, and deals its splits out to as many tasks as there may be.
    async fn open_scan(
        &self,
        statement: &PlannedStatement,
        id: OperatorId,
        scan: &Scan,
        source: &dyn Source,
    ) -> Result<OpenScan, EngineError> {
        let restored = self.restored.inputs.get(&id);
        let relation = scan.relation.name().to_owned();
        let input = (id, relation.clone());
        if let Some(restored) = restored.filter(|_| self.restored.ended.contains(&id)) {
            let reading = Arc::new(Reading::new(relation, 1));
            return Ok(OpenScan {
                input,
                inputs: vec![SourceInput::ended_before(reading, restored.splits.clone())],
            });
        }
        let how = ReadOptions {
            batch_rows: statement.settings.batch_rows,
            decode_threads: self.parallelism,
            follow: self.follow,
        };
        let is_resumable = source.is_resumable() && !matches!(scan.relation, Relation::Table(_));
        let restored = restored.filter(|_| is_resumable);
        let opened = OpenSource::open(source, (id, scan), &how, restored).await;
        let mut open = opened.map_err(|source| EngineError::Source {
            statement: statement.name.clone(),
            relation: relation.clone(),
            source,
        })?;
        let splits = std::mem::take(&mut open.splits);
        let count = splits.len().clamp(1, self.parallelism);
        let plans = self.plans_fed_by(statement);
        let mut tasks: Vec<Vec<_>> = (0..count).map(|_| Vec::new()).collect();
        for (index, split) in splits.into_iter().enumerate() {
            let scan = scan_chain(id, scan, &open.schema, &plans).map_err(compile_error(statement))?;
            let split = open.split(split, scan, restored, &self.clock);
            tasks[index % count].push(split.map_err(restore_error(statement))?);
        }
        let reading = Arc::new(Reading::new(relation, count));
        let inputs = tasks
            .into_iter()
            .map(|splits| SourceInput::new(Arc::clone(&reading), splits, self.follow, is_resumable));
        Ok(OpenScan {
            input,
            inputs: inputs.collect(),
        })
    }
}

/// A source or table that is open for a scan.
struct OpenScan {
    /// The id of the scan, and what it reads.
    input: (OperatorId, String),
    /// What each task reads.
    inputs: Vec<SourceInput>,
}

/// Rows of a table that are read at a time.
const TABLE_BATCH_ROWS: usize = 8192;

/// The rows of a table as a source has them. One that cannot be had has none.
fn table_source(table: &JoinedTable) -> MemorySource {
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
    /// What each instance of each stage gets from others.
    receivers: Vec<Vec<Vec<mpsc::Receiver<Event>>>>,
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
            receivers: instances()
                .map(|count| (0..count).map(|_| Vec::new()).collect())
                .collect(),
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
                Exchange::Forward => Channels::between_pairs(senders, receivers),
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
                self.receivers[stage][instance].extend(channels);
            }
        }
        Ok(())
    }

    /// What an instance gets from other stages, as one stream.
    fn receiver(&mut self, stage: usize, instance: usize) -> Result<Receiver, EngineError> {
        let channels = std::mem::take(&mut self.receivers[stage][instance]);
        let mut inputs = self.graph.inputs(stage);
        let merge = match inputs.find(|edge| edge.exchange == Exchange::GatherInOrder) {
            Some(edge) => {
                let merge = self.compiled[edge.from].merge(edge.exchange, channels.len());
                merge.map_err(self.compile_error(edge.from))?
            }
            None => Merge::as_they_come(channels.len()),
        };
        Ok(Receiver::new(channels, merge))
    }

    fn compile_error(&self, stage: usize) -> impl Fn(CompileError) -> EngineError + use<> {
        compile_error(self.statement(stage))
    }

    fn statement(&self, stage: usize) -> &'a PlannedStatement {
        &self.program.statements[self.graph.stages[stage].statement]
    }

    /// The tasks of each worker, given what the scans and the sinks of each statement have opened.
    fn tasks(
        mut self,
        sources: Vec<Vec<OpenScan>>,
        mut sinks: Vec<Vec<JobSink>>,
        mut coordinator: Option<&mut Coordinator>,
    ) -> Result<Vec<Vec<Task>>, EngineError> {
        let homes = self.homes();
        // Stages that read come in the order of the scans.
        let mut sources: Vec<_> = sources.into_iter().map(Vec::into_iter).collect();
        let mut workers: Vec<Vec<Task>> = (0..self.program.parallelism).map(|_| Vec::new()).collect();
        for (index, stage) in self.graph.stages.iter().enumerate() {
            let ledger = &self.ledgers[stage.statement];
            if stage.is_output {
                ledger.set_outputs(stage.instances);
            }
            let (input, inputs) = self.inputs(index, stage, &mut sources[stage.statement])?;
            for (instance, input_of_task) in inputs.into_iter().enumerate() {
                let mut chain = self.chain(index, stage)?;
                let owned = KeyGroups::of_worker(instance, stage.instances);
                let restored = chain.restore(&self.program.restored.operators, &owned);
                restored.map_err(restore_error(self.statement(index)))?;
                let barriers = coordinator.as_deref_mut().and_then(|coordinator| {
                    coordinator.add(TaskDescription {
                        stage: index,
                        statement: self.statement(index).name.clone(),
                        operators: names(stage),
                        input: input.clone(),
                    })
                });
                let task = Task {
                    ledger: Arc::clone(ledger),
                    input: if self.has_ended(stage) {
                        Input::Ended
                    } else {
                        input_of_task
                    },
                    chain,
                    senders: std::mem::take(&mut self.senders[index][instance]),
                    output: stage
                        .is_output
                        .then(|| SinkOutput::new(std::mem::take(&mut sinks[stage.statement]))),
                    flush: self
                        .program
                        .follow
                        .then(|| FlushSchedule::new(self.program.statements[stage.statement].settings.flush_interval)),
                    busy: Duration::ZERO,
                    barriers,
                    splits: Vec::new(),
                };
                let worker = (homes[index] + instance) % workers.len();
                workers[worker].push(task);
            }
        }
        Ok(workers)
    }

    /// Whether all of a stage had come to its end when the checkpoint was taken that the job goes on from.
    fn has_ended(&self, stage: &Stage) -> bool {
        let ended = &self.program.restored.ended;
        // What reads a source that has ended tells how far it was read.
        let reads =
            matches!(stage.first(), Some(LogicalPlan::Scan(scan)) if !matches!(scan.relation, Relation::Statement(_)));
        !reads && !stage.operators.is_empty() && stage.operators.iter().all(|operator| ended.contains(&operator.id))
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
        let read = match stage.first() {
            Some(LogicalPlan::Scan(scan)) => self.program.statement(scan.relation.name()),
            _ => None,
        };
        let input = StageInput {
            tables: &self.program.tables,
            read: read.map(|read| read.plan.schema()),
            reached: &self.program.plans_fed_by(statement),
        };
        self.compiled[index].chain(&input).map_err(compile_error(statement))
    }

    /// Where the events of each instance of a stage come from, and what they read if it is a source or a table.
    fn inputs(
        &mut self,
        index: usize,
        stage: &Stage,
        sources: &mut impl Iterator<Item = OpenScan>,
    ) -> Result<(Option<(OperatorId, String)>, Vec<Input>), EngineError> {
        if let Some(edge) = self.graph.inputs(index).next() {
            let is_read = self.graph.stages[edge.from].statement != stage.statement;
            let inputs = (0..stage.instances).map(|instance| {
                let receiver = self.receiver(index, instance)?;
                Ok(Input::Stage { receiver, is_read })
            });
            return Ok((None, inputs.collect::<Result<_, EngineError>>()?));
        }
        let statement = self.statement(index);
        if let Some(LogicalPlan::Values(plan)) = stage.first() {
            let rows = values(plan).map_err(compile_error(statement))?;
            return Ok((None, vec![Input::Values(Box::new(rows))]));
        }
        Ok(match sources.next() {
            Some(OpenScan { input, inputs }) => (Some(input), inputs.into_iter().map(Input::Source).collect()),
            None => (None, Vec::new()),
        })
    }
}

/// The operators of a stage, with what people call them.
fn names(stage: &Stage) -> Vec<(OperatorId, &'static str)> {
    let operators = stage.operators.iter();
    operators.map(|operator| (operator.id, operator.node.name())).collect()
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

fn restore_error(statement: &PlannedStatement) -> impl Fn(OperatorError) -> EngineError + use<> {
    let statement = statement.name.clone();
    move |source| EngineError::Restore {
        statement: statement.clone(),
        source,
    }
}
