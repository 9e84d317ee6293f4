//! From what is said of a column to what generates it.

use std::time::Duration;

use arrow::datatypes::Decimal128Type;
use velo_common::format_duration;
use velo_data::SqlType;
use velo_formats::parse_exact_decimal;

use super::column::{ColumnGenerator, Form, Nulls, Values};
use super::literal::{column_of, parse_double};
use super::types::{FIRST_TIME, kinds_of, usual_range};
use crate::generated::{Random, Rate, Spacing};
use crate::{FieldConfig, FieldKind, PropertyError, PropertyErrorKind};

/// The time from one row to the next where nothing else is said.
const INTERVAL: Duration = Duration::from_millis(1);

/// Letters of a text of which nothing else is said.
const TEXT_LENGTH: u64 = 10;

/// Rows that a sequence must reach in a source without end.
const ROWS_WITHOUT_END: u64 = 1 << 62;

/// A column, and what is said of it.
pub(super) struct ColumnSettings<'a> {
    pub(super) name: &'a str,
    pub(super) sql_type: SqlType,
    pub(super) nullable: bool,
    pub(super) field: &'a FieldConfig,
    pub(super) seed: u64,
    pub(super) rate: Option<Rate>,
    pub(super) number_of_rows: Option<u64>,
}

/// What generates a column.
pub(super) struct GeneratedColumn {
    pub(super) generator: ColumnGenerator,
    /// Rows behind which its sequence ends.
    pub(super) rows_max: Option<u64>,
}

type Checked<T> = Result<T, PropertyError>;

/// Values with what they are, for people.
type Described = (Values, String);

impl ColumnSettings<'_> {
    /// What generates the column.
    ///
    /// # Errors
    ///
    /// When settings contradict each other or do not fit the column's type.
    pub(super) fn generator(&self) -> Checked<GeneratedColumn> {
        let kind = self.kind()?;
        self.check_fits(kind)?;
        self.check_uses(kind)?;
        let mut rows_max = None;
        let (values, description) = match kind {
            FieldKind::Sequence => {
                let (described, rows) = self.sequence()?;
                rows_max = rows;
                described
            }
            FieldKind::Random => self.random_values()?,
            FieldKind::Choice => self.choice()?,
            FieldKind::Text => self.text(),
            FieldKind::Timestamp => self.times()?,
        };
        let (nulls, description) = self.nulls(description)?;
        Ok(GeneratedColumn {
            generator: ColumnGenerator {
                values,
                random: self.random(""),
                nulls,
                description,
            },
            rows_max,
        })
    }

    /// Random numbers for a purpose; they depend neither on other columns nor on the case of the name.
    fn random(&self, purpose: &str) -> Random {
        Random::new(self.seed, &format!("{}{purpose}", self.name.to_lowercase()))
    }

    fn error(&self, attribute: &str, kind: PropertyErrorKind, message: String) -> PropertyError {
        PropertyError {
            key: self.field.key(attribute),
            kind,
            message,
        }
    }

    fn invalid(&self, attribute: &str, message: String) -> PropertyError {
        self.error(attribute, PropertyErrorKind::Invalid, message)
    }

    /// The kind that is given, or that the settings and the type imply.
    fn kind(&self) -> Checked<FieldKind> {
        let field = self.field;
        if let Some(kind) = field.kind {
            return Ok(kind);
        }
        Ok(if field.values.is_some() {
            FieldKind::Choice
        } else if field.length.is_some() {
            FieldKind::Text
        } else if field.min.is_some() || field.max.is_some() {
            FieldKind::Random
        } else if field.interval.is_some() || field.max_out_of_orderness.is_some() {
            FieldKind::Timestamp
        } else if field.start.is_some() || field.end.is_some() {
            match self.sql_type {
                SqlType::Timestamp => FieldKind::Timestamp,
                _ => FieldKind::Sequence,
            }
        } else {
            return self.usual_kind();
        })
    }

    /// The kind of a column of which nothing is said.
    fn usual_kind(&self) -> Checked<FieldKind> {
        let kinds = kinds_of(&self.sql_type);
        let usual = match self.sql_type {
            SqlType::Timestamp => Some(FieldKind::Timestamp),
            SqlType::String | SqlType::Bytes => Some(FieldKind::Text),
            _ => Some(FieldKind::Random).filter(|kind| kinds.contains(kind)),
        };
        usual.ok_or_else(|| {
            let (name, sql_type) = (self.name, &self.sql_type);
            let message = if kinds.is_empty() {
                format!("values of {sql_type} cannot be generated; leave the column `{name}` out")
            } else {
                format!(
                    "values of {sql_type} cannot be made up; say some in `{}`",
                    self.field.key("values")
                )
            };
            self.error("kind", PropertyErrorKind::Missing, message)
        })
    }

    /// Refuses a kind that the column's type cannot hold.
    fn check_fits(&self, kind: FieldKind) -> Checked<()> {
        let kinds = kinds_of(&self.sql_type);
        if kinds.contains(&kind) {
            return Ok(());
        }
        let (name, sql_type) = (self.name, &self.sql_type);
        let message = if kinds.is_empty() {
            format!("values of {sql_type} cannot be generated; leave the column `{name}` out")
        } else {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            format!(
                "`{name}` is {sql_type}, whose kinds are {}, not {kind}",
                kinds.join(", ")
            )
        };
        let attribute = self.field.given().first().copied().unwrap_or("kind");
        Err(self.invalid(attribute, message))
    }

    /// Refuses settings that the kind has no use for.
    fn check_uses(&self, kind: FieldKind) -> Checked<()> {
        let used: &[&str] = match kind {
            FieldKind::Sequence => &["start", "end"],
            FieldKind::Random if self.sql_type == SqlType::Boolean => &[],
            FieldKind::Random => &["min", "max"],
            FieldKind::Choice => &["values"],
            FieldKind::Text => &["length"],
            FieldKind::Timestamp => &["start", "interval", "max_out_of_orderness"],
        };
        let given = self.field.given();
        let is_idle = |attribute: &&&str| !used.contains(*attribute) && !["kind", "null.rate"].contains(*attribute);
        let Some(idle) = given.iter().find(is_idle) else {
            return Ok(());
        };
        let used: Vec<String> = used.iter().map(|attribute| format!("`{attribute}`")).collect();
        let takes = match used.as_slice() {
            [] => "no settings".to_owned(),
            used => used.join(", "),
        };
        let message = format!("the kind {kind} of `{}` takes {takes}, not `{idle}`", self.name);
        Err(self.invalid(idle, message))
    }

    /// The whole number that a setting is.
    fn whole(&self, attribute: &str, text: &str, form: Form) -> Checked<i64> {
        form.parse(text).ok_or_else(|| self.no_value(attribute, text))
    }

    fn no_value(&self, attribute: &str, text: &str) -> PropertyError {
        let key = self.field.key(attribute);
        self.invalid(
            attribute,
            format!("`{key}` must be a value of {}, not `{text}`", self.sql_type),
        )
    }

    /// Whole numbers that follow each other, and how many rows they last for.
    fn sequence(&self) -> Checked<(Described, Option<u64>)> {
        let form = Form::of(&self.sql_type).unwrap_or(Form::BigInt);
        let start_text = self.field.start.as_deref().unwrap_or("1");
        let start = self.whole("start", start_text, form)?;
        let (until, rows_max) = match self.field.end.as_deref() {
            Some(text) => {
                let end = self.whole("end", text, form)?;
                if end < start {
                    let message = format!(
                        "the sequence of `{}` ends with {end}, before it starts with {start}",
                        self.name
                    );
                    return Err(self.invalid("end", message));
                }
                (
                    format!(" to {end}"),
                    Some((end.wrapping_sub(start) as u64).saturating_add(1)),
                )
            }
            None => {
                self.check_reaches(start, form)?;
                (String::new(), None)
            }
        };
        let values = match self.sql_type {
            SqlType::String => Values::TextSequence { start },
            _ => Values::Sequence { start, form },
        };
        Ok(((values, format!("sequence from {start}{until}")), rows_max))
    }

    /// Refuses a sequence without an end that leaves its type before the rows end.
    fn check_reaches(&self, start: i64, form: Form) -> Checked<()> {
        let highest = match form {
            Form::TinyInt => i64::from(i8::MAX),
            Form::SmallInt => i64::from(i16::MAX),
            _ => i64::MAX,
        };
        let rows = self.number_of_rows.unwrap_or(ROWS_WITHOUT_END);
        if i128::from(start) + i128::from(rows) - 1 <= i128::from(highest) {
            return Ok(());
        }
        let attribute = self.field.given().first().copied().unwrap_or("kind");
        let message = format!(
            "the sequence of `{}` would go beyond {highest}, the highest value of {}; say where it ends in `{}`, which ends \
             the source too",
            self.name,
            self.sql_type,
            self.field.key("end")
        );
        Err(self.error(attribute, PropertyErrorKind::Invalid, message))
    }

    /// Any value between two others.
    fn random_values(&self) -> Checked<Described> {
        if self.sql_type == SqlType::Boolean {
            return Ok((Values::Booleans, "random".to_owned()));
        }
        let (usual_min, usual_max) = usual_range(&self.sql_type);
        let min_text = self.field.min.as_deref().unwrap_or(&usual_min);
        let max_text = self.field.max.as_deref().unwrap_or(&usual_max);
        let is_reversed = || self.reversed(min_text, max_text);
        let values = match &self.sql_type {
            SqlType::Double => {
                let lowest = parse_double(min_text).ok_or_else(|| self.no_value("min", min_text))?;
                let highest = parse_double(max_text).ok_or_else(|| self.no_value("max", max_text))?;
                if lowest > highest {
                    return Err(is_reversed());
                }
                Values::Doubles { lowest, highest }
            }
            SqlType::Decimal { precision, scale } => {
                let parse = |text: &str| parse_exact_decimal::<Decimal128Type>(text.trim(), *precision, *scale);
                let lowest = parse(min_text).ok_or_else(|| self.no_value("min", min_text))?;
                let highest = parse(max_text).ok_or_else(|| self.no_value("max", max_text))?;
                if lowest > highest {
                    return Err(is_reversed());
                }
                Values::Decimals {
                    lowest,
                    count: highest.wrapping_sub(lowest) as u128 + 1, // Of 38 digits each.
                    precision: *precision,
                    scale: *scale,
                }
            }
            other => {
                let form = Form::of(other).unwrap_or(Form::BigInt);
                let lowest = self.whole("min", min_text, form)?;
                let highest = self.whole("max", max_text, form)?;
                if lowest > highest {
                    return Err(is_reversed());
                }
                Values::Integers {
                    lowest,
                    count: (highest.wrapping_sub(lowest) as u64).wrapping_add(1),
                    form,
                }
            }
        };
        Ok((values, format!("random from {min_text} to {max_text}")))
    }

    fn reversed(&self, min: &str, max: &str) -> PropertyError {
        let is_usual = |given: bool| if given { "" } else { " (unless given)" };
        let (min_given, max_given) = (self.field.min.is_some(), self.field.max.is_some());
        let attribute = if min_given { "min" } else { "max" };
        let message = format!(
            "the lowest value of `{}`, {min}{}, is above the highest, {max}{}",
            self.name,
            is_usual(min_given),
            is_usual(max_given)
        );
        self.invalid(attribute, message)
    }

    fn choice(&self) -> Checked<Described> {
        let Some(texts) = &self.field.values else {
            let message = format!(
                "the kind choice of `{}` needs `{}`",
                self.name,
                self.field.key("values")
            );
            return Err(self.error("kind", PropertyErrorKind::Missing, message));
        };
        let values = column_of(texts, &self.sql_type).map_err(|wrong| self.no_choice(wrong.unwrap_or_default()))?;
        Ok((Values::Choice(values), format!("one of {}", texts.join(", "))))
    }

    fn no_choice(&self, text: &str) -> PropertyError {
        let key = self.field.key("values");
        let message = format!("`{key}` holds `{text}`, which is no value of {}", self.sql_type);
        self.invalid("values", message)
    }

    fn text(&self) -> Described {
        let letters = self.field.length.unwrap_or(TEXT_LENGTH);
        let length = usize::try_from(letters).unwrap_or(usize::MAX);
        match self.sql_type {
            SqlType::Bytes => (Values::Bytes { length }, format!("{letters} random bytes")),
            _ => (Values::Text { length }, format!("{letters} random letters")),
        }
    }

    fn times(&self) -> Checked<Described> {
        let form = Form::of(&self.sql_type).unwrap_or(Form::Timestamp);
        let start = self.field.start.as_deref().unwrap_or(FIRST_TIME);
        let start_ms = Form::Timestamp.parse(start).or_else(|| form.parse(start));
        let start_ms = start_ms.ok_or_else(|| {
            let key = self.field.key("start");
            let message = format!("`{key}` must be a time such as `{FIRST_TIME}`, not `{start}`");
            self.invalid("start", message)
        })?;
        let (spacing, every) = match (self.field.interval, self.rate) {
            (None, Some(rate)) => (Spacing::Rate(rate), "at the rate of rows".to_owned()),
            (interval, _) => {
                let interval = interval.unwrap_or(INTERVAL);
                (
                    Spacing::interval(interval),
                    format!("every {}", format_duration(interval)),
                )
            }
        };
        let bound = self.field.max_out_of_orderness.unwrap_or_default();
        let earlier = if bound.is_zero() {
            String::new()
        } else {
            format!(", up to {} earlier", format_duration(bound))
        };
        let description = format!("timestamps from {start}, {every}{earlier}");
        let values = Values::Times {
            start_ms,
            spacing,
            max_out_of_orderness_ms: u64::try_from(bound.as_millis()).unwrap_or(u64::MAX),
            form,
        };
        Ok((values, description))
    }

    fn nulls(&self, description: String) -> Checked<(Nulls, String)> {
        let rate = self.field.null_rate.unwrap_or(0.0);
        let nulls = Nulls::of_rate(rate, self.random("/null"));
        if matches!(nulls, Nulls::None) {
            return Ok((nulls, description));
        }
        if !self.nullable {
            let message = format!(
                "`{}` is NOT NULL, and `{}` asks for NULL",
                self.name,
                self.field.key("null.rate")
            );
            return Err(self.invalid("null.rate", message));
        }
        Ok((nulls, format!("{description}; {rate} of them NULL")))
    }
}
