//! How a file is cut into chunks and batches, how many threads decode them, and where reading is taken up again, does not
//! show.

use arrow::compute::concat_batches;
use proptest::collection::vec;
use proptest::prelude::*;
use velo_data::{RowError, SqlType, StreamSchema, SystemColumn};
use velo_datasources::{FileSourceConfig, NextBatch, ReadLimits, ReadRequest, SourceBatch, SourceConfig};

use crate::support::{file, open, positions, read_from, request};

/// Pieces that records are made of, whole ones and broken ones.
fn pieces(format: &str) -> Vec<&'static str> {
    match format {
        "a.csv" => vec![
            "1,a\n",
            "2,\"b\"\"c\"\r\n",
            "3,\"two\nlines\"\n",
            "x,y\n",
            "4\n",
            "\n",
            "\"open,",
            "5,é\n",
            "a,b,c\n",
            "\"",
            "6,long long long long long long long long\n",
            "\"7\"z,1\n",
        ],
        "a.jsonl" => vec![
            "{\"id\":1,\"s\":\"a\"}\n",
            "{\"s\":\"é\\n\",\"id\":2}\r\n",
            "{\"id\":\"x\"}\n",
            "{\"id\":3\n",
            "\n",
            "  \n",
            "{\"id\":4,\"s\":\"long long long long long long long long\"}\n",
            "junk",
            "{}\n",
        ],
        _ => vec![
            "{\"value\":{\"id\":1},\"key\":\"k\"}\n",
            "{\"value\":null}\n",
            "{\"timestamp\":5,\"value\":{\"s\":\"é\"}}\n",
            "{\"value\":{\"id\":1.5}}\n",
            "{\"value\":\n",
            "\n",
            "{\"value\":{},\"offset\":77}\n",
        ],
    }
}

fn content() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    prop::sample::select(vec!["a.csv", "a.jsonl", "a.envelope.jsonl"]).prop_flat_map(|name| {
        let piece = prop::sample::select(pieces(name)).prop_map(|piece| piece.as_bytes().to_vec());
        let piece = prop_oneof![20 => piece, 1 => vec(any::<u8>(), 0..4)];
        vec(piece, 0..30).prop_map(move |pieces| (name, pieces.concat()))
    })
}

fn limits(chunk_bytes: usize) -> ReadLimits {
    ReadLimits {
        chunk_bytes,
        record_bytes_max: 40,
        parallel_bytes_min: 0,
        ..ReadLimits::default()
    }
}

/// What was read, whatever the batches.
fn joined(batches: &[SourceBatch]) -> (Option<arrow::array::RecordBatch>, Vec<RowError>) {
    let records: Vec<_> = batches.iter().map(|batch| batch.records.clone()).collect();
    let rejected = batches.iter().flat_map(|batch| batch.rejected.clone()).collect();
    let records = records
        .first()
        .map(|first| concat_batches(first.schema_ref(), &records).unwrap());
    (records, rejected)
}

/// How a file is read.
#[derive(Debug, Clone, Copy)]
struct Way {
    limits: ReadLimits,
    batch_rows_max: usize,
    decode_threads: usize,
    /// Whether every batch is read by a reader of its own.
    resumes: bool,
}

fn read(config: &FileSourceConfig, way: Way) -> Vec<SourceBatch> {
    let declared = StreamSchema::of_user_columns([SqlType::BigInt.field("id", true), SqlType::String.field("s", true)]);
    let source = open(config, Some(&declared)).with_limits(way.limits);
    let system = [
        SystemColumn::Offset,
        SystemColumn::Key,
        SystemColumn::EventTime,
        SystemColumn::Record,
    ];
    let request = ReadRequest {
        decode_threads: way.decode_threads,
        ..request(&source, &system, way.batch_rows_max)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        if !way.resumes {
            let batches = read_from(&source, &request, None).await;
            return batches.into_iter().map(|(batch, _)| batch).collect();
        }
        let (mut batches, mut from) = (Vec::new(), None);
        loop {
            let mut splits = velo_datasources::Source::open(&source, &request, from.as_ref())
                .await
                .unwrap();
            let NextBatch::Batch(batch) = splits[0].reader.next_batch().await.unwrap() else {
                return batches;
            };
            batches.push(batch);
            from = Some(positions(&mut splits));
        }
    })
}

proptest! {
    #[test]
    fn cuts_do_not_show(
        (name, content) in content(),
        chunk_bytes in 1..60usize,
        batch_rows_max in 1..8usize,
        decode_threads in 1..4usize,
        resumes in any::<bool>(),
    ) {
        let (_directory, path) = file(name, &content);
        let SourceConfig::File(mut config) = SourceConfig::from_path(&path).unwrap() else { unreachable!() };
        config.has_headers = false;
        let at_once = Way { limits: limits(1 << 20), batch_rows_max: usize::MAX, decode_threads: 1, resumes: false };
        let whole = joined(&read(&config, at_once));
        let way = Way { limits: limits(chunk_bytes), batch_rows_max, decode_threads, resumes };
        let batches = read(&config, way);
        prop_assert!(batches.iter().all(|batch| batch.records.num_rows() + batch.rejected.len() <= batch_rows_max));
        prop_assert_eq!(joined(&batches), whole);
    }
}
