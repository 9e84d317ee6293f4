use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use crate::columnar::{Conversion, EXTENSION_KEY, UUID_EXTENSION};

/// The types to read a file's columns as, given those that the Parquet library would choose: text and bytes as views
/// into the pages, dictionaries unpacked, INT96 timestamps in milliseconds, so that years beyond 2262 do not wrap.
pub(super) fn reading_fields(chosen: &Fields, schema: &SchemaDescriptor) -> Fields {
    map_leaves(chosen, schema, &|field, leaf| {
        let data_type = reading_type(field.data_type(), leaf);
        field.clone().with_data_type(data_type)
    })
}

/// The same fields with UUIDs marked. Apart from [`reading_fields`], since the library wants its own metadata there.
pub(super) fn described_fields(reading: &Fields, schema: &SchemaDescriptor) -> Fields {
    map_leaves(reading, schema, &|field, leaf| {
        let mut field = field.clone();
        if leaf.logical_type_ref() == Some(&LogicalType::Uuid) {
            let mut metadata = field.metadata().clone();
            metadata.insert(EXTENSION_KEY.to_owned(), UUID_EXTENSION.to_owned());
            field = field.with_metadata(metadata);
        }
        field
    })
}

/// Indexes of the leaves that a column is made of, the first of which is `next`; those that `conversion` has no use
/// for are left out. `next` moves on behind them all.
pub(super) fn leaves(field: &Field, conversion: Option<&Conversion>, next: &mut usize, wanted: &mut Vec<usize>) {
    match field.data_type() {
        DataType::Struct(fields) => {
            for child in fields {
                let conversion = match conversion {
                    Some(Conversion::Struct(kept)) => kept
                        .iter()
                        .find(|(name, _)| name == child.name())
                        .map(|(_, conversion)| conversion),
                    other => other,
                };
                leaves(child, conversion, next, wanted);
            }
        }
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            let inner = match conversion {
                Some(Conversion::List(element)) => Some(element.as_ref()),
                other => other,
            };
            leaves(element, inner, next, wanted);
        }
        DataType::Map(entries, _) => {
            if let DataType::Struct(fields) = entries.data_type() {
                let inner = match conversion {
                    Some(Conversion::Map(key, value)) => [Some(key.as_ref()), Some(value.as_ref())],
                    other => [other, other],
                };
                for (field, conversion) in fields.iter().zip(inner) {
                    leaves(field, conversion, next, wanted);
                }
            }
        }
        _ => {
            if conversion.is_some() {
                wanted.push(*next);
            }
            *next += 1;
        }
    }
}

/// Changes the leaves of a schema, each told together with its description in the file.
fn map_leaves(
    fields: &Fields,
    schema: &SchemaDescriptor,
    change: &dyn Fn(&Field, &ColumnDescriptor) -> Field,
) -> Fields {
    let mut next = 0;
    fields
        .iter()
        .map(|field| map_field(field, schema, &mut next, change))
        .collect()
}

fn map_field(
    field: &FieldRef,
    schema: &SchemaDescriptor,
    next: &mut usize,
    change: &dyn Fn(&Field, &ColumnDescriptor) -> Field,
) -> FieldRef {
    let mut inner = |field: &FieldRef| map_field(field, schema, next, change);
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        DataType::List(element) => DataType::List(inner(element)),
        DataType::LargeList(element) => DataType::LargeList(inner(element)),
        DataType::FixedSizeList(element, size) => DataType::FixedSizeList(inner(element), *size),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        _ => {
            let leaf = *next;
            *next += 1;
            return Arc::new(change(field, &schema.column(leaf)));
        }
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

fn reading_type(chosen: &DataType, leaf: &ColumnDescriptor) -> DataType {
    let is_enum = leaf.logical_type_ref() == Some(&LogicalType::Enum) || leaf.converted_type() == ConvertedType::ENUM;
    match chosen {
        DataType::Dictionary(_, value) => reading_type(value, leaf),
        DataType::Binary if is_enum => DataType::Utf8View,
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        DataType::Timestamp(_, _) if leaf.physical_type() == PhysicalType::INT96 => {
            DataType::Timestamp(TimeUnit::Millisecond, None)
        }
        other => other.clone(),
    }
}
