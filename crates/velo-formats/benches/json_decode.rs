//! JSON lines to columns, beside `arrow-json` doing the same: the share of a job that decoding takes.
//!
//! Both decode four of the six members of two million trades from memory, in batches of 8192. Run it on one core,
//! and compare only figures of the same run:
//!
//! ```text
//! taskset -c 0 cargo bench -p velo-formats --bench json_decode
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nothing to measure")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{FieldRef, Schema};
use arrow::json::ReaderBuilder;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use velo_data::SqlType;
use velo_formats::{Decoder, Projection};

use crate::trades::trades;

#[path = "input/trades.rs"]
mod trades;

const ROWS: u64 = 2_000_000;
const BATCH_ROWS: usize = 8192;

/// Decodes columns of a text and tells how many rows they have.
type DecodeAll = fn(&[u8], &[FieldRef]) -> u64;

fn columns(price: &SqlType) -> Vec<FieldRef> {
    let columns = [
        ("symbol", &SqlType::String),
        ("price", price),
        ("quantity", &SqlType::BigInt),
        ("event_time", &SqlType::Timestamp),
    ];
    let fields = columns.map(|(name, sql_type)| Arc::new(sql_type.field(name, true)));
    fields.to_vec()
}

fn decode(text: &[u8], columns: &[FieldRef]) -> u64 {
    let projection = Projection {
        fields: columns.to_vec(),
        system: Vec::new(),
        topic: "trades".into(),
        partition: 0,
    };
    let mut decoder = Decoder::json_lines(projection).expect("columns of text");
    let (mut rest, mut rows) = (text, 0);
    while !rest.is_empty() {
        let consumed = decoder.decode(rest, true, BATCH_ROWS);
        rest = &rest[consumed..];
        let batch = decoder.finish_batch(0).expect("columns of one length");
        assert!(batch.rejected.is_empty());
        rows += batch.records.num_rows() as u64;
        black_box(batch);
    }
    rows
}

fn decode_with_arrow(text: &[u8], columns: &[FieldRef]) -> u64 {
    let schema = Arc::new(Schema::new(columns.to_vec()));
    let reader = ReaderBuilder::new(schema).with_batch_size(BATCH_ROWS).build(text);
    let batches = reader.expect("columns that arrow-json knows");
    batches
        .map(|batch| black_box(batch.expect("valid trades")).num_rows() as u64)
        .sum()
}

fn bench(criterion: &mut Criterion) {
    let decimal = SqlType::Decimal {
        precision: 18,
        scale: 4,
    };
    let text = trades(ROWS);
    for (price_name, price) in [("double", &SqlType::Double), ("decimal", &decimal)] {
        let columns = columns(price);
        let mut group = criterion.benchmark_group(format!("json_decode/{price_name}"));
        group
            .throughput(Throughput::Elements(ROWS))
            .sampling_mode(SamplingMode::Flat)
            .sample_size(10)
            .warm_up_time(Duration::from_secs(1))
            .measurement_time(Duration::from_secs(5));
        for (name, decoder) in [("velo", decode as DecodeAll), ("arrow-json", decode_with_arrow)] {
            group.bench_function(name, |bencher| {
                bencher.iter(|| assert_eq!(decoder(text.as_bytes(), &columns), ROWS));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
