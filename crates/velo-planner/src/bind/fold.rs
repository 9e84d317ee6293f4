//! Constants computed while planning.

use std::sync::{Arc, LazyLock};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion_common::{DFSchema, ScalarValue};
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_expr::{ColumnarValue, Expr};
use datafusion_physical_expr::create_physical_expr;
use velo_common::{Diagnostic, code};

use super::bound::Bound;

/// The value of an expression without columns; `None` when it has columns or differs from call to call.
///
/// The error is the reason in words: the expression would fail on every row.
pub(crate) fn constant(expr: &Expr) -> Option<Result<ScalarValue, String>> {
    if let Expr::Literal(value, _) = expr {
        return Some(Ok(value.clone()));
    }
    let is_constant = !expr.any_column_refs() && !expr.is_volatile();
    is_constant.then(|| evaluate(expr))
}

/// Replaces a constant expression by its value.
///
/// # Errors
///
/// When it cannot be computed.
pub(crate) fn folded(bound: Bound) -> Result<Bound, Diagnostic> {
    match constant(&bound.expr) {
        None => Ok(bound),
        Some(Ok(value)) => Ok(Bound::literal(value, bound.sql_type, bound.span)),
        Some(Err(reason)) => Err(Diagnostic::new(
            &code::CONSTANT_OVERFLOW,
            bound.span,
            format!("this cannot be computed: {reason}"),
        )),
    }
}

fn evaluate(expr: &Expr) -> Result<ScalarValue, String> {
    static ONE_ROW: LazyLock<Option<RecordBatch>> = LazyLock::new(|| {
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).ok()
    });
    let row = ONE_ROW.as_ref().ok_or("no row to compute it on")?;
    let planning = PhysicalPlanningContext::default();
    let result = create_physical_expr(expr, &DFSchema::empty(), &ExecutionProps::new(), &planning)
        .and_then(|physical| physical.evaluate(row))
        .and_then(|value| match value {
            ColumnarValue::Scalar(value) => Ok(value),
            ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0),
        });
    // Divisions by zero while planning are nobody's rows.
    velo_functions::take_zero_divisions();
    result.map_err(|error| velo_functions::error_message(&error))
}
