//! JSON lines to columns, beside `arrow-json` doing the same: the share of a job that decoding takes.
//!
//! Both decode four of the six members of two million trades from memory, in batches of 8192. Run it on one core,
//! and compare only figures of the same run:
//!
//! ```text
//! taskset -c 0 cargo bench -p velo-formats --bench json_decode
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nothing to measure")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{FieldRef, Schema};
use arrow::json::ReaderBuilder;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use velo_data::SqlType;
use velo_formats::{Decoder, Projection};

const ROWS: u64 = 2_000_000;
const BATCH_ROWS: usize = 8192;
const SYMBOLS: u64 = 200;
/// 2024-01-01T10:00:00Z; the trades fill less than the rest of that day.
const START_MS: u64 = 1_704_103_200_000;

/// Decodes columns of a text and tells how many rows they have.
type DecodeAll = fn(&[u8], &[FieldRef]) -> u64;

/// How a trade's event time is written.
#[derive(Debug, Clone, Copy)]
enum EventTime {
    /// As ISO 8601 text with milliseconds.
    Iso,
    /// As a number of epoch milliseconds.
    EpochMs,
}

/// A multiplicative generator (Lehmer, modulus 2^31 - 1): the same trades in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0 * 48_271 % 0x7fff_ffff;
        self.0 % bound
    }
}

/// Trades as a feed sends them, some 125 bytes each.
fn trades(event_time: EventTime) -> String {
    let mut text = String::with_capacity(ROWS as usize * 136);
    let mut random = Random(42);
    let mut time_ms = START_MS;
    for _ in 0..ROWS {
        time_ms += random.below(40);
        let side = if random.below(2) == 0 { "BUY" } else { "SELL" };
        let symbol = random.below(SYMBOLS);
        let (whole, fraction) = (1 + random.below(999), random.below(10_000));
        let quantity = 1 + random.below(1000);
        let trader = random.below(5000);
        write!(
            text,
            r#"{{"symbol":"SYM{symbol:03}","price":{whole}.{fraction:04},"quantity":{quantity},"side":"{side}","event_time":"#
        )
        .expect("strings take any text");
        write_event_time(&mut text, event_time, time_ms);
        writeln!(text, r#","trader_id":"trader-{trader:04}"}}"#).expect("strings take any text");
    }
    text
}

fn write_event_time(text: &mut String, event_time: EventTime, time_ms: u64) {
    let (seconds, milliseconds) = (time_ms / 1000, time_ms % 1000);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let written = match event_time {
        EventTime::Iso => write!(
            text,
            r#""2024-01-01T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z""#
        ),
        EventTime::EpochMs => write!(text, "{time_ms}"),
    };
    written.expect("strings take any text");
}

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
    for (time_name, event_time) in [("iso", EventTime::Iso), ("epoch_ms", EventTime::EpochMs)] {
        let text = trades(event_time);
        for (price_name, price) in [("double", &SqlType::Double), ("decimal", &decimal)] {
            let columns = columns(price);
            let mut group = criterion.benchmark_group(format!("json_decode/{time_name}_{price_name}"));
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
}

criterion_group!(benches, bench);
criterion_main!(benches);
