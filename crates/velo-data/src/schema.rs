use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};

use crate::{SqlType, SystemColumn};

/// The columns of a stream: user columns in SELECT order, then metadata.
///
/// A system column that was itself selected is stored once, as a user column; [`StreamSchema::system`] finds
/// it either way. Field names are unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSchema {
    arrow: SchemaRef,
    user_columns: usize,
    system: Vec<(SystemColumn, usize)>,
    key: Vec<usize>,
}

impl StreamSchema {
    /// User columns and, behind them, metadata columns that are not among the user columns.
    pub fn new(user: impl IntoIterator<Item = Field>, system: impl IntoIterator<Item = SystemColumn>) -> Self {
        let mut fields: Vec<FieldRef> = user.into_iter().map(Arc::new).collect();
        let user_columns = fields.len();
        let mut placed: Vec<(SystemColumn, usize)> = Vec::new();
        for column in system {
            if placed.iter().all(|(other, _)| *other != column) {
                placed.push((column, fields.len()));
                fields.push(Arc::new(column.sql_type().field(column.name(), true)));
            }
        }
        Self {
            arrow: Arc::new(Schema::new(fields)),
            user_columns,
            system: placed,
            key: Vec::new(),
        }
    }

    /// User columns alone.
    pub fn of_user_columns(user: impl IntoIterator<Item = Field>) -> Self {
        let arrow = Schema::new(user.into_iter().collect::<Vec<_>>());
        Self {
            user_columns: arrow.fields().len(),
            arrow: Arc::new(arrow),
            system: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Adds a metadata column behind the others, unless the schema has it.
    #[must_use]
    pub fn with_system(mut self, column: SystemColumn) -> Self {
        if self.system(column).is_none() {
            let mut fields = self.arrow.fields().to_vec();
            self.system.push((column, fields.len()));
            fields.push(Arc::new(column.sql_type().field(column.name(), true)));
            self.arrow = Arc::new(Schema::new(fields));
        }
        self
    }

    /// Says that user column `index` is this metadata column.
    #[must_use]
    pub fn with_selected_system(mut self, column: SystemColumn, index: usize) -> Self {
        self.system.push((column, index));
        self
    }

    /// All columns, as Arrow sees them.
    pub fn arrow(&self) -> &SchemaRef {
        &self.arrow
    }

    /// Says which user columns make up the record key.
    #[must_use]
    pub fn with_key(mut self, key: Vec<usize>) -> Self {
        self.key = key;
        self
    }

    /// Indexes of the user columns that make up the record key; none when rows have no key of their own.
    pub fn key(&self) -> &[usize] {
        &self.key
    }

    /// How many of the columns, counted from the first, are the user's.
    pub fn user_columns(&self) -> usize {
        self.user_columns
    }

    /// The user's columns.
    pub fn user_fields(&self) -> &[FieldRef] {
        &self.arrow.fields()[..self.user_columns]
    }

    /// Index of a metadata column, if the stream carries it.
    pub fn system(&self, column: SystemColumn) -> Option<usize> {
        self.system
            .iter()
            .find(|(candidate, _)| *candidate == column)
            .map(|(_, index)| *index)
    }

    /// The metadata columns with their indexes.
    pub fn system_columns(&self) -> &[(SystemColumn, usize)] {
        &self.system
    }

    /// Type of the column at `index`; `None` past the end or when SQL has no such type.
    pub fn sql_type(&self, index: usize) -> Option<SqlType> {
        self.arrow
            .fields()
            .get(index)
            .and_then(|field| SqlType::of_field(field))
    }
}
