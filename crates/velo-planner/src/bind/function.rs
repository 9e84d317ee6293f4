use velo_common::{Diagnostic, Span, TimeUnit, code};
use velo_data::{SqlType, SystemColumn};
use velo_functions::{Argument, FunctionError, is_clock_function, is_header_function, processing_time, resolve_scalar};
use velo_parser::ast::{self, ExprKind, FunctionCall};

use super::bound::{Bound, column};
use super::expr::ExprBinder;
use super::unsupported::UnsupportedForm;

impl ExprBinder<'_> {
    /// A call by name: an aggregate, a bound of the row's window, or a scalar function.
    pub(super) fn function(&mut self, call: &FunctionCall, span: Span) -> Option<Bound> {
        let name = call.name.name.text.as_str();
        if let Some(over) = &call.over {
            return self.unsupported(UnsupportedForm::Over, over.span);
        }
        if let Some(kind) = velo_functions::aggregate(name) {
            return self.aggregate(kind, call, span);
        }
        if velo_functions::is_window_function(name) {
            let message = format!("`{name}` needs an OVER clause");
            self.diagnostics
                .push(Diagnostic::new(&code::MISPLACED_AGGREGATE, span, message));
            return None;
        }
        if let Some(bound_column) = window_bound(name) {
            return self.window_bound(name, bound_column, span);
        }
        if let Some(form) = unsupported_form(name) {
            return self.unsupported(form, span);
        }
        self.refuse_aggregate_syntax(call)?;
        let arguments = self.arguments(call)?;
        if name.eq_ignore_ascii_case("as_value") {
            return self.as_value(arguments, span);
        }
        if is_header_function(name) {
            return self.header_function(name, arguments, span);
        }
        if arguments.is_empty() && is_clock_function(name) {
            return self.clock_function(name, span);
        }
        self.call_named(name, arguments, call.name.span, span)
    }

    /// `AS_VALUE(x)` is `x`: a column need not be told that it is part of the value.
    fn as_value(&mut self, arguments: Vec<Bound>, span: Span) -> Option<Bound> {
        let given = arguments.len();
        match <[Bound; 1]>::try_from(arguments) {
            Ok([value]) => Some(Bound { span, ..value }),
            Err(_) => {
                let message = format!("AS_VALUE takes 1 argument, but {given} are given");
                self.diagnostics
                    .push(Diagnostic::new(&code::WRONG_ARGUMENTS, span, message));
                None
            }
        }
    }

    /// A scalar function that the planner itself asks for.
    pub(super) fn call(&mut self, name: &str, arguments: Vec<Bound>, span: Span) -> Option<Bound> {
        self.call_named(name, arguments, span, span)
    }

    fn call_named(&mut self, name: &str, arguments: Vec<Bound>, name_span: Span, span: Span) -> Option<Bound> {
        let types: Vec<Argument> = arguments
            .iter()
            .map(|bound| Argument {
                sql_type: bound.sql_type.clone(),
                literal: bound.scalar().cloned(),
            })
            .collect();
        match resolve_scalar(name, &types) {
            Ok(function) => {
                let sql_type = function.return_type().clone();
                let exprs = arguments.into_iter().map(|bound| bound.expr).collect();
                Some(Bound::new(function.call(exprs), sql_type, span))
            }
            Err(error) => {
                let places: Vec<Span> = arguments.iter().map(|bound| bound.span).collect();
                self.diagnostics
                    .push(function_diagnostic(&error, name_span, span, &places));
                None
            }
        }
    }

    /// The arguments; those of named, lambda and `*` form are refused.
    pub(super) fn arguments(&mut self, call: &FunctionCall) -> Option<Vec<Bound>> {
        let takes_unit = call.name.name.text.to_ascii_lowercase().starts_with("date");
        let mut bound = Vec::with_capacity(call.arguments.len());
        for (index, argument) in call.arguments.iter().enumerate() {
            bound.push(match argument {
                ast::Argument::Positional(value) => match unit_word(value).filter(|_| takes_unit) {
                    Some(unit) => Some(Bound::text(unit.keyword(), value.span)),
                    None if index == 0 && self.is_mistyped_unit(call, value) => {
                        Some(Bound::text(&value.to_string(), value.span))
                    }
                    None => self.bind(value),
                },
                ast::Argument::Named { value, .. } => self.unsupported(UnsupportedForm::NamedArgument, value.span),
                ast::Argument::Wildcard => {
                    let message = format!("`{}` does not take `*`", call.name.name);
                    self.diagnostics
                        .push(Diagnostic::new(&code::WRONG_ARGUMENTS, call.name.span, message));
                    None
                }
            });
        }
        bound.into_iter().collect()
    }

    /// Whether a word that is no column stands where a unit of time is asked for, as in `DATEDIFF(dya, a, b)`.
    fn is_mistyped_unit(&self, call: &FunctionCall, value: &ast::Expr) -> bool {
        let takes_unit_first = ["datediff", "date_diff", "date_trunc", "date_part", "datepart"]
            .iter()
            .any(|name| call.name.name.text.eq_ignore_ascii_case(name));
        match &value.kind {
            ExprKind::Column(parts) => match parts.as_slice() {
                [only] => takes_unit_first && !self.scope.columns_unknown && !self.scope.has(&only.name),
                _ => false,
            },
            _ => false,
        }
    }

    fn refuse_aggregate_syntax(&mut self, call: &FunctionCall) -> Option<()> {
        let name = &call.name.name;
        let clause = match () {
            () if call.distinct => "DISTINCT",
            () if call.filter.is_some() => "FILTER",
            () if !call.order_by.is_empty() => "ORDER BY",
            () if !call.within_group.is_empty() => "WITHIN GROUP",
            () if call.null_treatment.is_some() => "IGNORE NULLS",
            () => return Some(()),
        };
        let known = velo_functions::scalar(&name.text).is_some();
        let diagnostic = if known {
            let message = format!("{clause} belongs to aggregates, and `{name}` is none");
            Diagnostic::new(&code::WRONG_ARGUMENTS, call.name.span, message)
        } else {
            let suggestion =
                velo_common::nearest(&name.text, velo_functions::function_names().iter().map(String::as_str));
            unknown_function(&name.text, suggestion, call.name.span)
        };
        self.diagnostics.push(diagnostic);
        None
    }

    fn header_function(&mut self, name: &str, arguments: Vec<Bound>, span: Span) -> Option<Bound> {
        if matches!(name.to_ascii_lowercase().as_str(), "set_header" | "remove_header") {
            return self.unsupported(UnsupportedForm::HeaderChange, span);
        }
        if self.grouping.is_some() {
            let message = format!("`{name}` reads the headers of one record, and this query groups many");
            self.diagnostics
                .push(Diagnostic::new(&code::UNGROUPED_COLUMN, span, message));
            return None;
        }
        let headers = Bound::new(
            column(SystemColumn::Headers.name()),
            SystemColumn::Headers.sql_type(),
            span,
        );
        let all = std::iter::once(headers).chain(arguments).collect();
        self.call_named(name, all, span, span)
    }

    /// `NOW()` and its like: the time at which the row is processed.
    fn clock_function(&mut self, name: &str, span: Span) -> Option<Bound> {
        let now = Bound::new(processing_time(), SqlType::Timestamp, span);
        match name.to_ascii_uppercase().as_str() {
            "CURRENT_DATE" => self.checked(now.coerced(&SqlType::Date)),
            "UNIX_TIMESTAMP" => self.call(name, vec![now], span),
            _ => Some(now),
        }
    }

    /// `TUMBLE_START()` and its like: a bound of the row's window, as a TIMESTAMP. Arguments repeat the WINDOW
    /// clause and say nothing new.
    fn window_bound(&mut self, name: &str, bound_column: SystemColumn, span: Span) -> Option<Bound> {
        let available = self.scope.schema.system(bound_column).is_some() && self.grouping.is_none();
        let windowed = self.grouping.as_ref().is_some_and(|grouping| grouping.is_windowed());
        if !available && !windowed {
            let message = format!("`{name}` is a bound of the row's window, and this query has no window");
            self.diagnostics.push(
                Diagnostic::new(&code::MISPLACED_WINDOW_BOUND, span, message)
                    .with_help("add a window, such as WINDOW TUMBLING(1m)"),
            );
            return None;
        }
        let milliseconds = Bound::new(column(bound_column.name()), bound_column.sql_type(), span);
        self.checked(milliseconds.coerced(&SqlType::Timestamp))
    }
}

/// The form that a name with brackets behind it stands for, where it is no function.
fn unsupported_form(name: &str) -> Option<UnsupportedForm> {
    match name.to_ascii_lowercase().as_str() {
        "unnest" | "explode" => Some(UnsupportedForm::UnnestInExpression),
        "any" | "some" | "all" => Some(UnsupportedForm::QuantifiedComparison),
        _ => None,
    }
}

/// The bound of a window that a function name asks for.
pub(super) fn window_bound(name: &str) -> Option<SystemColumn> {
    let folded = name.to_ascii_lowercase();
    let kinds = [
        "tumble", "tumbling", "hop", "hopping", "sliding", "session", "cumulate", "window",
    ];
    let (kind, end) = folded.rsplit_once('_')?;
    match end {
        "start" if kinds.contains(&kind) => Some(SystemColumn::WindowStart),
        "end" if kinds.contains(&kind) => Some(SystemColumn::WindowEnd),
        _ => None,
    }
}

/// The unit of time that a bare word means, as in `DATEDIFF(day, a, b)`.
fn unit_word(expr: &ast::Expr) -> Option<TimeUnit> {
    match &expr.kind {
        ExprKind::Column(parts) => match parts.as_slice() {
            [only] if !only.name.quoted && only.name.text.len() > 1 => TimeUnit::parse(&only.name.text),
            _ => None,
        },
        _ => None,
    }
}

/// What is wrong with a call, for scalar functions and aggregates alike; `places` are those of the arguments.
pub(super) fn function_diagnostic(error: &FunctionError, name_span: Span, span: Span, places: &[Span]) -> Diagnostic {
    match error {
        FunctionError::Unknown { name, suggestion } => unknown_function(name, *suggestion, name_span),
        FunctionError::WrongArguments { message, signature } => {
            let help = (!signature.is_empty()).then(|| format!("it is called as {signature}"));
            Diagnostic::new(&code::WRONG_ARGUMENTS, span, message.clone()).with_help_if(help)
        }
        FunctionError::WrongConstant {
            argument,
            message,
            help,
        } => {
            let place = places.get(*argument).copied().unwrap_or(span);
            Diagnostic::new(&code::WRONG_CONSTANT, place, message.clone()).with_help(help.clone())
        }
    }
}

fn unknown_function(name: &str, suggestion: Option<&str>, span: Span) -> Diagnostic {
    Diagnostic::new(&code::UNKNOWN_FUNCTION, span, format!("there is no function `{name}`")).with_help(match suggestion
    {
        Some(suggestion) => format!("a similar function exists: `{}`", suggestion.to_uppercase()),
        None => "docs/sql/functions.md lists all functions".to_owned(),
    })
}
