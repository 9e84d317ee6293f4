use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use velo_data::{Clock, StreamBatch, StreamSchema, SystemColumn, record_batch};
use velo_datasources::{NextBatch, PartitionReader, ReadRequest, Source, SourceBatch, SourceError};
use velo_planner::plan::Scan;

use super::batch_size::BatchSize;
use super::idleness::Idleness;
use super::ledger::StatementLedger;
use super::reading::Reading;
use crate::chain::Chain;
use crate::compile::read_request;
use crate::error::EngineError;

/// A split of a source, as one task reads it.
pub(super) struct Split {
    reader: Box<dyn PartitionReader>,
    batch_size: BatchSize,
    /// Its scan: event time, watermark and filters.
    pub(super) scan: Chain,
    /// Highest watermark that the scan has given.
    pub(super) watermark_ms: i64,
    pub(super) ended: bool,
    pub(super) idleness: Idleness,
    /// The turn in which it was looked at last.
    pub(super) last_turn: u64,
    /// Bytes by which it lagged when it was last asked.
    lag_bytes: u64,
    /// Until when it is not worth a look, since it is followed and had nothing more.
    pub(super) rests_until: Option<Instant>,
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
pub(super) enum Looked {
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
    /// `None` if nobody asks for event time.
    idle_timeout: Option<Duration>,
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
            readers: source
                .open(&request, None)
                .await?
                .into_iter()
                .map(|split| split.reader)
                .collect(),
            schema: if stamps {
                schema.with_system(SystemColumn::Timestamp)
            } else {
                schema
            },
            stamps,
            batch_size,
            idle_timeout: scan
                .event_time
                .as_ref()
                .map(|event_time| event_time.watermark.idle_timeout),
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
            idleness: Idleness::new(self.idle_timeout),
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

impl Split {
    pub(super) fn adapt(&mut self, rows: usize, taken: Duration) {
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
    pub(super) async fn look(&mut self, reading: &Reading, ledger: &StatementLedger) -> Result<Looked, EngineError> {
        let failed = |source| EngineError::Source {
            statement: ledger.name.clone(),
            relation: reading.relation.clone(),
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
        reading.add_records(records.num_rows(), &rejected);
        ledger.reject(rejected)?;
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
