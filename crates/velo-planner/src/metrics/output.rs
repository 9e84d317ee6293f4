//! Metrics compared with the rows of their statement.

use velo_common::{Diagnostic, Name, code, nearest};
use velo_data::{SqlType, StreamSchema};
use velo_parser::ast::Spanned;

use super::MetricOutline;
use crate::bind::{ExprBinder, Scope};

/// Says which labels and fields are no columns of the output, and which conditions do not fit its types.
pub(crate) fn check_output(
    metrics: &[MetricOutline],
    statement: &str,
    schema: &StreamSchema,
    columns_unknown: bool,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let scope = Scope::new(Some(Name::new(statement)), schema.clone(), columns_unknown);
    for metric in metrics {
        if !columns_unknown {
            let missing = metric
                .labels
                .iter()
                .filter_map(|label| column(schema, label, "label").err());
            found.extend(missing);
            found.extend(metric.field.as_ref().and_then(|field| wrong_field(schema, field)));
        }
        found.extend(wrong_condition(metric, &scope));
    }
    found
}

/// The type of the output column of this name.
fn column(schema: &StreamSchema, name: &Spanned<String>, what: &str) -> Result<SqlType, Diagnostic> {
    let wanted = Name::new(&name.node);
    let names = || schema.user_fields().iter().map(|field| field.name().as_str());
    let index = names()
        .position(|column| column == name.node)
        .or_else(|| names().position(|column| wanted.matches(column)));
    let Some(index) = index else {
        let help = match nearest(&name.node, names()) {
            Some(meant) => format!("a similar column exists: `{meant}`"),
            None => format!("the statement puts out {}", quoted(names())),
        };
        let message = format!("the {what} `{}` is no column of the output", name.node);
        return Err(Diagnostic::new(&code::UNKNOWN_COLUMN, name.span, message).with_help(help));
    };
    Ok(schema.sql_type(index).unwrap_or(SqlType::Null))
}

fn wrong_field(schema: &StreamSchema, field: &Spanned<String>) -> Option<Diagnostic> {
    match column(schema, field, "field") {
        Ok(sql_type) if sql_type.is_numeric() || sql_type == SqlType::Null => None,
        Ok(sql_type) => {
            let message = format!("a metric records numbers, and `{}` is {sql_type}", field.node);
            Some(Diagnostic::new(&code::TYPE_MISMATCH, field.span, message))
        }
        Err(diagnostic) => Some(diagnostic),
    }
}

fn wrong_condition(metric: &MetricOutline, scope: &Scope) -> Vec<Diagnostic> {
    let Some(condition) = &metric.condition else {
        return Vec::new();
    };
    let mut diagnostics = Vec::new();
    let mut binder = ExprBinder {
        scope,
        grouping: None,
        aliases: &[],
        clause: "the condition of a metric",
        diagnostics: &mut diagnostics,
    };
    binder.boolean(&condition.expr);
    let placed = diagnostics
        .into_iter()
        .map(|problem| problem.moved_by(condition.span.start));
    placed.collect()
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
