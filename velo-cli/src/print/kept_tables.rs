//! What `query` tells about the tables of a state directory.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringViewArray, TimestampMillisecondArray};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use indicatif::HumanBytes;
use serde::Serialize;
use velo_data::{SqlType, StreamSchema};
use velo_loader::KeptTable;

use super::table::TIMESTAMP;
use super::text::printable;
use super::words::rows;

/// Places that are named in a sentence, at most.
const PLACES_MAX: usize = 3;

/// Rows for people and programs, and their columns.
pub(crate) struct Listing {
    pub(crate) schema: StreamSchema,
    pub(crate) records: RecordBatch,
}

impl Listing {
    fn new(columns: Vec<(&str, SqlType, ArrayRef)>) -> Result<Self, ArrowError> {
        let fields = columns.iter().map(|(name, sql_type, _)| sql_type.field(name, true));
        let schema = StreamSchema::of_user_columns(fields.collect::<Vec<_>>());
        let columns = columns.into_iter().map(|(_, _, column)| column).collect();
        Ok(Self {
            records: RecordBatch::try_new(Arc::clone(schema.arrow()), columns)?,
            schema,
        })
    }
}

/// `SHOW TABLES`: a row for each table.
pub(crate) fn tables(tables: &[&KeptTable]) -> Result<Listing, ArrowError> {
    let texts = |text: &dyn Fn(&KeptTable) -> String| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(
            tables.iter().map(|table| text(table)),
        ))
    };
    let numbers = |number: &dyn Fn(&KeptTable) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(
            tables
                .iter()
                .map(|table| i64::try_from(number(table)).unwrap_or(i64::MAX)),
        ))
    };
    let loaded = TimestampMillisecondArray::from_iter_values(tables.iter().map(|table| table.loaded_at_ms));
    Listing::new(vec![
        ("table", SqlType::String, texts(&|table| table.name.clone())),
        ("key", SqlType::String, texts(&|table| key(table).join(", "))),
        (
            "columns",
            SqlType::BigInt,
            numbers(&|table| table.schema.user_columns() as u64),
        ),
        ("rows", SqlType::BigInt, numbers(&|table| table.rows)),
        ("bytes", SqlType::BigInt, numbers(&|table| table.bytes)),
        ("loaded", SqlType::Timestamp, Arc::new(loaded)),
        (
            "loaded_from",
            SqlType::String,
            texts(&|table| table.loaded_from.join(", ")),
        ),
    ])
}

/// `DESCRIBE table`: a row for each column.
pub(crate) fn columns(table: &KeptTable) -> Result<Listing, ArrowError> {
    let columns = column_texts(table);
    let names = columns.iter().map(|column| column.column.as_str());
    let types = columns.iter().map(|column| column.sql_type.as_str());
    let keys: BooleanArray = columns.iter().map(|column| Some(column.key)).collect();
    Listing::new(vec![
        (
            "column",
            SqlType::String,
            Arc::new(StringViewArray::from_iter_values(names)),
        ),
        (
            "type",
            SqlType::String,
            Arc::new(StringViewArray::from_iter_values(types)),
        ),
        ("key", SqlType::Boolean, Arc::new(keys)),
    ])
}

/// All about a table in one sentence.
pub(crate) fn sentence(table: &KeptTable) -> String {
    let places = &table.loaded_from;
    let named: Vec<_> = places.iter().take(PLACES_MAX).map(|place| printable(place)).collect();
    let others = match places.len().saturating_sub(PLACES_MAX) {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let from = if named.is_empty() {
        String::new()
    } else {
        format!(" from {}{others}", named.join(", "))
    };
    format!(
        "`{}`: {}, {}, loaded {}{from}\n",
        printable(&table.name),
        rows(table.rows),
        HumanBytes(table.bytes),
        time(table.loaded_at_ms)
    )
}

/// All about a table as one JSON object on a line.
pub(crate) fn json(table: &KeptTable) -> Result<String, serde_json::Error> {
    let description = Description {
        table: &table.name,
        columns: column_texts(table),
        key: key(table),
        rows: table.rows,
        bytes: table.bytes,
        loaded: time(table.loaded_at_ms),
        loaded_from: &table.loaded_from,
    };
    Ok(serde_json::to_string(&description)? + "\n")
}

#[derive(Serialize)]
struct Description<'a> {
    table: &'a str,
    columns: Vec<ColumnText>,
    key: Vec<&'a str>,
    rows: u64,
    bytes: u64,
    loaded: String,
    loaded_from: &'a [String],
}

#[derive(Serialize)]
struct ColumnText {
    column: String,
    #[serde(rename = "type")]
    sql_type: String,
    key: bool,
}

fn column_texts(table: &KeptTable) -> Vec<ColumnText> {
    let fields = table.schema.user_fields().iter().enumerate();
    let column = |(index, field): (usize, &arrow::datatypes::FieldRef)| ColumnText {
        column: field.name().clone(),
        sql_type: SqlType::of_field(field)
            .map_or_else(|| field.data_type().to_string(), |sql_type| sql_type.to_string()),
        key: table.schema.key().contains(&index),
    };
    fields.map(column).collect()
}

fn key(table: &KeptTable) -> Vec<&str> {
    let fields = table.schema.user_fields();
    let name = |index: &usize| fields.get(*index).map(|field| field.name().as_str());
    table.schema.key().iter().filter_map(name).collect()
}

/// A time as results have it.
fn time(at_ms: i64) -> String {
    let at = TimestampMillisecondArray::from(vec![at_ms]);
    let options = FormatOptions::default().with_timestamp_format(Some(TIMESTAMP));
    // Milliseconds have this form.
    ArrayFormatter::try_new(&at, &options)
        .map_or_else(|_| at_ms.to_string(), |formatter| formatter.value(0).to_string())
}
