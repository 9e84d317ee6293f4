//! What the columns of undeclared records are, told from the first of them.

mod csv;
mod json;
mod named;
mod shape;

use velo_data::{SqlType, StreamSchema};

pub use csv::sample_csv;
pub use json::{sample_envelopes, sample_json_array, sample_json_lines};
use named::Named;
use shape::Shape;
pub use shape::ValueKind;

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
        summarize([], 0, 0)
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

    /// Whether the columns of another sample have the same names and kinds of values.
    pub fn is_alike(&self, other: &Self) -> bool {
        let columns = |sample: &Self| sample.columns.len();
        let mut pairs = self.columns.iter().zip(&other.columns);
        columns(self) == columns(other) && pairs.all(|(own, other)| own.name == other.name && own.kinds == other.kinds)
    }

    /// The first column, by name, whose values have no type in common with those in another sample.
    pub fn conflict_with(&self, other: &Self) -> Option<KindConflict> {
        let mut others: Named<Option<&Shape>> = Named::default();
        others.begin_object();
        for column in &other.columns {
            *others.entry(&column.name) = Some(&column.shape);
        }
        others.begin_object();
        self.columns.iter().find_map(|column| {
            let other = (*others.entry(&column.name))?;
            let (kind, other_kind) = column.shape.conflict_with(other)?;
            Some(KindConflict {
                column: column.name.clone(),
                kind,
                other_kind,
            })
        })
    }

    /// What the records of both samples look like: the columns of this one, then those that only the other has. Names that
    /// differ in case alone are one column, unless one of the samples has both.
    #[must_use]
    pub fn united_with(self, other: Self) -> Self {
        let records = self.records + other.records;
        let rejected = self.rejected + other.rejected;
        let mut columns: Named<Observed> = Named::default();
        for sample in [self.columns, other.columns] {
            columns.begin_object();
            for SampledColumn {
                name, values, shape, ..
            } in sample
            {
                let column = columns.entry(&name);
                column.values += values;
                column.shape.unite(shape);
            }
        }
        summarize(columns.into_items(), records, rejected)
    }
}

/// What was seen in a column while records are looked at.
#[derive(Debug, Clone, Default)]
struct Observed {
    shape: Shape,
    values: u64,
}

fn summarize(columns: impl IntoIterator<Item = (String, Observed)>, records: u64, rejected: u64) -> SampledSchema {
    let columns = columns
        .into_iter()
        .map(|(name, Observed { shape, values })| SampledColumn {
            sql_type: shape.sql_type(),
            kinds: shape.kinds(),
            name,
            shape,
            values,
            nulls: records.saturating_sub(values),
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
