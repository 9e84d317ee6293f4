//! What the columns of undeclared records are, told from the first of them.

mod csv;
mod json;
mod shape;

use std::collections::HashMap;

use velo_data::{SqlType, StreamSchema};

pub use csv::sample_csv;
pub use json::{sample_envelopes, sample_json_array, sample_json_lines};
use shape::Shape;
pub use shape::ValueKind;

/// Records that a sample looks at, at most.
pub const SAMPLE_RECORDS_MAX: usize = 1000;
/// Bytes that a sample looks at, at most.
pub const SAMPLE_BYTES_MAX: usize = 1 << 20;

/// What a sample of records looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledSchema {
    /// A column for each name met, in the order of their first appearance. All may be NULL: that a sample has no
    /// NULL proves nothing about what follows.
    pub schema: StreamSchema,
    /// What was seen in each.
    pub columns: Vec<SampledColumn>,
    /// Records looked at.
    pub records: u64,
    /// Records that could not be read; the columns know nothing of them.
    pub rejected: u64,
}

/// What a sample has seen in one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledColumn {
    /// Its name.
    pub name: String,
    /// The type that fits all values seen.
    pub sql_type: SqlType,
    /// Kinds of values seen, each once.
    pub kinds: Vec<ValueKind>,
    /// Records with a value.
    pub values: u64,
    /// Records where the column is absent or NULL.
    pub nulls: u64,
    shape: Shape,
}

/// A column whose values in two samples have no type in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindConflict {
    /// Its name.
    pub column: String,
    /// What its values are in one sample.
    pub kind: ValueKind,
    /// What they are in the other.
    pub other_kind: ValueKind,
}

impl Default for SampledSchema {
    fn default() -> Self {
        summarize(Vec::new(), 0, 0)
    }
}

impl SampledSchema {
    /// What a file tells of itself, without a look at its records.
    pub fn told(schema: StreamSchema) -> Self {
        Self {
            schema,
            columns: Vec::new(),
            records: 0,
            rejected: 0,
        }
    }

    /// The first column, by name, whose values have no type in common with those in another sample.
    pub fn conflict_with(&self, other: &Self) -> Option<KindConflict> {
        let others: HashMap<&str, &Shape> = other
            .columns
            .iter()
            .map(|column| (column.name.as_str(), &column.shape))
            .collect();
        self.columns.iter().find_map(|column| {
            let (kind, other_kind) = column.shape.conflict_with(others.get(column.name.as_str())?)?;
            Some(KindConflict {
                column: column.name.clone(),
                kind,
                other_kind,
            })
        })
    }

    /// What the records of both samples look like: the columns of this one, then those that only the other has.
    #[must_use]
    pub fn united_with(self, other: Self) -> Self {
        let records = self.records + other.records;
        let rejected = self.rejected + other.rejected;
        let mut columns: Vec<Observed> = self.columns.into_iter().map(Observed::from).collect();
        let places: HashMap<String, usize> = columns
            .iter()
            .enumerate()
            .map(|(place, column)| (column.name.clone(), place))
            .collect();
        for column in other.columns.into_iter().map(Observed::from) {
            match places.get(&column.name) {
                Some(place) => {
                    columns[*place].values += column.values;
                    columns[*place].shape.unite(column.shape);
                }
                None => columns.push(column),
            }
        }
        summarize(columns, records, rejected)
    }
}

impl From<SampledColumn> for Observed {
    fn from(column: SampledColumn) -> Self {
        Self {
            name: column.name,
            shape: column.shape,
            values: column.values,
        }
    }
}

/// A column while records are looked at.
#[derive(Debug)]
struct Observed {
    name: String,
    shape: Shape,
    values: u64,
}

impl Observed {
    fn new(name: String) -> Self {
        Self {
            name,
            shape: Shape::default(),
            values: 0,
        }
    }
}

fn summarize(columns: Vec<Observed>, records: u64, rejected: u64) -> SampledSchema {
    let columns = columns.into_iter().map(|column| SampledColumn {
        sql_type: column.shape.sql_type(),
        kinds: column.shape.kinds(),
        name: column.name,
        shape: column.shape,
        values: column.values,
        nulls: records.saturating_sub(column.values),
    });
    let columns: Vec<SampledColumn> = columns.collect();
    let fields = columns.iter().map(|column| column.sql_type.field(&column.name, true));
    SampledSchema {
        schema: StreamSchema::of_user_columns(fields),
        columns,
        records,
        rejected,
    }
}
