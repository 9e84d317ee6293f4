use std::fmt::{self, Display, Formatter};

use velo_common::Name;

use super::{Quoted, list, optional_list};
use crate::ast::{Annotation, DataType, Ident, ObjectName, Property, Spanned, StructField};
use crate::keyword::Keyword;
use crate::lexer::is_word;

impl<T: Display> Display for Spanned<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

/// Quoted when it was, or when it could not be read back without.
impl Display for Ident {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let reserved = || Keyword::of(&self.name.text).is_some_and(Keyword::is_reserved);
        write_name(
            f,
            &self.name,
            self.name.quoted || !is_word(&self.name.text) || reserved(),
        )
    }
}

/// A name in a place where reserved words need no quotes.
pub(super) struct AnyWord<'a>(pub(super) &'a Ident);

impl Display for AnyWord<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = &self.0.name;
        write_name(f, name, name.quoted || !is_word(&name.text))
    }
}

fn write_name(f: &mut Formatter<'_>, name: &Name, quoted: bool) -> fmt::Result {
    if quoted {
        write!(f, "\"{}\"", name.text.replace('"', "\"\""))
    } else {
        f.write_str(&name.text)
    }
}

/// `a.b.c`
pub(super) fn dotted(f: &mut Formatter<'_>, parts: &[Ident]) -> fmt::Result {
    let Some((first, others)) = parts.split_first() else {
        return Ok(());
    };
    first.fmt(f)?;
    others.iter().try_for_each(|part| write!(f, ".{}", AnyWord(part)))
}

impl Display for ObjectName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        dotted(f, &self.parts)
    }
}

impl Display for Property {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", Quoted(&self.key), Quoted(&self.value))
    }
}

/// ` WITH (…)`, or nothing.
pub(super) fn with_properties(f: &mut Formatter<'_>, properties: &[Property]) -> fmt::Result {
    if properties.is_empty() {
        return Ok(());
    }
    f.write_str(" WITH")?;
    optional_list(f, properties)
}

impl Display for Annotation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "-- @{}", self.name)?;
        if self.value.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", self.value)
        }
    }
}

impl Display for DataType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal { precision: None, .. } => f.write_str("DECIMAL"),
            Self::Decimal {
                precision: Some(precision),
                scale: None,
            } => write!(f, "DECIMAL({precision})"),
            Self::Decimal {
                precision: Some(precision),
                scale: Some(scale),
            } => write!(f, "DECIMAL({precision}, {scale})"),
            Self::String { length: None } => f.write_str("STRING"),
            Self::String { length: Some(length) } => write!(f, "VARCHAR({length})"),
            Self::Bytes => f.write_str("BYTES"),
            Self::Date => f.write_str("DATE"),
            Self::Time => f.write_str("TIME"),
            Self::Timestamp { precision: None } => f.write_str("TIMESTAMP"),
            Self::Timestamp {
                precision: Some(precision),
            } => write!(f, "TIMESTAMP({precision})"),
            Self::Interval => f.write_str("INTERVAL"),
            Self::Json => f.write_str("JSON"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Struct(fields) => {
                f.write_str("STRUCT<")?;
                list(f, fields)?;
                f.write_str(">")
            }
        }
    }
}

impl Display for StructField {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", AnyWord(&self.name), self.data_type)
    }
}
