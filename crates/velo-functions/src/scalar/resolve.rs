use std::sync::Arc;

use datafusion_common::ScalarValue;
use datafusion_expr::{Expr, ScalarUDF, cast};
use velo_data::SqlType;

use super::bytes;
use super::catalogue::{Implementation, ScalarFunction, scalar};
use super::encoding;
use super::foreign;
use super::form::{self, Bound, Form};
use super::native::Native;
use super::parameter::Parameter;
use crate::arithmetic::{self, ArithmeticOperator};
use crate::cast::cast_expr;
use crate::common_type::common_type_of;
use crate::error::FunctionError;
use crate::names;

/// What is known of an argument before the call: its type, and its value where it is a literal.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The type of the argument; its expression has the canonical Arrow type of it.
    pub sql_type: SqlType,
    /// The value of a literal. Some result types depend on it, such as the scale of `ROUND(price, 2)`.
    pub literal: Option<ScalarValue>,
}

impl From<SqlType> for Argument {
    fn from(sql_type: SqlType) -> Self {
        Self {
            sql_type,
            literal: None,
        }
    }
}

/// A function that fits its arguments.
#[derive(Debug, Clone)]
pub struct ResolvedFunction {
    given: Vec<SqlType>,
    argument_types: Vec<SqlType>,
    return_type: SqlType,
    bound: Bound,
}

impl ResolvedFunction {
    /// The types that the arguments are cast to.
    pub fn argument_types(&self) -> &[SqlType] {
        &self.argument_types
    }

    /// The type of the result.
    pub fn return_type(&self) -> &SqlType {
        &self.return_type
    }

    /// The function that is called; `None` for forms such as COALESCE that become a CASE.
    pub fn udf(&self) -> Option<&Arc<ScalarUDF>> {
        self.bound.udf()
    }

    /// The call, with the casts of the arguments in it and of the result around it: an expression of the canonical
    /// Arrow type of [`Self::return_type`].
    ///
    /// The arguments are those that the function was resolved for, of the canonical types that were given.
    pub fn call(&self, arguments: Vec<Expr>) -> Expr {
        let arguments = arguments
            .into_iter()
            .zip(self.given.iter().zip(&self.argument_types))
            // A cast that resolution has checked is always there.
            .map(|(argument, (given, wanted))| cast_expr(argument.clone(), given, wanted, false).unwrap_or(argument))
            .collect();
        self.bound.call(arguments, &self.argument_types, &self.return_type)
    }
}

/// Finds the function of this name, in any case and under any synonym, that takes these arguments.
///
/// # Errors
///
/// There is no such function, or it does not take these arguments.
pub fn resolve_scalar(name: &str, arguments: &[Argument]) -> Result<ResolvedFunction, FunctionError> {
    match scalar(name) {
        Some(function) => resolve(function, arguments),
        None => Err(FunctionError::Unknown {
            name: name.to_owned(),
            suggestion: names::nearest_function(name),
        }),
    }
}

fn resolve(function: &'static ScalarFunction, arguments: &[Argument]) -> Result<ResolvedFunction, FunctionError> {
    check_constants(function.implementation.parameters(), arguments)?;
    let given: Vec<SqlType> = arguments.iter().map(|argument| argument.sql_type.clone()).collect();
    let resolved = implement(&function.implementation, arguments, &given);
    finish(function.name, function.usage, arguments, resolved)
}

fn implement(implementation: &'static Implementation, arguments: &[Argument], given: &[SqlType]) -> Resolution {
    match implementation {
        Implementation::Native(native) => resolve_native(native, None, arguments),
        Implementation::Part(native, part) => resolve_native(native, Some(part), arguments),
        Implementation::Foreign {
            name,
            parameters,
            required,
        } => foreign::resolve_with(name, parameters, *required, arguments),
        Implementation::Comparing { name, parameters } => foreign::resolve_comparing(name, parameters, arguments),
        Implementation::Extreme(name) => resolve_extreme(name, arguments),
        Implementation::HexDigest(name) => resolve_digest(name, arguments),
        Implementation::ArraySort => foreign::resolve_array_sort(arguments),
        Implementation::Operator(operator) => resolve_operator(*operator, given),
        Implementation::Form(form) => resolve_form(*form, given),
        Implementation::Anything(name) => foreign::resolve_by_name(name, arguments),
        Implementation::TextOrBytes { bytes, .. } if given.first() == Some(&SqlType::Bytes) => {
            resolve_native(bytes, None, arguments)
        }
        Implementation::TextOrBytes { text, .. } => implement(text, arguments, given),
        Implementation::Concat if given.contains(&SqlType::Bytes) => resolve_bytes_concat(given),
        Implementation::Concat => foreign::resolve_with("concat", &[Parameter::Printable], usize::MAX, arguments),
        Implementation::Ordered { name, parameters } => {
            foreign::refuse_maps(arguments)?;
            foreign::resolve_with(name, parameters, parameters.len(), arguments)
        }
    }
}

/// CONCAT gives BYTES of BYTES alone: what else there is, is no text that they could be read as.
fn resolve_bytes_concat(given: &[SqlType]) -> Resolution {
    match given
        .iter()
        .find(|given| !matches!(given, SqlType::Bytes | SqlType::Null))
    {
        Some(other) => Err(format!(
            "does not take BYTES and {other} together: make BYTES of a text with CAST(… AS BYTES), or a text of BYTES with \
             ENCODE(…, 'hex') or CAST(… AS STRING)"
        )),
        None => {
            let udf = bytes::CONCAT.udf(SqlType::Bytes);
            Ok((
                vec![SqlType::Bytes; given.len()],
                SqlType::Bytes,
                Bound::canonical(udf, &SqlType::Bytes),
            ))
        }
    }
}

/// Finds constants that make every call fail, such as the unit of time `dya`.
fn check_constants(parameters: &[Parameter], arguments: &[Argument]) -> Result<(), FunctionError> {
    for (index, (parameter, argument)) in parameters.iter().zip(arguments).enumerate() {
        let checked = argument
            .literal
            .as_ref()
            .map_or(Ok(()), |constant| parameter.check(constant));
        checked.map_err(|error| FunctionError::WrongConstant {
            argument: index,
            message: error.message,
            help: error.help,
        })?;
    }
    Ok(())
}

fn finish(
    name: &str,
    usage: &str,
    arguments: &[Argument],
    resolved: Resolution,
) -> Result<ResolvedFunction, FunctionError> {
    match resolved {
        Ok((argument_types, return_type, bound)) => Ok(ResolvedFunction {
            given: arguments.iter().map(|argument| argument.sql_type.clone()).collect(),
            argument_types,
            return_type,
            bound,
        }),
        Err(message) => Err(FunctionError::WrongArguments {
            message: format!("{} {message}", name.to_uppercase()),
            signature: usage.to_owned(),
        }),
    }
}

pub(super) type Resolution = Result<(Vec<SqlType>, SqlType, Bound), String>;

fn resolve_native(native: &'static Native, part: Option<&'static str>, arguments: &[Argument]) -> Resolution {
    let parameters = if part.is_some() {
        &native.parameters[1..]
    } else {
        native.parameters
    };
    let required = native.required - usize::from(part.is_some());
    let argument_types = accept(parameters, required, arguments)?;
    let mut types = argument_types.clone();
    let mut literals: Vec<_> = arguments.iter().map(|argument| argument.literal.clone()).collect();
    if let Some(part) = part {
        types.insert(0, SqlType::String);
        literals.insert(0, Some(ScalarValue::from(part)));
    }
    let Some(return_type) = native.returns.resolve(&types, &literals) else {
        return Err("does not take these arguments".into());
    };
    let udf = native.udf(return_type.clone());
    let bound = match part {
        Some(part) => Bound::WithPart { part, udf },
        None => Bound::canonical(udf, &return_type),
    };
    Ok((argument_types, return_type, bound))
}

/// The types that arguments are brought to, or what is wrong with them.
pub(super) fn accept(
    parameters: &[Parameter],
    required: usize,
    arguments: &[Argument],
) -> Result<Vec<SqlType>, String> {
    if arguments.len() < required || arguments.len() > parameters.len() {
        return Err(wrong_count(required, parameters.len(), arguments.len()));
    }
    parameters
        .iter()
        .zip(arguments)
        .enumerate()
        .map(|(index, (parameter, argument))| {
            parameter
                .accept(&argument.sql_type)
                .ok_or_else(|| format!("takes {parameter} as argument {}, not {}", index + 1, argument.sql_type))
        })
        .collect()
}

pub(super) fn wrong_count(least: usize, most: usize, given: usize) -> String {
    let plural = if most == 1 { "" } else { "s" };
    match (least, most) {
        (0, 0) => format!("takes no arguments, but {given} are given"),
        (least, most) if least == most => format!("takes {most} argument{plural}, but {given} are given"),
        (least, most) => format!("takes {least} to {most} arguments, but {given} are given"),
    }
}

fn resolve_operator(operator: ArithmeticOperator, given: &[SqlType]) -> Resolution {
    let [left, right] = given else {
        return Err(wrong_count(2, 2, given.len()));
    };
    match arithmetic::result_type(operator, left, right) {
        Some(result) => {
            let bound = Bound::canonical(arithmetic::udf(operator), &result);
            Ok((given.to_vec(), result, bound))
        }
        None => Err(format!("does not take {left} and {right}")),
    }
}

/// LEAST and GREATEST of one type. Intervals have no order that DataFusion knows.
fn resolve_extreme(name: &str, arguments: &[Argument]) -> Resolution {
    match common_type_of(arguments.iter().map(|argument| &argument.sql_type)) {
        Some(SqlType::Interval | SqlType::Map(_, _)) | None => {
            Err("needs arguments of one type that has an order".into())
        }
        Some(common) => {
            let brought = vec![Argument::from(common.clone()); arguments.len()];
            let (_, _, bound) = foreign::resolve_by_name(name, &brought)?;
            Ok((vec![common.clone(); arguments.len()], common, bound))
        }
    }
}

/// Digests are written in hexadecimal digits.
fn resolve_digest(name: &str, arguments: &[Argument]) -> Resolution {
    let argument_types = accept(&[Parameter::Bytes], 1, arguments)?;
    let given: Vec<Argument> = argument_types.iter().cloned().map(Argument::from).collect();
    let (_, digest_type, digest) = foreign::resolve_by_name(name, &given)?;
    let bound = Bound::Hex {
        digest: Box::new(digest),
        digest_type,
        udf: encoding::HEX.udf(SqlType::String),
    };
    Ok((argument_types, SqlType::String, bound))
}

fn resolve_form(form: Form, given: &[SqlType]) -> Resolution {
    let (argument_types, return_type) = form::types(form, given)?;
    Ok((argument_types, return_type, Bound::Form(form)))
}

/// Casts to an Arrow type that is not canonical, and back.
pub(super) fn recast(expr: Expr, from: &arrow::datatypes::DataType, to: &arrow::datatypes::DataType) -> Expr {
    if from == to { expr } else { cast(expr, to.clone()) }
}
