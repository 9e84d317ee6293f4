//! What tells the rows of a result apart.

/// The record key of rows, whose columns are told by name or by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordKey<C> {
    /// The columns that make it up; none if nothing tells rows apart.
    pub(crate) columns: Vec<C>,
    /// Whether a NULL in it is an error of its row. In the keys of groups it is a value like any other, and so it is in
    /// columns that an outer join may leave NULL.
    pub(crate) required: bool,
    /// The columns that an outer join may leave NULL, whether they are in the key or not.
    pub(crate) outer: Vec<C>,
}

impl<C> RecordKey<C> {
    /// No key.
    pub(crate) const fn none() -> Self {
        Self {
            columns: Vec::new(),
            required: true,
            outer: Vec::new(),
        }
    }

    /// The key of other rows that are made of these, each of one; `place` tells where a column of these is there. If some
    /// part is nowhere, nothing tells those rows apart.
    pub(crate) fn moved<D>(&self, place: impl Fn(&C) -> Option<D>) -> RecordKey<D> {
        let columns: Option<Vec<D>> = self.columns.iter().map(&place).collect();
        RecordKey {
            columns: columns.unwrap_or_default(),
            required: self.required,
            outer: self.outer.iter().filter_map(place).collect(),
        }
    }
}

impl RecordKey<usize> {
    /// The key that a statement names itself: all of it has to be there.
    pub(crate) fn named(columns: Vec<usize>, outer: Vec<usize>) -> Self {
        Self {
            outer: outer.into_iter().filter(|column| !columns.contains(column)).collect(),
            columns,
            required: true,
        }
    }

    /// The columns of the key in which a NULL is an error of its row.
    pub(crate) fn columns_without_null(&self) -> Vec<usize> {
        let columns = self.columns.iter().copied();
        columns
            .filter(|column| self.required && !self.outer.contains(column))
            .collect()
    }
}
