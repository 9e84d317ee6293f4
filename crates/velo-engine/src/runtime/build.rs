//! From a job to tasks that are wired to each other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use velo_data::Clock;
use velo_datasources::Source;
use velo_planner::physical::{Exchange, Identities, JobGraph, OperatorId, ScanLayout, Stage, StatementLayout};
use velo_planner::plan::{LogicalPlan, PlannedStatement, Relation};
use velo_state::{NamedId, StatementEntry};

use super::checkpoint::{Coordinator, InputDescription, RestoredJob, TaskDescription};
use super::flush::FlushSchedule;
use super::ledger::StatementLedger;
use super::scans::{OpenScan, OpenScans};
use super::sink_output::SinkOutput;
use super::stop::Stop;
use super::task::{Input, Task};
use super::{Job, JobSink, RunOptions, SourceStart};
use crate::chain::Chain;
use crate::compile::{CompiledStage, StageInput, has_light_aggregates, values};
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
pub(super) struct Program {
    pub(super) statements: Vec<PlannedStatement>,
    pub(super) sources: HashMap<String, Arc<dyn Source>>,
    pub(super) tables: HashMap<String, JoinedTable>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) parallelism: usize,
    pub(super) follow: bool,
    pub(super) start: SourceStart,
    pub(super) restored: RestoredJob,
}

pub(super) fn build(
    job: Job,
    parallelism: usize,
    options: &RunOptions,
    start: SourceStart,
    stop: &Arc<Stop>,
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
    let mut scans = program.open_sources(&ledgers)?;
    let layouts = program
        .statements
        .iter()
        .zip(std::mem::take(&mut scans.layouts))
        .zip(&sinks);
    let layouts: Vec<_> = layouts
        .map(|((statement, scans), sinks)| (statement, program.layout(statement, scans, sinks)))
        .collect();
    let graph = JobGraph::new(&layouts);
    scans.align(&graph);
    let mut coordinator = options.checkpoints.clone().map(|checkpoints| {
        let around = (Arc::clone(&options.clock), Arc::clone(&options.progress));
        Coordinator::new(checkpoints, parallelism, around, program.remembered(&sinks))
    });
    let workers = Wiring::new(&program, &graph, &ledgers)?.tasks(scans, sinks, coordinator.as_mut(), stop)?;
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
    pub(super) fn plans_fed_by<'a>(&'a self, statement: &'a PlannedStatement) -> Vec<&'a LogicalPlan> {
        let mut plans = vec![&statement.plan];
        let reads = |other: &&PlannedStatement| other.plan.statements().any(|name| name == statement.name);
        for reader in self.statements.iter().filter(reads) {
            plans.extend(self.plans_fed_by(reader));
        }
        plans
    }

    fn layout(&self, statement: &PlannedStatement, scans: Vec<ScanLayout>, sinks: &[JobSink]) -> StatementLayout {
        StatementLayout {
            scans,
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
        mut scans: OpenScans,
        mut sinks: Vec<Vec<JobSink>>,
        mut coordinator: Option<&mut Coordinator>,
        stop: &Arc<Stop>,
    ) -> Result<Vec<Vec<Task>>, EngineError> {
        let homes = self.homes();
        let mut workers: Vec<Vec<Task>> = (0..self.program.parallelism).map(|_| Vec::new()).collect();
        for (index, stage) in self.graph.stages.iter().enumerate() {
            let ledger = &self.ledgers[stage.statement];
            if stage.is_output {
                ledger.set_outputs(stage.instances);
            }
            let (descriptions, inputs) = self.inputs(index, stage, &mut scans)?;
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
                        inputs: descriptions.clone(),
                    })
                });
                let task = Task {
                    ledger: Arc::clone(ledger),
                    stop: Arc::clone(stop),
                    input: if self.has_ended(stage) {
                        input_of_task.into_ended()
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

    /// Whether nothing more came out of a stage when the checkpoint was taken that the job goes on from. Those of its operators that
    /// stand before a limit need not have ended then, in a job whose stages were others.
    fn has_ended(&self, stage: &Stage) -> bool {
        let last = stage.operators.last();
        last.is_some_and(|operator| self.program.restored.ended.contains(&operator.id))
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

    /// Where the events of each instance of a stage come from, and the scans that they are read for if it is a source or a table.
    fn inputs(
        &mut self,
        index: usize,
        stage: &Stage,
        scans: &mut OpenScans,
    ) -> Result<(Vec<InputDescription>, Vec<Input>), EngineError> {
        if let Some(edge) = self.graph.inputs(index).next() {
            // What a stage reads for several statements counts for each of them as it is read.
            let from = &self.graph.stages[edge.from];
            let is_read = from.is_output && from.statement != stage.statement;
            let inputs = (0..stage.instances).map(|instance| {
                let receiver = self.receiver(index, instance)?;
                Ok(Input::Stage { receiver, is_read })
            });
            return Ok((Vec::new(), inputs.collect::<Result<_, EngineError>>()?));
        }
        let statement = self.statement(index);
        if let Some(LogicalPlan::Values(plan)) = stage.first() {
            let rows = values(plan).map_err(compile_error(statement))?;
            return Ok((Vec::new(), vec![Input::Values(Box::new(rows))]));
        }
        let id = stage.operators.first().map(|operator| operator.id);
        Ok(match id.and_then(|id| scans.take(id)) {
            Some(OpenScan { inputs, tasks }) => (inputs, tasks.into_iter().map(Input::Source).collect()),
            None => (Vec::new(), Vec::new()),
        })
    }
}

/// The operators of a stage, with what people call them.
fn names(stage: &Stage) -> Vec<(OperatorId, &'static str)> {
    let operators = stage.operators.iter();
    operators.map(|operator| (operator.id, operator.node.name())).collect()
}

pub(super) fn unknown(statement: &PlannedStatement, relation: &str) -> EngineError {
    EngineError::UnknownRelation {
        statement: statement.name.clone(),
        relation: relation.to_owned(),
    }
}

pub(super) fn compile_error(statement: &PlannedStatement) -> impl Fn(CompileError) -> EngineError + use<> {
    let statement = statement.name.clone();
    move |source| EngineError::Compile {
        statement: statement.clone(),
        source,
    }
}

pub(super) fn restore_error(statement: &PlannedStatement) -> impl Fn(OperatorError) -> EngineError + use<> {
    let statement = statement.name.clone();
    move |source| EngineError::Restore {
        statement: statement.clone(),
        source,
    }
}
