use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Field, Float64Type, Int8Type, Int16Type, Int64Type};
use datafusion_common::{Result, exec_err, plan_datafusion_err, plan_err};
use datafusion_expr::expr::ScalarFunction;
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use velo_data::SqlType;

use super::division::without_zeros;
use super::{ArithmeticOperator, decimal, result_type, temporal};
use crate::kernel::{Operand, columnar, try_binary};

/// The operator as a function of two arguments. It takes any two types that [`result_type`] allows, so that no
/// casts are needed around its arguments, and returns the canonical Arrow type of the result.
pub fn udf(operator: ArithmeticOperator) -> Arc<ScalarUDF> {
    static FUNCTIONS: LazyLock<[Arc<ScalarUDF>; 6]> =
        LazyLock::new(|| ArithmeticOperator::ALL.map(|operator| Arc::new(ScalarUDF::from(Arithmetic::new(operator)))));
    Arc::clone(&FUNCTIONS[operator as usize])
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Arithmetic {
    operator: ArithmeticOperator,
    signature: Signature,
}

impl Arithmetic {
    pub(super) fn new(operator: ArithmeticOperator) -> Self {
        Self {
            operator,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }

    /// The values of `left operator right`.
    pub(super) fn compute(
        operator: ArithmeticOperator,
        left: &ColumnarValue,
        right: &ColumnarValue,
        result: &Field,
    ) -> Result<ColumnarValue> {
        let (left, right) = (Operand::new(left)?, Operand::new(right)?);
        let is_constant = left.is_scalar() && right.is_scalar();
        let array = evaluate(operator, left, right, result)?;
        columnar(array, is_constant)
    }

    fn result_of(&self, left: &DataType, right: &DataType) -> Result<SqlType> {
        let types = SqlType::from_arrow(left).zip(SqlType::from_arrow(right));
        types
            .and_then(|(left, right)| result_type(self.operator, &left, &right))
            .ok_or_else(|| plan_datafusion_err!("there is no operator {left} {} {right}", self.operator))
    }
}

impl ScalarUDFImpl for Arithmetic {
    fn name(&self) -> &str {
        self.operator.as_str()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        Ok(match args {
            [left, right] => format!("{} {} {}", operand(left), self.operator, operand(right)),
            _ => self.operator.to_string(),
        })
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.return_type(arg_types)?;
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        let [left, right] = arg_types else {
            return plan_err!("`{}` takes two operands", self.operator);
        };
        Ok(self.result_of(left, right)?.arrow())
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = args.args.as_slice() else {
            return exec_err!("`{}` takes two operands", self.operator);
        };
        Self::compute(self.operator, left, right, &args.return_field)
    }
}

/// An operand in text, in parentheses where it would otherwise be read with the wrong precedence.
pub(super) fn operand(expr: &Expr) -> String {
    match expr {
        Expr::ScalarFunction(ScalarFunction { func, .. }) if func.inner().is::<Arithmetic>() => format!("({expr})"),
        Expr::BinaryExpr(_) | Expr::Like(_) | Expr::Between(_) | Expr::InList(_) | Expr::Not(_) => format!("({expr})"),
        _ => expr.to_string(),
    }
}

fn evaluate(operator: ArithmeticOperator, left: Operand, right: Operand, result: &Field) -> Result<ArrayRef> {
    let (Some(left_type), Some(right_type), Some(result_type)) = (
        SqlType::from_arrow(left.array().data_type()),
        SqlType::from_arrow(right.array().data_type()),
        SqlType::from_arrow(result.data_type()),
    ) else {
        return exec_err!("`{operator}` was given a type that SQL does not have");
    };
    if left_type == SqlType::Null || right_type == SqlType::Null {
        let rows = if left.is_scalar() {
            right.array().len()
        } else {
            left.array().len()
        };
        return Ok(new_null_array(&result_type.arrow(), rows));
    }
    let is_double = left_type == SqlType::Double || right_type == SqlType::Double;
    if !(left_type.is_numeric() && right_type.is_numeric()) {
        temporal::evaluate(operator, (left, &left_type), (right, &right_type))
    } else if is_double || result_type == SqlType::Double {
        doubles(
            operator,
            &left.cast(&DataType::Float64)?,
            right.cast(&DataType::Float64)?,
        )
    } else if left_type.is_integer() && right_type.is_integer() {
        let width = result_type.arrow();
        integers(operator, &left.cast(&width)?, right.cast(&width)?)
    } else {
        decimal::evaluate(operator, (left, &left_type), (right, &right_type), &result_type)
    }
}

fn integers(operator: ArithmeticOperator, left: &Operand, right: Operand) -> Result<ArrayRef> {
    Ok(match operator {
        ArithmeticOperator::Add => numeric::add(left, &right)?,
        ArithmeticOperator::Subtract => numeric::sub(left, &right)?,
        ArithmeticOperator::Multiply => numeric::mul(left, &right)?,
        ArithmeticOperator::IntegerDivide | ArithmeticOperator::Divide => {
            let right = without_zeros::<Int64Type>(left, right);
            numeric::div(left, &right)?
        }
        ArithmeticOperator::Modulo => {
            let right = match right.array().data_type() {
                DataType::Int8 => without_zeros::<Int8Type>(left, right),
                DataType::Int16 => without_zeros::<Int16Type>(left, right),
                _ => without_zeros::<Int64Type>(left, right),
            };
            numeric::rem(left, &right)?
        }
    })
}

fn doubles(operator: ArithmeticOperator, left: &Operand, right: Operand) -> Result<ArrayRef> {
    Ok(match operator {
        ArithmeticOperator::Add => numeric::add(left, &right)?,
        ArithmeticOperator::Subtract => numeric::sub(left, &right)?,
        ArithmeticOperator::Multiply => numeric::mul(left, &right)?,
        ArithmeticOperator::Divide => {
            let right = without_zeros::<Float64Type>(left, right);
            numeric::div(left, &right)?
        }
        ArithmeticOperator::Modulo => {
            let right = without_zeros::<Float64Type>(left, right);
            numeric::rem(left, &right)?
        }
        ArithmeticOperator::IntegerDivide => {
            let right = without_zeros::<Float64Type>(left, right);
            Arc::new(try_binary::<Float64Type, Float64Type, Int64Type>(
                left,
                &right,
                |dividend, divisor| whole(dividend / divisor),
            )?)
        }
    })
}

fn whole(quotient: f64) -> Result<i64, arrow::error::ArrowError> {
    let truncated = quotient.trunc();
    // 2^63 itself is the first double that is too large; -2^63 still fits. NaN fails both comparisons.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&truncated) {
        Ok(truncated as i64)
    } else {
        Err(decimal::bigint_overflow())
    }
}
