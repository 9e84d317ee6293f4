//! No file and no schema panics, hangs, or makes a batch that is larger than it may be.
//!
//! Run with `cargo +nightly fuzz run avro` in `crates/velo-formats`; the files in `tests/fixtures` are good seeds.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use velo_data::SystemColumn;
use velo_formats::{AvroFile, AvroSchema, Projection, ReadRange};

const BATCH_ROWS: usize = 100;

fuzz_target!(|data: &[u8]| {
    if let Some(schema) = std::str::from_utf8(data).ok().and_then(|text| AvroSchema::parse(text).ok()) {
        let _ = schema.columns();
    }
    let Ok(file) = AvroFile::open(Cursor::new(data)) else { return };
    let schema = file.natural_schema();
    let projection = Projection {
        fields: schema.user_fields().to_vec(),
        system: vec![SystemColumn::Offset],
        topic: "fuzz".into(),
        partition: 0,
    };
    let range = ReadRange { records: 0..10_000, batch_rows_max: BATCH_ROWS };
    let Ok(mut reader) = AvroFile::reader(Cursor::new(data), projection, range) else { return };
    while let Ok(Some(batch)) = reader.next_batch(0) {
        assert!(batch.records.num_rows() <= BATCH_ROWS);
    }
});
