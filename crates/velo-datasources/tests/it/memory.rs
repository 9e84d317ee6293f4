use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use velo_data::{SqlType, StreamBatch, StreamSchema, SystemColumn};
use velo_datasources::{
    MemorySink, MemorySource, NextBatch, ReadRequest, SinkConfig, SourceConfig, SourceError, SplitPosition,
    SplitPositions, open_sink, open_source,
};

use crate::support::{readers, rows};

fn source() -> MemorySource {
    let schema = StreamSchema::new(
        [SqlType::BigInt.field("a", true), SqlType::BigInt.field("b", true)],
        [SystemColumn::Offset],
    );
    let batch = |start: i64| {
        let column = |add: i64| Arc::new(Int64Array::from(vec![start + add, start + add + 1])) as ArrayRef;
        RecordBatch::try_new(Arc::clone(schema.arrow()), vec![column(0), column(10), column(100)]).unwrap()
    };
    MemorySource::new(schema.clone(), vec![vec![batch(0), batch(2)], vec![batch(4)]])
}

#[tokio::test]
async fn partitions_are_read_from_their_positions() {
    let source = open_source(&SourceConfig::Memory(source()), None).unwrap();
    assert_eq!(source.system_columns(), [SystemColumn::Offset]);
    let request = ReadRequest {
        columns: vec![1],
        system: vec![SystemColumn::Offset, SystemColumn::Key],
        bounds: vec![],
        batch_rows_max: 1,
        decode_threads: 1,
        follow: false,
    };
    let from = |split: u64, next| SplitPositions::from([(split.into(), SplitPosition::Batches { next })]);
    let mut readers = readers(source.as_ref(), &request, Some(&from(0, 1))).await;
    let mut read = Vec::new();
    for reader in &mut readers {
        while let NextBatch::Batch(batch) = reader.next_batch().await.unwrap() {
            read.push(batch.records);
        }
    }
    assert_eq!(readers[1].position().unwrap(), SplitPosition::Batches { next: 1 });
    insta::assert_snapshot!(rows(read).await, @r#"
    {"b":12,"_offset":102,"_key":null}
    {"b":13,"_offset":103,"_key":null}
    {"b":14,"_offset":104,"_key":null}
    {"b":15,"_offset":105,"_key":null}
    "#);
    let refused = |error: Option<SourceError>| error.unwrap().to_string();
    assert_eq!(
        refused(source.open(&request, Some(&from(2, 0))).await.err()),
        "reading cannot go on where it was: memory holds no partition 2 any more; start anew to read what is there now"
    );
    assert_eq!(
        refused(source.open(&request, Some(&from(1, 2))).await.err()),
        "reading cannot go on where it was: 2 batches of partition 1 in memory had been read, and it has 1; start anew to \
         read what is there now"
    );
}

#[test]
fn declared_columns_must_be_those_of_the_batches() {
    let config = SourceConfig::Memory(source());
    let declared = |name| StreamSchema::of_user_columns(["a", name].map(|name| SqlType::BigInt.field(name, true)));
    assert!(open_source(&config, Some(&declared("b"))).is_ok());
    let refused = open_source(&config, Some(&declared("c"))).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot decode `memory`: its batches have other columns than those declared"
    );
}

#[tokio::test]
async fn sinks_share_what_they_hold() {
    let sink = MemorySink::default();
    let schema = StreamSchema::of_user_columns([SqlType::BigInt.field("a", true)]);
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let batch = StreamBatch::inserts(RecordBatch::try_new(Arc::clone(schema.arrow()), vec![column]).unwrap());
    let mut writer = open_sink(&SinkConfig::Memory(sink.clone()), &schema, None).unwrap();
    writer.write(&batch).await.unwrap();
    assert_eq!(sink.batches(), std::slice::from_ref(&batch));
    assert_eq!(writer.finish().await.unwrap().rows_written, 2);
    assert_eq!(sink.take(), [batch]);
    assert!(sink.batches().is_empty());
}
