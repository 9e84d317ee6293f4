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

/// Functions that SQL users must not meet: they expose Arrow, a clock or a file, or are rewritten by a planner that
/// is not ours.
const HIDDEN: &[&str] = &[
    "arrow_cast",
    "arrow_field",
    "arrow_metadata",
    "arrow_try_cast",
    "arrow_typeof",
    "cast_to_type",
    "coalesce",
    "current_date",
    "current_time",
    "file_row_index",
    "input_file_name",
    "now",
    "nvl2",
    "try_cast_to_type",
    "union_extract",
    "union_tag",
    "version",
    "with_metadata",
];

/// The function that DataFusion has under this name, in any case.
pub(crate) fn find(name: &str) -> Option<&'static Arc<ScalarUDF>> {
    FUNCTIONS.get(name.to_ascii_lowercase().as_str())
}

/// Every name that [`find`] knows.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.keys().map(String::as_str)
}

static FUNCTIONS: LazyLock<HashMap<String, Arc<ScalarUDF>>> = LazyLock::new(|| {
    let mut functions = HashMap::new();
    let scalar = datafusion_functions::all_default_functions();
    let nested = datafusion_functions_nested::all_default_nested_functions();
    for function in scalar.into_iter().chain(nested) {
        if HIDDEN.contains(&function.name()) {
            continue;
        }
        for alias in function.aliases() {
            functions.insert(alias.to_ascii_lowercase(), Arc::clone(&function));
        }
        functions.insert(function.name().to_ascii_lowercase(), function);
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
    let (types, returns, bound) = resolve_with(name, parameters, parameters.len(), arguments)?;
    Ok((types, returns, Bound::Comparing(Box::new(bound))))
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
