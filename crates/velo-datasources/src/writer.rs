use std::io::Write;

use async_trait::async_trait;
use velo_data::{ChangelogMode, StreamBatch, StreamSchema};
use velo_formats::{CsvOptions, Encoder};

use crate::file::PackedTarget;
use crate::{EnvelopeStyle, FileSinkConfig, Sink, SinkError, SinkPosition, SinkSummary, TextFormat};

/// Bytes that are gathered before they are written.
const WRITE_BYTES: usize = 256 << 10;

/// A sink that encodes rows and writes them to anything that takes bytes.
pub struct WriterSink {
    output: Output,
    destination: String,
    encoder: Encoder,
    buffer: Vec<u8>,
    /// Whether rows can be added to a file after a restart; else why not.
    resumes: Result<(), String>,
    summary: SinkSummary,
}

enum Output {
    Writer(Box<dyn Write + Send>),
    File(PackedTarget),
    Closed,
}

impl WriterSink {
    /// Writes to `writer`, which errors call `destination`; CSV begins with a line of column names.
    pub fn new(
        writer: Box<dyn Write + Send>,
        destination: impl Into<String>,
        format: TextFormat,
        schema: &StreamSchema,
    ) -> Self {
        let encoder = encoder(format, schema, CsvOptions::default());
        let mut sink = Self::with_output(Output::Writer(writer), destination.into(), encoder);
        sink.encoder.write_start(&mut sink.buffer);
        sink.encoder.write_header(&mut sink.buffer);
        sink
    }

    /// Writes to a local file, which is replaced when the sink finishes, unless rows are appended.
    ///
    /// # Errors
    ///
    /// When the directory does not exist or the file cannot be written.
    pub(crate) fn to_file(
        config: &FileSinkConfig,
        format: TextFormat,
        schema: &StreamSchema,
        from: Option<u64>,
    ) -> Result<Self, SinkError> {
        let options = CsvOptions {
            delimiter: config.delimiter,
            quote: config.quote,
        };
        let encoder = match (format, config.envelope) {
            (TextFormat::Envelope, EnvelopeStyle::Debezium) => Encoder::debezium_envelope(schema),
            _ => encoder(format, schema, options),
        };
        let target = PackedTarget::open(config, from)?;
        if format == TextFormat::Json && !target.is_empty() {
            return Err(SinkError::Format {
                destination: config.path.display().to_string(),
                message: "a JSON array that is there cannot be appended to; write the format `jsonlines`".to_owned(),
            });
        }
        let is_header_wanted = config.has_headers && target.is_empty();
        let mut sink = Self::with_output(Output::File(target), config.path.display().to_string(), encoder);
        sink.resumes = config.resumes();
        sink.encoder.write_start(&mut sink.buffer);
        if is_header_wanted {
            sink.encoder.write_header(&mut sink.buffer);
        }
        Ok(sink)
    }

    fn with_output(output: Output, destination: String, encoder: Encoder) -> Self {
        Self {
            output,
            destination,
            encoder,
            buffer: Vec::new(),
            resumes: Ok(()),
            summary: SinkSummary::default(),
        }
    }

    fn write_out(&mut self) -> Result<(), SinkError> {
        let written = match &mut self.output {
            Output::Writer(writer) => writer.write_all(&self.buffer),
            Output::File(file) => file.write_all(&self.buffer),
            Output::Closed => Ok(()),
        };
        written.map_err(|source| self.io_error(source))?;
        self.summary.bytes_written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn io_error(&self, source: std::io::Error) -> SinkError {
        SinkError::Io {
            destination: self.destination.clone(),
            source,
        }
    }
}

#[async_trait]
impl Sink for WriterSink {
    fn takes(&self) -> ChangelogMode {
        if self.encoder.takes_old_values() {
            ChangelogMode::Retract
        } else {
            ChangelogMode::Upsert
        }
    }

    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError> {
        let encoded = self.encoder.encode(batch, &mut self.buffer);
        let encoded = encoded.map_err(|error| SinkError::Format {
            destination: self.destination.clone(),
            message: error.to_string(),
        })?;
        self.summary.rows_written += encoded.written;
        self.summary.deletes_skipped += encoded.deletes_skipped;
        self.summary.non_finite_as_null += encoded.non_finite_as_null;
        if self.buffer.len() >= WRITE_BYTES {
            self.write_out()?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), SinkError> {
        self.write_out()?;
        let flushed = match &mut self.output {
            Output::Writer(writer) => writer.flush(),
            Output::File(file) => file.flush(),
            Output::Closed => Ok(()),
        };
        flushed.map_err(|source| self.io_error(source))
    }

    async fn prepare(&mut self) -> Result<Option<SinkPosition>, SinkError> {
        self.resumes.clone().map_err(|reason| SinkError::CannotResume {
            destination: self.destination.clone(),
            reason,
        })?;
        self.write_out()?;
        let prepared = match &mut self.output {
            Output::Writer(writer) => writer.flush().map(|()| None),
            Output::File(file) => file.prepare(),
            Output::Closed => Ok(None),
        };
        let bytes = prepared.map_err(|source| self.io_error(source))?;
        Ok(bytes.map(|bytes| SinkPosition::File { bytes }))
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        if !matches!(self.output, Output::Closed) {
            self.encoder.write_end(&mut self.buffer);
        }
        self.flush().await?;
        if let Output::File(target) = std::mem::replace(&mut self.output, Output::Closed) {
            target.finish().map_err(|source| self.io_error(source))?;
        }
        Ok(self.summary)
    }

    async fn abandon(&mut self) -> Result<SinkSummary, SinkError> {
        let can_be_taken_back = match &self.output {
            Output::Writer(_) => false,
            Output::File(target) => target.can_be_taken_back(),
            Output::Closed => true,
        };
        if !can_be_taken_back {
            return self.finish().await;
        }
        self.output = Output::Closed;
        Ok(SinkSummary::default())
    }
}

fn encoder(format: TextFormat, schema: &StreamSchema, options: CsvOptions) -> Encoder {
    match format {
        TextFormat::JsonLines => Encoder::json_lines(schema),
        TextFormat::Json => Encoder::json_array(schema),
        TextFormat::Csv => Encoder::csv(schema, options),
        TextFormat::Envelope => Encoder::envelope(schema),
    }
}
