use std::path::{Path, PathBuf};

use velo_formats::{
    SAMPLE_BYTES_MAX, SampledSchema, sample_csv, sample_envelopes, sample_json_array, sample_json_lines,
};

use super::buffer::FileBuffer;
use super::columns::check_unique;
use super::listing::Listing;
use super::preamble::Preamble;
use super::reader::faulty;
use crate::config::FormatKind;
use crate::{FileFormat, FileSourceConfig, SourceError, TextFormat};

/// Files that a sample looks at, at most.
pub(super) const SAMPLE_FILES_MAX: usize = 10;

/// What the first records of the first files look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSample {
    /// The columns of all files looked at.
    pub columns: SampledSchema,
    /// The files looked at.
    pub files: Vec<PathBuf>,
    /// How many there are.
    pub files_total: usize,
    /// Their format.
    pub format: FileFormat,
}

/// Looks at the first records of the first files to tell their columns.
///
/// # Errors
///
/// When there is no file, one cannot be read or its header cannot be used, or files have columns that do not go
/// together.
pub(crate) fn sample_files(config: &FileSourceConfig) -> Result<FileSample, SourceError> {
    let listing = Listing::of(config)?;
    let mut samples: Vec<(PathBuf, SampledSchema)> = Vec::new();
    for path in listing.files.iter().take(SAMPLE_FILES_MAX) {
        samples.push((path.clone(), sample_file(path, listing.format, config)?));
    }
    let (files, columns) = united_samples(samples, listing.format, config)?;
    Ok(FileSample {
        columns,
        files,
        files_total: listing.files.len(),
        format: listing.format,
    })
}

/// The files looked at, and the columns of all of them.
///
/// # Errors
///
/// When they do not go together.
pub(crate) fn united_samples(
    samples: Vec<(PathBuf, SampledSchema)>,
    format: FileFormat,
    config: &FileSourceConfig,
) -> Result<(Vec<PathBuf>, SampledSchema), SourceError> {
    for (index, (path, sample)) in samples.iter().enumerate() {
        for (earlier, columns) in &samples[..index] {
            check_fit((earlier, columns), (path, sample), format, config)?;
        }
    }
    let (files, samples): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
    let columns = samples.into_iter().reduce(SampledSchema::united_with);
    Ok((files, columns.unwrap_or_default()))
}

fn sample_file(path: &Path, format: FileFormat, config: &FileSourceConfig) -> Result<SampledSchema, SourceError> {
    match format.kind() {
        FormatKind::Typed(format) => format.columns_of(path).map(SampledSchema::told),
        FormatKind::Text(format) => {
            refuse_pipe(path)?;
            let buffer = FileBuffer::open(path, config.compression_of(path), SAMPLE_BYTES_MAX)?;
            sample_text(buffer, format, config)
        }
    }
}

/// Looks at the first records of text.
pub(super) fn sample_text(
    mut buffer: FileBuffer,
    format: TextFormat,
    config: &FileSourceConfig,
) -> Result<SampledSchema, SourceError> {
    let path = &buffer.path().to_owned();
    let preamble = Preamble::read(&mut buffer, format, config)?;
    while buffer.bytes().len() < SAMPLE_BYTES_MAX && !buffer.is_end() {
        buffer.fill()?;
    }
    let names = preamble.header.as_ref().map(|header| header.names.as_slice());
    check_unique(path, names.unwrap_or_default())?;
    let (bytes, is_end) = (buffer.bytes(), buffer.is_end());
    Ok(match format {
        TextFormat::JsonLines => sample_json_lines(bytes, is_end),
        TextFormat::Json => sample_json_array(bytes, is_end).map_err(|fault| faulty(path, &fault, preamble.line))?,
        TextFormat::Envelope => sample_envelopes(bytes, is_end),
        TextFormat::Csv => sample_csv(bytes, is_end, config.csv_options(), names),
    })
}

/// What a sample takes out of a pipe, nobody would read any more.
#[cfg(unix)]
fn refuse_pipe(path: &Path) -> Result<(), SourceError> {
    use std::os::unix::fs::FileTypeExt as _;
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo()) {
        return Err(SourceError::Format {
            path: path.to_owned(),
            message: "it is a pipe, which can be read only once: declare its columns".to_owned(),
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_pipe(_: &Path) -> Result<(), SourceError> {
    Ok(())
}

/// Refuses files whose columns do not go together.
fn check_fit(
    (path, sample): (&Path, &SampledSchema),
    (other, other_sample): (&Path, &SampledSchema),
    format: FileFormat,
    config: &FileSourceConfig,
) -> Result<(), SourceError> {
    let (columns, other_columns) = (sample.columns.len(), other_sample.columns.len());
    if format == FileFormat::Csv {
        // Columns without names are told apart by their places; an empty file has no say. What a text is can only be
        // guessed, so that kinds never conflict: any other text makes the column text.
        if config.has_headers || columns == other_columns || columns == 0 || other_columns == 0 {
            return Ok(());
        }
        return Err(SourceError::ColumnCounts {
            path: path.to_owned(),
            columns,
            other: other.to_owned(),
            other_columns,
        });
    }
    match sample.conflict_with(other_sample) {
        None => Ok(()),
        Some(conflict) => Err(SourceError::ColumnKinds {
            column: conflict.column,
            path: path.into(),
            kind: conflict.kind,
            other: other.into(),
            other_kind: conflict.other_kind,
        }),
    }
}
