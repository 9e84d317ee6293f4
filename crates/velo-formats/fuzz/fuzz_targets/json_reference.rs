//! What is JSON, and what its members are, is what `serde_json` says.
//!
//! Run with `cargo +nightly fuzz run json_reference` in `crates/velo-formats`.
#![no_main]

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use velo_data::SqlType;
use velo_formats::{Decoder, Projection};

const NAMES: [&str; 2] = ["a", "b"];

/// What `serde_json` makes of a line.
enum Reference {
    Object(serde_json::Map<String, Value>),
    NoObject,
    /// It has limits of its own: of doubles, and of nesting.
    Unknown,
}

fn read(line: &[u8]) -> Reference {
    match serde_json::from_slice(line) {
        Ok(Value::Object(members)) => Reference::Object(members),
        Ok(_) => Reference::NoObject,
        Err(error) => match error.to_string() {
            message if message.contains("out of range") || message.contains("recursion limit") => Reference::Unknown,
            _ => Reference::NoObject,
        },
    }
}

fuzz_target!(|data: &[u8]| {
    let fields = NAMES.map(|name| Arc::new(SqlType::Json.field(name, true)));
    let projection = Projection { fields: fields.to_vec(), system: vec![], topic: "fuzz".into(), partition: 0 };
    let mut decoder = Decoder::json_lines(projection).expect("supported types");
    decoder.decode(data, true, usize::MAX);
    let batch = decoder.finish_batch(0).expect("columns of one length");
    let rejected: HashSet<u64> = batch.rejected.iter().filter_map(|error| error.origin.line).collect();
    let mut row = 0;
    for (number, line) in (1..).zip(data.split(|byte| *byte == b'\n')) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let is_kept = !rejected.contains(&number);
        match read(line) {
            Reference::Object(members) => {
                assert!(is_kept, "refused: {}", String::from_utf8_lossy(line));
                for (column, name) in batch.records.columns().iter().zip(NAMES) {
                    // Where no name is the wanted one to the letter, one in another case is taken.
                    let Some(expected) = members.get(name) else { continue };
                    let column = column.as_string_view();
                    let found = column.is_valid(row).then(|| serde_json::from_str(column.value(row)).expect("JSON"));
                    assert_eq!(found.as_ref().unwrap_or(&Value::Null), expected);
                }
            }
            Reference::NoObject => assert!(!is_kept, "taken: {}", String::from_utf8_lossy(line)),
            Reference::Unknown => {}
        }
        row += usize::from(is_kept);
    }
});
