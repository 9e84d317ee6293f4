/// Why a file with typed columns cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnarError {
    /// It is no file of its format, or a damaged one.
    #[error("{0}")]
    Damaged(String),
    /// Its columns are not those that are wanted: a sentence for each that is missing or has a type that does not fit.
    #[error("{}", .0.join("; "))]
    Columns(Vec<String>),
}

impl ColumnarError {
    /// A damaged part of the file, such as a row group or a block.
    pub(crate) fn damaged_part(part: impl std::fmt::Display, cause: impl std::fmt::Display) -> Self {
        Self::Damaged(format!("{part} is damaged: {cause}"))
    }
}
