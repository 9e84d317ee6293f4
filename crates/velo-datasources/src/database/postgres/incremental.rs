use tokio_postgres::types::Type;
use tokio_postgres::{Error, Statement, Transaction};

use super::error::Place;
use super::session::Session;
use crate::database::scan::{Mark, Since};
use crate::database::statement::{quoted, relation};
use crate::{DatabaseRows, SourceError};

/// A column whose values only grow.
#[derive(Debug, Clone)]
pub(super) struct Incremental {
    /// Its name, quoted.
    column: String,
    /// The name of its type.
    type_name: String,
    /// Whether no value stands twice, so that a value that is loaded need not be read again.
    is_unique: bool,
}

/// Whether the column with number `$2` of the table `$1` is all of a unique index.
const IS_UNIQUE: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_index WHERE indrelid = $1 AND indisunique AND indisvalid \
                         AND indnkeyatts = 1 AND indkey[0] = $2 AND indpred IS NULL)";

impl Incremental {
    /// Finds the column among those of a statement that gives all.
    pub(super) async fn find(
        name: &str,
        rows: &DatabaseRows,
        statement: &Statement,
        session: &Session,
        place: &Place,
    ) -> Result<Self, SourceError> {
        let columns = statement.columns();
        let found = columns
            .iter()
            .find(|column| column.name() == name)
            .or_else(|| columns.iter().find(|column| column.name().eq_ignore_ascii_case(name)));
        let found = found.ok_or_else(|| {
            let message = format!("there is no column `{name}`, which `incremental.column` names");
            place.refused(message, false)
        })?;
        if !is_ordered(found.type_()) {
            let message = format!(
                "`incremental.column` `{name}` is {}; it takes a number, date, timestamp or text that only grows",
                found.type_().name()
            );
            return Err(place.refused(message, false));
        }
        let of_table = match rows {
            DatabaseRows::Table(_) => found.table_oid().zip(found.column_id()),
            DatabaseRows::Query(_) => None, // It may give a row of the table twice.
        };
        let is_unique = match of_table {
            Some((table, column)) => {
                let asked = session.client().query_one(IS_UNIQUE, &[&table, &column]).await;
                let answer = asked.and_then(|row| row.try_get(0));
                answer.map_err(|error| place.error(&error))?
            }
            None => false,
        };
        Ok(Self {
            column: quoted(found.name()),
            type_name: found.type_().name().to_owned(),
            is_unique,
        })
    }

    /// The highest value in a transaction's snapshot, and whether it is below an earlier one.
    pub(super) async fn mark(
        &self,
        transaction: &Transaction<'_>,
        rows: &DatabaseRows,
        since: Option<&Since>,
    ) -> Result<Mark, Error> {
        let (column, type_name, relation) = (&self.column, &self.type_name, relation(rows));
        let went_back = format!("coalesce(max({column}) < CAST($1::text AS {type_name}), $1::text IS NOT NULL)");
        let text = format!("SELECT max({column})::text, {went_back} FROM {relation}");
        let since = since.map(|since| since.value.as_str());
        let row = transaction.query_one(&text, &[&since]).await?;
        Ok(Mark {
            value: row.try_get(0)?,
            went_back: row.try_get(1)?,
        })
    }

    /// Which rows are new, given the value that is loaded as `$1`.
    pub(super) fn condition(&self) -> String {
        let comparison = if self.is_unique { ">" } else { ">=" };
        format!("{} {comparison} CAST($1::text AS {})", self.column, self.type_name)
    }
}

/// Types with a highest value that text can say.
fn is_ordered(found: &Type) -> bool {
    matches!(
        *found,
        Type::INT2
            | Type::INT4
            | Type::INT8
            | Type::NUMERIC
            | Type::DATE
            | Type::TIMESTAMP
            | Type::TIMESTAMPTZ
            | Type::TEXT
            | Type::VARCHAR
    )
}
