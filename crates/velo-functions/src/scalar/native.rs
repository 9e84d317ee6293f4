//! Functions of our own, described by data: what they take, what they return, and one loop over columns.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayAccessor, ArrayRef, ArrowPrimitiveType, AsArray, BinaryViewArray, BinaryViewBuilder, BooleanArray,
    MapArray, PrimitiveArray, StringViewArray, StringViewBuilder,
};
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_datafusion_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use velo_data::SqlType;

use super::parameter::Parameter;
use crate::kernel::{Operand, columnar};

/// A function of our own.
#[derive(Debug)]
pub(crate) struct Native {
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// How many of the parameters must be given.
    pub(crate) required: usize,
    pub(crate) returns: Returns,
    pub(crate) evaluate: fn(&Arguments) -> Result<ArrayRef>,
}

/// The type of a function's result.
#[derive(Debug)]
pub(crate) enum Returns {
    Always(SqlType),
    /// That of the argument at this position.
    SameAs(usize),
    /// Depends on the types and literal values of the arguments.
    By(fn(&[SqlType], &[Option<ScalarValue>]) -> Option<SqlType>),
}

impl Returns {
    pub(crate) fn resolve(&self, types: &[SqlType], literals: &[Option<ScalarValue>]) -> Option<SqlType> {
        match self {
            Self::Always(sql_type) => Some(sql_type.clone()),
            Self::SameAs(index) => types.get(*index).cloned(),
            Self::By(rule) => rule(types, literals),
        }
    }
}

impl Native {
    pub(crate) fn udf(&'static self, returns: SqlType) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::from(NativeFunction {
            native: self,
            returns,
            signature: Signature::user_defined(Volatility::Immutable),
        }))
    }
}

/// A [`Native`] whose result type is known.
#[derive(Debug)]
struct NativeFunction {
    native: &'static Native,
    returns: SqlType,
    signature: Signature,
}

impl PartialEq for NativeFunction {
    fn eq(&self, other: &Self) -> bool {
        self.native.name == other.native.name && self.returns == other.returns
    }
}

impl Eq for NativeFunction {}

impl Hash for NativeFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.native.name.hash(state);
        self.returns.hash(state);
    }
}

impl ScalarUDFImpl for NativeFunction {
    fn name(&self) -> &str {
        self.native.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.returns.arrow())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let operands = args.args.iter().map(Operand::new).collect::<Result<Vec<_>>>()?;
        let is_constant = operands.iter().all(Operand::is_scalar);
        let arguments = Arguments {
            operands,
            rows: if is_constant { 1 } else { args.number_rows },
            returns: self.returns.clone(),
        };
        columnar((self.native.evaluate)(&arguments)?, is_constant)
    }
}

/// What a function is called with, once for each batch.
pub(crate) struct Arguments {
    operands: Vec<Operand>,
    pub(crate) rows: usize,
    pub(crate) returns: SqlType,
}

impl Arguments {
    pub(crate) fn len(&self) -> usize {
        self.operands.len()
    }

    pub(crate) fn operand(&self, index: usize) -> Result<&Operand> {
        self.operands
            .get(index)
            .ok_or_else(|| exec_datafusion_err!("argument {} is missing", index + 1))
    }

    pub(crate) fn text(&self, index: usize) -> Result<Column<&StringViewArray>> {
        self.column(index, |array| array.as_string_view_opt())
    }

    pub(crate) fn primitive<T: ArrowPrimitiveType>(&self, index: usize) -> Result<Column<&PrimitiveArray<T>>> {
        self.column(index, |array| array.as_primitive_opt::<T>())
    }

    pub(crate) fn bytes(&self, index: usize) -> Result<Column<&BinaryViewArray>> {
        self.column(index, |array| array.as_binary_view_opt())
    }

    pub(crate) fn map(&self, index: usize) -> Result<Column<&MapArray>> {
        self.column(index, |array| array.as_map_opt())
    }

    fn column<'a, A>(&'a self, index: usize, downcast: impl Fn(&'a dyn Array) -> Option<A>) -> Result<Column<A>> {
        let operand = self.operand(index)?;
        let array = operand.array().as_ref();
        match downcast(array) {
            Some(array) => Ok(Column {
                array,
                is_scalar: operand.is_scalar(),
            }),
            None => Err(exec_datafusion_err!(
                "argument {} is of type {}",
                index + 1,
                array.data_type()
            )),
        }
    }
}

/// One argument, as a column of its type.
#[derive(Clone, Copy)]
pub(crate) struct Column<A> {
    array: A,
    is_scalar: bool,
}

impl<A: ArrayAccessor> Column<A> {
    /// The value at a row, or `None` where it is NULL.
    pub(crate) fn get(&self, row: usize) -> Option<A::Item> {
        let row = if self.is_scalar { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }

    /// The value of a constant, so that it is prepared once and not for each row.
    pub(crate) fn constant(&self) -> Option<A::Item> {
        if self.is_scalar { self.get(0) } else { None }
    }
}

/// A column of numbers from a function of the row.
pub(crate) fn collect_primitive<T: ArrowPrimitiveType>(
    arguments: &Arguments,
    mut value: impl FnMut(usize) -> Result<Option<T::Native>>,
) -> Result<ArrayRef> {
    let mut column = PrimitiveArray::<T>::builder(arguments.rows);
    for row in 0..arguments.rows {
        column.append_option(value(row)?);
    }
    Ok(Arc::new(column.finish().with_data_type(arguments.returns.arrow())))
}

/// A column of truth values from a function of the row.
pub(crate) fn collect_boolean(
    arguments: &Arguments,
    value: impl FnMut(usize) -> Result<Option<bool>>,
) -> Result<ArrayRef> {
    let column: BooleanArray = (0..arguments.rows).map(value).collect::<Result<_>>()?;
    Ok(Arc::new(column))
}

/// A column of text from a function that writes it and says whether it is there at all.
pub(crate) fn collect_text(
    arguments: &Arguments,
    mut write: impl FnMut(usize, &mut String) -> Result<bool>,
) -> Result<ArrayRef> {
    let mut column = StringViewBuilder::with_capacity(arguments.rows);
    let mut text = String::new();
    for row in 0..arguments.rows {
        text.clear();
        if write(row, &mut text)? {
            column.append_value(&text);
        } else {
            column.append_null();
        }
    }
    Ok(Arc::new(column.finish()))
}

/// A column of BYTES from a function that writes them and says whether they are there at all.
pub(crate) fn collect_bytes(
    arguments: &Arguments,
    mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<bool>,
) -> Result<ArrayRef> {
    let mut column = BinaryViewBuilder::with_capacity(arguments.rows);
    let mut bytes = Vec::new();
    for row in 0..arguments.rows {
        bytes.clear();
        if write(row, &mut bytes)? {
            column.append_value(&bytes);
        } else {
            column.append_null();
        }
    }
    Ok(Arc::new(column.finish()))
}
