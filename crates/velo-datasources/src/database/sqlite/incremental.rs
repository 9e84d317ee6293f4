use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error};

use super::error::Place;
use crate::database::columns::{FoundColumn, find_column};
use crate::database::scan::{Mark, Since};
use crate::database::statement::{name_parts, quoted, relation};
use crate::{DatabaseRows, SourceError};

/// A column whose values only grow.
#[derive(Debug, Clone)]
pub(super) struct Incremental {
    /// Its name, quoted.
    column: String,
    /// Whether no value stands twice, so that a value that is loaded need not be read again.
    is_unique: bool,
}

/// Whether the column `?2` alone is the key of the table `?1`, or all of a unique index.
const IS_UNIQUE: &str = "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2 AND pk = 1 \
     AND (SELECT count(*) FROM pragma_table_info(?1) WHERE pk > 0) = 1) \
     OR EXISTS (SELECT 1 FROM pragma_index_list(?1) AS listed WHERE listed.\"unique\" AND NOT listed.partial \
     AND (SELECT group_concat(name) FROM pragma_index_info(listed.name)) = ?2)";

/// The highest value of an incremental column; absent without rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Highest(Option<Value>);

impl Incremental {
    /// Finds the column among those of the rows.
    pub(super) fn find(
        name: &str,
        columns: &[FoundColumn<()>],
        rows: &DatabaseRows,
        connection: &Connection,
        place: &Place,
    ) -> Result<Self, SourceError> {
        let found = find_column(columns, name).ok_or_else(|| {
            let message = format!("there is no column `{name}`, which `incremental.column` names");
            place.refused(message, false)
        })?;
        let is_unique = is_unique(connection, rows, &found.name).map_err(|error| place.error(&error))?;
        Ok(Self {
            column: quoted(&found.name),
            is_unique,
        })
    }

    /// The highest value as the connection sees it.
    pub(super) fn highest(
        &self,
        connection: &Connection,
        rows: &DatabaseRows,
        place: &Place,
    ) -> Result<Highest, SourceError> {
        let text = format!("SELECT max({}) FROM {}", self.column, relation(rows));
        let highest = connection.query_row(&text, [], |row| row.get(0));
        match highest.map_err(|error| place.error(&error))? {
            Value::Null => Ok(Highest(None)),
            Value::Blob(_) => {
                let message = format!(
                    "`incremental.column` {} holds a BLOB; it takes numbers, or text that only grows",
                    self.column
                );
                Err(place.refused(message, false))
            }
            value => Ok(Highest(Some(value))),
        }
    }

    /// Which rows are new, given the value that is loaded as `?1`.
    pub(super) fn condition(&self) -> String {
        let comparison = if self.is_unique { ">" } else { ">=" };
        format!("{} {comparison} ?1", self.column)
    }
}

impl Highest {
    /// The position, given that of an earlier load.
    pub(super) fn mark(&self, since: Option<&Since>) -> Mark {
        let value = self.0.as_ref().map(|value| match ValueRef::from(value) {
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => value.to_string(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Null | ValueRef::Blob(_) => String::new(),
        });
        Mark {
            value,
            went_back: since.is_some_and(|since| self.is_below(since)),
        }
    }

    /// An earlier position as a value of the same storage class; `None` if it is none.
    pub(super) fn earlier(&self, since: &Since) -> Option<Value> {
        match self.0.as_ref()? {
            Value::Integer(_) => since.value.parse().ok().map(Value::Integer),
            Value::Real(_) => since.value.parse().ok().map(Value::Real),
            Value::Text(_) => Some(Value::Text(since.value.clone())),
            Value::Null | Value::Blob(_) => None,
        }
    }

    fn is_below(&self, since: &Since) -> bool {
        match (&self.0, self.earlier(since)) {
            (Some(Value::Integer(highest)), Some(Value::Integer(earlier))) => *highest < earlier,
            (Some(Value::Real(highest)), Some(Value::Real(earlier))) => *highest < earlier,
            (Some(Value::Text(highest)), Some(Value::Text(earlier))) => *highest < earlier,
            _ => true, // Values of another kind: those that were loaded are gone.
        }
    }
}

fn is_unique(connection: &Connection, rows: &DatabaseRows, column: &str) -> Result<bool, Error> {
    let DatabaseRows::Table(table) = rows else {
        return Ok(false); // A query may give a row of a table twice.
    };
    let table = name_parts(table).pop().unwrap_or_default();
    connection.query_row(IS_UNIQUE, [table.as_str(), column], |row| row.get(0))
}
