use std::sync::Arc;
use std::time::{Duration, Instant};

use velo_datasources::SplitId;

use super::checkpoint::{Barriers, SplitState, TaskState};
use super::flush::FlushSchedule;
use super::ledger::StatementLedger;
use super::open_sinks::OpenSinks;
use super::sink_output::SinkOutput;
use super::source_input::{Polled, SourceInput};
use super::stop::Stop;
use crate::chain::{Chain, Progress};
use crate::error::{EngineError, OperatorError, OperatorResult};
use crate::event::{Event, Output};
use crate::exchange::{Receiver, Sender};

/// An instance of a stage: takes events in, passes them through its operators, and hands on what comes out.
pub(super) struct Task {
    pub(super) ledger: Arc<StatementLedger>,
    /// Whether the job goes on.
    pub(super) stop: Arc<Stop>,
    pub(super) input: Input,
    pub(super) chain: Chain,
    /// To the instances of other stages.
    pub(super) senders: Vec<Sender>,
    /// Out of the statement, if its rows come out here.
    pub(super) output: Option<SinkOutput>,
    /// When sinks write out what they keep; `None` for input that ends, with which they do.
    pub(super) flush: Option<FlushSchedule>,
    /// Time spent on the rows that were read last.
    pub(super) busy: Duration,
    /// Its part in checkpoints, if there are any.
    pub(super) barriers: Option<Barriers>,
    /// How far the splits that it reads were read at the barrier that is on its way.
    pub(super) splits: Vec<(SplitId, SplitState)>,
}

/// Computes the rows of a plan that has them in itself.
pub(super) type ValuesFunction = Box<dyn Fn(&mut Output) -> OperatorResult<velo_data::StreamBatch> + Send>;

/// Where a task's events come from.
pub(super) enum Input {
    /// Splits of a source.
    Source(SourceInput),
    /// Other stages, of the same statement or of one that it reads.
    Stage {
        receiver: Receiver,
        /// Whether what comes are rows that the statement reads.
        is_read: bool,
    },
    /// The plan itself.
    Values(ValuesFunction),
    /// Nowhere: it had come to its end before the job was started again.
    Ended {
        /// How far the splits that it read were read then.
        splits: Vec<(SplitId, SplitState)>,
    },
}

impl Input {
    /// Of a task that had come to its end before the job was started again.
    pub(super) fn into_ended(self) -> Self {
        let splits = match self {
            Self::Source(source) => source.into_ended_before(),
            Self::Ended { splits } => splits,
            Self::Stage { .. } | Self::Values(_) => Vec::new(),
        };
        Self::Ended { splits }
    }
}

/// Why a task takes in no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Its input has come to its end, or nobody wants more of it.
    Ended,
    /// The job stops.
    Stopped,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Continue,
    /// Nobody wants more.
    Stop,
}

impl Task {
    /// Name of the statement that it belongs to.
    pub(super) fn statement(&self) -> &str {
        &self.ledger.name
    }

    /// Runs until the input has ended, nobody wants more, or the job stops; gives back the sinks that it wrote to.
    pub(super) async fn run_to_end(mut self) -> Option<OpenSinks> {
        // Taken out, so that the input can be read while the rest of the task is borrowed.
        let mut input = std::mem::replace(&mut self.input, Input::Ended { splits: Vec::new() });
        let result = match &mut input {
            Input::Source(source) => self.read(source).await,
            Input::Stage { receiver, is_read } => self.receive(receiver, *is_read).await,
            Input::Values(values) => self.take_values(values).await,
            Input::Ended { .. } => self.send(Event::End).await.map(|()| Left::Ended),
        };
        let result = match result {
            // A barrier that it has not passed because of a failure must not be taken for one that it has ended before.
            Ok(Left::Ended) if !self.stop.has_failed() => self.report_end(&mut input).await,
            Ok(Left::Ended | Left::Stopped) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.stop.fail(error);
        }
        let output = self.output?;
        self.ledger.output_ended();
        Some(output.into_open_sinks(self.ledger))
    }

    async fn read(&mut self, source: &mut SourceInput) -> Result<Left, EngineError> {
        let mut started = Instant::now();
        loop {
            if let Some(request) = self.barriers.as_mut().and_then(Barriers::due)
                && source.takes_barriers()
            {
                self.splits = source.states()?;
                if self.take_in(Event::Barrier(request.number)).await? == Flow::Stop {
                    return Ok(Left::Ended);
                }
                if request.is_last {
                    self.stop.interrupt();
                    return Ok(Left::Stopped);
                }
                if !source.has_begun() {
                    self.wait_until_committed().await;
                }
            }
            if self.stop.is_requested() {
                match &mut self.barriers {
                    None => return Ok(Left::Stopped),
                    Some(_) if self.stop.has_failed() => return Ok(Left::Stopped),
                    // The last checkpoint is on its way. What cannot be gone on with in the middle is read to its end before.
                    Some(barriers) if source.takes_barriers() => {
                        tokio::select! {
                            () = barriers.asked() => {}
                            () = self.stop.failed() => {}
                        }
                        continue;
                    }
                    Some(_) => {}
                }
            }
            self.flush_if_due().await?;
            match source.poll().await? {
                Polled::Events { events, rows } => {
                    self.busy = started.elapsed();
                    for event in events {
                        let is_end = matches!(event, Event::End);
                        // Behind its end a task has no state that a barrier could pass.
                        if self.take_in(event).await? == Flow::Stop || is_end {
                            return Ok(Left::Ended);
                        }
                    }
                    source.adapt(rows, self.busy);
                    // Other tasks of this worker take in what came out, while it is in the cache.
                    tokio::task::yield_now().await;
                }
                Polled::Nothing(_) | Polled::Ahead if self.is_closed() => return Ok(Left::Ended),
                Polled::Nothing(pause) => self.rest(pause).await,
                Polled::Ahead => {
                    tokio::select! {
                        () = source.others_moved() => {}
                        () = self.rest(PAUSE_MAX) => {}
                    }
                }
            }
            started = Instant::now();
        }
    }

    /// Waits until the checkpoint is there whose barrier has passed.
    async fn wait_until_committed(&mut self) {
        if let Some(barriers) = &mut self.barriers {
            tokio::select! {
                () = barriers.committed() => {}
                () = self.stop.failed() => {}
            }
        }
    }

    /// Lets time pass in which nothing can be read.
    async fn rest(&mut self, pause: Duration) {
        let flush = self.flush_due_in().unwrap_or(PAUSE_MAX);
        let pause = tokio::time::sleep(pause.min(flush).min(PAUSE_MAX));
        let asked = async {
            match &mut self.barriers {
                Some(barriers) => barriers.asked().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = pause => {}
            () = self.stop.requested() => {}
            () = asked => {}
        }
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
        if let Some(output) = &mut self.output {
            output.flush(&self.ledger).await?;
        }
        self.ledger.flush()?;
        if let Some(flush) = &mut self.flush {
            flush.done(Instant::now());
        }
        Ok(())
    }

    /// The next events of other stages; `None` when there will be no more.
    async fn next_events(&mut self, receiver: &mut Receiver) -> Result<Option<Vec<Event>>, EngineError> {
        loop {
            self.flush_if_due().await?;
            let received = match self.flush_due_in() {
                None => receiver.next().await,
                // Time is up: what follows takes longer than sinks may wait.
                Some(due_in) => match tokio::time::timeout(due_in, receiver.next()).await {
                    Ok(received) => received,
                    Err(_) => continue,
                },
            };
            let events = received.transpose();
            return events.map_err(|source| operator_error(&self.ledger, source));
        }
    }

    async fn receive(&mut self, receiver: &mut Receiver, is_read: bool) -> Result<Left, EngineError> {
        while let Some(events) = self.next_events(receiver).await? {
            for event in events {
                let is_end = matches!(event, Event::End);
                if is_read {
                    self.ledger.metrics.add_read(event.rows() as u64, 0);
                }
                if self.take_in(event).await? == Flow::Stop || is_end {
                    return Ok(Left::Ended);
                }
            }
        }
        Ok(Left::Stopped)
    }

    async fn take_values(&mut self, values: &ValuesFunction) -> Result<Left, EngineError> {
        if let Some(request) = self.barriers.as_mut().and_then(Barriers::due) {
            if self.take_in(Event::Barrier(request.number)).await? == Flow::Stop {
                return Ok(Left::Ended);
            }
            self.wait_until_committed().await;
        }
        self.ledger.set_processing_time();
        let mut out = Output::default();
        let batch = values(&mut out).map_err(|source| operator_error(&self.ledger, source))?;
        self.ledger.settle(&mut out)?;
        self.ledger.metrics.add_read(batch.num_rows() as u64, 0);
        for event in [Event::Batch(batch), Event::End] {
            if self.take_in(event).await? == Flow::Stop {
                break;
            }
        }
        Ok(Left::Ended)
    }

    /// Passes on what an event brings about.
    async fn take_in(&mut self, event: Event) -> Result<Flow, EngineError> {
        let is_end = matches!(event, Event::End);
        self.process(event).await?;
        if self.chain.is_done() {
            // What follows hears of the end once, also where the end brought the last rows that are wanted.
            if !is_end {
                self.process(Event::End).await?;
            }
            return Ok(Flow::Stop);
        }
        Ok(if self.is_closed() { Flow::Stop } else { Flow::Continue })
    }

    async fn process(&mut self, event: Event) -> Result<(), EngineError> {
        self.ledger.set_processing_time();
        let mut out = Output::default();
        let started = Instant::now();
        let mut progress = self.chain.push(event, &mut out);
        // Without what follows: a sink that is slow is no reason to read less at a time.
        self.busy += started.elapsed();
        loop {
            let more = progress.map_err(|source| operator_error(&self.ledger, source))? == Progress::More;
            self.ledger.settle(&mut out)?;
            if let Some(flush) = &mut self.flush {
                flush.note();
            }
            for event in out.take_events() {
                match event {
                    Event::Barrier(number) => self.pass_barrier(number).await?,
                    event => self.send(event).await?,
                }
            }
            if !more {
                return Ok(());
            }
            self.ledger.set_processing_time();
            let started = Instant::now();
            progress = self.chain.resume(&mut out);
            self.busy += started.elapsed();
        }
    }

    /// Reports the state behind all that came before a barrier, and hands the barrier on.
    ///
    /// It is handed on first: a sink may wait for other statements that write to it, and those for this barrier.
    async fn pass_barrier(&mut self, number: u64) -> Result<(), EngineError> {
        let started = Instant::now();
        let operators = self.chain.snapshot();
        let operators = operators.map_err(|source| operator_error(&self.ledger, source))?;
        let mut stopped = started.elapsed();
        self.send(Event::Barrier(number)).await?;
        // Without the time in which there was no room for the barrier.
        let started = Instant::now();
        // Dead letters are on disk before the rows that they stand for are behind the job.
        self.ledger.flush()?;
        let outputs = match &mut self.output {
            Some(output) => tokio::select! {
                prepared = output.prepare(&self.ledger) => prepared?,
                // A statement that writes to the same sink may be the one that has failed, and would be waited for.
                () = self.stop.failed() => return Ok(()),
            },
            None => Vec::new(),
        };
        stopped += started.elapsed();
        let splits = std::mem::take(&mut self.splits);
        if let Some(barriers) = &mut self.barriers {
            let state = TaskState {
                operators,
                splits,
                outputs,
                stopped,
            };
            barriers.passed(number, state);
        }
        Ok(())
    }

    /// Reports that nothing more comes out of this task. Its operators have put out everything, and nothing can reach them.
    async fn report_end(&mut self, input: &mut Input) -> Result<(), EngineError> {
        let Some(barriers) = &mut self.barriers else {
            return Ok(());
        };
        self.ledger.flush()?;
        let splits = match input {
            Input::Source(source) => source.states()?,
            Input::Ended { splits } => std::mem::take(splits),
            Input::Stage { .. } | Input::Values(_) => Vec::new(),
        };
        let outputs = match &mut self.output {
            Some(output) => output.end(&self.ledger).await?,
            None => Vec::new(),
        };
        let state = TaskState {
            splits,
            outputs,
            ..TaskState::default()
        };
        barriers.ended(state);
        Ok(())
    }

    /// Hands an event on, waiting for room.
    async fn send(&mut self, event: Event) -> Result<(), EngineError> {
        if let Some(output) = &mut self.output {
            output.write(&event, &self.ledger).await?;
        }
        let mut out = Output::default();
        for sender in &mut self.senders {
            let sent = sender.send(event.clone(), &mut out).await;
            sent.map_err(|source| operator_error(&self.ledger, source))?;
        }
        out.take_zero_divisions(); // The keyed operator computes its keys again, and counts then.
        self.ledger.settle(&mut out)
    }

    /// Whether nobody wants more. A statement that never had an output runs for its own sake.
    fn is_closed(&self) -> bool {
        let sinks = self.output.as_ref();
        let outputs = self.senders.len() + sinks.map_or(0, SinkOutput::len);
        outputs > 0 && sinks.is_none_or(SinkOutput::is_closed) && self.senders.iter().all(Sender::is_closed)
    }
}

fn operator_error(ledger: &StatementLedger, source: OperatorError) -> EngineError {
    EngineError::Operator {
        statement: ledger.name.clone(),
        source,
    }
}

/// Longest time that passes without a look at whether anybody still wants what is read.
const PAUSE_MAX: Duration = Duration::from_millis(50);
