use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use velo_data::{Clock, StreamBatch, StreamSchema, SystemColumn, record_batch};
use velo_datasources::{NextBatch, PartitionReader, ReadRequest, Source, SourceBatch, SourceError};
use velo_planner::plan::Scan;

use super::batch_size::BatchSize;
use super::ledger::StatementLedger;
use crate::chain::{Chain, Progress};
use crate::compile::read_request;
use crate::error::EngineError;
use crate::event::{Event, Output};
use crate::exchange::Merge;

/// The splits of a source that one task reads, as one stream.
pub(super) struct SourceInput {
    /// What the plan calls the source.
    relation: String,
    splits: Vec<Split>,
    merge: Merge,
    /// Whether the source goes on: then no split may keep the others from being read.
    follows: bool,
    /// Number of looks at splits so far.
    turns: u64,
    has_ended: bool,
}

/// What a look at splits brought.
pub(super) enum Polled {
    /// Events, which may be none, and how many rows were read for them.
    Events { events: Vec<Event>, rows: usize },
    /// Nothing for the moment: it is worth another look after this time.
    Nothing(Duration),
    /// Nothing follows.
    End,
}

/// A split of a source, as one task reads it.
pub(super) struct Split {
    reader: Box<dyn PartitionReader>,
    batch_size: BatchSize,
    /// Its scan: event time, watermark and filters.
    scan: Chain,
    /// Highest watermark that the scan has given.
    watermark_ms: i64,
    ended: bool,
    /// The turn in which it was looked at last.
    last_turn: u64,
    /// Bytes by which it lagged when it was last asked.
    lag_bytes: u64,
    /// Until when it is not worth a look, since it is followed and had nothing more.
    rests_until: Option<Instant>,
    /// Completes batches with the time at which they are read, where the plan wants one and records have none.
    stamp: Option<Stamp>,
}

#[derive(Clone)]
struct Stamp {
    clock: Arc<dyn Clock>,
    schema: SchemaRef,
}

/// Longest time that a split is not looked at, whatever its source says, so that no instant is beyond reckoning.
const REST_MAX: Duration = Duration::from_hours(24);

/// What a look at one split brought.
enum Looked {
    Rows(StreamBatch),
    /// Nothing for the moment.
    Nothing,
    End,
}

/// A source, opened for one scan.
pub(super) struct OpenSource {
    pub(super) readers: Vec<Box<dyn PartitionReader>>,
    /// Schema of the batches that splits give.
    pub(super) schema: StreamSchema,
    stamps: bool,
    batch_size: BatchSize,
}

impl OpenSource {
    /// `threads` decode, where the source can divide its input.
    pub(super) async fn open(
        source: &dyn Source,
        scan: &Scan,
        batch_rows: Option<usize>,
        threads: usize,
        follow: bool,
    ) -> Result<Self, SourceError> {
        let batch_size = BatchSize::new(batch_rows);
        let request = read_request(scan, source.system_columns(), batch_size.rows(), threads, follow);
        let schema = requested_schema(source.schema(), &request);
        let stamps = scan
            .schema
            .system(SystemColumn::Timestamp)
            .is_some_and(|index| index >= scan.columns.len())
            && schema.system(SystemColumn::Timestamp).is_none();
        Ok(Self {
            readers: source.open(&request, &[]).await?,
            schema: if stamps {
                schema.with_system(SystemColumn::Timestamp)
            } else {
                schema
            },
            stamps,
            batch_size,
        })
    }

    /// A split read through `scan`.
    pub(super) fn split(&self, reader: Box<dyn PartitionReader>, scan: Chain, clock: &Arc<dyn Clock>) -> Split {
        Split {
            reader,
            batch_size: self.batch_size,
            scan,
            watermark_ms: i64::MIN,
            ended: false,
            last_turn: 0,
            lag_bytes: 0,
            rests_until: None,
            stamp: self.stamps.then(|| Stamp {
                clock: Arc::clone(clock),
                schema: Arc::clone(self.schema.arrow()),
            }),
        }
    }
}

fn requested_schema(source: &StreamSchema, request: &ReadRequest) -> StreamSchema {
    let fields = source.user_fields();
    let user = request
        .columns
        .iter()
        .filter_map(|index| fields.get(*index))
        .map(|field| field.as_ref().clone());
    StreamSchema::new(user.collect::<Vec<_>>(), request.system.iter().copied())
}

impl SourceInput {
    pub(super) fn new(relation: String, splits: Vec<Split>, follows: bool) -> Self {
        Self {
            relation,
            merge: Merge::as_they_come(splits.len().max(1)),
            splits,
            follows,
            turns: 0,
            has_ended: false,
        }
    }

    /// Of a task that is not to read.
    pub(super) fn nothing() -> Self {
        Self::new(String::new(), Vec::new(), false)
    }

    /// Whether all splits have been read to their end.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Looks at the split whose turn it is.
    pub(super) async fn poll(&mut self, ledger: &StatementLedger) -> Result<Polled, EngineError> {
        if self.has_ended {
            return Ok(Polled::End);
        }
        let port = match self.next_turn(Instant::now()) {
            Some(Turn::Read(port)) => port,
            Some(Turn::Rest(pause)) => return Ok(Polled::Nothing(pause)),
            None => return self.end(0, ledger),
        };
        self.turns += 1;
        let split = &mut self.splits[port];
        split.last_turn = self.turns;
        let event = match split.look(&self.relation, ledger).await? {
            Looked::Rows(batch) => Event::Batch(batch),
            Looked::Nothing => {
                return Ok(Polled::Events {
                    events: Vec::new(),
                    rows: 0,
                });
            }
            Looked::End => {
                split.ended = true;
                Event::End
            }
        };
        if matches!(event, Event::End) && self.splits.iter().all(|split| split.ended) {
            return self.end(port, ledger);
        }
        let rows = event.rows();
        let events = self.merged(port, event, ledger)?;
        Ok(Polled::Events { events, rows })
    }

    /// Learns how long the rows that came last took, all operators of this task included.
    pub(super) fn adapt(&mut self, rows: usize, taken: Duration) {
        let turns = self.turns;
        if let Some(split) = self.splits.iter_mut().find(|split| split.last_turn == turns) {
            split.adapt(rows, taken);
        }
    }

    /// The last split has ended, or there is none.
    fn end(&mut self, port: usize, ledger: &StatementLedger) -> Result<Polled, EngineError> {
        // Before anybody hears of the end, and takes nothing for the result.
        ledger.reader_ended(&self.relation)?;
        self.has_ended = true;
        let events = self.merged(port, Event::End, ledger)?;
        Ok(Polled::Events { events, rows: 0 })
    }

    /// Passes an event of a split through its scan, and joins it with those of the other splits.
    fn merged(&mut self, port: usize, event: Event, ledger: &StatementLedger) -> Result<Vec<Event>, EngineError> {
        let failed = |source| EngineError::Operator {
            statement: ledger.name.clone(),
            source,
        };
        let Some(split) = self.splits.get_mut(port) else {
            return self.merge.push(port, event).map_err(failed);
        };
        ledger.set_processing_time();
        let mut out = Output::default();
        let mut events = Vec::new();
        let mut progress = split.scan.push(event, &mut out);
        loop {
            let more = progress.map_err(failed)? == Progress::More;
            ledger.settle(&mut out)?;
            for event in out.take_events() {
                if let Event::Watermark(watermark_ms) = event {
                    split.watermark_ms = watermark_ms;
                }
                events.extend(self.merge.push(port, event).map_err(failed)?);
            }
            if !more {
                return Ok(events);
            }
            progress = split.scan.resume(&mut out);
        }
    }

    /// The split to read next, of those that may have something: the one whose event time has come least far, so that
    /// windows can close. Of equals it is the first, so that splits without event time are read one after the other; where
    /// they go on, the one that was looked at least lately. `None` when all have ended.
    fn next_turn(&self, now: Instant) -> Option<Turn> {
        let open = || self.splits.iter().enumerate().filter(|(_, split)| !split.ended);
        let pause = |split: &Split| split.rests_until.map(|until| until.saturating_duration_since(now));
        let ready = open().filter(|(_, split)| pause(split).is_none_or(|pause| pause.is_zero()));
        let next = ready.min_by_key(|(_, split)| (split.watermark_ms, if self.follows { split.last_turn } else { 0 }));
        if let Some((index, _)) = next {
            return Some(Turn::Read(index));
        }
        open().filter_map(|(_, split)| pause(split)).min().map(Turn::Rest)
    }
}

/// What to do with splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Read one of them.
    Read(usize),
    /// None has anything: wait so long.
    Rest(Duration),
}

impl Split {
    fn adapt(&mut self, rows: usize, taken: Duration) {
        if self.batch_size.observe(rows, taken) {
            self.reader.set_batch_rows_max(self.batch_size.rows());
        }
    }

    /// Only a split that is followed lags.
    fn tell_lag(&mut self, ledger: &StatementLedger) {
        let lag_bytes = self.reader.lag_bytes().unwrap_or_default();
        ledger.metrics.change_lag(self.lag_bytes, lag_bytes);
        self.lag_bytes = lag_bytes;
    }

    /// The next rows, if there are any. Records that could not be decoded are accounted for.
    async fn look(&mut self, relation: &str, ledger: &StatementLedger) -> Result<Looked, EngineError> {
        let failed = |source| EngineError::Source {
            statement: ledger.name.clone(),
            relation: relation.to_owned(),
            source,
        };
        self.rests_until = None;
        let next = self.reader.next_batch().await.map_err(failed)?;
        self.tell_lag(ledger);
        let batch = match next {
            NextBatch::Batch(batch) => batch,
            NextBatch::NotYet(pause) => {
                self.rests_until = Some(Instant::now() + pause.min(REST_MAX));
                return Ok(Looked::Nothing);
            }
            NextBatch::End => return Ok(Looked::End),
        };
        let SourceBatch {
            records,
            rejected,
            unknown,
            bytes_read,
        } = batch;
        ledger
            .metrics
            .add_read((records.num_rows() + rejected.len()) as u64, bytes_read);
        ledger.reject_undecoded(rejected)?;
        ledger.leave_out(unknown)?;
        let records = match &self.stamp {
            Some(stamp) => stamp.complete(&records).map_err(|error| EngineError::Operator {
                statement: ledger.name.clone(),
                source: error.into(),
            })?,
            None => records,
        };
        Ok(Looked::Rows(StreamBatch::inserts(records)))
    }
}

impl Stamp {
    fn complete(&self, records: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        let rows = records.num_rows();
        let mut columns: Vec<ArrayRef> = records.columns().to_vec();
        columns.push(Arc::new(Int64Array::from_value(self.clock.now_ms(), rows)));
        record_batch(&self.schema, columns, rows)
    }
}
