use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use velo_common::{Name, nearest};
use velo_data::{Clock, SqlType, StreamSchema};

use super::columns::{Content, Values, columns_of};
use crate::generated::{GeneratedSource, Generation, Rate, RowGenerator, Rows};
use crate::{NexmarkSourceConfig, NexmarkTable, PropertyError, PropertyErrorKind};

/// Events in a second of event time where nothing else is said.
const EVENTS_PER_SECOND: u64 = 10_000;

/// Generates the rows of one table.
#[derive(Debug)]
struct NexmarkRows {
    table: NexmarkTable,
    schema: StreamSchema,
    contents: Vec<Content>,
    values: Values,
}

impl RowGenerator for NexmarkRows {
    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn column(&self, column: usize, rows: &Rows) -> Result<ArrayRef, ArrowError> {
        Ok(self.values.column(self.contents[column], rows))
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn event_times(&self, rows: &Rows) -> Option<ArrayRef> {
        Some(self.values.times(rows))
    }

    fn position_of(&self, row: u64) -> u64 {
        self.table.event_of(row)
    }

    fn rows_before(&self, position: u64) -> u64 {
        self.table.rows_before(position)
    }
}

impl GeneratedSource {
    /// Rows of a table of the Nexmark benchmark, with all of its columns or the declared ones.
    ///
    /// # Errors
    ///
    /// When the table has other columns than those declared.
    pub fn nexmark(
        config: &NexmarkSourceConfig,
        declared: Option<&StreamSchema>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Vec<PropertyError>> {
        let all = columns_of(config.table);
        let (schema, contents) = match declared {
            None => {
                let fields = all.iter().map(|(name, content)| content.sql_type().field(name, false));
                let contents = all.iter().map(|(_, content)| *content);
                (StreamSchema::of_user_columns(fields), contents.collect())
            }
            Some(declared) => (declared.clone(), declared_contents(config.table, declared)?),
        };
        let rate = config.events_per_second.map(rate_of).transpose()?;
        let time_rate = rate.map_or_else(|| rate_of(EVENTS_PER_SECOND), Ok)?;
        let generator = NexmarkRows {
            table: config.table,
            schema,
            contents,
            values: Values::new(config.table, config.seed, time_rate),
        };
        let generation = Generation {
            generator: Arc::new(generator),
            rows: config.number_of_events.map(|events| config.table.rows_before(events)),
            splits: config.splits.max(1),
            rate,
            location: format!("nexmark {}", config.table),
        };
        Ok(Self::new(generation, clock))
    }
}

fn rate_of(per_second: u64) -> Result<Rate, Vec<PropertyError>> {
    Rate::new(per_second).ok_or_else(|| {
        vec![PropertyError {
            key: "events.per.second".to_owned(),
            kind: PropertyErrorKind::Invalid,
            message: format!("`events.per.second` must be from 1 to 1000000000, not {per_second}"),
        }]
    })
}

/// What the declared columns hold, which are among those of the table.
fn declared_contents(table: NexmarkTable, declared: &StreamSchema) -> Result<Vec<Content>, Vec<PropertyError>> {
    let names = || columns_of(table).iter().map(|(name, _)| *name);
    let mut contents = Vec::with_capacity(declared.user_columns());
    let mut errors = Vec::new();
    let mut reject = |message: String| {
        errors.push(PropertyError {
            key: "table".to_owned(),
            kind: PropertyErrorKind::Invalid,
            message,
        });
    };
    for column in declared.user_fields() {
        let wanted = Name::new(column.name());
        let Some((name, content)) = columns_of(table).iter().find(|(name, _)| wanted.matches(name)) else {
            let near = nearest(column.name(), names());
            let help = near.map_or_else(
                || format!("its columns are {}", names().collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            reject(format!("Nexmark's {table} has no column `{}`: {help}", column.name()));
            continue;
        };
        if SqlType::of_field(column) == Some(content.sql_type()) {
            contents.push(*content);
        } else {
            let sql_type = content.sql_type();
            reject(format!(
                "the column `{name}` of Nexmark's {table} is {sql_type}; declare it as that, or leave it out"
            ));
        }
    }
    if errors.is_empty() { Ok(contents) } else { Err(errors) }
}
