//! Files with the habits of old and unusual writers. `odd.py` makes them, and tells the rows that pyarrow reads from each.

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use bytes::Bytes;
use velo_formats::{ColumnarError, ParquetFile};

use super::{fixture, read};
use crate::support::rows;

/// The rows of each file, as JSON lines.
fn expected() -> BTreeMap<String, String> {
    let text = String::from_utf8(fixture("odd/expected.txt").to_vec()).unwrap();
    let files = text.split("== ").skip(1).map(|file| file.split_once('\n').unwrap());
    files.map(|(name, rows)| (name.to_owned(), rows.to_owned())).collect()
}

fn all_rows(input: &Bytes) -> Result<String, ColumnarError> {
    let schema = ParquetFile::open(input)?.natural_schema();
    let fields: Vec<_> = schema
        .user_fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    read(input, &fields).map(|records| rows(&records))
}

#[test]
fn odd_files_are_read_with_the_values_that_pyarrow_reads() {
    let expected = expected();
    assert!(expected.len() > 90, "{}", expected.len());
    let mut wrong = Vec::new();
    for (name, expected) in expected {
        let input = fixture(&format!("odd/{name}.parquet"));
        match catch_unwind(|| all_rows(&input)) {
            Ok(Ok(rows)) if rows == expected => {}
            Ok(Ok(rows)) => wrong.push(format!("{name}: read\n{rows}expected\n{expected}")),
            Ok(Err(error)) => wrong.push(format!("{name}: {error}")),
            Err(_) => wrong.push(format!("{name}: panicked")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
