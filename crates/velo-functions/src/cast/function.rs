use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, MapArray, StructArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Field};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast};
use velo_data::{SqlType, StructField};

use super::{can_cast, number, struct_sources, text, time_text};
use crate::kernel::{CHECKED, Operand, columnar};

/// `CAST(expr AS to)`, or `TRY_CAST`; `None` when there is no such cast.
///
/// The expression's Arrow type must be the canonical one of `from`; the result's is that of `to`.
pub fn cast_expr(expr: Expr, from: &SqlType, to: &SqlType, try_cast: bool) -> Option<Expr> {
    if !can_cast(from, to) {
        return None;
    }
    let target = to.arrow();
    if from.arrow() == target {
        return Some(expr);
    }
    // DataFusion's own cast can be moved through comparisons by its optimizer, so it is used where nothing can fail.
    if is_lossless(from, to) {
        return Some(cast(expr, target));
    }
    Some(ScalarUDF::from(Cast::new(to.clone(), try_cast)).call(vec![expr]))
}

fn is_lossless(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{BigInt, Decimal, Double, Null, SmallInt, TinyInt};
    match (from, to) {
        (Null, _) | (TinyInt, SmallInt | BigInt | Double) | (SmallInt, BigInt | Double) => true,
        (from, Decimal { precision, scale }) => {
            crate::arithmetic::decimal_digits(from).is_some_and(|(from_precision, from_scale)| {
                from_scale <= *scale
                    && i16::from(from_precision) - i16::from(from_scale) <= i16::from(*precision) - i16::from(*scale)
            })
        }
        _ => false,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Cast {
    to: SqlType,
    or_null: bool,
    signature: Signature,
}

impl Cast {
    fn new(to: SqlType, or_null: bool) -> Self {
        Self {
            to,
            or_null,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Cast {
    fn name(&self) -> &'static str {
        if self.or_null { "TRY_CAST" } else { "CAST" }
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let operand = args.first().map(ToString::to_string).unwrap_or_default();
        Ok(format!("{}({operand} AS {})", self.name(), self.to))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [from] if SqlType::from_arrow(from).is_some_and(|from| can_cast(&from, &self.to)) => Ok(self.to.arrow()),
            _ => plan_err!("there is no such cast to {}", self.to),
        }
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [operand] = args.args.as_slice() else {
            return exec_err!("{} takes one operand", self.name());
        };
        let operand = Operand::new(operand)?;
        columnar(convert(operand.array(), &self.to, self.or_null)?, operand.is_scalar())
    }
}

/// Converts a column whose Arrow type is canonical.
///
/// # Errors
///
/// A value that has no counterpart in the new type, unless such values are to become NULL.
pub(crate) fn convert(array: &ArrayRef, to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    use SqlType::{
        Array, BigInt, Boolean, Date, Decimal, Double, Interval, Json, Map, String, Struct, Time, Timestamp,
    };
    let Some(from) = SqlType::from_arrow(array.data_type()) else {
        return exec_err!("there is no cast from {} to {to}", array.data_type());
    };
    match (&from, to) {
        (from, to) if from.arrow() == to.arrow() && *array.data_type() == to.arrow() => Ok(Arc::clone(array)),
        (Array(_), Array(element)) => convert_list(array, element, or_null),
        (Map(_, _), Map(key, value)) => convert_map(array, (key, value), to, or_null),
        (Struct(_), Struct(fields)) => convert_struct(array, fields, to, or_null),
        (String | Json, Date | Time | Timestamp | Interval) => time_text::convert(array, to, or_null),
        (String | Json, to) if to.is_numeric() || *to == Boolean => number::from_text(array, to, or_null),
        (_, String | Json) => text::to_text(array),
        (Double, to) if to.is_integer() => number::round_double(array, to, or_null),
        (Decimal { .. }, to) if to.is_integer() => number::round_decimal(array, to, or_null),
        (Decimal { .. }, Boolean) => Ok(decimal_is_not_zero(array)),
        // By way of BIGINT: Arrow has no such casts, or rounds differently.
        (Boolean, Decimal { .. }) | (Double | Decimal { .. }, Timestamp) => {
            convert(&convert(array, &BigInt, or_null)?, to, or_null)
        }
        (Timestamp, to) if to.is_numeric() && *to != BigInt => convert(&convert(array, &BigInt, or_null)?, to, or_null),
        (from, to) if from.is_integer() && to.is_integer() => number::narrow_integers(array, to, or_null),
        _ => by_arrow(array, &to.arrow(), or_null),
    }
}

fn by_arrow(array: &ArrayRef, to: &DataType, or_null: bool) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: or_null,
        ..CHECKED
    };
    Ok(cast_with_options(array, to, &options)?)
}

fn decimal_is_not_zero(array: &ArrayRef) -> ArrayRef {
    let nulls = array.nulls().cloned();
    let is_not_zero = match array.data_type() {
        DataType::Decimal256(_, _) => BooleanArray::from_unary(array.as_primitive::<Decimal256Type>(), |value| {
            value != arrow::datatypes::i256::ZERO
        }),
        _ => BooleanArray::from_unary(array.as_primitive::<Decimal128Type>(), |value| value != 0),
    };
    Arc::new(BooleanArray::new(is_not_zero.values().clone(), nulls))
}

fn convert_list(array: &ArrayRef, element: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let list = array.as_list::<i32>();
    let values = convert(list.values(), element, or_null)?;
    let field = Arc::new(Field::new_list_field(element.arrow(), true));
    Ok(Arc::new(ListArray::try_new(
        field,
        list.offsets().clone(),
        values,
        list.nulls().cloned(),
    )?))
}

fn convert_map(array: &ArrayRef, (key, value): (&SqlType, &SqlType), to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let map = array.as_map();
    let DataType::Map(entries, is_sorted) = to.arrow() else {
        return exec_err!("{to} is not a map");
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return exec_err!("{to} is not a map");
    };
    let columns = vec![convert(map.keys(), key, false)?, convert(map.values(), value, or_null)?];
    let converted = StructArray::try_new(fields.clone(), columns, None)?;
    Ok(Arc::new(MapArray::try_new(
        entries,
        map.offsets().clone(),
        converted,
        map.nulls().cloned(),
        is_sorted,
    )?))
}

/// Fields go by name; one that is missing becomes NULL.
fn convert_struct(array: &ArrayRef, fields: &[StructField], to: &SqlType, or_null: bool) -> Result<ArrayRef> {
    let structs = array.as_struct();
    let (Some(SqlType::Struct(from)), DataType::Struct(arrow_fields)) =
        (SqlType::from_arrow(array.data_type()), to.arrow())
    else {
        return exec_err!("{to} is not a struct");
    };
    let columns = fields
        .iter()
        .zip(struct_sources(&from, fields))
        .map(|(field, source)| match source {
            Some(source) => convert(structs.column(source), &field.sql_type, or_null),
            None => Ok(new_null_array(&field.sql_type.arrow(), structs.len())),
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(StructArray::try_new(
        arrow_fields,
        columns,
        structs.nulls().cloned(),
    )?))
}
