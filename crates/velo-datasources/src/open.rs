use std::sync::Arc;

use arrow::datatypes::DataType;
use velo_data::{StreamSchema, SystemClock};
use velo_formats::{ColumnarError, check_avro_columns, check_parquet_columns};

use crate::config::{FormatKind, TypedFormat};
use crate::discard::DiscardSink;
use crate::file::{FileSample, FileSource, sample_files};
use crate::table::block_on_io;
use crate::typed_sink::TypedSink;
use crate::{
    BulkSource, DatabaseSource, GeneratedSource, HttpSource, MemorySource, ObjectSource, PropertyError, Sink,
    SinkConfig, SinkError, SinkPosition, Source, SourceConfig, SourceError, TableDataSource, WriterSink,
};

/// Opens a source with the declared columns, or with those that a sample of its records shows.
///
/// Declared columns are found in JSON members and CSV headers by their names, to the letter or else in any case;
/// a CSV file without a header has them in order; those of a memory source must be its own. An empty file has no rows
/// and, undeclared, no columns.
///
/// # Errors
///
/// When the source cannot be read, or does not have the declared columns.
pub fn open_source(config: &SourceConfig, declared: Option<&StreamSchema>) -> Result<Arc<dyn Source>, SourceError> {
    Ok(match config {
        SourceConfig::File(file) => Arc::new(FileSource::open(file, declared, Arc::new(SystemClock))?),
        SourceConfig::Memory(memory) => {
            check_declared(memory, declared)?;
            Arc::new(memory.clone())
        }
        SourceConfig::Datagen(_) | SourceConfig::Nexmark(_) => Arc::new(generated(config, declared)?),
        SourceConfig::Database(_) | SourceConfig::Http(_) | SourceConfig::Objects(_) => loaded_whole(config, declared)?,
    })
}

/// The source of a configuration whose rows are generated, with all that is wrong with it if it does not fit the columns;
/// `None` for other sources, and where there are no columns to generate rows for.
pub fn generated_source(
    config: &SourceConfig,
    declared: Option<&StreamSchema>,
) -> Option<Result<GeneratedSource, Vec<PropertyError>>> {
    let clock = Arc::new(SystemClock);
    match config {
        SourceConfig::Datagen(datagen) => declared.map(|declared| GeneratedSource::datagen(datagen, declared, clock)),
        SourceConfig::Nexmark(nexmark) => Some(GeneratedSource::nexmark(nexmark, declared, clock)),
        SourceConfig::File(_)
        | SourceConfig::Http(_)
        | SourceConfig::Objects(_)
        | SourceConfig::Database(_)
        | SourceConfig::Memory(_) => None,
    }
}

/// Opens a source whose rows are generated.
fn generated(config: &SourceConfig, declared: Option<&StreamSchema>) -> Result<GeneratedSource, SourceError> {
    match generated_source(config, declared) {
        Some(Ok(source)) => Ok(source),
        Some(Err(errors)) => {
            let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            Err(refused(config, messages.join("; ")))
        }
        None => Err(refused(config, "rows are generated for declared columns".to_owned())),
    }
}

fn refused(config: &SourceConfig, message: String) -> SourceError {
    SourceError::Refused {
        location: config.location(),
        message,
        is_transient: false,
    }
}

/// Opens a source with the columns that [`sample_source`] has shown.
///
/// # Errors
///
/// When the source cannot be read any more.
pub fn open_sampled_source(config: &SourceConfig, sample: &FileSample) -> Result<Arc<dyn Source>, SourceError> {
    Ok(match config {
        SourceConfig::File(file) => Arc::new(FileSource::open_sampled(file, sample, Arc::new(SystemClock))?),
        SourceConfig::Memory(memory) => Arc::new(memory.clone()),
        SourceConfig::Datagen(_) | SourceConfig::Nexmark(_) => {
            Arc::new(generated(config, Some(&sample.columns.schema))?)
        }
        SourceConfig::Database(_) | SourceConfig::Http(_) | SourceConfig::Objects(_) => {
            loaded_whole(config, Some(&sample.columns.schema))?
        }
    })
}

/// Connects, from a thread without an event loop, to what is on the web or in object storage, and looks there at its first
/// records for its columns. Whoever loads it through what comes back does not have them looked at again.
///
/// Files, memory and what is generated need no connection, and a database is asked anew by each load, since the types that its columns have at
/// that moment say how its bytes are to be read: `None`.
///
/// # Errors
///
/// When the source cannot be reached or read.
pub fn connect_remote_source(config: &SourceConfig) -> Result<Option<Arc<dyn TableDataSource>>, SourceError> {
    match config {
        SourceConfig::Http(_) | SourceConfig::Objects(_) => {
            let config = config.clone();
            block_on_io(async move { connect_table_source(&config, None).await }).map(Some)
        }
        SourceConfig::File(_)
        | SourceConfig::Memory(_)
        | SourceConfig::Database(_)
        | SourceConfig::Datagen(_)
        | SourceConfig::Nexmark(_) => Ok(None),
    }
}

/// Opens what a table is loaded from, with the declared columns, or with those that the source tells or a sample shows.
///
/// # Errors
///
/// When the source cannot be reached or read, or does not have the declared columns.
pub async fn connect_table_source(
    config: &SourceConfig,
    declared: Option<&StreamSchema>,
) -> Result<Arc<dyn TableDataSource>, SourceError> {
    Ok(match config {
        SourceConfig::File(file) => Arc::new(FileSource::open(file, declared, Arc::new(SystemClock))?),
        SourceConfig::Database(database) => DatabaseSource::connect(database, declared).await?,
        SourceConfig::Memory(memory) => {
            check_declared(memory, declared)?;
            Arc::new(memory.clone())
        }
        SourceConfig::Datagen(_) | SourceConfig::Nexmark(_) => Arc::new(generated(config, declared)?),
        SourceConfig::Http(http) => Arc::new(HttpSource::connect(http, declared).await?),
        SourceConfig::Objects(objects) => Arc::new(ObjectSource::connect(objects, declared).await?),
    })
}

/// Opens what a table is loaded from, with the columns that [`sample_source`] has shown.
///
/// # Errors
///
/// When the source cannot be reached or read any more.
pub async fn connect_sampled_table_source(
    config: &SourceConfig,
    sample: &FileSample,
) -> Result<Arc<dyn TableDataSource>, SourceError> {
    Ok(match config {
        SourceConfig::File(file) => Arc::new(FileSource::open_sampled(file, sample, Arc::new(SystemClock))?),
        SourceConfig::Memory(memory) => Arc::new(memory.clone()),
        SourceConfig::Database(_)
        | SourceConfig::Http(_)
        | SourceConfig::Objects(_)
        | SourceConfig::Datagen(_)
        | SourceConfig::Nexmark(_) => {
            return connect_table_source(config, Some(&sample.columns.schema)).await;
        }
    })
}

/// Connects, from a thread without an event loop, to what is read as a table is loaded.
fn loaded_whole(config: &SourceConfig, declared: Option<&StreamSchema>) -> Result<Arc<dyn Source>, SourceError> {
    let (config, declared) = (config.clone(), declared.cloned());
    let table = block_on_io(async move { connect_table_source(&config, declared.as_ref()).await })?;
    Ok(Arc::new(BulkSource::new(table)))
}

/// Batches in memory have their columns; declaring others is a mistake.
fn check_declared(memory: &MemorySource, declared: Option<&StreamSchema>) -> Result<(), SourceError> {
    let columns = |schema: &StreamSchema| -> Vec<(String, DataType)> {
        let fields = schema.user_fields().iter();
        fields
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .collect()
    };
    match declared {
        Some(declared) if columns(declared) != columns(Source::schema(memory)) => Err(SourceError::Format {
            path: "memory".into(),
            message: "its batches have other columns than those declared".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Looks at the records of a small source, and at the first ones in each of several files of a larger one, to tell its columns.
///
/// Memory, databases and what is generated tell their columns themselves, and the network is not asked: `None`.
///
/// # Errors
///
/// When the source cannot be read, or its files have columns that do not go together.
pub fn sample_source(config: &SourceConfig) -> Result<Option<FileSample>, SourceError> {
    match config {
        SourceConfig::File(file) => sample_files(file).map(Some),
        SourceConfig::Database(_)
        | SourceConfig::Http(_)
        | SourceConfig::Objects(_)
        | SourceConfig::Memory(_)
        | SourceConfig::Datagen(_)
        | SourceConfig::Nexmark(_) => Ok(None),
    }
}

/// Opens a sink for rows with the columns of `schema`.
///
/// Only the user's columns are written; envelopes also take the key, time, headers and window from metadata
/// columns.
///
/// With the position that [`Sink::prepare`] told an earlier run, writing goes on behind it: what stands there is cut off.
///
/// # Errors
///
/// When the destination cannot be written, and when it cannot be gone on behind the position
/// ([`SinkError::CannotResume`], [`SinkError::Lost`]).
pub fn open_sink(
    config: &SinkConfig,
    schema: &StreamSchema,
    from: Option<&SinkPosition>,
) -> Result<Box<dyn Sink>, SinkError> {
    let from = from.map(|SinkPosition::File { bytes }| *bytes);
    if from.is_some() && !matches!(config, SinkConfig::File(_)) {
        return Err(SinkError::CannotResume {
            destination: config.destination(),
            reason: "its rows were written to a file; start anew".to_owned(),
        });
    }
    Ok(match config {
        SinkConfig::File(file) => match file.format.kind() {
            FormatKind::Text(format) => Box::new(WriterSink::to_file(file, format, schema, from)?),
            FormatKind::Typed(format) => Box::new(TypedSink::to_file(file, format, schema, from)?),
        },
        SinkConfig::Stdout { format } => {
            Box::new(WriterSink::new(Box::new(std::io::stdout()), "stdout", *format, schema))
        }
        SinkConfig::Discard => Box::new(DiscardSink::default()),
        SinkConfig::Memory(memory) => memory.writer(),
    })
}

/// What stands in the way of writing these columns to a sink: a sentence for each column that its format cannot hold.
pub fn unwritable_columns(config: &SinkConfig, schema: &StreamSchema) -> Vec<String> {
    let SinkConfig::File(file) = config else {
        return Vec::new();
    };
    let checked = match file.format.kind() {
        FormatKind::Typed(TypedFormat::Parquet) => check_parquet_columns(schema),
        FormatKind::Typed(TypedFormat::Avro) => check_avro_columns(schema),
        FormatKind::Text(_) => Ok(()),
    };
    match checked {
        Err(ColumnarError::Columns(problems)) => problems,
        Err(ColumnarError::Damaged(problem)) => vec![problem],
        Ok(()) => Vec::new(),
    }
}
