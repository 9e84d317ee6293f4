use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// Why a row was rejected; rows are counted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowErrorCause {
    /// The record's bytes do not have the form of its format.
    Malformed,
    /// A value does not fit the type of its column.
    InvalidValue,
    /// A column that may not be NULL is missing or NULL.
    MissingValue,
    /// The event time is missing or cannot be read.
    EventTime,
    /// An expression failed, for example because it overflows.
    Expression,
    /// A table that the row is joined with cannot be had.
    MissingTable,
    /// A change retracts a row that does not exist.
    UnknownRow,
    /// The row arrived behind the watermark and its window is closed.
    Late,
}

impl RowErrorCause {
    /// All causes.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::InvalidValue,
        Self::MissingValue,
        Self::EventTime,
        Self::Expression,
        Self::MissingTable,
        Self::UnknownRow,
        Self::Late,
    ];

    /// The word that summaries and dead-letter records use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::InvalidValue => "invalid_value",
            Self::MissingValue => "missing_value",
            Self::EventTime => "event_time",
            Self::Expression => "expression",
            Self::MissingTable => "missing_table",
            Self::UnknownRow => "unknown_row",
            Self::Late => "late",
        }
    }
}

/// Where a record came from, as far as its source can tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordOrigin {
    /// Topic, or path of the file.
    pub topic: Option<Arc<str>>,
    /// Source partition.
    pub partition: Option<i32>,
    /// Position in the partition; in a file the record's number, from 0.
    pub offset: Option<i64>,
    /// Line in the file, from 1.
    pub line: Option<u64>,
}

impl fmt::Display for RecordOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = self.topic.as_deref().unwrap_or("record");
        match (self.line, self.partition, self.offset) {
            (Some(line), _, _) => write!(f, "{topic}:{line}"),
            (None, Some(partition), Some(offset)) => write!(f, "{topic}[{partition}]@{offset}"),
            (None, None, Some(offset)) => write!(f, "{topic}@{offset}"),
            _ => f.write_str(topic),
        }
    }
}

/// A row that could not be used: what is counted, sampled and written to a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Why, in one word.
    pub cause: RowErrorCause,
    /// Why, in one sentence.
    pub message: String,
    /// The column concerned, if it is one.
    pub column: Option<String>,
    /// Where the record came from.
    pub origin: RecordOrigin,
    /// The record's bytes as they were read, where they are still at hand.
    pub original: Option<Bytes>,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A row that was computed from several records has none to name.
        if self.origin != RecordOrigin::default() {
            write!(f, "{}: ", self.origin)?;
        }
        if let Some(column) = &self.column {
            write!(f, "column `{column}`: ")?;
        }
        f.write_str(&self.message)
    }
}
