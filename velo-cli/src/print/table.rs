//! Rows as aligned columns, for people.

use std::borrow::Cow;
use std::fmt::Write;

use arrow::array::{Array, ArrayRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use unicode_width::UnicodeWidthStr;
use velo_data::{StreamBatch, StreamSchema};
use velo_datasources::{Sink, SinkError, SinkSummary};

use super::rows::Console;
use super::text::{cut, printable};

/// Rows by which the widths of columns are told; wider values that come later stand out.
const ROWS_MEASURED: usize = 1_000;

/// As in JSON output; the fraction is left out when it is nothing.
pub(super) const TIMESTAMP: &str = "%Y-%m-%dT%H:%M:%S%.fZ";

const GAP: &str = "  ";

/// What stands for text and columns that are cut off.
const CUT: &str = "…";

/// Columns of text are not made narrower than this, so that something of each value is seen.
const WIDTH_MIN: usize = 8;

/// Prints the rows of one stream as a table. Deletes have no form there: they are counted and left out.
pub(crate) struct TableSink {
    console: Console,
    title: Option<String>,
    columns: Vec<TableColumn>,
    /// What a line may take; `None` is any number of columns.
    line_width: Option<usize>,
    /// How many of the columns are shown, the first ones.
    shown: usize,
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
            shown: fields.len(),
            columns: fields.map(column).collect(),
            line_width: None,
            waiting: Vec::new(),
            is_measured: false,
            destination,
            summary: SinkSummary::default(),
        }
    }

    /// The same in lines of so many columns: what is wider is cut.
    pub(crate) fn within(self, line_width: Option<usize>) -> Self {
        Self { line_width, ..self }
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
        let printed = self.console.print(title, &self.heading(), &rows);
        printed.map_err(|source| self.io_error(source))
    }

    fn io_error(&self, source: std::io::Error) -> SinkError {
        SinkError::Io {
            destination: self.destination.to_owned(),
            source,
        }
    }

    fn measure(&mut self) {
        for row in &self.waiting {
            for (column, cell) in self.columns.iter_mut().zip(row) {
                column.width = column.width.max(cell.width());
            }
        }
        if let Some(line_width) = self.line_width {
            self.fit(line_width);
        }
        self.is_measured = true;
    }

    /// Makes columns narrower, the widest first, until a line is not too wide; leaves out the last ones where that does
    /// not help.
    fn fit(&mut self, line_width: usize) {
        let gaps = GAP.len() * self.columns.len().saturating_sub(1);
        let line = |columns: &[TableColumn], width_max: usize| -> usize {
            columns.iter().map(|column| column.width.min(width_max)).sum()
        };
        let mut width_max = self.columns.iter().map(|column| column.width).max().unwrap_or(0);
        while width_max > WIDTH_MIN && line(&self.columns, width_max) + gaps > line_width {
            width_max -= 1;
        }
        for column in &mut self.columns {
            column.width = column.width.min(width_max);
        }
        if line(&self.columns, width_max) + gaps <= line_width {
            return;
        }
        let mut room = line_width.saturating_sub(GAP.len() + CUT.width());
        self.shown = 0;
        for column in &self.columns {
            let taken = column.width + if self.shown > 0 { GAP.len() } else { 0 };
            if taken > room {
                break;
            }
            room -= taken;
            self.shown += 1;
        }
        // One column is seen in any case.
        self.shown = self.shown.max(1);
    }

    /// Which columns have no room; nothing if all are shown.
    fn left_out(&self) -> String {
        let left_out = &self.columns[self.shown..];
        if left_out.is_empty() {
            return String::new();
        }
        let names: Vec<&str> = left_out.iter().map(|column| column.name.as_str()).collect();
        let text = format!(
            "-- more: {} of {} columns are not shown: {}",
            left_out.len(),
            self.columns.len(),
            names.join(", ")
        );
        cut(&text, self.line_width.unwrap_or(usize::MAX)).into_owned() + "\n"
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
        for (index, (column, cell)) in self.columns.iter().zip(cells).take(self.shown).enumerate() {
            let cell = match self.line_width {
                Some(_) => cut(cell, column.width),
                None => Cow::Borrowed(cell),
            };
            let padding = column.width.saturating_sub(cell.width());
            let gap = if index > 0 { GAP } else { "" };
            // Writing to a String cannot fail.
            let _ = if column.is_number {
                write!(out, "{gap}{:padding$}{cell}", "")
            } else {
                write!(out, "{gap}{cell}{:padding$}", "")
            };
        }
        if self.shown < self.columns.len() {
            out.push_str(GAP);
            out.push_str(CUT);
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
        let left_out = self.left_out();
        if !left_out.is_empty() {
            let title = self.title.as_deref().unwrap_or_default();
            let printed = self.console.print(title, &self.heading(), &left_out);
            printed.map_err(|source| self.io_error(source))?;
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

    /// The lines of a table with these columns and one row of them.
    fn lines(line_width: usize, columns: &[(&str, &str)]) -> Vec<String> {
        let fields = columns.iter().map(|(name, _)| SqlType::String.field(name, true));
        let schema = StreamSchema::of_user_columns(fields.collect::<Vec<_>>());
        let values = columns.iter().map(|(_, value)| {
            let column: ArrayRef = Arc::new(StringViewArray::from(vec![*value]));
            column
        });
        let records = RecordBatch::try_new(Arc::clone(schema.arrow()), values.collect()).unwrap();
        let mut sink = TableSink::new(Console::default(), None, &schema, "stdout").within(Some(line_width));
        sink.add(&StreamBatch::inserts(records)).unwrap();
        sink.measure();
        let mut text = sink.heading();
        for row in &sink.waiting {
            sink.push_line(row.iter().map(String::as_str), &mut text);
        }
        text.push_str(&sink.left_out());
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn wide_tables_fit_the_line() {
        let columns = [("id", "1"), ("note", "a rather long remark"), ("name", "ada lovelace")];
        assert_eq!(
            lines(38, &columns),
            [
                "id  note                  name",
                "--  --------------------  ------------",
                "1   a rather long remark  ada lovelace"
            ]
        );
        // The widest column gives way first.
        assert_eq!(
            lines(30, &columns),
            [
                "id  note          name",
                "--  ------------  ------------",
                "1   a rather lo…  ada lovelace"
            ]
        );
        // What has no room even then is left out, and told.
        assert_eq!(
            lines(20, &columns),
            [
                "id  note      …",
                "--  --------  …",
                "1   a rathe…  …",
                "-- more: 1 of 3 col…"
            ]
        );
        assert_eq!(lines(3, &columns)[0], "id  …");
    }

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
