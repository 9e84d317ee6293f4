use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};
use velo_data::Clock;
use velo_planner::physical::OperatorId;
use velo_state::{
    CheckpointDetails, CheckpointError, CheckpointManifest, InputEntry, OperatorDescriptor, OperatorState, OutputEntry,
    SplitEntry, StatementEntry,
};

use super::Checkpoints;
use super::gathered::Gathered;
use super::report::{Barriers, Report, Request};
use crate::error::EngineError;
use crate::metrics::{CheckpointMetrics, Metrics};
use crate::runtime::stop::Stop;

/// What the coordinator has to know of a task.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct TaskDescription {
    /// The stage that it is an instance of.
    pub(in crate::runtime) stage: usize,
    /// The statement of the stage.
    pub(in crate::runtime) statement: String,
    /// The operators of the stage, each with its name.
    pub(in crate::runtime) operators: Vec<(OperatorId, &'static str)>,
    /// The scans of sources or tables that the stage reads for.
    pub(in crate::runtime) inputs: Vec<InputDescription>,
}

/// A scan of a source or a table.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct InputDescription {
    /// Its id.
    pub(in crate::runtime) id: OperatorId,
    /// The statement that it is part of.
    pub(in crate::runtime) statement: String,
    /// What it reads.
    pub(in crate::runtime) relation: String,
}

/// Takes the checkpoints of a job: asks tasks for them, gathers what they report, and writes it.
pub(in crate::runtime) struct Coordinator {
    checkpoints: Checkpoints,
    clock: Arc<dyn Clock>,
    progress: Arc<Metrics>,
    parallelism: usize,
    statements: Vec<StatementEntry>,
    tasks: Vec<TaskDescription>,
    requests: watch::Sender<Request>,
    /// The number of the newest checkpoint that is there.
    committed: watch::Sender<u64>,
    reports: mpsc::UnboundedReceiver<Report>,
    /// For tasks that have yet to be described; gone when the job starts, so that the end of all tasks is seen.
    reporting: Option<mpsc::UnboundedSender<Report>>,
}

/// How the gathering of a checkpoint ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gathering {
    /// All tasks have reported.
    Complete,
    /// All tasks are gone, and not all have reported: the job has failed.
    Failed,
}

impl Coordinator {
    pub(in crate::runtime) fn new(
        checkpoints: Checkpoints,
        parallelism: usize,
        (clock, progress): (Arc<dyn Clock>, Arc<Metrics>),
        statements: Vec<StatementEntry>,
    ) -> Self {
        let (reporting, reports) = mpsc::unbounded_channel();
        // Before anything is read there is a checkpoint, so that what sinks held before the job can be told from what it writes.
        let (requests, _) = watch::channel(Request {
            number: checkpoints.last_number + 1,
            is_last: false,
        });
        let (committed, _) = watch::channel(checkpoints.last_number);
        Self {
            checkpoints,
            clock,
            progress,
            parallelism,
            statements,
            tasks: Vec::new(),
            requests,
            committed,
            reports,
            reporting: Some(reporting),
        }
    }

    /// Has a task take part.
    pub(in crate::runtime) fn add(&mut self, task: TaskDescription) -> Option<Barriers> {
        let reports = self.reporting.clone()?;
        let number = self.tasks.len();
        self.tasks.push(task);
        let (requests, committed) = (self.requests.subscribe(), self.committed.subscribe());
        Some(Barriers::new(number, requests, committed, reports))
    }

    /// Starts to take checkpoints, on a thread of its own, until all tasks have ended or the job stops.
    pub(in crate::runtime) fn start(mut self, stop: &Arc<Stop>) -> Option<JoinHandle<()>> {
        self.reporting = None;
        let statement = self.tasks.first()?.statement.clone();
        let failed = {
            let statement = statement.clone();
            move |source| EngineError::Thread { statement, source }
        };
        let stop_of_thread = Arc::clone(stop);
        let body = move || match Builder::new_current_thread().enable_time().build() {
            Ok(runtime) => {
                if let Err(source) = runtime.block_on(self.run(&stop_of_thread)) {
                    stop_of_thread.fail(EngineError::Checkpoint { source });
                }
            }
            Err(source) => stop_of_thread.fail(EngineError::Thread { statement, source }),
        };
        let thread = std::thread::Builder::new().name("velo-checkpoints".to_owned());
        thread.spawn(body).map_err(|source| stop.fail(failed(source))).ok()
    }

    async fn run(mut self, stop: &Stop) -> Result<(), CheckpointError> {
        let mut gathered = Gathered::new(self.tasks.len());
        let mut request = *self.requests.borrow();
        loop {
            let requested = Instant::now();
            if self.gather(request.number, &mut gathered).await == Gathering::Failed || gathered.is_ended() {
                return Ok(());
            }
            let manifest = self.write(request.number, &gathered)?;
            self.progress.set_checkpoint(CheckpointMetrics {
                number: manifest.number,
                duration: requested.elapsed(),
                stopped: gathered.stopped(),
                bytes: manifest.bytes(),
            });
            self.committed.send_replace(request.number);
            gathered.clear();
            if request.is_last {
                return Ok(());
            }
            let is_last = tokio::select! {
                () = tokio::time::sleep(self.checkpoints.interval) => false,
                () = stop.requested() => true,
                () = self.note_ends(&mut gathered) => return Ok(()),
            };
            request = Request {
                number: request.number + 1,
                is_last,
            };
            self.requests.send_replace(request);
        }
    }

    /// Notes which tasks come to their end, until there is none left.
    async fn note_ends(&mut self, gathered: &mut Gathered) {
        while let Some(report) = self.reports.recv().await {
            gathered.add(report, 0);
            if gathered.is_ended() {
                return;
            }
        }
    }

    async fn gather(&mut self, number: u64, gathered: &mut Gathered) -> Gathering {
        while !gathered.is_complete() {
            match self.reports.recv().await {
                Some(report) => gathered.add(report, number),
                None => return Gathering::Failed,
            }
        }
        Gathering::Complete
    }

    /// Writes a checkpoint that all tasks have reported for.
    fn write(&self, number: u64, gathered: &Gathered) -> Result<CheckpointManifest, CheckpointError> {
        let mut writer = self.checkpoints.store.begin(number)?;
        for (descriptor, states) in self.operators(gathered) {
            writer.write_operator(descriptor, &states)?;
        }
        let details = CheckpointDetails {
            taken_at_ms: self.clock.now_ms(),
            parallelism: self.parallelism,
            statements: self.statements.clone(),
            inputs: self.inputs(gathered),
            outputs: outputs(gathered),
        };
        writer.commit(details, self.checkpoints.retained)
    }

    /// The numbers of the tasks of each stage, in order.
    fn instances(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut instances: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, task) in self.tasks.iter().enumerate() {
            instances.entry(task.stage).or_default().push(number);
        }
        instances
    }

    /// Each operator that has state or has ended, with the states of its instances.
    fn operators(&self, gathered: &Gathered) -> Vec<(OperatorDescriptor, Vec<OperatorState>)> {
        let mut operators: Vec<(OperatorDescriptor, Vec<OperatorState>)> = Vec::new();
        // A scan that is read together with others has its filter in a stage of its own, under the same id.
        let mut places: HashMap<OperatorId, usize> = HashMap::new();
        for instances in self.instances().into_values() {
            let Some(first) = instances.first().and_then(|task| self.tasks.get(*task)) else {
                continue;
            };
            let ended = instances.iter().all(|task| gathered.has_ended(*task));
            let own = first.operators.iter();
            let own = own.map(|(id, operator)| (id, *operator, &first.statement));
            // Of scans that it reads for, and that have no operator of their own.
            let read_for = first.inputs.iter().map(|input| (&input.id, "scan", &input.statement));
            for (id, operator, statement) in own.chain(read_for) {
                let of_task = |task: &usize| {
                    let reported = gathered.state(*task)?.operators.iter();
                    let mut states = reported.filter(|(other, _)| other == id);
                    states.next().map(|(_, state)| state.clone())
                };
                let states: Vec<OperatorState> = instances.iter().filter_map(of_task).collect();
                if let Some((descriptor, known)) = places.get(id).and_then(|place| operators.get_mut(*place)) {
                    descriptor.ended |= ended;
                    known.extend(states);
                } else if ended || !states.is_empty() {
                    places.insert(*id, operators.len());
                    let descriptor = OperatorDescriptor {
                        id: id.to_string(),
                        statement: statement.clone(),
                        operator: operator.to_owned(),
                        ended,
                    };
                    operators.push((descriptor, states));
                }
            }
        }
        operators
    }

    fn inputs(&self, gathered: &Gathered) -> Vec<InputEntry> {
        let mut inputs: BTreeMap<OperatorId, InputEntry> = BTreeMap::new();
        for (number, task) in self.tasks.iter().enumerate() {
            let Some(state) = gathered.state(number) else {
                continue;
            };
            for InputDescription {
                id,
                statement,
                relation,
            } in &task.inputs
            {
                let input = inputs.entry(*id).or_insert_with(|| InputEntry {
                    id: id.to_string(),
                    statement: statement.clone(),
                    relation: relation.clone(),
                    splits: Vec::new(),
                });
                input
                    .splits
                    .extend(state.splits.iter().map(|(split, state)| SplitEntry {
                        split: split.to_string(),
                        position: json(&state.position),
                        event_time_ms_max: state.event_time_ms_max,
                        ended: state.ended,
                    }));
            }
        }
        inputs.into_values().collect()
    }
}

fn outputs(gathered: &Gathered) -> Vec<OutputEntry> {
    let outputs = gathered.outputs().into_iter().map(|(sink, position)| OutputEntry {
        position: json(&position),
        sink,
    });
    outputs.collect()
}

/// A position as the manifest has it. Positions consist of numbers and texts, which always have a form in JSON.
fn json(position: &impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(position).unwrap_or_default()
}
