use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use velo_common::{nearest, parse_duration};

use super::generated::{read_rate, read_seed, read_splits};
use super::properties::{Properties, PropertyError, PropertyErrorKind, parse_count, parse_wait};

/// Rows that are generated for declared columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatagenSourceConfig {
    /// What random values follow from.
    pub seed: u64,
    /// How many rows there are; without it, rows end with the first sequence that has an end.
    pub number_of_rows: Option<u64>,
    /// How many rows come in a second of the clock; `None` is as fast as they are read.
    pub rows_per_second: Option<u64>,
    /// How many partitions the rows are dealt out to; 0 counts as 1.
    pub splits: u64,
    /// How columns are generated; those that are not here go by their types.
    pub fields: Vec<FieldConfig>,
}

/// How the values of a column are generated.
///
/// Which of the settings make sense, and what values they may have, depends on the type of the column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldConfig {
    /// The column, in any case.
    pub column: String,
    /// `None` is the kind that the other settings imply.
    pub kind: Option<FieldKind>,
    /// The first value of a sequence, or the first time.
    pub start: Option<String>,
    /// The last value of a sequence.
    pub end: Option<String>,
    /// The lowest random value.
    pub min: Option<String>,
    /// The highest random value.
    pub max: Option<String>,
    /// How long random text is.
    pub length: Option<u64>,
    /// What is chosen from.
    pub values: Option<Vec<String>>,
    /// The time from one row to the next.
    pub interval: Option<Duration>,
    /// How much earlier than in order a time may be.
    pub max_out_of_orderness: Option<Duration>,
    /// How many values are NULL, from 0 to 1.
    pub null_rate: Option<f64>,
}

/// Ways to generate values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Each value is one more than the one before.
    Sequence,
    /// Any value between two others is as likely as any other.
    Random,
    /// One of a list.
    Choice,
    /// Random letters.
    Text,
    /// Times that go on from row to row.
    Timestamp,
}

impl FieldKind {
    const ALL: [Self; 5] = [Self::Sequence, Self::Random, Self::Choice, Self::Text, Self::Timestamp];

    /// The word for it in properties.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::Random => "random",
            Self::Choice => "choice",
            Self::Text => "text",
            Self::Timestamp => "timestamp",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let known = Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text));
        known.ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str);
            match nearest(text, words) {
                Some(near) => format!("one of {} (did you mean `{near}`?)", words.join(", ")),
                None => format!("one of {}", words.join(", ")),
            }
        })
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Keys of a datagen source, those of its columns left out.
const KEYS: [&str; 5] = ["type", "seed", "number.of.rows", "rows.per.second", "splits"];

/// What keys of columns begin with.
const FIELDS: &str = "fields.";

/// What keys of columns end with.
const ATTRIBUTES: [&str; 10] = [
    "kind",
    "start",
    "end",
    "min",
    "max",
    "length",
    "values",
    "interval",
    "max_out_of_orderness",
    "null.rate",
];

/// Longest random text: what a batch of them takes stays small.
const LENGTH_MAX: u64 = 1000;

impl DatagenSourceConfig {
    /// Whether properties are those of a datagen source.
    pub(super) fn is_meant(kind: Option<&str>, properties: &BTreeMap<String, String>) -> bool {
        let kind = kind.or(properties.get("type").map(String::as_str));
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("datagen_source"))
    }

    pub(super) fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, Vec<PropertyError>> {
        let of_fields = properties.iter().filter(|(key, _)| key.starts_with(FIELDS));
        let plain = properties.iter().filter(|(key, _)| !key.starts_with(FIELDS));
        let plain: BTreeMap<String, String> = plain.map(|(key, text)| (key.clone(), text.clone())).collect();
        let mut read = Properties::of_kind(&plain, "a datagen source", &KEYS);
        let mut fields: Vec<FieldConfig> = Vec::new();
        for (key, text) in of_fields {
            let named = ATTRIBUTES.iter().find_map(|attribute| {
                let column = key.strip_prefix(FIELDS)?.strip_suffix(attribute)?.strip_suffix('.')?;
                (!column.is_empty()).then_some((column, *attribute))
            });
            let Some((column, attribute)) = named else {
                let message = format!(
                    "a datagen source has no property `{key}`; for a column there are {}",
                    ATTRIBUTES.join(", ")
                );
                read.reject(key, PropertyErrorKind::Unknown, message);
                continue;
            };
            let field = match fields.iter().position(|field| field.column == column) {
                Some(known) => &mut fields[known],
                None => {
                    fields.push(FieldConfig {
                        column: column.to_owned(),
                        ..FieldConfig::default()
                    });
                    let last = fields.len() - 1;
                    &mut fields[last]
                }
            };
            if let Err(wanted) = field.set(attribute, text) {
                let message = format!("`{key}` must be {wanted}, not `{text}`");
                read.reject(key, PropertyErrorKind::Invalid, message);
            }
        }
        let config = Self {
            seed: read_seed(&mut read),
            number_of_rows: read.parsed(&["number.of.rows"], parse_count),
            rows_per_second: read_rate(&mut read, "rows.per.second"),
            splits: read_splits(&mut read),
            fields,
        };
        read.finish()?;
        Ok(config)
    }
}

impl FieldConfig {
    /// The key of one of its settings.
    pub(crate) fn key(&self, attribute: &str) -> String {
        format!("{FIELDS}{}.{attribute}", self.column)
    }

    /// The settings that are given, in the words of their keys.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let given = [
            self.kind.is_some(),
            self.start.is_some(),
            self.end.is_some(),
            self.min.is_some(),
            self.max.is_some(),
            self.length.is_some(),
            self.values.is_some(),
            self.interval.is_some(),
            self.max_out_of_orderness.is_some(),
            self.null_rate.is_some(),
        ];
        let given = ATTRIBUTES.into_iter().zip(given);
        given
            .filter_map(|(attribute, given)| given.then_some(attribute))
            .collect()
    }

    /// Takes a setting, or says what it must be.
    fn set(&mut self, attribute: &str, text: &str) -> Result<(), String> {
        match attribute {
            "kind" => self.kind = Some(FieldKind::parse(text)?),
            "start" => self.start = Some(text.to_owned()),
            "end" => self.end = Some(text.to_owned()),
            "min" => self.min = Some(text.to_owned()),
            "max" => self.max = Some(text.to_owned()),
            "length" => self.length = Some(parse_length(text)?),
            "values" => self.values = Some(parse_values(text)?),
            "interval" => {
                let interval = parse_duration(text);
                self.interval = Some(interval.map_err(|_| "a duration such as `5s` or `100ms`".to_owned())?);
            }
            "max_out_of_orderness" => self.max_out_of_orderness = Some(parse_wait(text)?),
            _ => self.null_rate = Some(parse_rate(text)?),
        }
        Ok(())
    }
}

fn parse_length(text: &str) -> Result<u64, String> {
    match parse_count(text) {
        Ok(length) if length <= LENGTH_MAX => Ok(length),
        _ => Err(format!("a whole number up to {LENGTH_MAX}")),
    }
}

/// A JSON array of texts, or texts with commas between them.
fn parse_values(text: &str) -> Result<Vec<String>, String> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str::<Vec<String>>(text)
            .ok()
            .filter(|values| !values.is_empty())
            .ok_or_else(|| r#"a JSON array of texts, such as ["a,b", "c"]"#.to_owned());
    }
    if text.trim().is_empty() {
        return Err("values with commas between them, such as `EUR, USD`".to_owned());
    }
    Ok(text.split(',').map(|value| value.trim().to_owned()).collect())
}

/// A share of all.
fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0 to 1".to_owned()),
    }
}
