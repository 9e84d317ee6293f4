use arrow::array::{
    Array, AsArray, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, Float64Array,
    Int8Array, Int16Array, Int64Array, StringViewArray, Time32MillisecondArray, TimestampMillisecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int8Type, Int16Type, Int64Type, Time32MillisecondType,
    TimestampMillisecondType,
};
use serde_json::{Value, json};
use velo_data::SqlType;

/// The values of a column, to be written as Avro.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    values: Values<'a>,
    nulls: Option<&'a NullBuffer>,
    is_nullable: bool,
}

#[derive(Debug)]
enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    TinyInt(&'a Int8Array),
    SmallInt(&'a Int16Array),
    BigInt(&'a Int64Array),
    Double(&'a Float64Array),
    Text(&'a StringViewArray),
    Bytes(&'a BinaryViewArray),
    Date(&'a Date32Array),
    Time(&'a Time32MillisecondArray),
    Timestamp(&'a TimestampMillisecondArray),
    Decimal(&'a Decimal128Array),
    WideDecimal(&'a Decimal256Array),
    List(&'a OffsetBuffer<i32>, Box<Stored<'a>>),
    Map(&'a OffsetBuffer<i32>, &'a StringViewArray, Box<Stored<'a>>),
    Struct(Vec<Stored<'a>>),
}

impl<'a> Stored<'a> {
    /// The values of an array of this type; `None` where Avro has no form for it.
    pub(super) fn new(array: &'a dyn Array, sql_type: &SqlType, is_nullable: bool) -> Option<Self> {
        let values = match sql_type {
            SqlType::Null => Values::Null,
            SqlType::Boolean => Values::Boolean(array.as_boolean_opt()?),
            SqlType::TinyInt => Values::TinyInt(array.as_primitive_opt::<Int8Type>()?),
            SqlType::SmallInt => Values::SmallInt(array.as_primitive_opt::<Int16Type>()?),
            SqlType::BigInt => Values::BigInt(array.as_primitive_opt::<Int64Type>()?),
            SqlType::Double => Values::Double(array.as_primitive_opt::<Float64Type>()?),
            SqlType::String | SqlType::Json => Values::Text(array.as_string_view_opt()?),
            SqlType::Bytes => Values::Bytes(array.as_binary_view_opt()?),
            SqlType::Date => Values::Date(array.as_primitive_opt::<Date32Type>()?),
            SqlType::Time => Values::Time(array.as_primitive_opt::<Time32MillisecondType>()?),
            SqlType::Timestamp => Values::Timestamp(array.as_primitive_opt::<TimestampMillisecondType>()?),
            SqlType::Decimal { .. } => match array.as_primitive_opt::<Decimal128Type>() {
                Some(decimals) => Values::Decimal(decimals),
                None => Values::WideDecimal(array.as_primitive_opt::<Decimal256Type>()?),
            },
            SqlType::Array(element) => {
                let list = array.as_list_opt::<i32>()?;
                Values::List(list.offsets(), Box::new(Self::new(list.values(), element, true)?))
            }
            SqlType::Map(_, value) => {
                let map = array.as_map_opt()?;
                let values = Self::new(map.values(), value, true)?;
                Values::Map(map.offsets(), map.keys().as_string_view_opt()?, Box::new(values))
            }
            SqlType::Struct(fields) => {
                let children = array.as_struct_opt()?.columns().iter().zip(fields);
                let children = children.map(|(child, field)| Self::new(child, &field.sql_type, true));
                Values::Struct(children.collect::<Option<_>>()?)
            }
            SqlType::Interval => return None,
        };
        Some(Self {
            values,
            nulls: array.nulls(),
            is_nullable,
        })
    }

    /// Appends the value of a row.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        if matches!(self.values, Values::Null) {
            return;
        }
        if self.is_nullable {
            let is_null = self.nulls.is_some_and(|nulls| nulls.is_null(row));
            write_long(i64::from(!is_null), out); // The branch of the union: null, then the value.
            if is_null {
                return;
            }
        }
        self.write_value(row, out);
    }

    fn write_value(&self, row: usize, out: &mut Vec<u8>) {
        match &self.values {
            Values::Null => {}
            Values::Boolean(values) => out.push(u8::from(values.value(row))),
            Values::TinyInt(values) => write_long(values.value(row).into(), out),
            Values::SmallInt(values) => write_long(values.value(row).into(), out),
            Values::BigInt(values) => write_long(values.value(row), out),
            Values::Double(values) => out.extend_from_slice(&values.value(row).to_le_bytes()),
            Values::Text(values) => write_bytes(values.value(row).as_bytes(), out),
            Values::Bytes(values) => write_bytes(values.value(row), out),
            Values::Date(values) => write_long(values.value(row).into(), out),
            Values::Time(values) => write_long(values.value(row).into(), out),
            Values::Timestamp(values) => write_long(values.value(row), out),
            Values::Decimal(values) => write_number(&values.value(row).to_be_bytes(), out),
            Values::WideDecimal(values) => write_number(&values.value(row).to_be_bytes(), out),
            Values::List(offsets, element) => {
                let items = offsets[row] as usize..offsets[row + 1] as usize;
                write_items(items, out, |item, out| element.write(item, out));
            }
            Values::Map(offsets, keys, values) => {
                let items = offsets[row] as usize..offsets[row + 1] as usize;
                write_items(items, out, |item, out| {
                    write_bytes(keys.value(item).as_bytes(), out);
                    values.write(item, out);
                });
            }
            Values::Struct(children) => {
                for child in children {
                    child.write(row, out);
                }
            }
        }
    }
}

/// The Avro schema of a type. Records in it are named `name`, in a namespace that tells their place.
pub(super) fn schema_of(sql_type: &SqlType, is_nullable: bool, name: &str, namespace: &str) -> Value {
    let nested = |sql_type: &SqlType| schema_of(sql_type, true, name, namespace);
    let bare = match sql_type {
        SqlType::Null => return json!("null"),
        SqlType::Boolean => json!("boolean"),
        SqlType::TinyInt | SqlType::SmallInt => json!("int"),
        SqlType::BigInt => json!("long"),
        SqlType::Double => json!("double"),
        SqlType::String | SqlType::Json => json!("string"),
        SqlType::Bytes | SqlType::Interval => json!("bytes"),
        SqlType::Date => json!({"type": "int", "logicalType": "date"}),
        SqlType::Time => json!({"type": "int", "logicalType": "time-millis"}),
        SqlType::Timestamp => json!({"type": "long", "logicalType": "timestamp-millis"}),
        SqlType::Decimal { precision, scale } => {
            json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale})
        }
        SqlType::Array(element) => json!({"type": "array", "items": nested(element)}),
        SqlType::Map(_, value) => json!({"type": "map", "values": nested(value)}),
        SqlType::Struct(fields) => {
            let inner = format!("{namespace}.{name}");
            let fields = fields.iter().map(|field| {
                let field_type = schema_of(&field.sql_type, true, &field.name, &inner);
                json!({"name": field.name, "type": field_type})
            });
            let fields: Vec<Value> = fields.collect();
            json!({"type": "record", "name": name, "namespace": namespace, "fields": fields})
        }
    };
    if is_nullable { json!(["null", bare]) } else { bare }
}

/// A whole number: seven bits a byte, least significant first, the sign in the lowest bit.
#[inline]
pub(super) fn write_long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[inline]
pub(super) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_long(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// A number in two's complement, without the leading bytes that only repeat its sign.
fn write_number(bytes: &[u8], out: &mut Vec<u8>) {
    let is_needless = |pair: &[u8]| {
        let filling = if pair[1] & 0x80 == 0 { 0 } else { 0xFF };
        pair[0] == filling
    };
    let needless = bytes.windows(2).take_while(|pair| is_needless(pair)).count();
    write_bytes(&bytes[needless..], out);
}

fn write_items(items: std::ops::Range<usize>, out: &mut Vec<u8>, write: impl Fn(usize, &mut Vec<u8>)) {
    if !items.is_empty() {
        write_long(items.len() as i64, out);
        items.for_each(|item| write(item, out));
    }
    write_long(0, out);
}
