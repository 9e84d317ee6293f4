use crate::CsvOptions;

/// How keys and values stand in envelopes, and which columns are whose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvelopeLayout {
    /// The record's value.
    pub value: EnvelopePart,
    /// The record's key; one without columns is not looked at.
    pub key: EnvelopePart,
}

/// The key or the value of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvelopePart {
    /// How it is written.
    pub format: EnvelopeFormat,
    /// For each of its columns, in the order of their declaration, the index among the fields that are decoded; `None` for
    /// one that nobody wants.
    pub columns: Vec<Option<usize>>,
}

/// How the key or the value of a record is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EnvelopeFormat {
    /// A JSON object with a member for each column.
    #[default]
    Object,
    /// Any JSON value: that of the only column.
    Value,
    /// Delimited text, a field for each column: a JSON string of it, or its bytes as `{"base64": "…"}`.
    Delimited(CsvOptions),
    /// What Kafka's own serializers write, for the only column: a JSON string of text, and bytes as `{"base64": "…"}`, which
    /// are big-endian for numbers. A number may stand as it is.
    Kafka,
}
