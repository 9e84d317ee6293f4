//! One helper: SQL-like values in, one value out, as DuckDB would print it.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion_common::{DFSchema, ScalarValue};
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_expr::{Expr, col, lit};
use datafusion_physical_expr::create_physical_expr;
use velo_data::SqlType;
use velo_functions::{Argument, ArithmeticOperator, ResolvedFunction, arithmetic, cast_expr, resolve_scalar};

/// A literal of a canonical type.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) sql_type: SqlType,
    pub(crate) scalar: ScalarValue,
}

impl Value {
    pub(crate) fn argument(&self) -> Argument {
        Argument {
            sql_type: self.sql_type.clone(),
            literal: Some(self.scalar.clone()),
        }
    }
}

/// Reads `1`, `1.50`, `1e0`, `'text'`, `true`, `NULL` and `'text'::TYPE` as SQL does.
pub(crate) fn value(text: &str) -> Value {
    if let Some((inner, type_name)) = text.rsplit_once("::") {
        let inner = value(inner);
        let to = sql_type(type_name);
        let cast = cast_expr(lit(inner.scalar), &inner.sql_type, &to, false).expect("the literal can be cast");
        return Value {
            scalar: evaluate(&cast).expect("the literal is valid"),
            sql_type: to,
        };
    }
    let (sql_type, scalar) = if text == "NULL" {
        (SqlType::Null, ScalarValue::Null)
    } else if let Ok(truth) = text.parse::<bool>() {
        (SqlType::Boolean, ScalarValue::from(truth))
    } else if let Some(quoted) = text.strip_prefix('\'') {
        let inner = quoted.strip_suffix('\'').expect("a closing quote");
        (SqlType::String, ScalarValue::Utf8View(Some(inner.replace("''", "'"))))
    } else if let Ok(integer) = text.parse::<i64>() {
        (SqlType::BigInt, ScalarValue::from(integer))
    } else if text.contains('e') {
        (
            SqlType::Double,
            ScalarValue::from(text.parse::<f64>().expect("a double")),
        )
    } else {
        let (whole, fraction) = text.split_once('.').expect("a decimal");
        let digits = format!("{whole}{fraction}");
        let scale = fraction.len() as i8;
        let precision = (digits.trim_start_matches(['-', '0']).len().max(fraction.len()).max(1)) as u8;
        let unscaled: i128 = digits.parse().expect("a decimal");
        (
            SqlType::Decimal { precision, scale },
            ScalarValue::Decimal128(Some(unscaled), precision, scale),
        )
    };
    Value { sql_type, scalar }
}

pub(crate) fn sql_type(name: &str) -> SqlType {
    let name = name.trim();
    if let Some(element) = name.strip_suffix("[]") {
        return SqlType::Array(Box::new(sql_type(element)));
    }
    if let Some(digits) = name.strip_prefix("DECIMAL(").and_then(|rest| rest.strip_suffix(')')) {
        let (precision, scale) = digits.split_once(',').expect("precision and scale");
        return SqlType::Decimal {
            precision: precision.trim().parse().expect("a precision"),
            scale: scale.trim().parse().expect("a scale"),
        };
    }
    match name {
        "NULL" => SqlType::Null,
        "BOOLEAN" => SqlType::Boolean,
        "TINYINT" => SqlType::TinyInt,
        "SMALLINT" => SqlType::SmallInt,
        "BIGINT" => SqlType::BigInt,
        "DOUBLE" => SqlType::Double,
        "STRING" => SqlType::String,
        "BYTES" => SqlType::Bytes,
        "DATE" => SqlType::Date,
        "TIME" => SqlType::Time,
        "TIMESTAMP" => SqlType::Timestamp,
        "INTERVAL" => SqlType::Interval,
        "JSON" => SqlType::Json,
        other => panic!("{other} is not a type"),
    }
}

/// Evaluates an expression without columns.
pub(crate) fn evaluate(expr: &Expr) -> Result<ScalarValue, String> {
    let schema = Arc::new(Schema::empty());
    let batch = RecordBatch::try_new_with_options(schema, vec![], &RecordBatchOptions::new().with_row_count(Some(1)))
        .expect("an empty batch");
    let array = evaluate_on(expr, &batch)?;
    ScalarValue::try_from_array(&array, 0).map_err(|error| error.strip_backtrace())
}

/// Evaluates an expression over the columns of a batch.
pub(crate) fn evaluate_on(expr: &Expr, batch: &RecordBatch) -> Result<ArrayRef, String> {
    let schema = DFSchema::try_from(batch.schema().as_ref().clone()).expect("a schema");
    create_physical_expr(
        expr,
        &schema,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )
    .and_then(|physical| physical.evaluate(batch))
    .and_then(|value| value.into_array(batch.num_rows()))
    .map_err(|error| error.strip_backtrace())
}

/// The value as text in our own spelling, with its type: `1.5 DECIMAL(2, 1)`.
pub(crate) fn show(scalar: &ScalarValue, sql_type: &SqlType) -> String {
    assert_eq!(
        scalar.data_type(),
        sql_type.arrow(),
        "the Arrow type is the canonical one"
    );
    if scalar.is_null() {
        return format!("NULL {sql_type}");
    }
    let text = match cast_expr(lit(scalar.clone()), sql_type, &SqlType::String, false) {
        Some(cast) => evaluate(&cast).expect("a value is text"),
        None => {
            let function = resolve_scalar("TO_JSON_STRING", &[Argument::from(sql_type.clone())]).expect("JSON");
            evaluate(&function.call(vec![lit(scalar.clone())])).expect("a value is JSON")
        }
    };
    match text {
        ScalarValue::Utf8View(Some(text)) => format!("{text} {sql_type}"),
        other => panic!("{other:?} is not text"),
    }
}

/// `left operator right`, as `value TYPE` or `error: message`.
pub(crate) fn compute(left: &str, operator: ArithmeticOperator, right: &str) -> String {
    let (left, right) = (value(left), value(right));
    let Some(result) = arithmetic::result_type(operator, &left.sql_type, &right.sql_type) else {
        return format!("no {} {operator} {}", left.sql_type, right.sql_type);
    };
    match evaluate(&arithmetic::udf(operator).call(vec![lit(left.scalar), lit(right.scalar)])) {
        Ok(scalar) => show(&scalar, &result),
        Err(message) => format!("error: {message}"),
    }
}

/// A call of a function with literals, as `value TYPE` or `error: message`.
pub(crate) fn call(name: &str, arguments: &[&str]) -> String {
    let values: Vec<Value> = arguments.iter().map(|argument| value(argument)).collect();
    call_values(name, &values)
}

pub(crate) fn call_values(name: &str, values: &[Value]) -> String {
    let resolved = resolve_scalar(name, &values.iter().map(Value::argument).collect::<Vec<_>>());
    match resolved {
        Ok(function) => apply(&function, values),
        Err(error) => format!("refused: {error}"),
    }
}

fn apply(function: &ResolvedFunction, values: &[Value]) -> String {
    let call = function.call(values.iter().map(|value| lit(value.scalar.clone())).collect());
    match evaluate(&call) {
        Ok(scalar) => {
            let shown = show(&scalar, function.return_type());
            agree_on_columns(function, values, &shown);
            shown
        }
        Err(message) => format!("error: {message}"),
    }
}

/// The same call gives the same in every row of columns, whichever of the arguments are columns.
fn agree_on_columns(function: &ResolvedFunction, values: &[Value], expected: &str) {
    // The type of the result depends on these, so they must be literals.
    let literal = match function.udf().map(|udf| udf.name()) {
        Some("date_part") if values.len() > 1 => Some(0),
        Some("get_field") => Some(1),
        Some("map") => return, // NULL beside a list is an error there.
        _ => None,
    };
    let all: Vec<usize> = (0..values.len()).filter(|index| Some(*index) != literal).collect();
    let single: Vec<Vec<usize>> = all.iter().map(|index| vec![*index]).collect();
    for columns in single.into_iter().chain([all]) {
        let arrays = columns.iter().map(|&index| {
            let value = &values[index].scalar;
            let null = ScalarValue::try_from(&value.data_type()).expect("a NULL");
            let rows = [value.clone(), null, value.clone()];
            (
                format!("c{index}"),
                ScalarValue::iter_to_array(rows).expect("a column"),
                true,
            )
        });
        let Ok(batch) = RecordBatch::try_from_iter_with_nullable(arrays) else {
            continue; // No columns at all.
        };
        let arguments = (0..values.len()).map(|index| {
            if columns.contains(&index) {
                col(format!("c{index}"))
            } else {
                lit(values[index].scalar.clone())
            }
        });
        let array = evaluate_on(&function.call(arguments.collect()), &batch).expect("no error in columns");
        for row in [0, 2] {
            let scalar = ScalarValue::try_from_array(&array, row).expect("a value");
            assert_eq!(
                show(&scalar, function.return_type()),
                expected,
                "row {row}, columns {columns:?} of {values:?}"
            );
        }
    }
}

/// `CAST(text AS type)` or `TRY_CAST`, as `value TYPE` or `error: message`.
pub(crate) fn cast(text: &str, to: &str, try_cast: bool) -> String {
    let (value, to) = (value(text), sql_type(to));
    match cast_expr(lit(value.scalar), &value.sql_type, &to, try_cast) {
        None => format!("no cast from {} to {to}", value.sql_type),
        Some(cast) => match evaluate(&cast) {
            Ok(scalar) => show(&scalar, &to),
            Err(message) => format!("error: {message}"),
        },
    }
}

/// Compares all rows of a table at once, so that one run shows every difference.
pub(crate) fn check(rows: impl IntoIterator<Item = (String, String, String)>) {
    let wrong: Vec<String> = rows
        .into_iter()
        .filter(|(_, actual, expected)| actual != expected && !(expected == "error" && actual.starts_with("error:")))
        .map(|(what, actual, expected)| format!("{what}\n  expected {expected}\n  actual   {actual}"))
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
