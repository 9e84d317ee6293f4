//! Values that must be there: the columns of a record key.

use std::fmt;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion_common::{DataFusionError, Result, exec_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use crate::kernel::Operand;

/// A column of a record key: the value itself, an error where it is NULL, since a record without its key can neither be
/// found nor replaced.
pub fn key_value(expr: Expr) -> Expr {
    static KEY_VALUE: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        Arc::new(ScalarUDF::from(KeyValue {
            signature: Signature::any(1, Volatility::Immutable),
        }))
    });
    KEY_VALUE.call(vec![expr])
}

/// The value that [`key_value`] asks for, or the expression itself.
pub fn without_key_value(expr: &Expr) -> &Expr {
    match expr {
        Expr::ScalarFunction(call) if call.func.inner().is::<KeyValue>() => call.args.first().unwrap_or(expr),
        _ => expr,
    }
}

/// Whether an expression failed because a key is NULL.
pub fn is_missing_key(error: &DataFusionError) -> bool {
    matches!(error, DataFusionError::External(source) if source.is::<MissingKey>())
}

/// A column of the record key is NULL.
#[derive(Debug)]
struct MissingKey;

impl fmt::Display for MissingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key is NULL")
    }
}

impl std::error::Error for MissingKey {}

#[derive(Debug, PartialEq, Eq, Hash)]
struct KeyValue {
    signature: Signature,
}

impl ScalarUDFImpl for KeyValue {
    fn name(&self) -> &'static str {
        "key_value"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [value] => Ok(value.clone()),
            _ => exec_err!("key_value takes one value"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = args.args.as_slice() else {
            return exec_err!("key_value takes one value");
        };
        if args.number_rows > 0 && Operand::new(value)?.array().logical_null_count() > 0 {
            return Err(DataFusionError::External(Box::new(MissingKey)));
        }
        Ok(value.clone())
    }
}
