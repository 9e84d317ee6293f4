use std::collections::BTreeSet;

use rusqlite::types::Type as StorageClass;
use rusqlite::{Connection, Error};
use velo_data::{SqlType, StreamSchema};

use crate::DatabaseRows;
use crate::database::columns::{FoundColumn, FoundValues};
use crate::database::postgres::UNBOUNDED_DECIMAL;
use crate::database::statement::{quoted, relation, select};

/// Rows that tell the type of a column that has none.
const SAMPLED_ROWS: usize = 1000;

const DECIMAL_PRECISION_MAX: u8 = 76;

/// All columns, with the types that they were created with.
///
/// Values of a SQLite column may be of any storage class: what is created without a type, and what a query computes,
/// has the type that is declared for it here, or else that of its first values.
pub(super) fn found_columns(
    connection: &Connection,
    rows: &DatabaseRows,
    declared: Option<&StreamSchema>,
) -> Result<Vec<FoundColumn<()>>, Error> {
    let text = format!("SELECT * FROM {}", relation(rows));
    let statement = connection.prepare(&text)?;
    let columns = statement.columns().map(|column| {
        let (name, created) = (column.name(), column.decl_type());
        let created_type = created.and_then(type_of);
        let wanted = declared.and_then(|declared| declared_type(declared, name));
        let (type_name, values) = match (created_type, wanted) {
            (Some(found), Some(wanted)) if is_checked_by_value(&found.natural, &wanted) => {
                (created.unwrap_or_default().to_owned(), Some(values(wanted)))
            }
            (Some(found), _) => (created.unwrap_or_default().to_owned(), Some(found)),
            (None, Some(wanted)) if is_readable(&wanted) => ("no type".to_owned(), Some(values(wanted))),
            (None, _) => sampled_type(connection, rows, name)?,
        };
        Ok(FoundColumn {
            name: name.to_owned(),
            type_name,
            values,
        })
    });
    columns.collect()
}

fn values(natural: SqlType) -> FoundValues<()> {
    FoundValues {
        from: (),
        cast: None,
        integer_digits: (natural == SqlType::BigInt).then_some(19),
        natural,
        is_bounded: true,
    }
}

/// The declared type of the column of that name, in any case.
fn declared_type(declared: &StreamSchema, name: &str) -> Option<SqlType> {
    let fields = declared.user_fields().iter();
    let index = fields
        .enumerate()
        .find(|(_, field)| field.name().eq_ignore_ascii_case(name))?
        .0;
    declared.sql_type(index)
}

/// Types for which SQLite has no storage class of their own, so that each value is checked anyway.
fn is_checked_by_value(created: &SqlType, wanted: &SqlType) -> bool {
    match created {
        SqlType::String => matches!(
            wanted,
            SqlType::Date | SqlType::Time | SqlType::Timestamp | SqlType::Decimal { .. }
        ),
        SqlType::BigInt => *wanted == SqlType::Boolean,
        _ => false,
    }
}

fn is_readable(wanted: &SqlType) -> bool {
    !matches!(
        wanted,
        SqlType::Null
            | SqlType::TinyInt
            | SqlType::SmallInt
            | SqlType::Interval
            | SqlType::Array(_)
            | SqlType::Map(_, _)
            | SqlType::Struct(_)
    )
}

/// The type that a column is created with, by SQLite's own rules and the names that people use; `None` for a name that
/// says nothing.
fn type_of(created: &str) -> Option<FoundValues<()>> {
    let upper = created.to_ascii_uppercase();
    let (name, arguments) = match upper.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches(')')),
        None => (upper.trim(), ""),
    };
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    Some(match name {
        "BOOL" | "BOOLEAN" => values(SqlType::Boolean),
        "DATE" => values(SqlType::Date),
        "TIME" => values(SqlType::Time),
        "DATETIME" => values(SqlType::Timestamp),
        "NUMERIC" | "DECIMAL" | "DEC" => return decimal(arguments),
        _ if name.starts_with("TIMESTAMP") => values(SqlType::Timestamp),
        _ if has(&["INT"]) => values(SqlType::BigInt),
        "UUID" | "JSON" | "STRING" => values(SqlType::String),
        _ if has(&["CHAR", "CLOB", "TEXT"]) => values(SqlType::String),
        _ if has(&["BLOB", "BINARY", "BYTEA"]) => values(SqlType::Bytes),
        _ if has(&["REAL", "FLOA", "DOUB"]) => values(SqlType::Double),
        _ => return None,
    })
}

/// `DECIMAL`, `DECIMAL(precision)` or `DECIMAL(precision, scale)`.
fn decimal(arguments: &str) -> Option<FoundValues<()>> {
    if arguments.trim().is_empty() {
        return Some(FoundValues {
            is_bounded: false,
            ..values(UNBOUNDED_DECIMAL)
        });
    }
    let (precision, scale) = arguments.split_once(',').unwrap_or((arguments, "0"));
    let precision: u8 = precision.trim().parse().ok()?;
    let scale: i8 = scale.trim().parse().ok()?;
    let is_type = (1..=DECIMAL_PRECISION_MAX).contains(&precision) && (0..=precision as i8).contains(&scale);
    is_type.then(|| values(SqlType::Decimal { precision, scale }))
}

/// The type that the first values of a column have in common.
fn sampled_type(
    connection: &Connection,
    rows: &DatabaseRows,
    name: &str,
) -> Result<(String, Option<FoundValues<()>>), Error> {
    let text = format!(
        "{} LIMIT {SAMPLED_ROWS}",
        select(rows, std::iter::once(quoted(name)), None)
    );
    let mut statement = connection.prepare(&text)?;
    let mut sampled = statement.query([])?;
    let mut classes = BTreeSet::new();
    while let Some(row) = sampled.next()? {
        let class = row.get_ref(0)?.data_type();
        if class != StorageClass::Null {
            classes.insert(class.to_string().to_uppercase());
        }
    }
    let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
    let natural = match classes.as_slice() {
        ["INTEGER"] => Some(SqlType::BigInt),
        ["REAL"] | ["INTEGER", "REAL"] => Some(SqlType::Double),
        [] | ["TEXT"] => Some(SqlType::String),
        ["BLOB"] => Some(SqlType::Bytes),
        _ => None,
    };
    Ok((classes.join(" and "), natural.map(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_types() {
        let cases = [
            ("INTEGER", "BIGINT"),
            ("unsigned big int", "BIGINT"),
            ("varchar(20)", "STRING"),
            ("NCHAR(5)", "STRING"),
            ("UUID", "STRING"),
            ("BLOB", "BYTES"),
            ("VARBINARY(16)", "BYTES"),
            ("double precision", "DOUBLE"),
            ("REAL", "DOUBLE"),
            ("NUMERIC", "DECIMAL(38, 18)"),
            ("decimal(12, 2)", "DECIMAL(12, 2)"),
            ("DECIMAL(9)", "DECIMAL(9, 0)"),
            ("BOOLEAN", "BOOLEAN"),
            ("DATE", "DATE"),
            ("datetime", "TIMESTAMP"),
            ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
            ("TIME", "TIME"),
        ];
        for (created, expected) in cases {
            let found = type_of(created).unwrap();
            assert_eq!(found.natural.to_string(), expected, "{created}");
        }
        for created in ["", "MONEY", "DECIMAL(80, 2)", "DECIMAL(x)", "DECIMAL(2, 3)"] {
            assert_eq!(type_of(created), None, "{created}");
        }
    }
}
