//! The event time of a record, from a column of its own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMillisecondType};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use velo_data::SqlType;

use crate::cast::{convert, parse_timestamp};
use crate::error::FunctionError;
use crate::kernel::{Operand, columnar};
use crate::scalar::{ReadTime, TimePattern};

/// A function that turns a column into TIMESTAMP by the rules of `event.time.format`: `epoch_millis`,
/// `epoch_seconds` = `epoch`, `iso8601`, a strftime or Java pattern, or `None` to go by the column's type, where
/// numbers (also in text) are epoch milliseconds and text is ISO 8601.
///
/// What cannot be read becomes NULL, which the scan reports as a row error.
///
/// # Errors
///
/// The format is none of these.
pub fn event_time(format: Option<&str>) -> Result<Arc<ScalarUDF>, FunctionError> {
    let kind = match format.map(str::trim) {
        None | Some("" | "auto") => Kind::Auto,
        Some(word) if word.eq_ignore_ascii_case("epoch_millis") => Kind::Epoch { millis_per_unit: 1 },
        Some(word) if word.eq_ignore_ascii_case("epoch_seconds") || word.eq_ignore_ascii_case("epoch") => {
            Kind::Epoch { millis_per_unit: 1_000 }
        }
        Some(word) if word.eq_ignore_ascii_case("iso8601") => Kind::Iso8601,
        Some(pattern) => match TimePattern::parse(pattern) {
            Ok(time_pattern) => Kind::Pattern(time_pattern),
            Err(error) => {
                return Err(FunctionError::WrongArguments {
                    message: error.strip_backtrace(),
                    signature: "epoch_millis, epoch_seconds, iso8601 or a pattern such as %Y-%m-%d %H:%M:%S".into(),
                });
            }
        },
    };
    Ok(Arc::new(ScalarUDF::from(EventTime {
        format: format.unwrap_or_default().to_owned(),
        kind,
        signature: Signature::any(1, Volatility::Immutable),
    })))
}

#[derive(Debug)]
enum Kind {
    Auto,
    Epoch { millis_per_unit: i64 },
    Iso8601,
    Pattern(TimePattern),
}

/// Equal when the formats are, from which everything else follows.
#[derive(Debug)]
struct EventTime {
    format: String,
    kind: Kind,
    signature: Signature,
}

impl PartialEq for EventTime {
    fn eq(&self, other: &Self) -> bool {
        self.format == other.format
    }
}

impl Eq for EventTime {}

impl Hash for EventTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.format.hash(state);
    }
}

impl ScalarUDFImpl for EventTime {
    fn name(&self) -> &'static str {
        "event_time"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types.first().and_then(SqlType::from_arrow) {
            Some(SqlType::Null | SqlType::Timestamp | SqlType::Date | SqlType::String | SqlType::Json) => {
                Ok(SqlType::Timestamp.arrow())
            }
            Some(number) if number.is_numeric() => Ok(SqlType::Timestamp.arrow()),
            _ => plan_err!("an event time is a TIMESTAMP, a DATE, a number or text"),
        }
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [operand] = args.args.as_slice() else {
            return exec_err!("event_time takes one column");
        };
        let operand = Operand::new(operand)?;
        columnar(self.kind.read(operand.array())?, operand.is_scalar())
    }
}

impl Kind {
    fn read(&self, array: &ArrayRef) -> Result<ArrayRef> {
        let scale = match self {
            Self::Epoch { millis_per_unit } => *millis_per_unit,
            _ => 1,
        };
        match SqlType::from_arrow(array.data_type()) {
            Some(text) if text.is_text() => Ok(self.read_text(array)),
            Some(SqlType::Double | SqlType::Decimal { .. }) => {
                let doubles = convert(array, &SqlType::Double, true)?;
                Ok(Arc::new(times::<Float64Type>(&doubles, |value| {
                    from_double(value, scale)
                })))
            }
            Some(number) if number.is_integer() => {
                let integers = convert(array, &SqlType::BigInt, true)?;
                Ok(Arc::new(times::<Int64Type>(&integers, |value| {
                    value.checked_mul(scale)
                })))
            }
            _ => convert(array, &SqlType::Timestamp, true),
        }
    }

    fn read_text(&self, array: &ArrayRef) -> ArrayRef {
        let times: PrimitiveArray<TimestampMillisecondType> =
            array.as_string_view().iter().map(|text| self.read_one(text?)).collect();
        Arc::new(times)
    }

    fn read_one(&self, text: &str) -> Option<i64> {
        match self {
            Self::Auto => text.trim().parse().ok().or_else(|| parse_timestamp(text)),
            Self::Iso8601 => parse_timestamp(text),
            Self::Epoch { millis_per_unit } => match text.trim().parse::<i64>() {
                Ok(units) => units.checked_mul(*millis_per_unit),
                Err(_) => from_double(text.trim().parse().ok()?, *millis_per_unit),
            },
            Self::Pattern(pattern) => match pattern.read(text)? {
                ReadTime::Utc(time) | ReadTime::Local(time) => Some(time.and_utc().timestamp_millis()),
            },
        }
    }
}

fn times<T: arrow::datatypes::ArrowPrimitiveType>(
    array: &ArrayRef,
    millis: impl Fn(T::Native) -> Option<i64>,
) -> PrimitiveArray<TimestampMillisecondType> {
    array.as_primitive::<T>().unary_opt(millis)
}

fn from_double(value: f64, scale: i64) -> Option<i64> {
    let millis = (value * scale as f64).round();
    (millis.abs() < 9.2e18).then_some(millis as i64)
}
