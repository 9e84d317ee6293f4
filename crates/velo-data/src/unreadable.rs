use arrow::datatypes::{DataType, Field};

const REASON_KEY: &str = "velo.unreadable";

/// A column that a source has and that no SQL type holds, with the sentence that says so.
///
/// It stands among the columns of the source, so that a query that names it is told why it cannot be read. A query that
/// does not name it never notices.
pub fn unreadable_field(name: &str, reason: impl Into<String>) -> Field {
    Field::new(name, DataType::Null, true).with_metadata([(REASON_KEY.to_owned(), reason.into())].into())
}

/// Why a column cannot be read; `None` for one that can.
pub fn unreadable_reason(field: &Field) -> Option<&str> {
    field.metadata().get(REASON_KEY).map(String::as_str)
}
