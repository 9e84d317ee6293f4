use arrow::datatypes::DataType;

/// Why a decoder or an encoder cannot be set up for a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A column's Arrow type is not the one that its SQL type has.
    #[error("column `{column}` has the type {data_type}, which text formats have no form for")]
    UnsupportedType {
        /// Name of the column, or of the part of it.
        column: String,
        /// Its type.
        data_type: DataType,
    },
}
