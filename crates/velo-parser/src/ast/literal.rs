use std::time::Duration;

use velo_common::{DurationError, TimeUnit, parse_duration};

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `NULL`.
    Null,
    /// `TRUE`, `FALSE`.
    Boolean(bool),
    /// A number without a sign.
    Number(NumberLiteral),
    /// `'…'`, unescaped.
    String(String),
    /// `DATE '…'`, `TIME '…'`, `TIMESTAMP '…'`; the text is not checked.
    Typed {
        /// The word before the string.
        kind: TypedLiteralKind,
        /// The string, unescaped.
        text: String,
    },
    /// `INTERVAL '5' MINUTE` and its like, and `5m`.
    Interval(Interval),
}

/// A number as it was written: exact, whatever its size.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberLiteral {
    /// Digits, point and exponent as written; starts with a digit or a point, never with a sign.
    pub text: String,
    /// What the text looks like.
    pub kind: NumberKind,
}

/// The three ways to write a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// `42`.
    Integer,
    /// `0.5`, `.5`, `5.`: an exact decimal.
    Decimal,
    /// `1e5`, `1.5E-3`: a DOUBLE.
    Exponent,
}

/// The type named by a typed literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedLiteralKind {
    /// `DATE '2026-01-31'`.
    Date,
    /// `TIME '12:30:00'`.
    Time,
    /// `TIMESTAMP '2026-01-31 12:30:00'`.
    Timestamp,
}

/// A span of time that may hold calendar units; their sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// At least one, as written.
    pub parts: Vec<IntervalPart>,
}

/// `30 minutes` in an interval.
#[derive(Debug, Clone, PartialEq)]
pub struct IntervalPart {
    /// Digits with an optional `-` before them and an optional fraction, such as `-1.5`.
    pub amount: String,
    /// Its unit.
    pub unit: TimeUnit,
}

impl Interval {
    /// The interval as a length of time.
    ///
    /// # Errors
    ///
    /// When it is negative ([`DurationError::NoNumber`]), holds calendar units, or is longer than 584 years.
    pub fn to_duration(&self) -> Result<Duration, DurationError> {
        self.parts.iter().try_fold(Duration::ZERO, |total, part| {
            if part.unit.nanoseconds().is_none() {
                return Err(DurationError::UnknownUnit(part.unit.keyword().to_lowercase()));
            }
            let length = parse_duration(&format!("{}{}", part.amount, part.unit.keyword()))?;
            total.checked_add(length).ok_or(DurationError::TooLong)
        })
    }
}
