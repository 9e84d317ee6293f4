use std::path::Path;

use velo_formats::{CsvHeader, CsvOptions, read_csv_header};

use super::buffer::FileBuffer;
use super::magic::{SIGNATURE_BYTES, check_text};
use crate::{FileSourceConfig, SourceError, TextFormat};

/// What stands before the records of a file.
#[derive(Debug)]
pub(super) struct Preamble {
    /// Names of the columns, if a header line has them. A file that ends before its header has none.
    pub(super) header: Option<CsvHeader>,
    /// Line on which the first record starts, from 1.
    pub(super) line: u64,
    /// Whether all of it is there: a file that is being written may end in the middle of its header.
    pub(super) is_whole: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl Preamble {
    /// Reads up to the first record.
    pub(super) fn read(
        buffer: &mut FileBuffer,
        format: TextFormat,
        config: &FileSourceConfig,
    ) -> Result<Self, SourceError> {
        while buffer.bytes().len() < SIGNATURE_BYTES && !buffer.is_end() {
            buffer.fill()?;
        }
        check_text(buffer.path(), buffer.bytes())?;
        skip_byte_order_mark(buffer)?;
        let is_mark_open = BYTE_ORDER_MARK.starts_with(buffer.bytes());
        let skipped = skip_lines(buffer, config.skip_lines)?;
        let mut line = 1 + skipped;
        if format == TextFormat::JsonLines {
            refuse_array(buffer)?;
        }
        let mut header = None;
        let has_header = format == TextFormat::Csv && config.has_headers;
        if has_header {
            line += skip_empty_lines(buffer)?;
            header = read_header(buffer, config)?;
        }
        let mut is_closed = !has_header;
        if let Some(header) = &header {
            refuse_carriage_returns(buffer.path(), &header.names)?;
            is_closed = buffer.bytes()[..header.bytes].ends_with(b"\n");
            buffer.consume(header.bytes);
            line += header.lines;
        }
        let is_whole = !is_mark_open && skipped == config.skip_lines && is_closed;
        Ok(Self { header, line, is_whole })
    }
}

impl FileSourceConfig {
    /// How its delimited text is written.
    pub(super) fn csv_options(&self) -> CsvOptions {
        CsvOptions {
            delimiter: self.delimiter,
            quote: self.quote,
        }
    }
}

/// A header that reaches over carriage returns is a file without line feeds: all of it would be the header.
fn refuse_carriage_returns(path: &Path, names: &[String]) -> Result<(), SourceError> {
    if !names.iter().any(|name| name.contains('\r')) {
        return Ok(());
    }
    Err(SourceError::Format {
        path: path.to_owned(),
        message: "its lines end in a carriage return alone; convert them: tr '\\r' '\\n'".to_owned(),
    })
}

/// A `.json` file may be one array, of which no line would be a record.
fn refuse_array(buffer: &FileBuffer) -> Result<(), SourceError> {
    let name = buffer.path().file_name().unwrap_or_default().to_ascii_lowercase();
    let is_array = buffer.bytes().trim_ascii_start().starts_with(b"[");
    if is_array && name.to_string_lossy().contains(".json") && !name.to_string_lossy().contains(".jsonl") {
        return Err(SourceError::Format {
            path: buffer.path().to_owned(),
            message: "it is a JSON array, not one object a line; say 'format' = 'json'".to_owned(),
        });
    }
    Ok(())
}

fn skip_byte_order_mark(buffer: &mut FileBuffer) -> Result<(), SourceError> {
    while buffer.bytes().len() < BYTE_ORDER_MARK.len() && !buffer.is_end() {
        buffer.fill()?;
    }
    if buffer.bytes().starts_with(BYTE_ORDER_MARK) {
        buffer.consume(BYTE_ORDER_MARK.len());
    }
    Ok(())
}

/// Passes over lines; tells how many there were.
fn skip_lines(buffer: &mut FileBuffer, count: u64) -> Result<u64, SourceError> {
    let mut skipped = 0;
    while skipped < count {
        let newline = memchr::memchr(b'\n', buffer.bytes());
        let length = newline.map_or(buffer.bytes().len(), |newline| newline + 1);
        buffer.consume(length);
        skipped += u64::from(newline.is_some());
        if newline.is_none() {
            if buffer.is_end() {
                break;
            }
            buffer.fill()?;
        }
    }
    Ok(skipped)
}

/// Passes over lines with nothing on them; tells how many there were.
fn skip_empty_lines(buffer: &mut FileBuffer) -> Result<u64, SourceError> {
    let mut skipped = 0;
    loop {
        let length = match buffer.bytes() {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            [] | [b'\r'] if !buffer.is_end() => {
                buffer.fill()?;
                continue;
            }
            _ => return Ok(skipped),
        };
        buffer.consume(length);
        skipped += 1;
    }
}

fn read_header(buffer: &mut FileBuffer, config: &FileSourceConfig) -> Result<Option<CsvHeader>, SourceError> {
    loop {
        let header = read_csv_header(buffer.bytes(), buffer.is_end(), config.csv_options());
        let header = header.map_err(|message| SourceError::Format {
            path: buffer.path().to_owned(),
            message,
        })?;
        if header.is_some() || buffer.is_end() {
            return Ok(header);
        }
        buffer.fill()?;
    }
}
