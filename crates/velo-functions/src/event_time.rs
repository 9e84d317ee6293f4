//! The event time of a record, from a column of its own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMillisecondType};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use velo_data::SqlType;
use velo_data::time::{TimeFormat, TimeProblem};

use crate::cast::{convert, to_text};
use crate::error::FunctionError;
use crate::kernel::{Operand, columnar};

/// A function that turns a column into TIMESTAMP by the rules of `event.time.format`: `epoch_millis`,
/// `epoch_seconds` = `epoch`, `iso8601`, a strftime or Java pattern, or `None` to go by what is found: text as casts read
/// it, and the values of a column of numbers as epoch milliseconds, unless
/// they are plausible as seconds.
///
/// What cannot be read becomes NULL, which the scan reports as a row error; [`failing_event_time`] says why.
///
/// # Errors
///
/// The format is none of these.
pub fn event_time(format: Option<&str>) -> Result<Arc<ScalarUDF>, FunctionError> {
    let parsed = TimeFormat::parse(format).map_err(|message| FunctionError::WrongArguments {
        message,
        signature: "epoch_millis, epoch_seconds, iso8601 or a pattern such as %Y-%m-%d %H:%M:%S".into(),
    })?;
    Ok(Arc::new(ScalarUDF::from(EventTime {
        name: format.unwrap_or_default().to_owned(),
        format: parsed,
        or_null: true,
        signature: Signature::any(1, Volatility::Immutable),
    })))
}

/// An expression in which [`event_time`] fails with the reason where it would give NULL; `None` if there is no such call.
pub fn failing_event_time(expr: Expr) -> Option<Expr> {
    let changed = expr.transform(|inner| {
        let Expr::ScalarFunction(call) = &inner else {
            return Ok(Transformed::no(inner));
        };
        let Some(event_time) = call.func.inner().downcast_ref::<EventTime>() else {
            return Ok(Transformed::no(inner));
        };
        let failing = ScalarUDF::from(EventTime {
            name: event_time.name.clone(),
            format: event_time.format.clone(),
            or_null: false,
            signature: event_time.signature.clone(),
        });
        Ok(Transformed::yes(failing.call(call.args.clone())))
    });
    changed
        .ok()
        .filter(|changed| changed.transformed)
        .map(|changed| changed.data)
}

/// Equal when the formats are called the same, from which everything else follows.
#[derive(Debug)]
struct EventTime {
    name: String,
    format: TimeFormat,
    or_null: bool,
    signature: Signature,
}

impl EventTime {
    fn identity(&self) -> (&str, bool) {
        (&self.name, self.or_null)
    }
}

impl PartialEq for EventTime {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for EventTime {}

impl Hash for EventTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
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
        let times = self.read(operand.array())?;
        if !self.or_null
            && let Some(row) = (0..times.len()).find(|row| times.is_null(*row) && operand.array().is_valid(*row))
        {
            return self.refuse(&operand.array().slice(row, 1));
        }
        columnar(times, operand.is_scalar())
    }
}

impl EventTime {
    /// The times; NULL where there is none.
    fn read(&self, array: &ArrayRef) -> Result<ArrayRef> {
        Ok(match SqlType::from_arrow(array.data_type()) {
            Some(text) if text.is_text() => {
                let texts = array.as_string_view().iter();
                let times: PrimitiveArray<TimestampMillisecondType> =
                    texts.map(|text| self.format.read_text(text?).ok()).collect();
                Arc::new(times)
            }
            Some(SqlType::Double | SqlType::Decimal { .. }) => {
                let doubles = convert(array, &SqlType::Double, true)?;
                Arc::new(times::<Float64Type>(&doubles, |number| {
                    self.format.read_stored_double(number)
                }))
            }
            Some(number) if number.is_integer() => {
                let integers = convert(array, &SqlType::BigInt, true)?;
                Arc::new(times::<Int64Type>(&integers, |number| {
                    self.format.read_stored_integer(number)
                }))
            }
            _ => convert(array, &SqlType::Timestamp, true)?,
        })
    }

    /// Why the one value of `array` is no time.
    #[cold]
    fn refuse<T>(&self, array: &ArrayRef) -> Result<T> {
        let problem = match SqlType::from_arrow(array.data_type()) {
            Some(text) if text.is_text() => self.format.read_text(array.as_string_view().value(0)).err(),
            Some(number) if number.is_integer() => {
                let integers = convert(array, &SqlType::BigInt, true)?;
                self.format
                    .read_stored_integer(integers.as_primitive::<Int64Type>().value(0))
                    .err()
            }
            _ => {
                let doubles = convert(array, &SqlType::Double, true)?;
                self.format
                    .read_stored_double(doubles.as_primitive::<Float64Type>().value(0))
                    .err()
            }
        };
        let problem = problem.unwrap_or(TimeProblem::NotATime);
        let shown = to_text(array)?;
        let shown = shown.as_string_view().value(0);
        Err(match problem {
            TimeProblem::Implausible { .. } => exec_datafusion_err!(
                "`{shown}` is no event time: {problem}; say how it is written: \
                 'event.time.format' = 'epoch_millis', 'epoch_seconds' or a pattern"
            ),
            TimeProblem::NotATime if !self.name.is_empty() => {
                exec_datafusion_err!("`{shown}` is no event time: it is not written as '{}'", self.name)
            }
            problem => exec_datafusion_err!("`{shown}` is no event time: {problem}"),
        })
    }
}

fn times<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    millis: impl Fn(T::Native) -> Result<i64, TimeProblem>,
) -> PrimitiveArray<TimestampMillisecondType> {
    array.as_primitive::<T>().unary_opt(|value| millis(value).ok())
}
