use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;

use super::Stop;
use super::accounts::Accounts;
use super::downstream::{Downstream, Message};
use super::flush::FlushSchedule;
use super::leaf::{Looked, Partition};
use super::sinks::OpenSinks;
use crate::chain::Chain;
use crate::error::{EngineError, OperatorResult};
use crate::event::{Event, Output};
use crate::merge::Merge;

/// A thread of a statement: takes events in, passes them through its operators, and hands on what comes out.
pub(super) struct Worker {
    pub(super) accounts: Arc<Accounts>,
    pub(super) input: Input,
    pub(super) merge: Merge,
    pub(super) chain: Chain,
    pub(super) downstream: Downstream,
    /// When sinks write out what they keep; `None` for input that ends, with which they do.
    pub(super) flush: Option<FlushSchedule>,
    /// Time spent on the rows that were read last.
    pub(super) busy: Duration,
}

/// Computes the rows of a plan that has them in itself.
pub(super) type ValuesFunction = Box<dyn Fn(&mut Output) -> OperatorResult<velo_data::StreamBatch> + Send>;

/// Where a worker's events come from.
pub(super) enum Input {
    /// Partitions of a source.
    Partitions {
        relation: String,
        partitions: Vec<Partition>,
    },
    /// Another statement, read through a scan.
    Statement { receiver: Receiver<Message>, scan: Chain },
    /// The stage before.
    Stage(Receiver<Message>),
    /// The plan itself.
    Values(ValuesFunction),
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Continue,
    /// Nobody wants more.
    Stop,
}

impl Worker {
    /// Starts the thread, which gives back the sinks that it wrote to. A worker that fails, or panics, fails the job and
    /// never the process.
    pub(super) fn spawn(self, stop: &Arc<Stop>) -> Option<JoinHandle<Option<OpenSinks>>> {
        let stop_of_thread = Arc::clone(stop);
        let statement = self.accounts.name.clone();
        let name = statement.clone();
        let body = move || {
            let result = catch_unwind(AssertUnwindSafe(|| self.run_to_end(&stop_of_thread)));
            match result {
                Ok(sinks) => sinks,
                Err(panic) => {
                    stop_of_thread.fail(EngineError::Panicked {
                        statement: name,
                        message: message_of(panic.as_ref()),
                    });
                    None
                }
            }
        };
        let spawned = std::thread::Builder::new()
            .name(format!("velo-{statement}"))
            .spawn(body);
        spawned
            .map_err(|source| stop.fail(EngineError::Thread { statement, source }))
            .ok()
    }

    fn run_to_end(mut self, stop: &Stop) -> Option<OpenSinks> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|source| EngineError::Thread {
            statement: self.accounts.name.clone(),
            source,
        });
        if let Err(error) = runtime.and_then(|runtime| runtime.block_on(self.run(stop))) {
            stop.fail(error);
        }
        if self.downstream.is_final() {
            self.accounts.metrics.end();
        }
        self.downstream.into_sinks(self.accounts)
    }

    async fn run(&mut self, stop: &Stop) -> Result<(), EngineError> {
        // Taken out, so that the input can be read while the rest of the worker is borrowed.
        let input = std::mem::replace(
            &mut self.input,
            Input::Partitions {
                relation: String::new(),
                partitions: Vec::new(),
            },
        );
        match input {
            Input::Partitions { relation, partitions } => self.read(&relation, partitions, stop).await,
            Input::Statement { receiver, scan } => self.receive(receiver, Some(scan)).await,
            Input::Stage(receiver) => self.receive(receiver, None).await,
            Input::Values(values) => self.take_values(&values).await,
        }
    }

    async fn read(&mut self, relation: &str, mut partitions: Vec<Partition>, stop: &Stop) -> Result<(), EngineError> {
        if partitions.is_empty() {
            self.accounts.reader_ended(relation)?;
            return self.take_in(0, Event::End).await.map(|_| ());
        }
        while let Some(turn) = next_turn(&partitions, Instant::now()) {
            if stop.is_requested() {
                return Ok(());
            }
            self.flush_if_due().await?;
            let port = match turn {
                Turn::Read(port) => port,
                Turn::Rest(_) if self.downstream.is_closed() => return Ok(()),
                Turn::Rest(pause) => {
                    self.rest(pause).await;
                    continue;
                }
            };
            let partition = &mut partitions[port];
            let started = Instant::now();
            let event = match partition.next(relation, &self.accounts).await? {
                Looked::Rows(batch) => Event::Batch(batch),
                Looked::Nothing => continue,
                Looked::End => {
                    partition.ended = true;
                    if partitions.iter().all(|partition| partition.ended) {
                        // Before anybody hears of the end, and takes nothing for the result.
                        self.accounts.reader_ended(relation)?;
                    }
                    Event::End
                }
            };
            let partition = &mut partitions[port];
            let rows = event.rows();
            let scanned = self.scan(&mut partition.scan, event)?;
            self.busy = started.elapsed();
            for event in scanned {
                if let Event::Watermark(watermark_ms) = event {
                    partition.watermark_ms = watermark_ms;
                }
                if self.take_in(port, event).await? == Flow::Stop {
                    return Ok(());
                }
            }
            partitions[port].adapt(rows, self.busy);
        }
        Ok(())
    }

    /// Lets time pass in which nothing can be read.
    async fn rest(&self, pause: Duration) {
        let flush = self.flush_due_in().unwrap_or(PAUSE_MAX);
        tokio::time::sleep(pause.min(flush).min(PAUSE_MAX)).await;
    }

    /// How long sinks may keep what they have, if that matters.
    fn flush_due_in(&self) -> Option<Duration> {
        self.flush.as_ref().and_then(|flush| flush.due_in(Instant::now()))
    }

    /// Has sinks write what they keep, if they have kept it for long enough.
    async fn flush_if_due(&mut self) -> Result<(), EngineError> {
        if self.flush_due_in() != Some(Duration::ZERO) {
            return Ok(());
        }
        self.downstream.flush(&self.accounts).await?;
        self.accounts.flush()?;
        if let Some(flush) = &mut self.flush {
            flush.done(Instant::now());
        }
        Ok(())
    }

    /// The next message of another worker; `None` when there will be no more.
    async fn next_message(&mut self, receiver: &mut Receiver<Message>) -> Result<Option<Message>, EngineError> {
        loop {
            self.flush_if_due().await?;
            let Some(due_in) = self.flush_due_in() else {
                return Ok(receiver.recv().await);
            };
            // Time is up: what follows takes longer than sinks may wait.
            if let Ok(message) = tokio::time::timeout(due_in, receiver.recv()).await {
                return Ok(message);
            }
        }
    }

    async fn receive(&mut self, mut receiver: Receiver<Message>, mut scan: Option<Chain>) -> Result<(), EngineError> {
        while let Some((port, event)) = self.next_message(&mut receiver).await? {
            let events = match &mut scan {
                Some(scan) => {
                    if let Event::Batch(batch) = &event {
                        self.accounts.metrics.add_read(batch.num_rows() as u64, 0);
                    }
                    self.scan(scan, event)?
                }
                None => vec![event],
            };
            for event in events {
                if self.take_in(port, event).await? == Flow::Stop {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn take_values(&mut self, values: &ValuesFunction) -> Result<(), EngineError> {
        self.set_processing_time();
        let mut out = Output::default();
        let batch = values(&mut out).map_err(|source| self.operator_error(source))?;
        self.accounts.settle(&mut out)?;
        self.accounts.metrics.add_read(batch.num_rows() as u64, 0);
        for event in [Event::Batch(batch), Event::End] {
            if self.take_in(0, event).await? == Flow::Stop {
                break;
            }
        }
        Ok(())
    }

    /// Passes an event through a scan.
    fn scan(&self, scan: &mut Chain, event: Event) -> Result<Vec<Event>, EngineError> {
        self.set_processing_time();
        let mut out = Output::default();
        scan.push(event, &mut out)
            .map_err(|source| self.operator_error(source))?;
        self.accounts.settle(&mut out)?;
        Ok(out.take_events())
    }

    /// Joins an event with those of the other ports, and passes on what that allows.
    async fn take_in(&mut self, port: usize, event: Event) -> Result<Flow, EngineError> {
        let merged = self
            .merge
            .push(port, event)
            .map_err(|source| self.operator_error(source))?;
        for event in merged {
            let is_end = matches!(event, Event::End);
            self.process(event).await?;
            if self.chain.is_done() {
                // What follows hears of the end once, also where the end brought the last rows that are wanted.
                if !is_end {
                    self.process(Event::End).await?;
                }
                return Ok(Flow::Stop);
            }
        }
        Ok(if self.downstream.is_closed() {
            Flow::Stop
        } else {
            Flow::Continue
        })
    }

    async fn process(&mut self, event: Event) -> Result<(), EngineError> {
        self.set_processing_time();
        let mut out = Output::default();
        let started = Instant::now();
        let pushed = self.chain.push(event, &mut out);
        // Without what follows: a sink that is slow is no reason to read less at a time.
        self.busy += started.elapsed();
        pushed.map_err(|source| self.operator_error(source))?;
        self.accounts.settle(&mut out)?;
        if let Some(flush) = &mut self.flush {
            flush.note();
        }
        for event in out.take_events() {
            self.downstream.send(event, &self.accounts).await?;
        }
        Ok(())
    }

    /// What `NOW()` is for the event at hand.
    fn set_processing_time(&self) {
        velo_functions::set_processing_time(self.accounts.clock.now_ms());
    }

    fn operator_error(&self, source: crate::OperatorError) -> EngineError {
        EngineError::Operator {
            statement: self.accounts.name.clone(),
            source,
        }
    }
}

/// What to do with partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Read one of them.
    Read(usize),
    /// None has anything: wait so long.
    Rest(Duration),
}

/// Longest time that passes without a look at whether the job is to end.
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// The partition to read next, of those that may have something: the one whose event time has come least far, so that
/// windows can close; of equals the first, so that partitions without event time are read one after the other.
///
/// `None` when all have ended.
fn next_turn(partitions: &[Partition], now: Instant) -> Option<Turn> {
    let open = || partitions.iter().enumerate().filter(|(_, partition)| !partition.ended);
    let pause = |partition: &Partition| partition.rests_until.map(|until| until.saturating_duration_since(now));
    let ready = open().filter(|(_, partition)| pause(partition).is_none_or(|pause| pause.is_zero()));
    let next = ready.min_by_key(|(_, partition)| partition.watermark_ms);
    if let Some((index, _)) = next {
        return Some(Turn::Read(index));
    }
    open()
        .filter_map(|(_, partition)| pause(partition))
        .min()
        .map(Turn::Rest)
}

pub(super) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a worker panicked".to_owned())
}
