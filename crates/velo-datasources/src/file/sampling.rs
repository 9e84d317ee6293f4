use std::path::{Path, PathBuf};

use velo_formats::{SampledSchema, sample_csv, sample_envelopes, sample_json_array, sample_json_lines};

use super::buffer::FileBuffer;
use super::columns::check_unique;
use super::listing::Listing;
use super::preamble::Preamble;
use super::reader::faulty;
use super::source::ReadLimits;
use super::typed_columns::columns_of_all;
use crate::config::{FormatKind, TypedFormat};
use crate::{FileFormat, FileSourceConfig, SourceError, TextFormat};

/// Files that a sample looks at, at most: of more, some from the first to the last.
const SAMPLE_FILES_MAX: usize = 100;
/// Bytes that a sample looks at in all files together, as long as each has its share.
pub(crate) const SAMPLE_BYTES_MAX: usize = 4 << 20;
/// The least share of a file.
const SHARE_BYTES_MIN: usize = 16 << 10;

/// What the first records of some files look like.
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

/// How many bytes samples look at in each of several inputs: all of them if they are small, else as many in each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SampleShares {
    bytes_left: usize,
    inputs_left: usize,
    are_small: bool,
}

impl SampleShares {
    /// Shares of inputs of which it is known how large they are together.
    pub(crate) fn of(inputs: usize, bytes: u64) -> Self {
        Self {
            bytes_left: SAMPLE_BYTES_MAX,
            inputs_left: inputs,
            are_small: usize::try_from(bytes).is_ok_and(|bytes| bytes <= SAMPLE_BYTES_MAX),
        }
    }

    /// The share of the next input.
    pub(crate) fn next(&self) -> usize {
        let inputs = if self.are_small { 1 } else { self.inputs_left.max(1) };
        (self.bytes_left / inputs).max(SHARE_BYTES_MIN)
    }

    /// So many bytes of an input have been looked at; what it leaves of its share is for the others.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.inputs_left = self.inputs_left.saturating_sub(1);
    }
}

/// What a sample of one input has shown.
pub(crate) struct Look {
    pub(crate) columns: SampledSchema,
    /// Bytes looked at.
    pub(crate) bytes: usize,
}

/// Looks at the first records of files to tell their columns.
///
/// # Errors
///
/// When there is no file, one cannot be read or its header cannot be used, or files have columns that do not go
/// together.
pub(crate) fn sample_files(config: &FileSourceConfig) -> Result<FileSample, SourceError> {
    let listing = Listing::of(config)?;
    let chosen: Vec<&PathBuf> = spread(&listing.files, SAMPLE_FILES_MAX).collect();
    let columns = match listing.format.kind() {
        FormatKind::Typed(format) => SampledSchema::told(sample_typed(&chosen, format)?),
        FormatKind::Text(format) => {
            let bytes = chosen.iter().filter_map(|path| std::fs::metadata(path).ok());
            let bytes = bytes.map(|metadata| metadata.len()).sum();
            let mut shares = SampleShares::of(chosen.len(), bytes);
            let mut samples = Vec::with_capacity(chosen.len());
            for path in &chosen {
                refuse_pipe(path)?;
                let buffer = FileBuffer::open(path, config.packing_of(path), SHARE_BYTES_MIN)?;
                let look = sample_text(buffer, format, config, shares.next())?;
                shares.spend(look.bytes);
                samples.push(((*path).clone(), look.columns));
            }
            united_samples(samples, listing.format, config)?
        }
    };
    Ok(FileSample {
        columns,
        files: chosen.into_iter().cloned().collect(),
        files_total: listing.files.len(),
        format: listing.format,
    })
}

/// So many of the items, the first and the last among them; all if there are not more.
pub(crate) fn spread<T>(items: &[T], count_max: usize) -> impl Iterator<Item = &T> {
    let count = items.len().min(count_max);
    let gaps = count.saturating_sub(1).max(1);
    (0..count).map(move |number| &items[number * (items.len() - 1) / gaps])
}

fn sample_typed(files: &[&PathBuf], format: TypedFormat) -> Result<velo_data::StreamSchema, SourceError> {
    let told = files.iter().map(|path| Ok(((*path).clone(), format.columns_of(path)?)));
    columns_of_all(&told.collect::<Result<Vec<_>, SourceError>>()?)
}

/// The columns of all files that were looked at.
///
/// # Errors
///
/// When they do not go together.
pub(crate) fn united_samples(
    samples: Vec<(PathBuf, SampledSchema)>,
    format: FileFormat,
    config: &FileSourceConfig,
) -> Result<SampledSchema, SourceError> {
    // Most files are like one before them, which need not be compared with all.
    let mut kinds: Vec<(&Path, &SampledSchema)> = Vec::new();
    for (path, sample) in &samples {
        if kinds.iter().any(|(_, earlier)| earlier.is_alike(sample)) {
            continue;
        }
        for earlier in &kinds {
            check_fit(*earlier, (path, sample), format, config)?;
        }
        kinds.push((path, sample));
    }
    let samples = samples.into_iter().map(|(_, sample)| sample);
    Ok(samples.reduce(SampledSchema::united_with).unwrap_or_default())
}

/// Looks at the records of text that begin within its first bytes, or at one, if it is longer.
pub(super) fn sample_text(
    mut buffer: FileBuffer,
    format: TextFormat,
    config: &FileSourceConfig,
    bytes_max: usize,
) -> Result<Look, SourceError> {
    let path = &buffer.path().to_owned();
    let preamble = Preamble::read(&mut buffer, format, config)?;
    let names = preamble.header.as_ref().map(|header| header.names.as_slice());
    check_unique(path, names.unwrap_or_default())?;
    if format == TextFormat::Envelope && !config.envelope.names_columns() {
        return Err(SourceError::Format {
            path: path.to_owned(),
            message: "its values do not name their columns: declare them".to_owned(),
        });
    }
    let record_bytes_max = ReadLimits::default().record_bytes_max;
    let mut wanted = bytes_max;
    loop {
        while buffer.bytes().len() < wanted && !buffer.is_end() {
            buffer.fill_up_to(wanted)?;
        }
        let at_hand = buffer.bytes();
        let bytes = at_hand.get(..wanted).unwrap_or(at_hand);
        let is_end = buffer.is_end() && bytes.len() == at_hand.len();
        let columns = match format {
            TextFormat::JsonLines => sample_json_lines(bytes, is_end),
            TextFormat::Json => {
                sample_json_array(bytes, is_end).map_err(|fault| faulty(path, &fault, preamble.line))?
            }
            TextFormat::Envelope => sample_envelopes(bytes, is_end),
            TextFormat::Csv => sample_csv(bytes, is_end, config.csv_options(), names),
        };
        if columns.records > 0 || is_end || wanted > record_bytes_max {
            let bytes = bytes.len();
            return Ok(Look { columns, bytes });
        }
        wanted *= 2;
    }
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
