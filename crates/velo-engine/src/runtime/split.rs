use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use velo_data::{Clock, StreamBatch, StreamSchema, SystemColumn, record_batch};
use velo_datasources::{
    NextBatch, OpenSplit, PartitionReader, ReadRequest, Source, SourceBatch, SourceError, SplitId, SplitPosition,
};
use velo_planner::physical::OperatorId;
use velo_planner::plan::{Scan, WatermarkRule};

use super::batch_size::BatchSize;
use super::checkpoint::{RestoredInput, SplitState};
use super::idleness::Idleness;
use super::readers::Readers;
use super::reading::Reading;
use crate::chain::Chain;
use crate::compile::read_request;
use crate::error::{EngineError, OperatorResult};
use crate::keys::KeyGroups;
use crate::operators::{event_time_of, event_time_state, milliseconds};

/// A split of a source, as one task reads it.
pub(super) struct Split {
    id: SplitId,
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

/// How the splits of a source are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOptions {
    /// Rows of a batch; `None` lets them adapt.
    pub(super) batch_rows: Option<usize>,
    /// Threads that decode, where the source can divide its input.
    pub(super) decode_threads: usize,
    /// Whether a source that grows is followed.
    pub(super) follow: bool,
}

/// A source, opened for one scan.
pub(super) struct OpenSource {
    /// The id of the scan.
    id: OperatorId,
    pub(super) splits: Vec<OpenSplit>,
    /// Schema of the batches that splits give.
    pub(super) schema: StreamSchema,
    stamps: bool,
    batch_size: BatchSize,
    /// `None` if nobody asks for event time.
    watermark: Option<WatermarkRule>,
}

impl OpenSource {
    /// Opens the source for the scan of this id. Reading begins where `restored` says.
    pub(super) async fn open(
        source: &dyn Source,
        (id, scan): (OperatorId, &Scan),
        how: &ReadOptions,
        restored: Option<&RestoredInput>,
    ) -> Result<Self, SourceError> {
        let batch_size = BatchSize::new(how.batch_rows);
        let provided = source.system_columns();
        let request = read_request(scan, provided, batch_size.rows(), how.decode_threads, how.follow);
        let schema = requested_schema(source.schema(), &request);
        let stamps = scan
            .schema
            .system(SystemColumn::Timestamp)
            .is_some_and(|index| index >= scan.columns.len())
            && schema.system(SystemColumn::Timestamp).is_none();
        Ok(Self {
            id,
            splits: source
                .open(&request, restored.map(RestoredInput::positions).as_ref())
                .await?,
            schema: if stamps {
                schema.with_system(SystemColumn::Timestamp)
            } else {
                schema
            },
            stamps,
            batch_size,
            watermark: scan.event_time.as_ref().map(|event_time| event_time.watermark),
        })
    }

    /// A split read through `scan`, from where it was in the state that is restored.
    pub(super) fn split(
        &self,
        open: OpenSplit,
        mut scan: Chain,
        restored: Option<&RestoredInput>,
        clock: &Arc<dyn Clock>,
    ) -> OperatorResult<Split> {
        let event_time_ms_max = restored
            .and_then(|restored| restored.splits.get(&open.id))
            .and_then(|split| split.event_time_ms_max);
        if let Some(max_ms) = event_time_ms_max {
            let state = HashMap::from([(self.id, event_time_state(max_ms)?)]);
            scan.restore(&state, &KeyGroups::all())?;
        }
        let watermark_ms = event_time_ms_max.zip(self.watermark).map(|(max_ms, rule)| {
            let bound_ms = milliseconds(rule.out_of_orderness);
            max_ms.saturating_sub(bound_ms)
        });
        Ok(Split {
            id: open.id,
            reader: open.reader,
            batch_size: self.batch_size,
            scan,
            watermark_ms: watermark_ms.unwrap_or(i64::MIN),
            ended: false,
            idleness: Idleness::new(self.watermark.map(|rule| rule.idle_timeout)),
            last_turn: 0,
            lag_bytes: 0,
            rests_until: None,
            stamp: self.stamps.then(|| Stamp {
                clock: Arc::clone(clock),
                schema: Arc::clone(self.schema.arrow()),
            }),
        })
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

    /// How far it has been read. What can only be read as a whole is at its beginning or its end.
    pub(super) fn state(
        &mut self,
        is_resumable: bool,
        reading: &Reading,
        readers: &Readers,
    ) -> Result<(SplitId, SplitState), EngineError> {
        let position = if is_resumable {
            self.reader.position().map_err(|source| EngineError::Source {
                statement: readers.first().name.clone(),
                relation: reading.relation.clone(),
                source,
            })?
        } else {
            SplitPosition::Beginning
        };
        let states = self.scan.snapshot().map_err(|source| EngineError::Operator {
            statement: readers.first().name.clone(),
            source,
        })?;
        let event_time_ms_max = states.iter().find_map(|(_, state)| event_time_of(state));
        let state = SplitState {
            position,
            event_time_ms_max,
            ended: self.ended,
        };
        Ok((self.id.clone(), state))
    }

    /// Only a split that is followed lags.
    fn tell_lag(&mut self, readers: &Readers) {
        let lag_bytes = self.reader.lag_bytes().unwrap_or_default();
        readers.change_lag(self.lag_bytes, lag_bytes);
        self.lag_bytes = lag_bytes;
    }

    /// The next rows, if there are any. Records that could not be decoded are accounted for.
    pub(super) async fn look(&mut self, reading: &Reading, readers: &Readers) -> Result<Looked, EngineError> {
        let failed = |source| EngineError::Source {
            statement: readers.first().name.clone(),
            relation: reading.relation.clone(),
            source,
        };
        self.rests_until = None;
        let next = self.reader.next_batch().await.map_err(failed)?;
        self.tell_lag(readers);
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
        readers.add_read((records.num_rows() + rejected.len()) as u64, bytes_read);
        reading.add_records(records.num_rows(), &rejected);
        readers.reject(rejected)?;
        readers.leave_out(unknown)?;
        let records = match &self.stamp {
            Some(stamp) => stamp.complete(&records).map_err(|error| EngineError::Operator {
                statement: readers.first().name.clone(),
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
