//! Rows on standard output, in the form that its reader wants.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use velo_data::StreamSchema;
use velo_datasources::{Sink, TextFormat, WriterSink};

use super::table::TableSink;
use crate::args::RowFormat;

/// What errors call standard output.
const DESTINATION: &str = "standard output";

/// Makes the sinks of all streams that go to standard output.
#[derive(Debug)]
pub(crate) struct RowPrinter {
    format: RowFormat,
    has_several_streams: bool,
    /// Columns of the terminal that tables fit into; `None` is any number.
    width: Option<usize>,
    console: Console,
}

impl RowPrinter {
    /// A printer for one or several streams. CSV has no place for the name of a stream, so that it takes one only.
    pub(crate) fn new(format: RowFormat, has_several_streams: bool) -> Self {
        Self {
            format,
            has_several_streams,
            width: None,
            console: Console::default(),
        }
    }

    /// The same, with tables that fit into so many columns.
    pub(crate) fn within(self, width: Option<usize>) -> Self {
        Self { width, ..self }
    }

    /// Whether rows come out as CSV.
    pub(crate) fn is_csv(&self) -> bool {
        self.format == RowFormat::Csv
    }

    /// The sink for the rows of one stream.
    pub(crate) fn sink(&self, stream: &str, schema: &StreamSchema) -> Box<dyn Sink> {
        let stdout: Box<dyn Write + Send> = Box::new(io::stdout());
        match self.format {
            RowFormat::Csv => Box::new(WriterSink::new(stdout, DESTINATION, TextFormat::Csv, schema)),
            RowFormat::Jsonl if self.has_several_streams => {
                let named = Box::new(NamedRows::new(stream, stdout));
                Box::new(WriterSink::new(named, DESTINATION, TextFormat::JsonLines, schema))
            }
            RowFormat::Jsonl => Box::new(WriterSink::new(stdout, DESTINATION, TextFormat::JsonLines, schema)),
            RowFormat::Table => {
                let title = self.has_several_streams.then(|| stream.to_owned());
                Box::new(TableSink::new(self.console.clone(), title, schema, DESTINATION).within(self.width))
            }
        }
    }
}

/// Standard output as several tables share it: each goes on under its own heading.
#[derive(Debug, Clone, Default)]
pub(crate) struct Console {
    /// Title of the table that was printed last; `None` before the first.
    last: Arc<Mutex<Option<String>>>,
}

impl Console {
    /// Prints rows of a table, with `heading` before them unless the last rows printed were of the same table.
    pub(crate) fn print(&self, title: &str, heading: &str, rows: &str) -> io::Result<()> {
        // A panic elsewhere cannot leave a title half written.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stdout = io::stdout().lock();
        if last.as_deref() != Some(title) {
            let gap = if last.is_some() { "\n" } else { "" };
            write!(stdout, "{gap}{heading}")?;
            *last = Some(title.to_owned());
        }
        stdout.write_all(rows.as_bytes())?;
        stdout.flush()
    }
}

/// Wraps each JSON line as `{"stream":"name","row":…}`.
struct NamedRows<W> {
    prefix: String,
    output: W,
    /// The beginning of a line whose end has not been written yet.
    line: Vec<u8>,
}

impl<W: Write> NamedRows<W> {
    fn new(stream: &str, output: W) -> Self {
        let name = serde_json::Value::from(stream);
        Self {
            prefix: format!("{{\"stream\":{name},\"row\":"),
            output,
            line: Vec::new(),
        }
    }
}

impl<W: Write> Write for NamedRows<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut wrapped = Vec::with_capacity(bytes.len() * 2);
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if let Some(row) = self.line.strip_suffix(b"\n") {
                wrapped.extend_from_slice(self.prefix.as_bytes());
                wrapped.extend_from_slice(row);
                wrapped.extend_from_slice(b"}\n");
                self.line.clear();
            }
        }
        // In one piece, so that lines of other streams do not come in between.
        self.output.write_all(&wrapped)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_carry_the_name_of_their_stream() {
        let mut named = NamedRows::new("a \"b\"", Vec::new());
        named.write_all(b"{\"id\":1}\n{\"id\"").unwrap();
        named.write_all(b":2}\n").unwrap();
        let text = String::from_utf8(named.output).unwrap();
        assert_eq!(
            text,
            "{\"stream\":\"a \\\"b\\\"\",\"row\":{\"id\":1}}\n{\"stream\":\"a \\\"b\\\"\",\"row\":{\"id\":2}}\n"
        );
    }
}
