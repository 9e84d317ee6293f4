//! What values are compared by, where it is not the values themselves.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, Decimal128Type, IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion_common::{Result, exec_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use velo_data::SqlType;

use crate::kernel::{Operand, columnar};

const NANOS_PER_DAY: i128 = 86_400_000_000_000;
const DAYS_PER_MONTH: i128 = 30;

/// What to compare, sort and group by in place of a value of this type.
///
/// That is the value itself, except for an INTERVAL: `1 day 2 hours` and `26 hours` are equal, but Arrow compares
/// months, then days, then nanoseconds. They are compared by their length, a month being 30 days, as in DuckDB.
pub fn comparison_key(expr: Expr, sql_type: &SqlType) -> Expr {
    static LENGTH: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        Arc::new(ScalarUDF::from(IntervalLength {
            signature: Signature::exact(vec![SqlType::Interval.arrow()], Volatility::Immutable),
        }))
    });
    match sql_type {
        SqlType::Interval => LENGTH.call(vec![expr]),
        _ => expr,
    }
}

/// Nanoseconds, as a decimal since 64 bits hold only 292 years of them.
#[derive(Debug, PartialEq, Eq, Hash)]
struct IntervalLength {
    signature: Signature,
}

impl ScalarUDFImpl for IntervalLength {
    fn name(&self) -> &'static str {
        "interval_length"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(38, 0))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [operand] = args.args.as_slice() else {
            return exec_err!("interval_length takes one interval");
        };
        let operand = Operand::new(operand)?;
        let lengths: PrimitiveArray<Decimal128Type> = operand
            .array()
            .as_primitive::<IntervalMonthDayNanoType>()
            .unary(length_nanos);
        let lengths: ArrayRef = Arc::new(lengths.with_data_type(DataType::Decimal128(38, 0)));
        columnar(lengths, operand.is_scalar())
    }
}

fn length_nanos(interval: IntervalMonthDayNano) -> i128 {
    let days = i128::from(interval.months) * DAYS_PER_MONTH + i128::from(interval.days);
    days * NANOS_PER_DAY + i128::from(interval.nanoseconds)
}
