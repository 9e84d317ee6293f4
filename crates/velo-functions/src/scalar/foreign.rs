//! Functions of DataFusion, found by name and brought to canonical types.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::ScalarValue;
use datafusion_expr::type_coercion::functions::fields_with_udf;
use datafusion_expr::{ReturnFieldArgs, ScalarUDF};
use velo_data::SqlType;

use super::form::Bound;
use super::parameter::Parameter;
use super::resolve::{Argument, Resolution, accept};
use crate::cast::can_cast;

/// The function that DataFusion has under this name. Only the catalogue says which of them a call may name.
fn find(name: &str) -> Option<&'static Arc<ScalarUDF>> {
    FUNCTIONS.get(name)
}

static FUNCTIONS: LazyLock<HashMap<String, Arc<ScalarUDF>>> = LazyLock::new(|| {
    let mut functions = HashMap::new();
    let scalar = datafusion_functions::all_default_functions();
    let nested = datafusion_functions_nested::all_default_nested_functions();
    for function in scalar.into_iter().chain(nested) {
        for alias in function.aliases() {
            functions.insert(alias.clone(), Arc::clone(&function));
        }
        functions.insert(function.name().to_owned(), function);
    }
    functions
});

/// A function whose arguments are first brought to the types of the dialect's own parameters, since DataFusion takes
/// more than the dialect wants to.
pub(super) fn resolve_with(
    name: &str,
    parameters: &[Parameter],
    required: usize,
    arguments: &[Argument],
) -> Resolution {
    let accepted = if required == usize::MAX {
        accept_any_number(parameters, arguments)?
    } else {
        accept(parameters, required, arguments)?
    };
    let arguments: Vec<Argument> = accepted
        .into_iter()
        .zip(arguments)
        .map(|(sql_type, argument)| Argument {
            literal: argument.literal.clone().filter(|_| sql_type == argument.sql_type),
            sql_type,
        })
        .collect();
    resolve_by_name(name, &arguments)
}

/// A function that looks for an element in an array, or compares elements with each other.
pub(super) fn resolve_comparing(name: &str, parameters: &[Parameter], arguments: &[Argument]) -> Resolution {
    refuse_maps(arguments)?;
    let (types, returns, bound) = resolve_with(name, parameters, parameters.len(), arguments)?;
    Ok((types, returns, Bound::Comparing(Box::new(bound))))
}

/// Nothing says which of two maps comes first, or whether they are equal.
///
/// # Errors
///
/// There is a map in an argument.
pub(super) fn refuse_maps(arguments: &[Argument]) -> Result<(), String> {
    match arguments.iter().find(|argument| holds_map(&argument.sql_type)) {
        Some(argument) => Err(format!(
            "compares values, and {} has maps, which cannot be compared",
            argument.sql_type
        )),
        None => Ok(()),
    }
}

fn holds_map(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Map(_, _) => true,
        SqlType::Array(element) => holds_map(element),
        SqlType::Struct(fields) => fields.iter().any(|field| holds_map(&field.sql_type)),
        _ => false,
    }
}

/// A function that is known to be there.
pub(super) fn resolve_by_name(name: &str, arguments: &[Argument]) -> Resolution {
    match find(name) {
        Some(udf) => resolve(udf, arguments),
        None => Err("is not available".into()),
    }
}

/// `array_sort` puts NULLs first unless told otherwise; the dialect puts them last.
pub(super) fn resolve_array_sort(arguments: &[Argument]) -> Resolution {
    refuse_maps(arguments)?;
    let parameters = [Parameter::Array, Parameter::Text, Parameter::Text];
    let accepted = accept(&parameters, 1, arguments)?;
    let defaults = ["ASC", "NULLS LAST"];
    let missing = defaults.iter().skip(accepted.len() - 1);
    let mut all: Vec<Argument> = accepted.iter().cloned().map(Argument::from).collect();
    let appended: Vec<&'static str> = missing.copied().collect();
    all.extend(appended.iter().map(|_| Argument::from(SqlType::String)));
    let (_, return_type, bound) = resolve_by_name("array_sort", &all)?;
    let bound = Bound::WithDefaults {
        function: Box::new(bound),
        appended,
    };
    Ok((accepted, return_type, bound))
}

/// The last parameter takes all that is left, at least one.
fn accept_any_number(parameters: &[Parameter], arguments: &[Argument]) -> Result<Vec<SqlType>, String> {
    let last = parameters.last().copied().unwrap_or(Parameter::Any);
    let missing = arguments.len().saturating_sub(parameters.len());
    let all: Vec<Parameter> = parameters
        .iter()
        .copied()
        .chain(std::iter::repeat_n(last, missing))
        .collect();
    accept(&all, parameters.len(), arguments)
}

/// Lets DataFusion choose types for the arguments.
pub(super) fn resolve(udf: &Arc<ScalarUDF>, arguments: &[Argument]) -> Resolution {
    let given: Vec<FieldRef> = arguments
        .iter()
        .map(|argument| field(&argument.sql_type.arrow()))
        .collect();
    let wanted = fields_with_udf(&given, udf.as_ref()).map_err(|_| refusal(arguments))?;
    let literals: Vec<Option<ScalarValue>> = arguments
        .iter()
        .zip(&wanted)
        .map(|(argument, wanted)| argument.literal.as_ref()?.cast_to(wanted.data_type()).ok())
        .collect();
    let returns = udf
        .return_field_from_args(ReturnFieldArgs {
            arg_fields: &wanted,
            scalar_arguments: &literals.iter().map(Option::as_ref).collect::<Vec<_>>(),
        })
        .map_err(|_| refusal(arguments))?;
    let return_type = SqlType::of_field(&returns).ok_or_else(|| refusal(arguments))?;
    let argument_types = canonical_types(arguments, &wanted).ok_or_else(|| refusal(arguments))?;
    let casts = argument_types
        .iter()
        .zip(&wanted)
        .map(|(canonical, wanted)| (canonical.arrow(), wanted.data_type().clone()))
        .collect();
    let bound = Bound::Function {
        udf: Arc::clone(udf),
        arguments: casts,
        returns: returns.data_type().clone(),
    };
    Ok((argument_types, return_type, bound))
}

/// The dialect's types behind what DataFusion asks for; ours decide how values are converted.
fn canonical_types(arguments: &[Argument], wanted: &[FieldRef]) -> Option<Vec<SqlType>> {
    arguments
        .iter()
        .zip(wanted)
        .map(|(argument, wanted)| {
            let canonical = SqlType::of_field(wanted)?;
            can_cast(&argument.sql_type, &canonical).then_some(canonical)
        })
        .collect()
}

fn field(data_type: &DataType) -> FieldRef {
    Arc::new(Field::new("argument", data_type.clone(), true))
}

fn refusal(arguments: &[Argument]) -> String {
    let types: Vec<String> = arguments.iter().map(|argument| argument.sql_type.to_string()).collect();
    match types.as_slice() {
        [] => "needs arguments".into(),
        types => format!("does not take ({})", types.join(", ")),
    }
}
