use super::{Ident, Spanned};

/// A type as SQL names it; synonyms are one variant.
#[derive(Debug, Clone, PartialEq)]
pub enum DataType {
    /// `BOOLEAN`, `BOOL`.
    Boolean,
    /// `TINYINT`: 8 bits.
    TinyInt,
    /// `SMALLINT`: 16 bits.
    SmallInt,
    /// `INT`, `INTEGER`, `BIGINT`: all 64 bits.
    BigInt,
    /// `DOUBLE [PRECISION]`, `FLOAT`, `REAL`: all 64 bits.
    Double,
    /// `DECIMAL[(precision[, scale])]`, `NUMERIC`.
    Decimal {
        /// Digits in all.
        precision: Option<u8>,
        /// Digits behind the point; given only with a precision.
        scale: Option<u8>,
    },
    /// `STRING`, `VARCHAR`, `TEXT`, `CHAR`.
    String {
        /// Of `VARCHAR(length)`, in characters.
        length: Option<u64>,
    },
    /// `BYTES`, `VARBINARY`.
    Bytes,
    /// `DATE`.
    Date,
    /// `TIME`.
    Time,
    /// `TIMESTAMP[(precision)]`.
    Timestamp {
        /// Digits of the fraction of a second.
        precision: Option<u8>,
    },
    /// `INTERVAL`.
    Interval,
    /// `JSON`.
    Json,
    /// `ARRAY<element>`.
    Array(Box<Spanned<DataType>>),
    /// `MAP<key, value>`.
    Map(Box<Spanned<DataType>>, Box<Spanned<DataType>>),
    /// `STRUCT<name type, …>`.
    Struct(Vec<StructField>),
}

/// `name type` in a `STRUCT<…>`.
#[derive(Debug, Clone, PartialEq)]
pub struct StructField {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub data_type: Spanned<DataType>,
}
