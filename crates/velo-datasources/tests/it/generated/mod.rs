//! Sources whose rows are generated.

mod datagen;
mod nexmark;
mod pace;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use arrow::datatypes::Int64Type;
use velo_data::{Clock, ManualClock, SqlType, StreamSchema, SystemColumn};
use velo_datasources::{GeneratedSource, NextBatch, PropertyError, SourceConfig, SplitPosition, SplitPositions};

use crate::support::{NOW_MS, readers, request, schema};

/// Columns with their types, in an order.
type Columns<'a> = &'a [(&'a str, SqlType)];

fn config(kind: &str, properties: &[(&str, &str)]) -> Result<SourceConfig, Vec<PropertyError>> {
    let properties = properties
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    SourceConfig::from_properties(Some(kind), &properties.collect::<BTreeMap<_, _>>())
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(NOW_MS))
}

fn try_datagen(columns: &StreamSchema, properties: &[(&str, &str)]) -> Result<GeneratedSource, Vec<PropertyError>> {
    match config("datagen_source", properties)? {
        SourceConfig::Datagen(config) => GeneratedSource::datagen(&config, columns, clock()),
        other => panic!("{other:?}"),
    }
}

fn datagen(columns: Columns<'_>, properties: &[(&str, &str)]) -> GeneratedSource {
    try_datagen(&schema(columns), properties).unwrap()
}

fn nexmark(properties: &[(&str, &str)]) -> GeneratedSource {
    match config("nexmark_source", properties).unwrap() {
        SourceConfig::Nexmark(config) => GeneratedSource::nexmark(&config, None, clock()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The rows that come next in each split.
fn at_rows(next: impl IntoIterator<Item = u64>) -> SplitPositions {
    let positions = (0_u64..).zip(next);
    positions
        .map(|(split, next)| (split.into(), SplitPosition::Rows { next }))
        .collect()
}

/// All rows from those of `from` on, in the order of their numbers.
async fn rows_from(source: &GeneratedSource, batch_rows: usize, from: Option<&SplitPositions>) -> RecordBatch {
    let request = request(source, &[SystemColumn::Offset], batch_rows);
    let mut batches = Vec::new();
    for mut reader in readers(source, &request, from).await {
        loop {
            match reader.next_batch().await.unwrap() {
                NextBatch::Batch(batch) => {
                    assert!(batch.records.num_rows() <= batch_rows);
                    batches.push(batch.records);
                }
                NextBatch::End => break,
                NextBatch::NotYet(pause) => panic!("a source without a rate wants {pause:?}"),
            }
        }
    }
    let Some(first) = batches.first() else {
        panic!("there are no rows");
    };
    let records = concat_batches(first.schema_ref(), &batches).unwrap();
    let order = sort_to_indices(records.column(records.num_columns() - 1), None, None).unwrap();
    take_record_batch(&records, &order).unwrap()
}

async fn rows(source: &GeneratedSource) -> RecordBatch {
    rows_from(source, 1000, None).await
}

fn integers<'a>(records: &'a RecordBatch, column: &str) -> &'a [i64] {
    records
        .column_by_name(column)
        .unwrap()
        .as_primitive::<Int64Type>()
        .values()
}

fn texts(records: &RecordBatch, column: &str) -> Vec<String> {
    let column = records.column_by_name(column).unwrap().as_string_view();
    assert_eq!(column.null_count(), 0);
    column.iter().map(|text| text.unwrap().to_owned()).collect()
}
