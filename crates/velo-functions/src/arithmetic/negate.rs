use std::sync::{Arc, LazyLock};

use arrow::compute::kernels::numeric;
use arrow::datatypes::DataType;
use datafusion_common::{Result, exec_err, plan_datafusion_err, plan_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use velo_data::SqlType;

use crate::kernel::{Operand, columnar};

/// Unary minus as a function of one argument: of numbers and intervals; the type stays. The smallest integer has
/// no counterpart, so negating it is an overflow error.
pub fn negate() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        Arc::new(ScalarUDF::from(Negate {
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    });
    Arc::clone(&FUNCTION)
}

/// The type of `-operand`, or `None` where unary minus does not apply.
pub fn negated_type(operand: &SqlType) -> Option<SqlType> {
    match operand {
        SqlType::Null => Some(SqlType::BigInt),
        SqlType::Interval => Some(SqlType::Interval),
        number if number.is_numeric() => Some(number.clone()),
        _ => None,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Negate {
    signature: Signature,
}

impl ScalarUDFImpl for Negate {
    fn name(&self) -> &'static str {
        "negate"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        Ok(args.first().map(|operand| format!("-({operand})")).unwrap_or_default())
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.return_type(arg_types)?;
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        let [operand] = arg_types else {
            return plan_err!("unary minus takes one operand");
        };
        SqlType::from_arrow(operand)
            .as_ref()
            .and_then(negated_type)
            .map(|result| result.arrow())
            .ok_or_else(|| plan_datafusion_err!("there is no operator -{operand}"))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [operand] = args.args.as_slice() else {
            return exec_err!("unary minus takes one operand");
        };
        let operand = Operand::new(operand)?.cast(args.return_field.data_type())?;
        columnar(numeric::neg(operand.array().as_ref())?, operand.is_scalar())
    }
}
