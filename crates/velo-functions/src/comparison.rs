//! What values are compared by, where it is not the values themselves.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, ListArray, PrimitiveArray, StructArray};
use arrow::datatypes::{DataType, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion_common::{Result, exec_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use velo_data::SqlType;

use crate::kernel::{Operand, columnar};

const NANOS_PER_DAY: i128 = 86_400_000_000_000;
const NANOS_PER_MONTH: i128 = 30 * NANOS_PER_DAY;

/// What to compare and sort in place of a value of this type; see [`comparable`].
///
/// That is the value itself, except for an INTERVAL and for values that hold doubles or intervals. Doubles themselves are
/// compared as numbers by the kernels.
pub fn comparison_key(expr: Expr, sql_type: &SqlType) -> Expr {
    match sql_type {
        SqlType::Double => expr,
        other => bitwise_key(expr, other),
    }
}

/// What to compare bit by bit in place of a value of this type.
pub(crate) fn bitwise_key(expr: Expr, sql_type: &SqlType) -> Expr {
    static COMPARABLE: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        Arc::new(ScalarUDF::from(Comparable {
            signature: Signature::any(1, Volatility::Immutable),
        }))
    });
    if has_equals(&sql_type.arrow()) {
        COMPARABLE.call(vec![expr])
    } else {
        expr
    }
}

/// Whether values of this type can be equal without being the same bits.
fn has_equals(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float64 | DataType::Interval(IntervalUnit::MonthDayNano) => true,
        DataType::List(element) => has_equals(element.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_equals(field.data_type())),
        _ => false,
    }
}

/// The same values, of which equal ones are the same bits, and which compare as their parts do in order: `-0.0` becomes
/// `0.0`, any NaN the one, and an INTERVAL is written in its longest units, a month being 30 days and a day 24 hours as
/// in `DuckDB`.
///
/// # Errors
///
/// When an Arrow array cannot be made, which never happens with arrays that are valid.
pub fn comparable(column: &ArrayRef) -> Result<ArrayRef> {
    if !has_equals(column.data_type()) {
        return Ok(Arc::clone(column));
    }
    Ok(match column.data_type() {
        DataType::Float64 => {
            let floats: PrimitiveArray<Float64Type> = column.as_primitive::<Float64Type>().unary(comparable_float);
            Arc::new(floats)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let intervals: PrimitiveArray<IntervalMonthDayNanoType> = column
                .as_primitive::<IntervalMonthDayNanoType>()
                .unary(comparable_interval);
            Arc::new(intervals)
        }
        DataType::List(element) => {
            let list = column.as_list::<i32>();
            let values = comparable(list.values())?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(Arc::clone(element), offsets, values, nulls)?)
        }
        DataType::Struct(fields) => {
            let row = column.as_struct();
            let columns = row.columns().iter().map(comparable).collect::<Result<_>>()?;
            Arc::new(StructArray::try_new(fields.clone(), columns, row.nulls().cloned())?)
        }
        _ => Arc::clone(column),
    })
}

fn comparable_float(value: f64) -> f64 {
    if value.is_nan() {
        f64::NAN
    } else {
        value + 0.0 // -0.0 + 0.0 is 0.0
    }
}

/// An interval of the same length with as many months as it holds, then as many days. All parts have its sign, so that
/// comparing them one after the other compares lengths.
pub fn comparable_interval(interval: IntervalMonthDayNano) -> IntervalMonthDayNano {
    let length = i128::from(interval.months) * NANOS_PER_MONTH
        + i128::from(interval.days) * NANOS_PER_DAY
        + i128::from(interval.nanoseconds);
    // Only an interval of nearly 2^31 months does not fit: what is left of it then stays in the shorter units.
    let months = clamped(length / NANOS_PER_MONTH);
    let rest = length - i128::from(months) * NANOS_PER_MONTH;
    let days = clamped(rest / NANOS_PER_DAY);
    let rest = rest - i128::from(days) * NANOS_PER_DAY;
    IntervalMonthDayNano::new(months, days, i64::try_from(rest).unwrap_or(i64::MAX))
}

fn clamped(count: i128) -> i32 {
    let limits = i128::from(i32::MIN)..=i128::from(i32::MAX);
    count.clamp(*limits.start(), *limits.end()) as i32
}

/// [`comparable`] as a function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Comparable {
    signature: Signature,
}

impl ScalarUDFImpl for Comparable {
    fn name(&self) -> &'static str {
        "comparable"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [value] => Ok(value.clone()),
            _ => exec_err!("comparable takes one value"),
        }
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [operand] = args.args.as_slice() else {
            return exec_err!("comparable takes one value");
        };
        let operand = Operand::new(operand)?;
        columnar(comparable(operand.array())?, operand.is_scalar())
    }
}
