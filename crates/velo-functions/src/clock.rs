//! The processing time: what `NOW()` and its like are while a batch is computed.

use std::cell::Cell;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use velo_data::SqlType;

thread_local! {
    static PROCESSING_TIME_MS: Cell<Option<i64>> = const { Cell::new(None) };
}

/// Sets what [`processing_time`] is from now on, on this thread.
///
/// Expressions have no clock of their own. Whoever drives them reads a [`velo_data::Clock`] once for each batch, so
/// that all rows of the batch see the same time and a test can decide it.
pub fn set_processing_time(now_ms: i64) {
    PROCESSING_TIME_MS.set(Some(now_ms));
}

/// The time at which the row is processed, a TIMESTAMP: the same for all rows of a batch.
pub fn processing_time() -> Expr {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        Arc::new(ScalarUDF::from(ProcessingTime {
            signature: Signature::nullary(Volatility::Volatile),
        }))
    });
    FUNCTION.call(vec![])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ProcessingTime {
    signature: Signature,
}

impl ScalarUDFImpl for ProcessingTime {
    fn name(&self) -> &'static str {
        "now"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(SqlType::Timestamp.arrow())
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match PROCESSING_TIME_MS.get() {
            Some(now_ms) => Ok(ColumnarValue::Scalar(ScalarValue::TimestampMillisecond(
                Some(now_ms),
                None,
            ))),
            None => exec_err!("nobody has set the processing time on this thread"),
        }
    }
}
