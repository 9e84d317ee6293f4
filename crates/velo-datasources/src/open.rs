use std::sync::Arc;

use velo_data::{StreamSchema, SystemClock};
use velo_formats::SampledSchema;

use crate::file::{FileSource, sample_file};
use crate::{Source, SourceConfig, SourceError};

/// Opens a source with the declared columns, or with those that a sample of its records shows.
///
/// Declared columns are found in JSON members and CSV headers by their names, to the letter or else in any case;
/// a CSV file without a header has them in order. An empty file has no rows and, undeclared, no columns.
///
/// # Errors
///
/// When the source cannot be read, or does not have the declared columns.
pub fn open_source(config: &SourceConfig, declared: Option<&StreamSchema>) -> Result<Arc<dyn Source>, SourceError> {
    Ok(match config {
        SourceConfig::File(file) => Arc::new(FileSource::open(file, declared, Arc::new(SystemClock))?),
        SourceConfig::Memory(memory) => Arc::new(memory.clone()),
    })
}

/// Looks at the first records of a source, at most
/// [`SAMPLE_RECORDS_MAX`](velo_formats::SAMPLE_RECORDS_MAX) of them, to tell its columns.
///
/// A memory source tells its columns itself: `None`.
///
/// # Errors
///
/// When the source cannot be read.
pub fn sample_schema(config: &SourceConfig) -> Result<Option<SampledSchema>, SourceError> {
    match config {
        SourceConfig::File(file) => sample_file(file).map(Some),
        SourceConfig::Memory(_) => Ok(None),
    }
}
