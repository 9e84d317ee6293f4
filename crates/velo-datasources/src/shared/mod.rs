//! One sink that several statements write to.

mod writers;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::FieldRef;
use async_trait::async_trait;
use tokio::sync::Mutex;
use velo_data::{ChangelogMode, StreamBatch, StreamSchema};

use self::writers::{Left, Readiness, Writers};
use crate::{Sink, SinkConfig, SinkError, SinkPosition, SinkSummary, open_sink};

/// Opens one sink for the statements that feed it together: one writer for each schema, in their order.
///
/// The user columns of all schemas must be the same, and so must their keys. Metadata that only some of them have is NULL in the rows of
/// the others. The sink finishes with its last writer, whose summary is that of all; the others' are empty. Of a sink with a
/// writer that was dropped, the rows are not complete: it is abandoned then.
///
/// A writer that [prepares](Sink::prepare) waits until every other has come to prepare, has finished, was abandoned or was
/// dropped. The sink is prepared once then, and all are told the same position: no row that one has written behind its
/// preparation comes before a row that another has written ahead of its own.
///
/// With a position of an earlier run, writing goes on as [`open_sink`] says.
///
/// # Errors
///
/// When the destination cannot be written, or user columns or keys differ.
pub fn open_shared_sink(
    config: &SinkConfig,
    schemas: &[&StreamSchema],
    from: Option<&SinkPosition>,
) -> Result<Vec<Box<dyn Sink>>, SinkError> {
    let common = match schemas {
        [] => return Ok(Vec::new()),
        [schema] => return Ok(vec![open_sink(config, schema, from)?]),
        [first, others @ ..] => common_schema(config, first, others)?,
    };
    let sink = open_sink(config, &common, from)?;
    let takes = sink.takes();
    let shared = Arc::new(Shared {
        sink: Mutex::new(sink),
        writers: Writers::new(schemas.len()),
    });
    let writer = |(index, schema): (usize, &&StreamSchema)| -> Box<dyn Sink> {
        Box::new(SharedWriter {
            shared: Arc::clone(&shared),
            index,
            is_closed: false,
            columns: Conformer::new(schema, &common),
            takes,
        })
    };
    Ok(schemas.iter().enumerate().map(writer).collect())
}

/// The user columns of all, and the metadata of any.
fn common_schema(
    config: &SinkConfig,
    first: &StreamSchema,
    others: &[&StreamSchema],
) -> Result<StreamSchema, SinkError> {
    let mut common = first.clone();
    for other in others {
        check_fit(first, other).map_err(|message| SinkError::Format {
            destination: config.destination(),
            message,
        })?;
        for (column, _) in other.system_columns() {
            common = common.with_system(*column);
        }
    }
    Ok(common)
}

/// Why the rows of one cannot stand beside those of the other.
fn check_fit(first: &StreamSchema, other: &StreamSchema) -> Result<(), String> {
    let (columns, others) = (first.user_fields(), other.user_fields());
    if !are_same_columns(columns, others) {
        let (columns, others) = (names(columns), names(others));
        return Err(format!(
            "the statements that feed it have different columns: {columns} and {others}"
        ));
    }
    if first.key() != other.key() {
        return Err("the statements that feed it have different keys; declare its columns and PRIMARY KEY".to_owned());
    }
    Ok(())
}

fn are_same_columns(one: &[FieldRef], other: &[FieldRef]) -> bool {
    let same =
        |(one, other): (&FieldRef, &FieldRef)| one.name() == other.name() && one.data_type() == other.data_type();
    one.len() == other.len() && one.iter().zip(other).all(same)
}

fn names(fields: &[FieldRef]) -> String {
    let typed: Vec<String> = fields
        .iter()
        .map(|field| format!("`{}` {}", field.name(), field.data_type()))
        .collect();
    typed.join(", ")
}

struct Shared {
    sink: Mutex<Box<dyn Sink>>,
    writers: Writers,
}

struct SharedWriter {
    shared: Arc<Shared>,
    /// Its place among all writers.
    index: usize,
    is_closed: bool,
    columns: Conformer,
    takes: ChangelogMode,
}

impl SharedWriter {
    /// Writes no more from now on; tells who does. Once it is closed, others are thought to.
    fn close(&mut self) -> Left {
        if self.is_closed {
            return Left::Others;
        }
        self.is_closed = true;
        self.shared.writers.close(self.index)
    }
}

impl Drop for SharedWriter {
    fn drop(&mut self) {
        if !self.is_closed {
            self.shared.writers.drop_writer(self.index);
        }
    }
}

#[async_trait]
impl Sink for SharedWriter {
    fn takes(&self) -> ChangelogMode {
        self.takes
    }

    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError> {
        let records = self.columns.conform(&batch.records)?;
        let batch = StreamBatch {
            records,
            kinds: batch.kinds.clone(),
        };
        self.shared.sink.lock().await.write(&batch).await
    }

    async fn flush(&mut self) -> Result<(), SinkError> {
        self.shared.sink.lock().await.flush().await
    }

    async fn prepare(&mut self) -> Result<Option<SinkPosition>, SinkError> {
        let Shared { sink, writers } = self.shared.as_ref();
        let waiting = writers.wait(self.index);
        loop {
            waiting.until_ready().await;
            let mut sink = sink.lock().await;
            // While the lock was waited for, another may have prepared the sink, or given up to wait.
            match waiting.readiness() {
                Readiness::OthersWrite => {}
                Readiness::Prepared(position) => return Ok(position),
                Readiness::Ready => {
                    let prepared = sink.prepare().await;
                    match &prepared {
                        Ok(position) => writers.release(*position),
                        Err(_) => writers.fail(),
                    }
                    return prepared;
                }
            }
        }
    }

    async fn end(&mut self) -> Result<Option<SinkPosition>, SinkError> {
        let Shared { sink, writers } = self.shared.as_ref();
        writers.end(self.index);
        sink.lock().await.prepare().await
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        match self.close() {
            Left::Others => Ok(SinkSummary::default()),
            Left::Nobody { was_one_dropped: false } => self.shared.sink.lock().await.finish().await,
            Left::Nobody { was_one_dropped: true } => self.shared.sink.lock().await.abandon().await,
        }
    }

    async fn abandon(&mut self) -> Result<SinkSummary, SinkError> {
        match self.close() {
            Left::Others => Ok(SinkSummary::default()),
            Left::Nobody { .. } => self.shared.sink.lock().await.abandon().await,
        }
    }
}

/// Brings the columns of one writer into the order of the sink.
struct Conformer {
    target: StreamSchema,
    /// Index of each of the target's columns; `None` where the writer has no such metadata.
    columns: Vec<Option<usize>>,
}

impl Conformer {
    fn new(from: &StreamSchema, target: &StreamSchema) -> Self {
        let mut columns: Vec<Option<usize>> = (0..target.user_columns()).map(Some).collect();
        let metadata = target
            .system_columns()
            .iter()
            .filter(|(_, index)| *index >= target.user_columns());
        columns.extend(metadata.map(|(column, _)| from.system(*column)));
        Self {
            target: target.clone(),
            columns,
        }
    }

    fn conform(&self, records: &RecordBatch) -> Result<RecordBatch, SinkError> {
        let fields = self.target.arrow().fields().iter();
        let column = |(index, field): (&Option<usize>, &FieldRef)| -> ArrayRef {
            match index {
                Some(index) => Arc::clone(records.column(*index)),
                None => new_null_array(field.data_type(), records.num_rows()),
            }
        };
        let columns = self.columns.iter().zip(fields).map(column).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(records.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(self.target.arrow()), columns, &options).map_err(|error| {
            SinkError::Format {
                destination: "a shared sink".to_owned(),
                message: error.to_string(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, Int64Array};
    use velo_data::{SqlType, SystemColumn};

    use super::*;
    use crate::MemorySink;

    fn batch(schema: &StreamSchema, value: i64) -> StreamBatch {
        let column = || -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
        let columns = (0..schema.arrow().fields().len()).map(|_| column()).collect();
        StreamBatch::inserts(RecordBatch::try_new(Arc::clone(schema.arrow()), columns).unwrap())
    }

    #[tokio::test]
    async fn the_last_writer_finishes_the_sink() {
        let plain = StreamSchema::of_user_columns([SqlType::BigInt.field("id", true)]);
        let windowed = plain.clone().with_system(SystemColumn::WindowStart);
        let memory = MemorySink::default();
        let mut writers = open_shared_sink(&SinkConfig::Memory(memory.clone()), &[&plain, &windowed], None).unwrap();
        writers[1].write(&batch(&windowed, 2)).await.unwrap();
        assert_eq!(writers[1].finish().await.unwrap(), SinkSummary::default());
        writers[0].write(&batch(&plain, 1)).await.unwrap();
        assert_eq!(writers[0].finish().await.unwrap().rows_written, 2);

        let batches = memory.batches();
        assert_eq!(batches[0].records.schema(), batches[1].records.schema());
        assert_eq!(batches[1].records.column(1).null_count(), 1);
    }

    #[test]
    fn different_columns_and_keys_are_refused() {
        let id = StreamSchema::of_user_columns([SqlType::BigInt.field("id", true)]);
        let name = StreamSchema::of_user_columns([SqlType::String.field("name", true)]);
        let error = open_shared_sink(&SinkConfig::Discard, &[&id, &name], None)
            .err()
            .unwrap();
        assert!(error.to_string().contains("`id` Int64 and `name` Utf8View"), "{error}");
        let keyed = id.clone().with_key(vec![0]);
        let error = open_shared_sink(&SinkConfig::Discard, &[&id, &keyed], None)
            .err()
            .unwrap();
        assert!(error.to_string().contains("different keys"), "{error}");
    }
}
