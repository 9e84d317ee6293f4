//! The few loops that every kernel of this crate is made of: columns and constants in, one column out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Datum, PrimitiveArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::ColumnarValue;

/// How every conversion inside a kernel is made: what does not fit is an error, never a NULL.
pub(crate) const CHECKED: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: arrow::util::display::FormatOptions::new(),
};

/// An argument: a column, or a constant held as an array of one row.
#[derive(Debug, Clone)]
pub(crate) struct Operand {
    array: ArrayRef,
    is_scalar: bool,
}

impl Datum for Operand {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array.as_ref(), self.is_scalar)
    }
}

impl Operand {
    pub(crate) fn new(value: &ColumnarValue) -> Result<Self> {
        Ok(match value {
            ColumnarValue::Array(array) => Self::column(Arc::clone(array)),
            ColumnarValue::Scalar(scalar) => Self::constant(scalar.to_array()?),
        })
    }

    pub(crate) fn column(array: ArrayRef) -> Self {
        Self {
            array,
            is_scalar: false,
        }
    }

    pub(crate) fn constant(array: ArrayRef) -> Self {
        Self { array, is_scalar: true }
    }

    pub(crate) fn array(&self) -> &ArrayRef {
        &self.array
    }

    pub(crate) fn is_scalar(&self) -> bool {
        self.is_scalar
    }

    /// This argument as another type; free when it has it already.
    pub(crate) fn cast(self, to: &DataType) -> Result<Self> {
        if self.array.data_type() == to {
            return Ok(self);
        }
        Ok(Self {
            array: cast_with_options(&self.array, to, &CHECKED)?,
            is_scalar: self.is_scalar,
        })
    }

    /// The value of a constant that is not NULL.
    fn value<T: ArrowPrimitiveType>(&self) -> Option<T::Native> {
        let array = self.array.as_primitive::<T>();
        (!array.is_empty() && array.is_valid(0)).then(|| array.value(0))
    }
}

/// Applies `operation` to each pair of values that are both there.
pub(crate) fn try_binary<L, R, O>(
    left: &Operand,
    right: &Operand,
    operation: impl Fn(L::Native, R::Native) -> Result<O::Native, ArrowError>,
) -> Result<PrimitiveArray<O>, ArrowError>
where
    L: ArrowPrimitiveType,
    R: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    match (left.is_scalar, right.is_scalar) {
        (true, false) => match left.value::<L>() {
            Some(value) => right
                .array
                .as_primitive::<R>()
                .try_unary(|other| operation(value, other)),
            None => Ok(PrimitiveArray::new_null(right.array.len())),
        },
        (false, true) => match right.value::<R>() {
            Some(value) => left
                .array
                .as_primitive::<L>()
                .try_unary(|other| operation(other, value)),
            None => Ok(PrimitiveArray::new_null(left.array.len())),
        },
        _ => arrow::compute::kernels::arity::try_binary(
            left.array.as_primitive::<L>(),
            right.array.as_primitive::<R>(),
            operation,
        ),
    }
}

/// What a kernel computed, as a constant again when all that it was given was constant.
pub(crate) fn columnar(array: ArrayRef, constant: bool) -> Result<ColumnarValue> {
    if constant {
        Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?))
    } else {
        Ok(ColumnarValue::Array(array))
    }
}
