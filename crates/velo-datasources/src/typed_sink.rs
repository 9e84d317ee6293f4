use std::io::{self, BufWriter, Write};

use async_trait::async_trait;
use velo_data::{StreamBatch, StreamSchema};
use velo_formats::{AvroCompression, AvroEncoder, ParquetCompression, ParquetEncoder};

use crate::config::TypedFormat;
use crate::file::FileTarget;
use crate::{Compression, FileSinkConfig, Sink, SinkError, SinkPosition, SinkSummary};

/// A sink for files that tell the types of their columns.
///
/// Their rows can be read when the file is finished, not earlier.
pub(crate) struct TypedSink {
    destination: String,
    encoder: Option<Encoder>,
    /// Whether rows can be added after a restart; else why not.
    resumes: Result<(), String>,
    summary: SinkSummary,
}

type Output = BufWriter<FileTarget>;

enum Encoder {
    Parquet(Box<ParquetEncoder<Output>>),
    Avro(Box<AvroEncoder<Output>>),
}

impl TypedSink {
    /// Writes to a local file, which is replaced when the sink finishes.
    pub(crate) fn to_file(
        config: &FileSinkConfig,
        format: TypedFormat,
        schema: &StreamSchema,
        from: Option<u64>,
    ) -> Result<Self, SinkError> {
        let destination = config.path.display().to_string();
        let output = BufWriter::new(FileTarget::open(config, from)?);
        let encoder = match format {
            TypedFormat::Avro => AvroEncoder::new(output, schema, avro_compression(config))
                .map(|encoder| Encoder::Avro(Box::new(encoder))),
            TypedFormat::Parquet => ParquetEncoder::new(output, schema, parquet_compression(config))
                .map(|encoder| Encoder::Parquet(Box::new(encoder))),
        };
        match encoder {
            Ok(encoder) => Ok(Self {
                destination,
                encoder: Some(encoder),
                resumes: config.resumes(),
                summary: SinkSummary::default(),
            }),
            Err(source) => Err(SinkError::Io { destination, source }),
        }
    }

    fn finish_file(&mut self) -> io::Result<()> {
        let (output, bytes) = match self.encoder.take() {
            Some(Encoder::Parquet(encoder)) => encoder.finish()?,
            Some(Encoder::Avro(encoder)) => encoder.finish()?,
            None => return Ok(()),
        };
        self.summary.bytes_written = bytes;
        let mut target = output.into_inner().map_err(io::IntoInnerError::into_error)?;
        target.flush()?;
        target.finish()
    }
}

/// These formats pack their parts, not the file as a whole, and know so by themselves.
fn parquet_compression(config: &FileSinkConfig) -> ParquetCompression {
    match config.compression {
        Some(Compression::None) => ParquetCompression::None,
        Some(Compression::Gzip) => ParquetCompression::Gzip,
        Some(Compression::Zstd) => ParquetCompression::Zstd,
        None => ParquetCompression::default(),
    }
}

/// Deflate is what gzip packs with.
fn avro_compression(config: &FileSinkConfig) -> AvroCompression {
    match config.compression {
        Some(Compression::None) => AvroCompression::None,
        Some(Compression::Gzip) => AvroCompression::Deflate,
        Some(Compression::Zstd) => AvroCompression::Zstandard,
        None => AvroCompression::default(),
    }
}

#[async_trait]
impl Sink for TypedSink {
    async fn write(&mut self, batch: &StreamBatch) -> Result<(), SinkError> {
        let encoded = match &mut self.encoder {
            Some(Encoder::Parquet(encoder)) => encoder.write(batch),
            Some(Encoder::Avro(encoder)) => encoder.write(batch),
            None => return Ok(()),
        };
        let encoded = encoded.map_err(|source| SinkError::Io {
            destination: self.destination.clone(),
            source,
        })?;
        self.summary.rows_written += encoded.written;
        self.summary.deletes_skipped += encoded.deletes_skipped;
        Ok(())
    }

    /// What is written comes to the file with its row group or block, and can be read when the file is finished.
    async fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    async fn prepare(&mut self) -> Result<Option<SinkPosition>, SinkError> {
        self.resumes
            .clone()
            .map(|()| None)
            .map_err(|reason| SinkError::CannotResume {
                destination: self.destination.clone(),
                reason,
            })
    }

    async fn finish(&mut self) -> Result<SinkSummary, SinkError> {
        let finished = self.finish_file();
        finished.map_err(|source| SinkError::Io {
            destination: self.destination.clone(),
            source,
        })?;
        Ok(self.summary)
    }

    async fn abandon(&mut self) -> Result<SinkSummary, SinkError> {
        self.encoder = None;
        Ok(SinkSummary::default())
    }
}
