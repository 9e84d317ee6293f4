//! Values as settings write them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, Decimal128Array, Decimal256Array, Float64Array, PrimitiveArray,
    StringViewArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Decimal256Type, Int8Type, Int16Type, Int64Type,
    Time32MillisecondType, TimestampMillisecondType,
};
use velo_data::time::{parse_date, parse_time, parse_timestamp};
use velo_data::{DECIMAL128_PRECISION_MAX, SqlType};
use velo_formats::parse_exact_decimal;

use super::column::Form;

impl Form {
    /// The whole number that a text means in such a column.
    pub(super) fn parse(self, text: &str) -> Option<i64> {
        let text = text.trim();
        match self {
            Self::TinyInt => text.parse::<i8>().ok().map(i64::from),
            Self::SmallInt => text.parse::<i16>().ok().map(i64::from),
            Self::BigInt => text.parse().ok(),
            Self::Date => parse_date(text).map(i64::from),
            Self::Time => parse_time(text).map(i64::from),
            Self::Timestamp => parse_timestamp(text),
        }
    }
}

/// A finite double.
pub(super) fn parse_double(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// Texts as a column of a type: the first one that is no such value otherwise, or `None` for types without literals.
pub(super) fn column_of<'t>(texts: &'t [String], sql_type: &SqlType) -> Result<ArrayRef, Option<&'t str>> {
    let column: ArrayRef = match sql_type {
        SqlType::Boolean => Arc::new(BooleanArray::from(parsed(texts, |text| {
            text.trim().to_ascii_lowercase().parse::<bool>().ok()
        })?)),
        SqlType::TinyInt => numbers::<Int8Type>(texts, Form::TinyInt)?,
        SqlType::SmallInt => numbers::<Int16Type>(texts, Form::SmallInt)?,
        SqlType::BigInt => numbers::<Int64Type>(texts, Form::BigInt)?,
        SqlType::Date => numbers::<Date32Type>(texts, Form::Date)?,
        SqlType::Time => numbers::<Time32MillisecondType>(texts, Form::Time)?,
        SqlType::Timestamp => numbers::<TimestampMillisecondType>(texts, Form::Timestamp)?,
        SqlType::Double => Arc::new(Float64Array::from(parsed(texts, parse_double)?)),
        SqlType::Decimal { precision, scale } if *precision <= DECIMAL128_PRECISION_MAX => {
            let parse = |text: &str| parse_exact_decimal::<Decimal128Type>(text.trim(), *precision, *scale);
            let values = Decimal128Array::from(parsed(texts, parse)?);
            Arc::new(values.with_precision_and_scale(*precision, *scale).map_err(|_| None)?)
        }
        SqlType::Decimal { precision, scale } => {
            let parse = |text: &str| parse_exact_decimal::<Decimal256Type>(text.trim(), *precision, *scale);
            let values = Decimal256Array::from(parsed(texts, parse)?);
            Arc::new(values.with_precision_and_scale(*precision, *scale).map_err(|_| None)?)
        }
        SqlType::String => Arc::new(StringViewArray::from_iter_values(texts)),
        SqlType::Json => Arc::new(StringViewArray::from_iter_values(parsed(texts, |text| {
            serde_json::from_str::<&serde_json::value::RawValue>(text)
                .ok()
                .map(|json| json.get().to_owned())
        })?)),
        SqlType::Bytes => Arc::new(BinaryViewArray::from_iter_values(texts)),
        SqlType::Null | SqlType::Interval | SqlType::Array(_) | SqlType::Map(_, _) | SqlType::Struct(_) => {
            return Err(None);
        }
    };
    debug_assert_eq!(column.len(), texts.len());
    Ok(column)
}

fn parsed<T>(texts: &[String], parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Option<&str>> {
    texts
        .iter()
        .map(|text| parse(text).ok_or(Some(text.as_str())))
        .collect()
}

fn numbers<T: ArrowPrimitiveType>(texts: &[String], form: Form) -> Result<ArrayRef, Option<&str>>
where
    T::Native: TryFrom<i64>,
{
    let values = parsed(texts, |text| T::Native::try_from(form.parse(text)?).ok())?;
    Ok(Arc::new(PrimitiveArray::<T>::new(values.into(), None)))
}
