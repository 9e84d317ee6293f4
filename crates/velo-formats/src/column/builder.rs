use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryViewBuilder, BooleanBuilder, Date32Builder, Decimal128Builder,
    Decimal256Builder, Float64Builder, Int8Builder, Int16Builder, Int64Builder, IntervalMonthDayNanoBuilder, NullArray,
    PrimitiveBuilder, StringViewBuilder, Time32MillisecondBuilder, TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, DecimalType, Field};
use arrow::error::ArrowError;
use velo_data::time::TimeFormat;
use velo_data::{RowErrorCause, SqlType};

use super::cell::{Cells, Syntax, Token};
use super::convert::{self, Converted};
use super::json_fields::JsonFields;
use super::nested::{ArrayBuilder, MapBuilder, StructBuilder};
use super::rejections::{Problem, Rejections};
use crate::FormatError;
use crate::json::members::News;
use crate::json::string::compact;
use crate::value::minute::MinuteReader;
use crate::value::short_number::ShortNumber;

/// The values of one column so far.
///
/// One variant per type, so that the type is looked at once per block and not once per value. A value that
/// does not fit becomes NULL and its record is rejected, which keeps all columns at one length; rejected rows
/// are taken out when the batch is finished.
#[derive(Debug)]
pub(crate) enum ColumnBuilder {
    Null(usize),
    Boolean(BooleanBuilder),
    TinyInt(Int8Builder),
    SmallInt(Int16Builder),
    BigInt(Int64Builder),
    Double(Float64Builder),
    Decimal128(Decimal128Builder, u8, i8),
    Decimal256(Decimal256Builder, u8, i8),
    Text(StringViewBuilder),
    Json(StringViewBuilder),
    Bytes(BinaryViewBuilder),
    /// Values of an envelope's headers: text as it is, or base64 in an object.
    HeaderValue(BinaryViewBuilder),
    Date(Date32Builder),
    Time(Time32MillisecondBuilder),
    Timestamp(TimestampMillisecondBuilder, TimeFormat),
    Interval(IntervalMonthDayNanoBuilder),
    Array(ArrayBuilder),
    Map(MapBuilder),
    Struct(StructBuilder),
}

impl ColumnBuilder {
    /// A builder for a column whose field has the one Arrow type of its SQL type.
    pub(crate) fn new(field: &Field) -> Result<Self, FormatError> {
        let unsupported = || FormatError::UnsupportedType {
            column: field.name().clone(),
            data_type: field.data_type().clone(),
        };
        let sql_type = SqlType::of_field(field).ok_or_else(unsupported)?;
        if sql_type.arrow() != *field.data_type() {
            return Err(unsupported());
        }
        Self::of_type(&sql_type, field)
    }

    fn of_type(sql_type: &SqlType, field: &Field) -> Result<Self, FormatError> {
        Ok(match (sql_type, field.data_type()) {
            (SqlType::Boolean, _) => Self::Boolean(BooleanBuilder::new()),
            (SqlType::TinyInt, _) => Self::TinyInt(Int8Builder::new()),
            (SqlType::SmallInt, _) => Self::SmallInt(Int16Builder::new()),
            (SqlType::BigInt, _) => Self::BigInt(Int64Builder::new()),
            (SqlType::Double, _) => Self::Double(Float64Builder::new()),
            (_, DataType::Decimal128(precision, scale)) => {
                let builder = Decimal128Builder::new().with_data_type(field.data_type().clone());
                Self::Decimal128(builder, *precision, *scale)
            }
            (_, DataType::Decimal256(precision, scale)) => {
                let builder = Decimal256Builder::new().with_data_type(field.data_type().clone());
                Self::Decimal256(builder, *precision, *scale)
            }
            (SqlType::String, _) => Self::Text(StringViewBuilder::new()),
            (SqlType::Json, _) => Self::Json(StringViewBuilder::new()),
            (SqlType::Bytes, _) => Self::Bytes(BinaryViewBuilder::new()),
            (SqlType::Date, _) => Self::Date(Date32Builder::new()),
            (SqlType::Time, _) => Self::Time(Time32MillisecondBuilder::new()),
            (SqlType::Timestamp, _) => Self::Timestamp(TimestampMillisecondBuilder::new(), SqlType::time_format(field)),
            (SqlType::Interval, _) => Self::Interval(IntervalMonthDayNanoBuilder::new()),
            (_, DataType::List(element)) => Self::Array(ArrayBuilder::new(element)?),
            (_, DataType::Map(entries, _)) => Self::Map(MapBuilder::new(entries)?),
            (_, DataType::Struct(fields)) => Self::Struct(StructBuilder::new(fields)?),
            _ => Self::Null(0),
        })
    }

    /// Appends one value per cell; `column` names the column in rejections.
    pub(crate) fn append(&mut self, cells: Cells<'_>, column: &str, rejections: &mut Rejections) {
        if matches!(cells.syntax, Syntax::Csv { .. }) && self.holds_json() {
            let fields = JsonFields::new(cells, column, rejections);
            return fields.with_cells(|cells| self.append(cells, column, rejections));
        }
        let mut target = Appending {
            cells,
            column,
            rejections,
        };
        match self {
            Self::Null(count) => *count += cells.places.len(),
            Self::Boolean(builder) => target.each(convert::boolean, |value| builder.append_option(value)),
            Self::TinyInt(builder) => target.primitive(builder, |token| convert::integer(token, "TINYINT")),
            Self::SmallInt(builder) => target.primitive(builder, |token| convert::integer(token, "SMALLINT")),
            Self::BigInt(builder) => target.numbers(builder, ShortNumber::to_integer, |token| {
                convert::integer(token, "BIGINT")
            }),
            Self::Double(builder) => target.numbers(builder, ShortNumber::to_double, convert::double),
            Self::Decimal128(builder, precision, scale) => {
                let (precision, scale) = (*precision, *scale);
                let fits = |value: &i128| Decimal128Type::is_valid_decimal_precision(*value, precision);
                target.numbers(
                    builder,
                    |number| number.to_decimal(scale).filter(fits),
                    |token| convert::decimal::<Decimal128Type>(token, precision, scale),
                );
            }
            Self::Decimal256(builder, precision, scale) => {
                let (precision, scale) = (*precision, *scale);
                target.primitive(builder, |token| {
                    convert::decimal::<Decimal256Type>(token, precision, scale)
                });
            }
            Self::Date(builder) => target.primitive(builder, convert::date),
            Self::Time(builder) => target.primitive(builder, convert::time),
            Self::Timestamp(builder, format) => {
                let format: &TimeFormat = format;
                let mut minutes = MinuteReader::default();
                target.numbers(
                    builder,
                    |number| format.read_integer(number.to_integer()?).ok(),
                    |token| convert::timestamp(token, format, &mut minutes),
                );
            }
            Self::Interval(builder) => target.primitive(builder, convert::interval),
            Self::Text(builder) => target.text(builder),
            Self::Json(builder) => target.json(builder),
            Self::Bytes(builder) => target.bytes(builder, convert::base64),
            Self::HeaderValue(builder) => target.bytes(builder, convert::header_value),
            Self::Array(builder) => builder.append(&mut target),
            Self::Map(builder) => builder.append(&mut target),
            Self::Struct(builder) => builder.append(&mut target),
        }
    }

    /// Whether the values are JSON text wherever they stand, also in a CSV field.
    fn holds_json(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Array(_) | Self::Map(_) | Self::Struct(_))
    }

    /// The column; the builder starts over.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Null(count) => Arc::new(NullArray::new(std::mem::take(count))),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::TinyInt(builder) => Arc::new(builder.finish()),
            Self::SmallInt(builder) => Arc::new(builder.finish()),
            Self::BigInt(builder) => Arc::new(builder.finish()),
            Self::Double(builder) => Arc::new(builder.finish()),
            Self::Decimal128(builder, ..) => Arc::new(builder.finish()),
            Self::Decimal256(builder, ..) => Arc::new(builder.finish()),
            Self::Text(builder) | Self::Json(builder) => Arc::new(builder.finish()),
            Self::Bytes(builder) | Self::HeaderValue(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder, _) => Arc::new(builder.finish()),
            Self::Interval(builder) => Arc::new(builder.finish()),
            Self::Array(builder) => builder.finish()?,
            Self::Map(builder) => builder.finish()?,
            Self::Struct(builder) => builder.finish()?,
        })
    }

    /// The headers of envelopes: text by name.
    pub(crate) fn headers(field: &Field) -> Result<Self, FormatError> {
        match Self::new(field)? {
            Self::Map(builder) => Ok(Self::Map(builder.with_header_values())),
            other => Ok(other),
        }
    }

    /// Takes note of members of objects that no field has the name of.
    pub(crate) fn watch(&mut self) {
        match self {
            Self::Array(builder) => builder.element().watch(),
            Self::Struct(builder) => builder.watch(),
            _ => {}
        }
    }

    /// Tells members that are news, by the names that lead to them from `path` on.
    pub(crate) fn take_news(&mut self, path: &str, tell: &mut dyn FnMut(News<'_>)) {
        match self {
            Self::Array(builder) => builder.element().take_news(path, tell),
            Self::Struct(builder) => builder.take_news(path, tell),
            _ => {}
        }
    }

    /// Whether an empty quoted CSV field is a value of the type; otherwise it is NULL.
    pub(crate) fn takes_empty_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Bytes(_))
    }

    /// Whether values are numbers, which may be handed over as [`ShortNumber`]s.
    pub(crate) fn takes_short_numbers(&self) -> bool {
        matches!(self, Self::BigInt(_) | Self::Double(_) | Self::Decimal128(..))
    }
}

/// Cells on their way into a column.
pub(super) struct Appending<'a, 'r> {
    pub(super) cells: Cells<'a>,
    pub(super) column: &'a str,
    pub(super) rejections: &'r mut Rejections,
}

impl Appending<'_, '_> {
    #[inline]
    fn primitive<T: ArrowPrimitiveType>(
        &mut self,
        builder: &mut PrimitiveBuilder<T>,
        convert: impl Fn(Token<'_>) -> Converted<T::Native>,
    ) {
        self.each(convert, |value| builder.append_option(value));
    }

    /// Appends short numbers as `short` makes them, and every other cell as `convert` does.
    #[inline]
    fn numbers<T: ArrowPrimitiveType>(
        &mut self,
        builder: &mut PrimitiveBuilder<T>,
        short: impl Fn(ShortNumber) -> Option<T::Native>,
        mut convert: impl FnMut(Token<'_>) -> Converted<T::Native>,
    ) {
        let mut scratch = String::new();
        for (index, cell) in self.cells.places.iter().enumerate() {
            match cell.number.and_then(&short) {
                Some(value) => builder.append_value(value),
                None => {
                    let converted = self.cells.token(index, &mut scratch).map(&mut convert);
                    builder.append_option(self.accept(index, converted));
                }
            }
        }
    }

    /// Converts each cell and appends the value, or NULL.
    #[inline]
    fn each<V>(&mut self, convert: impl Fn(Token<'_>) -> Converted<V>, mut append: impl FnMut(Option<V>)) {
        let mut scratch = String::new();
        for index in 0..self.cells.places.len() {
            let converted = self.cells.token(index, &mut scratch).map(&convert);
            append(self.accept(index, converted));
        }
    }

    fn text(&mut self, builder: &mut StringViewBuilder) {
        let mut scratch = String::new();
        let mut compacted = String::new();
        for index in 0..self.cells.places.len() {
            match self.cells.token(index, &mut scratch) {
                None => builder.append_null(),
                Some(Token::Text(text) | Token::Bare(text) | Token::Number(text)) => builder.append_value(text),
                Some(Token::Boolean(value)) => builder.append_value(if value { "true" } else { "false" }),
                Some(Token::Nested(json)) => builder.append_value(compacted_into(&mut compacted, json)),
            }
        }
    }

    fn json(&mut self, builder: &mut StringViewBuilder) {
        let mut compacted = String::new();
        for index in 0..self.cells.places.len() {
            match self.cells.raw(index) {
                Some(json) => builder.append_value(compacted_into(&mut compacted, json)),
                None => builder.append_null(),
            }
        }
    }

    fn bytes(
        &mut self,
        builder: &mut BinaryViewBuilder,
        convert: impl for<'b> Fn(Token<'_>, &'b mut Vec<u8>) -> Converted<&'b [u8]>,
    ) {
        let mut scratch = String::new();
        let mut bytes = Vec::new();
        for index in 0..self.cells.places.len() {
            let token = self.cells.token(index, &mut scratch);
            let converted = token.map(|token| convert(token, &mut bytes));
            builder.append_option(self.accept(index, converted));
        }
    }

    /// The value, or NULL after rejecting the record.
    #[inline]
    fn accept<V>(&mut self, index: usize, converted: Option<Converted<V>>) -> Option<V> {
        match converted? {
            Ok(value) => Some(value),
            Err(error) => {
                self.reject(index, error.0);
                None
            }
        }
    }

    /// Rejects the record of a cell for its value.
    #[cold]
    pub(super) fn reject(&mut self, index: usize, message: String) {
        let column = self.column;
        self.rejections.reject(self.cells.row(index), || Problem {
            cause: RowErrorCause::InvalidValue,
            column: Some(column.to_owned()),
            message,
        });
    }
}

/// JSON text without white space between its tokens.
fn compacted_into<'b>(buffer: &'b mut String, json: &str) -> &'b str {
    buffer.clear();
    compact(json, |piece| buffer.push_str(piece));
    buffer
}
