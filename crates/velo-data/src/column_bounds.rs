/// What is known of the rows that are wanted, by one column: a row whose value is outside of the bounds, or NULL, is
/// not wanted. A row inside of them may be unwanted all the same.
///
/// A source may use bounds to leave out records without decoding them; one that ignores them is as right.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnBounds {
    /// Index among the user columns of the source.
    pub column: usize,
    /// Lowest value that is wanted; `None` is all that are low.
    pub lower: Option<BoundValue>,
    /// Highest value that is wanted; `None` is all that are high.
    pub upper: Option<BoundValue>,
}

/// A value that a column is compared with, in the units of the column's type.
#[derive(Debug, Clone, PartialEq)]
pub enum BoundValue {
    /// Of TINYINT, SMALLINT and BIGINT columns; days of DATE, milliseconds of TIME and TIMESTAMP columns.
    Integer(i64),
    /// Of DECIMAL columns.
    Decimal {
        /// The digits.
        unscaled: i128,
        /// How many of them stand behind the point.
        scale: i8,
    },
    /// Of DOUBLE columns; never NaN.
    Double(f64),
    /// Of STRING columns, which go by their bytes.
    Text(String),
}
