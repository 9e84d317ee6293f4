use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use velo_common::{nearest, parse_duration};

use super::envelope::RecordFormat;
use super::keys::{CSV_KEYS, ENVELOPE_KEYS, FORMAT_KEYS};
use super::{FileFormat, FileSourceConfig, FormatKind, Packing, TextFormat};
use crate::file::{PathPattern, check_can_grow, has_wildcards};

/// What is wrong with one property of a source or sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyError {
    /// The property's key as it was given, without the name of the source or sink.
    pub key: String,
    /// What kind of mistake it is.
    pub kind: PropertyErrorKind,
    /// What is wrong and what would be right, in one sentence.
    pub message: String,
}

/// Kinds of mistakes in properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PropertyErrorKind {
    /// No source or sink has such a property.
    Unknown,
    /// A property that must be given is not.
    Missing,
    /// The value makes no sense.
    Invalid,
    /// The property makes sense, but this version cannot honour it.
    Unsupported,
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PropertyError {}

/// Keys by which a topic is named; they tell a Kafka source or sink that has no `type`.
const TOPIC_KEYS: [&str; 3] = ["topic", "topic.name", "kafka_topic"];

/// What a format property means for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FormatProperty {
    pub(super) format: FileFormat,
    pub(super) has_headers: bool,
}

impl FormatProperty {
    /// A format by itself, which for CSV includes a header.
    const fn of(format: FileFormat) -> Self {
        Self {
            format,
            has_headers: true,
        }
    }
}

/// The kinds of sinks that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SinkKind {
    File,
    Stdout,
    Discard,
    Memory,
}

/// Reads properties one by one and collects what is wrong with them.
pub(super) struct Properties<'a> {
    values: &'a BTreeMap<String, String>,
    kind: Option<&'a str>,
    role: &'static str,
    errors: Vec<PropertyError>,
}

impl<'a> Properties<'a> {
    /// `role` is `source` or `sink`; `keys` are all that this role knows. Fails for kinds that are not at hand.
    pub(super) fn new(
        values: &'a BTreeMap<String, String>,
        kind: Option<&'a str>,
        role: &'static str,
        keys: &[&str],
    ) -> Result<Self, Vec<PropertyError>> {
        let kind = kind.or_else(|| values.get("type").map(String::as_str));
        let mut read = Self {
            values,
            kind,
            role,
            errors: Vec::new(),
        };
        if !read.is_kind_at_hand() {
            return Err(read.errors); // What its properties mean is not for files to say.
        }
        read.refuse_keys(&format!("a file {role}"), keys);
        Ok(read)
    }

    /// As [`Properties::new`], for a kind of source that has been told already; `noun` is what messages call it.
    pub(super) fn of_kind(values: &'a BTreeMap<String, String>, noun: &str, keys: &[&str]) -> Self {
        let mut read = Self {
            values,
            kind: None,
            role: "source",
            errors: Vec::new(),
        };
        read.refuse_keys(noun, keys);
        read
    }

    /// Everything that was wrong, in the order of the keys.
    pub(super) fn finish(mut self) -> Result<(), Vec<PropertyError>> {
        if self.errors.is_empty() {
            return Ok(());
        }
        self.errors.sort_by(|a, b| a.key.cmp(&b.key));
        Err(self.errors)
    }

    /// The value of `path`: a local file, directory or pattern.
    pub(super) fn source_path(&mut self) -> Option<PathBuf> {
        let path = self.local_path()?;
        if has_wildcards(&path)
            && !path.exists()
            && let Err(problem) = PathPattern::parse(&path)
        {
            let message = format!("the pattern `{}` is malformed: {problem}", path.display());
            self.reject("path", PropertyErrorKind::Invalid, message);
        }
        Some(path)
    }

    /// The value of `path`: one local file.
    pub(super) fn sink_path(&mut self) -> Option<PathBuf> {
        let path = self.local_path()?;
        if path.to_string_lossy().contains(['*', '?']) {
            let message = format!("`{}` is a pattern; a sink writes one file", path.display());
            self.reject("path", PropertyErrorKind::Invalid, message);
        }
        Some(path)
    }

    fn local_path(&mut self) -> Option<PathBuf> {
        let Some(path) = self.values.get("path").filter(|path| !path.is_empty()) else {
            let message = format!("a file {} needs `path`", self.role);
            self.reject("path", PropertyErrorKind::Missing, message);
            return None;
        };
        let local = path.strip_prefix("file://").unwrap_or(path);
        if let Some((scheme, _)) = local.split_once("://") {
            let others = match self.role {
                "source" => ", s3://, http:// and https://",
                _ => "",
            };
            let message = format!("`{scheme}://` locations are not supported yet, only local files{others}");
            self.reject("path", PropertyErrorKind::Unsupported, message);
            return None; // Nothing more is said of it: there may be a password in it.
        }
        Some(PathBuf::from(local))
    }

    /// The kind of sink that `type`, or else the properties, ask for. Mistakes read on as a file's.
    pub(super) fn sink_kind(&self) -> SinkKind {
        match self.kind.map(str::to_ascii_lowercase).as_deref() {
            Some("stdout_sink") => SinkKind::Stdout,
            Some("discard_sink") => SinkKind::Discard,
            Some("memory_sink") => SinkKind::Memory,
            _ => SinkKind::File,
        }
    }

    /// The format that is asked for, in any of the spellings of key and value.
    pub(super) fn format(&mut self) -> Option<FormatProperty> {
        let path = self.values.get("path").map(Path::new);
        let is_envelope = path.and_then(FileFormat::of_path) == Some(FileFormat::Envelope);
        if is_envelope && self.role == "source" {
            return Some(FormatProperty::of(FileFormat::Envelope)); // How its values are written is another question.
        }
        let (key, value) = self.one_of(FORMAT_KEYS)?;
        // ksqlDB's `value_format = 'JSON'` and an envelope's `json` are one object a record; a file's
        // `format = 'json'` is one array.
        match parse_format(value, key != "format" || is_envelope) {
            Ok(format) => Some(format),
            Err((kind, message)) => {
                self.reject(key, kind, message);
                None
            }
        }
    }

    /// How the keys or the values of records are written, by what the key of a property says.
    pub(super) fn record_format(&mut self, (key, value): (&str, &str)) -> Option<RecordFormat> {
        match value.to_ascii_lowercase().as_str() {
            "json" | "json_sr" | "jsonlines" | "jsonl" => Some(RecordFormat::Json),
            "delimited" | "csv" | "csv_no_header" => Some(RecordFormat::Delimited),
            "kafka" => Some(RecordFormat::Kafka),
            "avro" | "protobuf" | "protobuf_nosr" | "parquet" | "none" => {
                let message = format!("`{value}` in envelopes is not supported yet, only JSON, DELIMITED and KAFKA");
                self.reject(key, PropertyErrorKind::Unsupported, message);
                None
            }
            _ => {
                let known = ["json", "delimited", "kafka"];
                let near = nearest(value, known);
                let help = near.map_or_else(|| known.join(", "), |near| format!("did you mean `{near}`?"));
                let message = format!("there is no format `{value}` of keys and values: {help}");
                self.reject(key, PropertyErrorKind::Invalid, message);
                None
            }
        }
    }

    /// What is said of keys is for envelopes that are read.
    pub(super) fn refuse_envelope_keys(&mut self) {
        for key in ENVELOPE_KEYS {
            if self.values.contains_key(*key) {
                let message = format!("`{key}` is not supported yet for files that are written");
                self.reject(key, PropertyErrorKind::Unsupported, message);
            }
        }
    }

    /// The format of the file: as asked for, else as its name tells; an envelope is told by its name alone.
    pub(super) fn file_format(&mut self, path: &Path, asked: Option<FormatProperty>) -> FormatProperty {
        let told = FileFormat::of_path(path);
        match (asked, told) {
            (
                Some(FormatProperty {
                    format: asked @ (FileFormat::Csv | FileFormat::Parquet | FileFormat::Avro),
                    ..
                }),
                Some(FileFormat::Envelope),
            ) => {
                let key = FORMAT_KEYS.iter().find(|key| self.values.contains_key(**key));
                let key = key.copied().unwrap_or("format");
                let message = format!("envelopes hold JSON values; {asked} values in envelopes are not supported yet");
                self.reject(key, PropertyErrorKind::Unsupported, message);
            }
            (_, Some(FileFormat::Envelope)) => return FormatProperty::of(FileFormat::Envelope),
            (Some(asked), _) => return asked,
            (None, Some(told)) => return FormatProperty::of(told),
            (None, None) if self.errors.is_empty() => {
                if let Err(error) = format_of_path(path) {
                    self.errors.push(error);
                }
            }
            (None, None) => {} // The path or the format is refused already.
        }
        FormatProperty::of(FileFormat::JsonLines)
    }

    /// The format of rows on the standard output, where every row is for itself.
    pub(super) fn stdout_format(&mut self, asked: Option<FormatProperty>) -> TextFormat {
        let Some(format) = asked.map(|asked| asked.format) else {
            return TextFormat::JsonLines;
        };
        match format.kind() {
            FormatKind::Text(TextFormat::Json) => {
                let message = "standard output takes no JSON array; one object a line is `jsonlines`".to_owned();
                self.reject("format", PropertyErrorKind::Unsupported, message);
            }
            FormatKind::Typed(_) => {
                let message = format!("standard output takes text; write {format} to a file");
                self.reject("format", PropertyErrorKind::Invalid, message);
            }
            FormatKind::Text(format) => return format,
        }
        TextFormat::JsonLines
    }

    /// As [`Properties::file_format`]; `None` where only the files that are found can tell it.
    pub(super) fn source_format(&mut self, path: &Path, asked: Option<FormatProperty>) -> Option<FormatProperty> {
        let is_left_to_the_files = asked.is_none() && is_several_files(path) && FileFormat::of_path(path).is_none();
        (!is_left_to_the_files).then(|| self.file_format(path, asked))
    }

    /// The value of a key, given in any of its spellings.
    pub(super) fn parsed<T>(&mut self, keys: &[&'static str], parse: fn(&str) -> Result<T, String>) -> Option<T> {
        let (key, value) = self.one_of(keys)?;
        match parse(value) {
            Ok(parsed) => Some(parsed),
            Err(wanted) => {
                let message = format!("`{key}` must be {wanted}, not `{value}`");
                self.reject(key, PropertyErrorKind::Invalid, message);
                None
            }
        }
    }

    /// As [`Properties::parsed`], for a value that no message may show.
    pub(super) fn parsed_secret<T>(&mut self, key: &'static str, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        let parsed = parse(self.text(key)?);
        parsed
            .map_err(|wanted| self.reject(key, PropertyErrorKind::Invalid, format!("`{key}` must be {wanted}")))
            .ok()
    }

    /// A value as it stands; an empty one is none.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        let text = self.values.get(key).map(String::as_str);
        text.filter(|text| !text.is_empty())
    }

    /// A value that is true or false.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.parsed(&[key], |value| {
            value
                .to_ascii_lowercase()
                .parse()
                .map_err(|_| "`true` or `false`".to_owned())
        })
    }

    /// Files that end with what they begin with, such as a footer, take nothing more.
    pub(super) fn must_not_append(&mut self, append: Option<bool>, format: FileFormat) {
        if append == Some(true) && format.is_typed() {
            let message =
                format!("rows cannot be appended to a file in the format {format}; write to a file of its own");
            self.reject("append", PropertyErrorKind::Invalid, message);
        }
    }

    /// A file that is watched must be able to grow. Of files that have to be found first, that is seen when they are.
    pub(super) fn must_grow(&mut self, watch: Option<bool>, format: Option<FileFormat>, packing: Packing) {
        if watch == Some(true)
            && let Err(message) = check_can_grow(format, packing)
        {
            self.reject("watch", PropertyErrorKind::Invalid, message);
        }
    }

    /// Delimiter and quote cannot be the same byte.
    pub(super) fn must_differ(&mut self, delimiter: Option<u8>, quote: Option<u8>) {
        if delimiter.unwrap_or(b',') == quote.unwrap_or(b'"') {
            let key = if quote.is_some() { "quote" } else { "delimiter" };
            let message = "delimiter and quote must differ".to_owned();
            self.reject(key, PropertyErrorKind::Invalid, message);
        }
    }

    /// Whether this crate has the kind of source or sink that is asked for; says so if not.
    fn is_kind_at_hand(&mut self) -> bool {
        let Some(kind) = self.kind else {
            let topic = TOPIC_KEYS.into_iter().find(|key| self.values.contains_key(*key));
            if let Some(key) = topic.filter(|_| !self.values.contains_key("path")) {
                let message = format!("Kafka {}s are not supported yet, only files", self.role);
                self.reject(key, PropertyErrorKind::Unsupported, message);
            }
            return topic.is_none();
        };
        let folded = kind.to_ascii_lowercase();
        let (stem, role) = folded.rsplit_once('_').unwrap_or((&folded, ""));
        let stem = if folded == "file_source_mmap" { "file" } else { stem };
        let known_role = role == self.role || (folded == "file_source_mmap" && self.role == "source");
        match (stem, self.role) {
            ("file", _) | ("stdout" | "discard" | "memory", "sink") if known_role => return true,
            ("memory", "source") if known_role => {
                let message = "a memory source is given by the embedding program, not by properties".to_owned();
                self.reject("type", PropertyErrorKind::Unsupported, message);
            }
            ("kafka" | "sql" | "database" | "http" | "s3", _) if known_role => {
                let message = format!("`{kind}` is not supported yet");
                self.reject("type", PropertyErrorKind::Unsupported, message);
            }
            _ => {
                let help = nearest(kind, kinds(self.role).iter().copied());
                let help = help.map_or_else(|| kinds(self.role).join(", "), |near| format!("did you mean `{near}`?"));
                let message = format!("there is no {} type `{kind}`: {help}", self.role);
                self.reject("type", PropertyErrorKind::Invalid, message);
            }
        }
        false
    }

    fn refuse_keys(&mut self, noun: &str, keys: &[&str]) {
        for key in self.values.keys() {
            if !keys.contains(&key.as_str()) {
                let near = nearest(key, keys.iter().copied());
                let help = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                let message = format!("{noun} has no property `{key}`{help}");
                self.reject(key, PropertyErrorKind::Unknown, message);
            }
        }
    }

    /// The one that is given of several spellings of a key; giving two is a mistake.
    pub(super) fn one_of<'k>(&mut self, keys: &[&'k str]) -> Option<(&'k str, &'a str)> {
        let values = self.values;
        let mut given = keys.iter().filter_map(|key| Some((*key, values.get(*key)?.as_str())));
        let first = given.next()?;
        for (key, _) in given {
            let message = format!("`{key}` and `{}` mean the same; give one of them", first.0);
            self.reject(key, PropertyErrorKind::Invalid, message);
        }
        Some(first)
    }

    pub(super) fn reject(&mut self, key: &str, kind: PropertyErrorKind, message: String) {
        let key = key.to_owned();
        self.errors.push(PropertyError { key, kind, message });
    }
}

/// The format that a source's path tells; `None` where only the files that are found can tell it.
pub(super) fn format_of_source(path: &Path) -> Result<Option<FileFormat>, PropertyError> {
    if is_several_files(path) {
        return Ok(FileFormat::of_path(path));
    }
    format_of_path(path).map(Some)
}

/// Whether a path is, or may become, more than one file: a pattern, a directory, a name without an extension.
fn is_several_files(path: &Path) -> bool {
    has_wildcards(path) || path.is_dir() || path.extension().is_none()
}

/// The format that a file's name tells, or what to do about it.
pub(super) fn format_of_path(path: &Path) -> Result<FileFormat, PropertyError> {
    FileFormat::of_path(path).ok_or_else(|| PropertyError {
        key: "format".to_owned(),
        kind: PropertyErrorKind::Missing,
        message: format!(
            "the name of `{}` does not tell its format; say `format`: csv, csv_no_header, jsonlines, json, parquet or avro",
            path.display()
        ),
    })
}

/// Keys for CSV, or for text, given to files of another format.
pub(super) fn csv_keys_without_effect(format: Option<FileFormat>, properties: &BTreeMap<String, String>) -> Vec<&str> {
    let keys = properties.keys().map(String::as_str);
    let has_use = |key: &str| match format {
        None | Some(FileFormat::Csv) => true,
        Some(format) if format.is_typed() => !CSV_KEYS.contains(&key) && key != "skip_lines" && key != "encoding",
        Some(_) => !CSV_KEYS.contains(&key),
    };
    keys.filter(|key| !has_use(key)).collect()
}

/// What is said of keys and values in envelopes to files that hold none, or whose values or keys have no use for it.
pub(super) fn envelope_keys_without_effect<'a>(
    file: &FileSourceConfig,
    properties: &'a BTreeMap<String, String>,
) -> Vec<&'a str> {
    let is_envelope = file.format == Some(FileFormat::Envelope);
    let has_use = |key: &str| match key {
        "key.format" | "key_format" => is_envelope,
        "key_delimiter" => is_envelope && file.envelope.key == Some(RecordFormat::Delimited),
        "wrap_single_value" => is_envelope && file.envelope.value == RecordFormat::Json,
        _ => true,
    };
    let keys = properties.keys().map(String::as_str);
    keys.filter(|key| !has_use(key)).collect()
}

/// A non-negative whole number.
pub(super) fn parse_count(value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| "a whole number".to_owned())
}

/// A whole number above 0.
pub(super) fn parse_positive(value: &str) -> Result<u64, String> {
    match parse_count(value) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err("a whole number above 0".to_owned()),
    }
}

/// How long to wait; 0 is not at all.
pub(super) fn parse_wait(value: &str) -> Result<Duration, String> {
    parse_duration(value).map_err(|_| "a duration such as `30s` or `5m`".to_owned())
}

/// How long something takes from one time to the next.
pub(super) fn parse_interval(value: &str) -> Result<Duration, String> {
    match parse_duration(value) {
        Ok(interval) if !interval.is_zero() => Ok(interval),
        _ => Err("a duration above 0, such as `5s`".to_owned()),
    }
}

/// One byte that can stand between fields; `TAB` and `SPACE` are ksqlDB's words.
pub(super) fn parse_delimiter(value: &str) -> Result<u8, String> {
    match value {
        "\\t" => Ok(b'\t'),
        word if word.eq_ignore_ascii_case("tab") => Ok(b'\t'),
        word if word.eq_ignore_ascii_case("space") => Ok(b' '),
        _ => parse_quote(value),
    }
}

/// One byte that is no line end.
pub(super) fn parse_quote(value: &str) -> Result<u8, String> {
    match value.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        _ => Err("one ASCII character".to_owned()),
    }
}

fn parse_format(value: &str, is_record_format: bool) -> Result<FormatProperty, (PropertyErrorKind, String)> {
    let csv = |has_headers| FormatProperty {
        format: FileFormat::Csv,
        has_headers,
    };
    match value.to_ascii_lowercase().as_str() {
        "csv" => Ok(csv(true)),
        "csv_no_header" | "delimited" => Ok(csv(false)),
        "jsonlines" | "jsonl" => Ok(FormatProperty::of(FileFormat::JsonLines)),
        "json" if is_record_format => Ok(FormatProperty::of(FileFormat::JsonLines)),
        "json" => Ok(FormatProperty::of(FileFormat::Json)),
        "parquet" => Ok(FormatProperty::of(FileFormat::Parquet)),
        "avro" => Ok(FormatProperty::of(FileFormat::Avro)),
        "protobuf" | "protobuf_nosr" | "json_sr" | "kafka" | "none" => {
            let message = format!("format `{value}` is not supported yet for files");
            Err((PropertyErrorKind::Unsupported, message))
        }
        _ => {
            let known = ["csv", "csv_no_header", "jsonlines", "json", "parquet", "avro"];
            let near = nearest(value, known);
            let help = near.map_or_else(|| known.join(", "), |near| format!("did you mean `{near}`?"));
            Err((
                PropertyErrorKind::Invalid,
                format!("there is no format `{value}`: {help}"),
            ))
        }
    }
}

fn kinds(role: &str) -> &'static [&'static str] {
    if role == "source" {
        &[
            "file_source",
            "kafka_source",
            "sql_source",
            "http_source",
            "s3_source",
            "memory_source",
            "datagen_source",
            "nexmark_source",
        ]
    } else {
        &[
            "file_sink",
            "kafka_sink",
            "sql_sink",
            "http_sink",
            "s3_sink",
            "stdout_sink",
            "discard_sink",
            "memory_sink",
        ]
    }
}
