use std::sync::Arc;
use std::time::{Duration, Instant};

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
    pub(super) async fn run_to_end(mut self, stop: Arc<Stop>) -> Option<OpenSinks> {
        // Taken out, so that the input can be read while the rest of the task is borrowed.
        let input = std::mem::replace(&mut self.input, Input::Source(SourceInput::nothing()));
        let result = match input {
            Input::Source(source) => self.read(source, &stop).await,
            Input::Stage { receiver, is_read } => self.receive(receiver, is_read).await,
            Input::Values(values) => self.take_values(&values).await,
        };
        if let Err(error) = result {
            stop.fail(error);
        }
        let output = self.output?;
        self.ledger.output_ended();
        Some(output.into_open_sinks(self.ledger))
    }

    async fn read(&mut self, mut source: SourceInput, stop: &Stop) -> Result<(), EngineError> {
        let mut started = Instant::now();
        loop {
            if !source.has_ended() && stop.is_requested() {
                return Ok(());
            }
            self.flush_if_due().await?;
            match source.poll(&self.ledger).await? {
                Polled::Events { events, rows } => {
                    self.busy = started.elapsed();
                    for event in events {
                        if self.take_in(event).await? == Flow::Stop {
                            return Ok(());
                        }
                    }
                    source.adapt(rows, self.busy);
                    // Other tasks of this worker take in what came out, while it is in the cache.
                    tokio::task::yield_now().await;
                }
                Polled::Nothing(_) if self.is_closed() => return Ok(()),
                Polled::Nothing(pause) => self.rest(pause, stop).await,
                Polled::End => return Ok(()),
            }
            started = Instant::now();
        }
    }

    /// Lets time pass in which nothing can be read.
    async fn rest(&self, pause: Duration, stop: &Stop) {
        let flush = self.flush_due_in().unwrap_or(PAUSE_MAX);
        let pause = tokio::time::sleep(pause.min(flush).min(PAUSE_MAX));
        tokio::select! {
            () = pause => {}
            () = stop.requested() => {}
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

    async fn receive(&mut self, mut receiver: Receiver, is_read: bool) -> Result<(), EngineError> {
        while let Some(events) = self.next_events(&mut receiver).await? {
            for event in events {
                if is_read {
                    self.ledger.metrics.add_read(event.rows() as u64, 0);
                }
                if self.take_in(event).await? == Flow::Stop {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn take_values(&mut self, values: &ValuesFunction) -> Result<(), EngineError> {
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
        Ok(())
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
                self.send(event).await?;
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
