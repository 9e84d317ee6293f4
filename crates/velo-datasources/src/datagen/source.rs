use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use velo_common::{Name, nearest};
use velo_data::{Clock, SqlType, StreamSchema};

use super::column::ColumnGenerator;
use super::settings::{ColumnSettings, GeneratedColumn};
use crate::generated::{GeneratedSource, Generation, Rate, RowGenerator, Rows};
use crate::{DatagenSourceConfig, FieldConfig, PropertyError, PropertyErrorKind};

/// Generates rows with declared columns.
#[derive(Debug)]
struct DatagenRows {
    schema: StreamSchema,
    columns: Vec<ColumnGenerator>,
}

impl RowGenerator for DatagenRows {
    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn column(&self, column: usize, rows: &Rows) -> Result<ArrayRef, ArrowError> {
        self.columns[column].generate(rows)
    }

    fn describe(&self, column: usize) -> String {
        self.columns[column].description.clone()
    }
}

impl GeneratedSource {
    /// Rows with the declared columns.
    ///
    /// # Errors
    ///
    /// Everything in the configuration that does not fit the columns.
    pub fn datagen(
        config: &DatagenSourceConfig,
        declared: &StreamSchema,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Vec<PropertyError>> {
        let (columns, errors) = columns(config, declared);
        if !errors.is_empty() {
            return Err(errors);
        }
        let ends = columns.iter().filter_map(|column| column.rows_max);
        let rows = ends.chain(config.number_of_rows).min();
        let rows_of = DatagenRows {
            schema: declared.clone(),
            columns: columns.into_iter().map(|column| column.generator).collect(),
        };
        let generation = Generation {
            generator: Arc::new(rows_of),
            rows,
            splits: config.splits.max(1),
            rate: config.rows_per_second.and_then(Rate::new),
            location: "datagen".to_owned(),
        };
        Ok(Self::new(generation, clock))
    }
}

/// What generates the columns, and what is wrong with what is said of them.
fn columns(config: &DatagenSourceConfig, declared: &StreamSchema) -> (Vec<GeneratedColumn>, Vec<PropertyError>) {
    let (fields, mut errors) = fields_of_columns(config, declared);
    let mut columns = Vec::with_capacity(fields.len());
    for (column, field) in declared.user_fields().iter().zip(fields) {
        let unsaid = FieldConfig {
            column: column.name().clone(),
            ..FieldConfig::default()
        };
        let settings = ColumnSettings {
            name: column.name(),
            sql_type: SqlType::of_field(column).unwrap_or(SqlType::Null),
            nullable: column.is_nullable(),
            field: field.unwrap_or(&unsaid),
            seed: config.seed,
            rate: config.rows_per_second.and_then(Rate::new),
            number_of_rows: config.number_of_rows,
        };
        match settings.generator() {
            Ok(generated) => columns.push(generated),
            Err(error) => errors.push(error),
        }
    }
    (columns, errors)
}

/// What is said of each column.
fn fields_of_columns<'c>(
    config: &'c DatagenSourceConfig,
    declared: &StreamSchema,
) -> (Vec<Option<&'c FieldConfig>>, Vec<PropertyError>) {
    let names = || declared.user_fields().iter().map(|column| column.name().as_str());
    let mut fields = vec![None; declared.user_columns()];
    let mut errors = Vec::new();
    for field in &config.fields {
        let wanted = Name::new(&field.column);
        let exact = names().position(|name| name == field.column);
        let place = exact.or_else(|| names().position(|name| wanted.matches(name)));
        let problem = match place.map(|place| &mut fields[place]) {
            Some(said @ None) => {
                *said = Some(field);
                continue;
            }
            Some(Some(other)) => {
                let other: &FieldConfig = other;
                let message = format!("`{}` and `{}` are the same column", field.column, other.column);
                (PropertyErrorKind::Invalid, message)
            }
            None => {
                let near = nearest(&field.column, names());
                let help = near.map_or_else(
                    || format!("its columns are {}", names().collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("there is no column `{}`: {help}", field.column);
                (PropertyErrorKind::Invalid, message)
            }
        };
        let (kind, message) = problem;
        let attribute = field.given().first().copied().unwrap_or("kind");
        errors.push(PropertyError {
            key: field.key(attribute),
            kind,
            message,
        });
    }
    (fields, errors)
}
