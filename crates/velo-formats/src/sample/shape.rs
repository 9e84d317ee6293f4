use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use velo_data::{SqlType, StructField};

use crate::json::scanner::Scanner;
use crate::json::string::unescape;
use crate::value::number::NumberText;
use crate::value::short_number::ShortNumber;

use super::named::Named;

/// A kind of value, as its text tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueKind {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 64 bits.
    Integer,
    /// A whole number of up to 38 digits that 64 bits do not hold.
    WideInteger,
    /// Any other number.
    Fraction,
    /// A day, in CSV.
    Date,
    /// A day and a time, in CSV.
    Timestamp,
    /// Any other text.
    Text,
    /// A JSON array.
    Array,
    /// A JSON object.
    Object,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "booleans",
            Self::Integer => "whole numbers",
            Self::WideInteger => "whole numbers beyond 64 bits",
            Self::Fraction => "numbers with a fraction",
            Self::Date => "dates",
            Self::Timestamp => "timestamps",
            Self::Text => "text",
            Self::Array => "arrays",
            Self::Object => "objects",
        })
    }
}

/// Everything that the values of a column were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Shape {
    kinds: BTreeSet<ValueKind>,
    /// Of the elements, if there were arrays.
    element: Option<Box<Shape>>,
    /// Of the members, if there were objects.
    members: Named<Shape>,
}

impl Shape {
    /// Takes in everything that the values of another column were.
    pub(super) fn unite(&mut self, other: Self) {
        self.kinds.extend(other.kinds);
        if let Some(element) = other.element {
            self.element.get_or_insert_default().unite(*element);
        }
        self.members.begin_object();
        for (name, shape) in other.members.into_items() {
            self.members.entry(&name).unite(shape);
        }
    }

    /// A kind of values here and one there that have no type in common. Values that differ among themselves already
    /// are text, which goes with anything.
    pub(super) fn conflict_with(&self, other: &Self) -> Option<(ValueKind, ValueKind)> {
        let family = |shape: &Self| {
            let mut families = shape
                .kinds
                .iter()
                .map(|kind| if kind.is_number() { ValueKind::Integer } else { *kind });
            let first = families.next()?;
            families.all(|family| family == first).then_some(first)
        };
        if family(self)? == family(other)? {
            return None;
        }
        Some((*self.kinds.last()?, *other.kinds.last()?))
    }

    /// Notes a value of a kind without parts.
    pub(super) fn observe(&mut self, kind: ValueKind) {
        self.kinds.insert(kind);
    }

    /// Notes a JSON value that has been scanned; tells whether it is one, which `null` is not.
    pub(super) fn observe_json(&mut self, value: &str) -> bool {
        let kind = match value.as_bytes().first() {
            None | Some(b'n') => return false,
            Some(b'"') => ValueKind::Text,
            Some(b't' | b'f') => ValueKind::Boolean,
            Some(b'[') => {
                self.observe_elements(value);
                ValueKind::Array
            }
            Some(b'{') => {
                self.observe_members(value);
                ValueKind::Object
            }
            Some(_) => number_kind(value).unwrap_or(ValueKind::Fraction),
        };
        self.observe(kind);
        true
    }

    fn observe_elements(&mut self, array: &str) {
        let element = self.element.get_or_insert_default();
        // The value has been scanned, so that this cannot fail.
        let _ = Scanner::new(array.as_bytes(), 0).elements(|value| {
            element.observe_json(array.get(value.start..value.end).unwrap_or_default());
        });
    }

    fn observe_members(&mut self, object: &str) {
        self.members.begin_object();
        let _ = Scanner::new(object.as_bytes(), 0).members(|name, value| {
            let name = member_name(object.get(name.start..name.end).unwrap_or_default());
            let shape = self.members.entry(&name);
            shape.observe_json(object.get(value.start..value.end).unwrap_or_default());
        });
    }

    /// The kinds seen.
    pub(super) fn kinds(&self) -> Vec<ValueKind> {
        self.kinds.iter().copied().collect()
    }

    /// The type that holds all values without loss; text where nothing narrower does.
    pub(super) fn sql_type(&self) -> SqlType {
        let seen: Vec<ValueKind> = self.kinds();
        match seen.as_slice() {
            [ValueKind::Boolean] => SqlType::Boolean,
            [ValueKind::Integer] => SqlType::BigInt,
            [ValueKind::WideInteger] | [ValueKind::Integer, ValueKind::WideInteger] => SqlType::Decimal {
                precision: 38,
                scale: 0,
            },
            [ValueKind::Date] => SqlType::Date,
            [ValueKind::Timestamp] | [ValueKind::Date, ValueKind::Timestamp] => SqlType::Timestamp,
            [ValueKind::Array] => {
                let element = self
                    .element
                    .as_ref()
                    .map_or(SqlType::String, |element| element.sql_type());
                SqlType::Array(Box::new(element))
            }
            [ValueKind::Object] if !self.members.is_empty() => {
                let fields = self.members.items().map(|(name, shape)| StructField {
                    name: name.to_owned(),
                    sql_type: shape.sql_type(),
                });
                SqlType::Struct(fields.collect())
            }
            numbers if !numbers.is_empty() && numbers.iter().all(|kind| kind.is_number()) => SqlType::Double,
            _ => SqlType::String,
        }
    }
}

impl ValueKind {
    fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::WideInteger | Self::Fraction)
    }
}

/// What kind of number a text is; `None` if it is none, or is written as identifiers are: `007`, `+49`.
pub(super) fn number_kind(text: &str) -> Option<ValueKind> {
    match ShortNumber::scan_digits(text.as_bytes()) {
        Some((number, length)) if length == text.len() && number.is_whole() => return Some(ValueKind::Integer),
        Some((_, length)) if length == text.len() => return Some(ValueKind::Fraction),
        _ => {}
    }
    let number = NumberText::parse(text)?;
    if number.has_leading_zeros() || text.starts_with('+') {
        return None;
    }
    if !number.is_integer_text() {
        return Some(ValueKind::Fraction);
    }
    let value = number.to_decimal::<arrow::datatypes::Decimal128Type>(38, 0);
    Some(match value {
        Ok((value, _)) if i64::try_from(value).is_ok() => ValueKind::Integer,
        Ok(_) => ValueKind::WideInteger,
        Err(_) => ValueKind::Fraction,
    })
}

/// What a member's name says, which comes with its quotes.
pub(super) fn member_name(raw: &str) -> Cow<'_, str> {
    let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let mut name = String::with_capacity(inside.len());
    unescape(inside, &mut name);
    Cow::Owned(name)
}
