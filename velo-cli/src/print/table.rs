//! Rows as aligned columns, for people.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use unicode_width::UnicodeWidthStr;
use velo_data::{StreamBatch, StreamSchema};
use velo_datasources::{Sink, SinkError, SinkSummary};

use super::rows::Console;
use super::text::printable;

/// Rows by which the widths of columns are told; wider values that come later stand out.
const ROWS_MEASURED: usize = 1_000;

/// As in JSON output; the fraction is left out when it is nothing.
const TIMESTAMP: &str = "%Y-%m-%dT%H:%M:%S%.fZ";

const GAP: &str = "  ";

/// Prints the rows of one stream as a table. Deletes have no form there: they are counted and left out.
pub(crate) struct TableSink {
    console: Console,
    title: Option<String>,
    columns: Vec<TableColumn>,
    /// Rows that wait until the widths are known.
    waiting: Vec<Vec<String>>,
    is_measured: bool,
    destination: &'static str,
    summary: SinkSummary,
}

struct TableColumn {
    name: String,
    width: usize,
    /// Numbers end in one line, everything else begins in one.
    is_number: bool,
}

impl TableSink {
    /// A table with the user columns of `schema`, under a title where there are several.
    pub(crate) fn new(
        console: Console,
        title: Option<String>,
        schema: &StreamSchema,
        destination: &'static str,
    ) -> Self {
        let fields = schema.user_fields().iter();
        let column = |field: &arrow::datatypes::FieldRef| {
            let name = printable(field.name()).into_owned();
            TableColumn {
                width: name.width(),
                name,
                is_number: field.data_type().is_numeric(),
            }
        };
        Self {
            console,
            title,
            columns: fields.map(column).collect(),
            waiting: Vec::new(),
            is_measured: false,
            destination,
            summary: SinkSummary::default(),
        }
    }

    fn add(&mut self, batch: &StreamBatch) -> Result<(), ArrowError> {
        let options = FormatOptions::default()
            .with_null("NULL")
            .with_timestamp_format(Some(TIMESTAMP));
        let columns = &batch.records.columns()[..self.columns.len()];
        let formatter = |column: &'_ ArrayRef| -> Result<Vec<String>, ArrowError> {
            let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
            Ok((0..column.len())
                .map(|row| printable(&formatter.value(row).to_string()).into_owned())
                .collect())
        };
        let mut columns = columns.iter().map(formatter).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            if batch.kind(row).is_retraction() {
                self.summary.deletes_skipped += 1;
                continue;
            }
            self.waiting.push(
                columns
                    .iter_mut()
                    .map(|cells| std::mem::take(&mut cells[row]))
                    .collect(),
            );
            self.summary.rows_written += 1;
        }
        Ok(())
    }

    fn print(&mut self) -> Result<(), SinkError> {
        if !self.is_measured {
            self.measure();
        }
        let mut rows = String::new();
        for row in &self.waiting {
            self.push_line(row.iter().map(String::as_str), &mut rows);
        }
        let title = self.title.as_deref().unwrap_or_default();
        self.waiting.clear();
        self.summary.bytes_written += rows.len() as u64;
        self.console
            .print(title, &self.heading(), &rows)
            .map_err(|source| SinkError::Io {
                destination: self.destination.to_owned(),
                source,
            })
    }

    fn measure(&mut self) {
        for row in &self.waiting {
            for (column, cell) in self.columns.iter_mut().zip(row) {
                column.width = column.width.max(cell.width());
            }
        }
        self.is_measured = true;
    }

    fn heading(&self) -> String {
        let mut heading = self
            .title
            .as_ref()
            .map_or_else(String::new, |title| format!("{title}:\n"));
        let rules: Vec<String> = self.columns.iter().map(|column| "-".repeat(column.width)).collect();
        self.push_line(self.columns.iter().map(|column| column.name.as_str()), &mut heading);
        self.push_line(rules.iter().map(String::as_str), &mut heading);
        heading
    }

    fn push_line<'a>(&self, cells: impl Iterator<Item = &'a str>, out: &mut String) {
        let start = out.len();
        for (index, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            let padding = column.width.saturating_sub(cell.width());
            let gap = if index > 0 { GAP } else { "" };
            // Writing to a String cannot fail.
            let _ = if column.is_number {
                write!(out, "{gap}{:padding$}{cell}", "")
            } else {
                write!(out, "{gap}{cell}{:padding$}", "")
            };
        }
        let end = start + out[start..].trim_end().len();
        out.truncate(end);
        out.push('\n');
    }
}

#[async_trait]
impl Sink for TableSink {
    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError> {
        self.add(batch).map_err(|error| SinkError::Format {
            destination: self.destination.to_owned(),
            message: error.to_string(),
        })?;
        if self.is_measured || self.waiting.len() >= ROWS_MEASURED {
            self.print()?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), SinkError> {
        if self.waiting.is_empty() { Ok(()) } else { self.print() }
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        // A table without rows still shows its columns.
        if !self.is_measured || !self.waiting.is_empty() {
            self.print()?;
        }
        Ok(self.summary)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Decimal128Array, RecordBatch, StringViewArray};
    use velo_data::SqlType;

    use super::*;

    #[test]
    fn numbers_end_and_texts_begin_in_one_line() {
        let price = SqlType::Decimal {
            precision: 10,
            scale: 2,
        };
        let schema = StreamSchema::of_user_columns([SqlType::String.field("name", true), price.field("price", true)]);
        let names = StringViewArray::from(vec![Some("größe\n"), None]);
        let prices = Decimal128Array::from(vec![Some(17523), Some(5)])
            .with_precision_and_scale(10, 2)
            .unwrap();
        let records =
            RecordBatch::try_new(Arc::clone(schema.arrow()), vec![Arc::new(names), Arc::new(prices)]).unwrap();
        let mut sink = TableSink::new(Console::default(), Some("s".to_owned()), &schema, "stdout");
        sink.add(&StreamBatch::inserts(records)).unwrap();
        sink.measure();
        let mut text = sink.heading();
        for row in &sink.waiting {
            sink.push_line(row.iter().map(String::as_str), &mut text);
        }
        assert_eq!(
            text,
            "s:\nname      price\n-------  ------\ngröße\\n  175.23\nNULL       0.05\n"
        );
    }
}
