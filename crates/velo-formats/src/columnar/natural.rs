use arrow::datatypes::{DataType, Field};
use velo_data::{SqlType, StructField};

/// Key of the field metadata that names an extension type of Arrow.
pub(crate) const EXTENSION_KEY: &str = "ARROW:extension:name";
/// The extension type of 16 bytes that are a UUID.
pub(crate) const UUID_EXTENSION: &str = "arrow.uuid";

/// Digits of the largest unsigned 64-bit number.
const UINT64_DIGITS: u8 = 20;

/// The type that a file's column has where none is declared; `None` where SQL has none that holds all its values.
pub(crate) fn natural_type(field: &Field) -> Option<SqlType> {
    Some(match field.data_type() {
        DataType::UInt64 => SqlType::Decimal {
            precision: UINT64_DIGITS,
            scale: 0,
        },
        DataType::Null => SqlType::String, // As for members that are always null in JSON.
        DataType::FixedSizeBinary(16) if is_uuid(field) => SqlType::String,
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            SqlType::Array(Box::new(natural_type(element)?))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => match fields.as_ref() {
                [key, value] => SqlType::Map(Box::new(natural_type(key)?), Box::new(natural_type(value)?)),
                _ => return None,
            },
            _ => return None,
        },
        DataType::Struct(fields) => {
            let typed = fields.iter().map(|field| {
                Some(StructField {
                    name: field.name().clone(),
                    sql_type: natural_type(field)?,
                })
            });
            SqlType::Struct(typed.collect::<Option<_>>()?)
        }
        // Readers do not agree on what the numbers of an interval are; the others no reader of ours gives.
        DataType::Interval(_)
        | DataType::Duration(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::Dictionary(_, _)
        | DataType::RunEndEncoded(_, _) => return None,
        _ => SqlType::of_field(field)?,
    })
}

/// Whether the field holds UUIDs.
pub(super) fn is_uuid(field: &Field) -> bool {
    field
        .metadata()
        .get(EXTENSION_KEY)
        .is_some_and(|name| name == UUID_EXTENSION)
}
