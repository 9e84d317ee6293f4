use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryViewBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Decimal256Builder,
    Float64Builder, Int64Builder, IntervalMonthDayNanoBuilder, ListArray, MapArray, NullBufferBuilder,
    StringViewBuilder, StructArray, Time32MillisecondBuilder, TimestampMillisecondBuilder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Fields, IntervalMonthDayNano, i256};
use arrow::error::ArrowError;
use velo_data::{DECIMAL128_PRECISION_MAX, SqlType};

use super::cursor::{Cursor, Malformed};
use super::schema::AvroType;
use crate::columnar::uuid_text;

/// Builds a column from values of an Avro type, in the Arrow type of its SQL type.
#[derive(Debug)]
pub(super) enum ColumnBuilder {
    /// Of type null: strings, all of them NULL.
    Null(StringViewBuilder),
    Boolean(BooleanBuilder),
    Int(Int64Builder),
    Long(Int64Builder),
    Float(Float64Builder),
    Double(Float64Builder),
    Bytes(BinaryViewBuilder),
    Fixed(usize, BinaryViewBuilder),
    String(StringViewBuilder),
    Enum(Arc<[String]>, StringViewBuilder),
    Uuid(StringViewBuilder),
    Date(Date32Builder),
    TimeMillis(Time32MillisecondBuilder),
    TimeMicros(Time32MillisecondBuilder),
    Timestamp(i64, TimestampMillisecondBuilder),
    Decimal(Option<usize>, Decimal128Builder),
    WideDecimal(Option<usize>, Decimal256Builder),
    Duration(IntervalMonthDayNanoBuilder),
    List(Box<ListBuilder>),
    Map(Box<MapBuilder>),
    Struct(Box<StructBuilder>),
    /// A union of null and one type: for each branch whether it is the value's.
    Nullable(Vec<bool>, Box<ColumnBuilder>),
}

#[derive(Debug)]
pub(super) struct ListBuilder {
    offsets: Offsets,
    element: ColumnBuilder,
}

#[derive(Debug)]
pub(super) struct MapBuilder {
    offsets: Offsets,
    keys: StringViewBuilder,
    values: ColumnBuilder,
}

#[derive(Debug)]
pub(super) struct StructBuilder {
    nulls: NullBufferBuilder,
    names: Vec<String>,
    children: Vec<ColumnBuilder>,
}

/// Where the items of each row begin and end.
#[derive(Debug)]
struct Offsets {
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl ColumnBuilder {
    /// A builder for a type; `None` where SQL has no type for its values.
    pub(super) fn new(avro_type: &AvroType) -> Option<Self> {
        Some(match avro_type {
            AvroType::Null => Self::Null(StringViewBuilder::new()),
            AvroType::Boolean => Self::Boolean(BooleanBuilder::new()),
            AvroType::Int => Self::Int(Int64Builder::new()),
            AvroType::Long => Self::Long(Int64Builder::new()),
            AvroType::Float => Self::Float(Float64Builder::new()),
            AvroType::Double => Self::Double(Float64Builder::new()),
            AvroType::Bytes => Self::Bytes(BinaryViewBuilder::new()),
            AvroType::Fixed(size) => Self::Fixed(*size, BinaryViewBuilder::new()),
            AvroType::String => Self::String(StringViewBuilder::new()),
            AvroType::Enum(symbols) => Self::Enum(Arc::clone(symbols), StringViewBuilder::new()),
            AvroType::UuidFixed => Self::Uuid(StringViewBuilder::new()),
            AvroType::Date => Self::Date(Date32Builder::new()),
            AvroType::TimeMillis => Self::TimeMillis(Time32MillisecondBuilder::new()),
            AvroType::TimeMicros => Self::TimeMicros(Time32MillisecondBuilder::new()),
            AvroType::Timestamp { per_second } => Self::Timestamp(*per_second, TimestampMillisecondBuilder::new()),
            AvroType::Decimal { fixed, precision, .. } => {
                let data_type = avro_type.sql_type()?.arrow();
                if *precision <= DECIMAL128_PRECISION_MAX {
                    Self::Decimal(*fixed, Decimal128Builder::new().with_data_type(data_type))
                } else {
                    Self::WideDecimal(*fixed, Decimal256Builder::new().with_data_type(data_type))
                }
            }
            AvroType::Duration => Self::Duration(IntervalMonthDayNanoBuilder::new()),
            AvroType::Array(element) => Self::List(Box::new(ListBuilder {
                offsets: Offsets::new(),
                element: Self::new(element)?,
            })),
            AvroType::Map(value) => Self::Map(Box::new(MapBuilder {
                offsets: Offsets::new(),
                keys: StringViewBuilder::new(),
                values: Self::new(value)?,
            })),
            AvroType::Record(fields) => Self::Struct(Box::new(StructBuilder {
                nulls: NullBufferBuilder::new(0),
                names: fields.iter().map(|field| field.name.clone()).collect(),
                children: fields
                    .iter()
                    .map(|field| Self::new(&field.avro_type))
                    .collect::<Option<_>>()?,
            })),
            AvroType::Union(branches) => {
                let is_value = branches.iter().map(|branch| *branch != AvroType::Null);
                Self::Nullable(is_value.collect(), Box::new(Self::new(avro_type.value_of_union()?)?))
            }
        })
    }

    /// Appends the value that comes next.
    pub(super) fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        match self {
            Self::Null(builder) => builder.append_null(),
            Self::Boolean(builder) => builder.append_value(cursor.boolean()?),
            Self::Int(builder) => builder.append_value(cursor.int()?.into()),
            Self::Long(builder) => builder.append_value(cursor.long()?),
            Self::Float(builder) => builder.append_value(f32::from_le_bytes(cursor.array()?).into()),
            Self::Double(builder) => builder.append_value(f64::from_le_bytes(cursor.array()?)),
            Self::Bytes(builder) => builder.append_value(cursor.bytes()?),
            Self::Fixed(size, builder) => builder.append_value(cursor.take(*size)?),
            Self::String(builder) => builder.append_value(cursor.text()?),
            Self::Enum(symbols, builder) => {
                let symbol = cursor.index(symbols.len(), "symbol of the enum")?;
                builder.append_value(&symbols[symbol]);
            }
            Self::Uuid(builder) => builder.append_value(uuid_text(cursor.take(16)?)),
            Self::Date(builder) => builder.append_value(cursor.int()?),
            Self::TimeMillis(builder) => builder.append_value(cursor.int()?),
            Self::TimeMicros(builder) => {
                let millis = cursor.long()?.div_euclid(1000);
                let millis = i32::try_from(millis).map_err(|_| Malformed("a time is out of range".to_owned()))?;
                builder.append_value(millis);
            }
            Self::Timestamp(per_second, builder) => {
                builder.append_value(cursor.long()?.div_euclid(*per_second / 1000));
            }
            Self::Decimal(fixed, builder) => {
                let bytes = decimal_bytes(cursor, *fixed)?;
                let wide: [u8; 16] = sign_extended(bytes)?;
                builder.append_value(i128::from_be_bytes(wide));
            }
            Self::WideDecimal(fixed, builder) => {
                let bytes = decimal_bytes(cursor, *fixed)?;
                builder.append_value(i256::from_be_bytes(sign_extended(bytes)?));
            }
            Self::Duration(builder) => builder.append_value(duration(cursor)?),
            Self::List(list) => {
                let ListBuilder { offsets, element } = list.as_mut();
                let items = cursor.items(|cursor| element.read(cursor))?;
                offsets.append(items)?;
            }
            Self::Map(map) => {
                let MapBuilder { offsets, keys, values } = map.as_mut();
                let items = cursor.items(|cursor| {
                    keys.append_value(cursor.text()?);
                    values.read(cursor)
                })?;
                offsets.append(items)?;
            }
            Self::Struct(structure) => {
                for child in &mut structure.children {
                    child.read(cursor)?;
                }
                structure.nulls.append_non_null();
            }
            Self::Nullable(is_value, value) => {
                if is_value[cursor.index(is_value.len(), "branch of the union")?] {
                    value.read(cursor)?;
                } else {
                    value.append_null();
                }
            }
        }
        Ok(())
    }

    fn append_null(&mut self) {
        match self {
            Self::Boolean(builder) => builder.append_null(),
            Self::Int(builder) | Self::Long(builder) => builder.append_null(),
            Self::Float(builder) | Self::Double(builder) => builder.append_null(),
            Self::Bytes(builder) | Self::Fixed(_, builder) => builder.append_null(),
            Self::Null(builder) | Self::String(builder) | Self::Enum(_, builder) | Self::Uuid(builder) => {
                builder.append_null();
            }
            Self::Date(builder) => builder.append_null(),
            Self::TimeMillis(builder) | Self::TimeMicros(builder) => builder.append_null(),
            Self::Timestamp(_, builder) => builder.append_null(),
            Self::Decimal(_, builder) => builder.append_null(),
            Self::WideDecimal(_, builder) => builder.append_null(),
            Self::Duration(builder) => builder.append_null(),
            Self::List(list) => list.offsets.append_null(),
            Self::Map(map) => map.offsets.append_null(),
            Self::Struct(structure) => {
                structure.children.iter_mut().for_each(Self::append_null);
                structure.nulls.append_null();
            }
            Self::Nullable(_, value) => value.append_null(),
        }
    }

    /// The column of everything since the last time. Its type is that of the SQL type.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Int(builder) | Self::Long(builder) => Arc::new(builder.finish()),
            Self::Float(builder) | Self::Double(builder) => Arc::new(builder.finish()),
            Self::Bytes(builder) | Self::Fixed(_, builder) => Arc::new(builder.finish()),
            Self::Null(builder) | Self::String(builder) | Self::Enum(_, builder) | Self::Uuid(builder) => {
                Arc::new(builder.finish())
            }
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::TimeMillis(builder) | Self::TimeMicros(builder) => Arc::new(builder.finish()),
            Self::Timestamp(_, builder) => Arc::new(builder.finish()),
            Self::Decimal(_, builder) => Arc::new(builder.finish()),
            Self::WideDecimal(_, builder) => Arc::new(builder.finish()),
            Self::Duration(builder) => Arc::new(builder.finish()),
            Self::List(list) => list.finish()?,
            Self::Map(map) => map.finish()?,
            Self::Struct(structure) => structure.finish()?,
            Self::Nullable(_, value) => value.finish()?,
        })
    }
}

impl ListBuilder {
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, nulls) = self.offsets.finish();
        let values = self.element.finish()?;
        let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        Ok(Arc::new(ListArray::try_new(field, offsets, values, nulls)?))
    }
}

impl MapBuilder {
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let (offsets, nulls) = self.offsets.finish();
        let keys: ArrayRef = Arc::new(self.keys.finish());
        let values = self.values.finish()?;
        let key = Field::new("key", SqlType::String.arrow(), false);
        let fields = Fields::from(vec![key, Field::new("value", values.data_type().clone(), true)]);
        let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
        let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
        Ok(Arc::new(MapArray::try_new(field, offsets, entries, nulls, false)?))
    }
}

impl StructBuilder {
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let length = self.nulls.len();
        let nulls = self.nulls.finish();
        let children = self
            .children
            .iter_mut()
            .map(ColumnBuilder::finish)
            .collect::<Result<Vec<_>, _>>()?;
        let fields = self.names.iter().zip(&children);
        let fields = fields
            .map(|(name, child)| Field::new(name, child.data_type().clone(), true))
            .collect();
        Ok(Arc::new(StructArray::try_new_with_length(
            fields, children, nulls, length,
        )?))
    }
}

impl Offsets {
    fn new() -> Self {
        Self {
            ends: vec![0],
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn append(&mut self, items: u64) -> Result<(), Malformed> {
        let last = self.ends.last().copied().unwrap_or(0);
        let end = i32::try_from(items).ok().and_then(|items| last.checked_add(items));
        self.ends
            .push(end.ok_or_else(|| Malformed("the arrays of a batch have too many items".to_owned()))?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn append_null(&mut self) {
        self.ends.push(self.ends.last().copied().unwrap_or(0));
        self.nulls.append_null();
    }

    fn finish(&mut self) -> (OffsetBuffer<i32>, Option<arrow::buffer::NullBuffer>) {
        let ends = std::mem::replace(&mut self.ends, vec![0]);
        (OffsetBuffer::new(ScalarBuffer::from(ends)), self.nulls.finish())
    }
}

fn decimal_bytes<'a>(cursor: &mut Cursor<'a>, fixed: Option<usize>) -> Result<&'a [u8], Malformed> {
    match fixed {
        Some(size) => cursor.take(size),
        None => cursor.bytes(),
    }
}

/// A number in two's complement, most significant byte first, in `N` bytes.
fn sign_extended<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    let filling = if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        0xFF
    } else {
        0
    };
    let excess = bytes.len().saturating_sub(N);
    let (head, tail) = bytes.split_at(excess);
    let keeps_sign = tail
        .first()
        .is_none_or(|first| excess == 0 || (first & 0x80 != 0) == (filling != 0));
    if head.iter().any(|byte| *byte != filling) || !keeps_sign {
        return Err(Malformed("a decimal has more digits than its type".to_owned()));
    }
    let mut wide = [filling; N];
    wide[N - tail.len()..].copy_from_slice(tail);
    Ok(wide)
}

fn duration(cursor: &mut Cursor<'_>) -> Result<IntervalMonthDayNano, Malformed> {
    let mut number = || Ok::<_, Malformed>(u32::from_le_bytes(cursor.array()?));
    let (months, days, millis) = (number()?, number()?, number()?);
    let signed = |number: u32| {
        i32::try_from(number).map_err(|_| Malformed(format!("a duration of {number} months or days is out of range")))
    };
    Ok(IntervalMonthDayNano::new(
        signed(months)?,
        signed(days)?,
        i64::from(millis) * 1_000_000,
    ))
}
