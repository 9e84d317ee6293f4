use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use velo_data::ChangelogMode;

use super::compression::parse_compression;
use super::keys::{FORMAT_KEYS, SINK_KEYS};
use super::properties::{Properties, PropertyError, SinkKind, parse_delimiter, parse_quote};
use super::{Compression, FileFormat, FormatKind, TextFormat, properties};
use crate::MemorySink;

/// Where a sink's rows go.
#[derive(Debug, Clone)]
pub enum SinkConfig {
    /// One local file.
    File(FileSinkConfig),
    /// The standard output.
    Stdout {
        /// How the rows are written: JSON lines, CSV with a header, or envelopes.
        format: TextFormat,
    },
    /// Nowhere: rows are counted.
    Discard,
    /// Batches that the embedding program looks at.
    Memory(MemorySink),
}

/// What written envelopes say of rows that change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EnvelopeStyle {
    /// The value is the row, and `kind` says whether it is new, replaces one of its key, or is deleted.
    #[default]
    Upsert,
    /// The value holds the row before and after the change, as Debezium writes it.
    Debezium,
}

impl EnvelopeStyle {
    /// The words of both, that of the default first.
    pub const WORDS: [&str; 2] = ["upsert", "debezium"];

    fn parse(word: &str) -> Result<Self, String> {
        match word.to_ascii_lowercase().as_str() {
            "upsert" => Ok(Self::Upsert),
            "debezium" => Ok(Self::Debezium),
            _ => Err(format!(
                "`{word}` is no style of envelopes: there are {}",
                Self::WORDS.join(" and ")
            )),
        }
    }
}

/// How one local file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSinkConfig {
    /// The file, relative to the working directory.
    pub path: PathBuf,
    /// How the rows stand in it.
    pub format: FileFormat,
    /// How the bytes are packed; where absent, as names tell.
    pub compression: Option<Compression>,
    /// Envelopes: what they say of changes.
    pub envelope: EnvelopeStyle,
    /// CSV: the byte between fields.
    pub delimiter: u8,
    /// CSV: the byte around fields that hold delimiters, quotes or line ends; a doubled one stands for itself.
    pub quote: u8,
    /// CSV: whether the first line names the columns.
    pub has_headers: bool,
    /// Whether rows go behind what the file holds; otherwise the file is replaced when the sink finishes.
    pub append: bool,
    /// Whether rows are seen in the file as soon as they are flushed; otherwise a new file takes its place when the sink
    /// finishes.
    pub in_place: bool,
}

impl FileSinkConfig {
    /// A file in the given format: commas, double quotes and a header for CSV; an existing file is replaced.
    pub fn new(path: impl Into<PathBuf>, format: FileFormat) -> Self {
        Self {
            path: path.into(),
            format,
            compression: None,
            envelope: EnvelopeStyle::default(),
            delimiter: b',',
            quote: b'"',
            has_headers: true,
            append: false,
            in_place: false,
        }
    }
}

impl FileSinkConfig {
    /// How the file is packed.
    pub(crate) fn compression(&self) -> Compression {
        self.compression.unwrap_or_else(|| Compression::of_path(&self.path))
    }

    /// Whether rows can be added behind those that an earlier run has written; else why not.
    pub(crate) fn resumes(&self) -> Result<(), String> {
        let whole = match self.format {
            FileFormat::Csv | FileFormat::JsonLines | FileFormat::Envelope => None,
            FileFormat::Json => Some("a JSON array".to_owned()),
            FileFormat::Parquet | FileFormat::Avro => Some(format!("a file in the format {}", self.format)),
        };
        if let Some(whole) = whole {
            return Err(format!("{whole} is complete only at its end; write jsonlines or csv"));
        }
        if self.append || self.in_place {
            return Ok(());
        }
        Err("the file is replaced when the job ends; say 'append' = 'true'".to_owned())
    }
}

impl SinkConfig {
    /// What it is told of changes: rows alone where it has no form for deletes, which it leaves out and counts.
    pub fn takes(&self) -> ChangelogMode {
        match self {
            Self::File(file) if file.format == FileFormat::Envelope => match file.envelope {
                EnvelopeStyle::Upsert => ChangelogMode::Upsert,
                EnvelopeStyle::Debezium => ChangelogMode::Retract,
            },
            Self::File(_) | Self::Stdout { .. } => ChangelogMode::AppendOnly,
            Self::Discard | Self::Memory(_) => ChangelogMode::Upsert,
        }
    }

    /// The same, of a job that is not expected to end: rows go into the file itself, which is cut to nothing at the start unless
    /// rows are appended. What can only be read as a whole, such as Parquet, takes the file's place at the end all the same.
    #[must_use]
    pub fn in_place(mut self) -> Self {
        if let Self::File(file) = &mut self {
            file.in_place = matches!(file.format.kind(), FormatKind::Text(_));
        }
        self
    }

    /// Whether a run may go on behind what an earlier one has written, from where [`Sink::prepare`](crate::Sink::prepare)
    /// told. Asked of the configuration that the sink is opened with: of a job without end, [`SinkConfig::in_place`].
    ///
    /// # Errors
    ///
    /// Why not, as a sentence that names what can.
    pub fn resumes(&self) -> Result<(), String> {
        match self {
            Self::File(file) => file.resumes(),
            // What is there cannot be taken back, so that rows may come twice, but there is nothing to go on in.
            Self::Stdout { .. } | Self::Discard | Self::Memory(_) => Ok(()),
        }
    }

    /// Where rows go, for people.
    pub(crate) fn destination(&self) -> String {
        match self {
            Self::File(file) => file.path.display().to_string(),
            Self::Stdout { .. } => "stdout".to_owned(),
            Self::Discard => "discard".to_owned(),
            Self::Memory(_) => "memory".to_owned(),
        }
    }

    /// Keys that [`SinkConfig::from_properties`] understands, those included that it refuses as unsupported.
    pub const KEYS: &[&str] = SINK_KEYS;

    /// A file whose format its name tells.
    ///
    /// # Errors
    ///
    /// When the name tells none.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, PropertyError> {
        let path = path.as_ref();
        let format = properties::format_of_path(path)?;
        Ok(Self::File(FileSinkConfig::new(path, format)))
    }

    /// Reads the properties of one sink, with keys as in `WITH` but without the sink's name.
    ///
    /// `kind` is the value of `type` (`file_sink`); where absent, the properties tell it. A value that the
    /// chosen sink has no use for is checked and kept; [`SinkConfig::keys_without_effect`] lists those.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in the order of the keys.
    pub fn from_properties(
        kind: Option<&str>,
        properties: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<PropertyError>> {
        let mut read = Properties::new(properties, kind, "sink", Self::KEYS)?;
        let kind = read.sink_kind();
        let path = (kind == SinkKind::File).then(|| read.sink_path()).flatten();
        let format = read.format();
        let compression = read.parsed(&["compression"], parse_compression).flatten();
        let delimiter = read.parsed(&["delimiter", "value_delimiter", "value.delimiter"], parse_delimiter);
        let quote = read.parsed(&["quote"], parse_quote);
        let has_headers = read.boolean("has_headers");
        let append = read.boolean("append");
        let envelope = read.parsed(&["envelope"], EnvelopeStyle::parse);
        read.must_differ(delimiter, quote);
        read.refuse_envelope_keys();
        let config = match kind {
            SinkKind::File => {
                let path = path.unwrap_or_default();
                let format = read.file_format(&path, format);
                read.must_not_append(append, format.format);
                let defaults = FileSinkConfig::new(path, format.format);
                Self::File(FileSinkConfig {
                    compression,
                    envelope: envelope.unwrap_or_default(),
                    delimiter: delimiter.unwrap_or(defaults.delimiter),
                    quote: quote.unwrap_or(defaults.quote),
                    has_headers: has_headers.unwrap_or(format.has_headers),
                    append: append.unwrap_or(false),
                    ..defaults
                })
            }
            SinkKind::Stdout => Self::Stdout {
                format: read.stdout_format(format),
            },
            SinkKind::Discard => Self::Discard,
            SinkKind::Memory => Self::Memory(MemorySink::default()),
        };
        read.finish()?;
        Ok(config)
    }

    /// The given keys that this configuration has no use for, such as a delimiter for JSON lines.
    pub fn keys_without_effect<'a>(&self, properties: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        let others = |used: &[&str]| {
            let keys = properties.keys().map(String::as_str);
            keys.filter(|key| *key != "type" && !used.contains(key)).collect()
        };
        match self {
            Self::File(file) => {
                let mut keys = properties::csv_keys_without_effect(Some(file.format), properties);
                if file.format != FileFormat::Envelope {
                    let envelope = properties.keys().map(String::as_str).find(|key| *key == "envelope");
                    keys.extend(envelope);
                }
                keys
            }
            Self::Stdout { .. } => others(FORMAT_KEYS),
            Self::Discard | Self::Memory(_) => others(&[]),
        }
    }
}
