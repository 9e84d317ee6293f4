use std::fmt;

use velo_data::{SqlType, StreamSchema};
use velo_formats::{CsvOptions, EnvelopeFormat, EnvelopeLayout, EnvelopePart};

use super::keys::FORMAT_KEYS;
use super::properties::{Properties, PropertyErrorKind, parse_delimiter};

/// How keys and values of records stand in files of envelopes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvelopeConfig {
    /// How values are written.
    pub value: RecordFormat,
    /// How keys are written; where absent, as the type of their column tells.
    pub key: Option<RecordFormat>,
    /// Whether records are said to have no key.
    pub is_keyless: bool,
    /// Keys in delimited text: the byte between fields; that of values where absent.
    pub key_delimiter: Option<u8>,
    /// JSON: whether the only column of a value is the value itself, and not a member of an object.
    pub is_unwrapped: bool,
    /// Indexes of the declared columns that make up the key of records.
    pub key_columns: Vec<usize>,
}

/// How the key or the value of a record is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecordFormat {
    /// JSON.
    #[default]
    Json,
    /// Delimited text.
    Delimited,
    /// One value, as Kafka's own serializers write it.
    Kafka,
}

impl fmt::Display for RecordFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Delimited => "DELIMITED",
            Self::Kafka => "KAFKA",
        })
    }
}

/// Keys that say how the keys of records are written.
const KEY_FORMAT: &[&str] = &["key.format", "key_format"];

impl EnvelopeConfig {
    /// Reads what a source says of the keys and values of its records, where it is of envelopes.
    pub(super) fn read(read: &mut Properties<'_>, is_envelope: bool) -> Self {
        let value = is_envelope.then(|| read.one_of(FORMAT_KEYS)).flatten();
        let key = read.one_of(KEY_FORMAT);
        let key_delimiter = read.parsed(&["key_delimiter"], parse_delimiter);
        let wrapped = read.boolean("wrap_single_value");
        if wrapped == Some(false) && !is_envelope {
            let message = "`wrap_single_value` = false is supported for files of envelopes only".to_owned();
            read.reject("wrap_single_value", PropertyErrorKind::Unsupported, message);
        }
        let is_keyless = key.is_some_and(|(_, format)| format.eq_ignore_ascii_case("none"));
        Self {
            is_keyless,
            value: value.and_then(|value| read.record_format(value)).unwrap_or_default(),
            key: key.filter(|_| !is_keyless).and_then(|key| read.record_format(key)),
            key_delimiter,
            is_unwrapped: wrapped == Some(false),
            key_columns: Vec::new(),
        }
    }

    /// What a decoder of the columns with these indexes looks for in envelopes.
    ///
    /// # Errors
    ///
    /// What does not go together.
    pub(crate) fn layout(
        &self,
        schema: &StreamSchema,
        columns: &[usize],
        csv: CsvOptions,
    ) -> Result<EnvelopeLayout, String> {
        let place = |column: usize| columns.iter().position(|wanted| *wanted == column);
        let is_key = |column: &usize| self.key_columns.contains(column);
        let (key, value): (Vec<usize>, Vec<usize>) = (0..schema.user_columns()).partition(is_key);
        if let (true, Some(column)) = (self.is_keyless, key.first()) {
            let column = schema.user_fields()[*column].name();
            return Err(format!(
                "`key.format` = NONE leaves nothing for the key's column `{column}`"
            ));
        }
        let value_format = match self.value {
            RecordFormat::Json if self.is_unwrapped => EnvelopeFormat::Value,
            RecordFormat::Json => EnvelopeFormat::Object,
            RecordFormat::Delimited => EnvelopeFormat::Delimited(csv),
            RecordFormat::Kafka => EnvelopeFormat::Kafka,
        };
        let key_format = match (self.key.unwrap_or_else(|| usual_key_format(schema, &key)), key.len()) {
            (RecordFormat::Json, 1) => EnvelopeFormat::Value,
            (RecordFormat::Json, _) => EnvelopeFormat::Object,
            (RecordFormat::Delimited, _) => EnvelopeFormat::Delimited(CsvOptions {
                delimiter: self.key_delimiter.unwrap_or(csv.delimiter),
                ..csv
            }),
            (RecordFormat::Kafka, _) => EnvelopeFormat::Kafka,
        };
        check_part("value", value_format, schema, &value)?;
        check_part("key", key_format, schema, &key)?;
        let part = |format, of: &[usize]| EnvelopePart {
            format,
            columns: of.iter().map(|column| place(*column)).collect(),
        };
        Ok(EnvelopeLayout {
            value: part(value_format, &value),
            key: part(key_format, &key),
        })
    }

    /// Whether values name their columns, so that a sample tells them.
    pub(crate) fn names_columns(&self) -> bool {
        self.value == RecordFormat::Json && !self.is_unwrapped
    }
}

/// Keys of one column are as Kafka's serializers write them, where these know its type; others are JSON.
fn usual_key_format(schema: &StreamSchema, key: &[usize]) -> RecordFormat {
    match key {
        [only] if is_serialized(schema, *only) => RecordFormat::Kafka,
        _ => RecordFormat::Json,
    }
}

/// Whether Kafka's own serializers know the type of a column.
fn is_serialized(schema: &StreamSchema, column: usize) -> bool {
    schema.sql_type(column).is_some_and(|sql_type| {
        matches!(
            sql_type,
            SqlType::String | SqlType::Bytes | SqlType::BigInt | SqlType::SmallInt | SqlType::TinyInt | SqlType::Double
        )
    })
}

fn check_part(name: &str, format: EnvelopeFormat, schema: &StreamSchema, columns: &[usize]) -> Result<(), String> {
    let takes_one = matches!(format, EnvelopeFormat::Value | EnvelopeFormat::Kafka);
    if takes_one && columns.len() > 1 {
        let what = if format == EnvelopeFormat::Kafka {
            "the format KAFKA"
        } else {
            "`wrap_single_value` = false"
        };
        return Err(format!(
            "{what} has room for one column of the {name}, not {}",
            columns.len()
        ));
    }
    if let ([only], EnvelopeFormat::Kafka) = (columns, format)
        && !is_serialized(schema, *only)
    {
        let column = schema.user_fields()[*only].name();
        let sql_type = schema.sql_type(*only).unwrap_or(SqlType::Null);
        return Err(format!(
            "the format KAFKA knows STRING, BYTES, integers and DOUBLE, and the {name}'s column `{column}` is {sql_type}"
        ));
    }
    Ok(())
}
