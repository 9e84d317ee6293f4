//! The columns that a statement's target asks for: `CREATE … (columns) AS`, `INSERT INTO target (columns)`.

use datafusion_common::ScalarValue;
use datafusion_expr::Expr;
use velo_common::{Diagnostic, Name, Span, code, nearest};
use velo_data::{SqlType, StreamSchema, SystemColumn};
use velo_parser::ast::{ColumnDefinition, Ident};

use crate::bind::{BoundQuery, RecordKey, column};
use crate::outline::{DeclaredColumn, Outline, QueryOutline, TargetColumns};
use crate::plan::{LogicalPlan, Project, StatementKind};
use crate::types::sql_type;

/// A column of the target: its name, its type where one is given, and which column of the query fills it.
struct TargetColumn {
    name: String,
    sql_type: Option<SqlType>,
    filled_by: Option<usize>,
    is_key: bool,
    span: Span,
}

/// Gives a query's columns the names, types and order of its target; `None` after reporting what does not fit.
pub(crate) fn fit_target(
    bound: BoundQuery,
    query: &QueryOutline<'_>,
    outline: &Outline<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<BoundQuery> {
    let declared = declared_target(query, outline);
    let target = match (query.columns, declared) {
        (TargetColumns::Own, None) => return Some(bound),
        (TargetColumns::Defined(columns), _) => defined(columns),
        (TargetColumns::Own, Some(declared)) => Ok(positional(declared)),
        (TargetColumns::Named(names), None) => Ok(named(names)),
        (TargetColumns::Named(names), Some(declared)) => named_of(names, declared),
    };
    let fitted = target.and_then(|target| {
        check_count(&bound, query, &target)?;
        fit(bound, &target)
    });
    fitted.map_err(|diagnostic| diagnostics.push(diagnostic)).ok()
}

/// The declared columns of the sink that an INSERT fills.
fn declared_target<'a>(query: &QueryOutline<'_>, outline: &'a Outline<'_>) -> Option<&'a [DeclaredColumn]> {
    if query.kind != StatementKind::Insert {
        return None;
    }
    let target = query.sinks.first()?;
    outline
        .sinks
        .iter()
        .find(|sink| sink.name == *target)?
        .declared
        .as_deref()
}

fn defined(columns: &[ColumnDefinition]) -> Result<Vec<TargetColumn>, Diagnostic> {
    if let Some(column) = columns.iter().find(|column| column.not_null) {
        let message = "NOT NULL in the columns of a query is not supported yet";
        return Err(Diagnostic::new(&code::UNSUPPORTED, column.name.span, message)
            .with_help("leave NULLs out with WHERE … IS NOT NULL"));
    }
    let column = |(index, column): (usize, &ColumnDefinition)| {
        Ok(TargetColumn {
            name: column.name.name.text.clone(),
            sql_type: column.data_type.as_ref().map(sql_type).transpose()?,
            filled_by: Some(index),
            is_key: column.role.is_some(),
            span: column.name.span,
        })
    };
    columns.iter().enumerate().map(column).collect()
}

fn positional(declared: &[DeclaredColumn]) -> Vec<TargetColumn> {
    declared
        .iter()
        .enumerate()
        .map(|(index, column)| of_declared(column, Some(index)))
        .collect()
}

fn of_declared(column: &DeclaredColumn, filled_by: Option<usize>) -> TargetColumn {
    TargetColumn {
        name: column.name.text.clone(),
        sql_type: Some(column.sql_type.clone()),
        filled_by,
        is_key: column.is_key,
        span: column.span,
    }
}

fn named(names: &[Ident]) -> Vec<TargetColumn> {
    let column = |(index, name): (usize, &Ident)| TargetColumn {
        name: name.name.text.clone(),
        sql_type: None,
        filled_by: Some(index),
        is_key: false,
        span: name.span,
    };
    names.iter().enumerate().map(column).collect()
}

/// The declared columns, each filled by the query's column at the place of its name, or with NULL.
fn named_of(names: &[Ident], declared: &[DeclaredColumn]) -> Result<Vec<TargetColumn>, Diagnostic> {
    let matches = |name: &Name, column: &DeclaredColumn| name.matches(&column.name.text);
    for (index, name) in names.iter().enumerate() {
        let is_same = |other: &Ident| {
            let (one, other) = (&name.name, &other.name);
            one.text == other.text || !(one.quoted && other.quoted) && other.folded() == one.folded()
        };
        if names[..index].iter().any(is_same) {
            let message = format!("column `{}` is given twice", name.name);
            return Err(Diagnostic::new(&code::DUPLICATE_NAME, name.span, message));
        }
        if !declared.iter().any(|column| matches(&name.name, column)) {
            let meant = nearest(&name.name.text, declared.iter().map(|column| column.name.text.as_str()));
            let message = format!("the target has no column `{}`", name.name);
            return Err(Diagnostic::new(&code::UNKNOWN_COLUMN, name.span, message)
                .with_help_if(meant.map(|meant| format!("a similar column exists: `{meant}`"))));
        }
    }
    let filled_by = |column: &DeclaredColumn| names.iter().position(|name| matches(&name.name, column));
    Ok(declared
        .iter()
        .map(|column| of_declared(column, filled_by(column)))
        .collect())
}

fn check_count(bound: &BoundQuery, query: &QueryOutline<'_>, target: &[TargetColumn]) -> Result<(), Diagnostic> {
    let given = bound.plan.schema().user_columns();
    let taken = match query.columns {
        TargetColumns::Named(names) => names.len(),
        TargetColumns::Own | TargetColumns::Defined(_) => target.len(),
    };
    if given == taken || bound.columns_unknown {
        return Ok(());
    }
    let columns = if given == 1 { "column" } else { "columns" };
    let message = format!("the query has {given} {columns}, and its target takes {taken}");
    Err(Diagnostic::new(&code::COLUMN_COUNT, query.headline, message))
}

fn fit(bound: BoundQuery, target: &[TargetColumn]) -> Result<BoundQuery, Diagnostic> {
    let input = bound.plan.schema();
    let mut fields = Vec::with_capacity(target.len());
    let mut expressions = Vec::with_capacity(target.len());
    for column in target {
        let (sql_type, expression) = fill(input, column)?;
        fields.push(sql_type.field(&column.name, true));
        expressions.push(expression);
    }
    let metadata: Vec<(SystemColumn, usize)> = input.system_columns().to_vec();
    expressions.extend(
        metadata
            .iter()
            .map(|(_, index)| crate::bind::column(input.arrow().field(*index).name())),
    );
    let schema = StreamSchema::new(fields, metadata.iter().map(|(system, _)| *system));
    let declared_key: Vec<usize> = target
        .iter()
        .enumerate()
        .filter(|(_, column)| column.is_key)
        .map(|(index, _)| index)
        .collect();
    let moved = |index: &usize| target.iter().position(|column| column.filled_by == Some(*index));
    let key = bound.key.moved(moved);
    let key = if declared_key.is_empty() {
        key
    } else {
        RecordKey::named(declared_key, key.outer)
    };
    let plan = LogicalPlan::Project(Project {
        input: Box::new(bound.plan),
        expressions,
        schema,
        watermark: None,
    });
    Ok(BoundQuery { plan, key, ..bound })
}

/// The value of a target column: a column of the query, cast where a type is asked for, or NULL.
fn fill(input: &StreamSchema, target: &TargetColumn) -> Result<(SqlType, Expr), Diagnostic> {
    let source = target
        .filled_by
        .and_then(|index| input.user_fields().get(index).map(|field| (index, field)));
    let (from, expression) = match source {
        Some((index, field)) => (input.sql_type(index).unwrap_or(SqlType::Null), column(field.name())),
        None => (SqlType::Null, Expr::Literal(ScalarValue::Null, None)),
    };
    let to = target.sql_type.clone().unwrap_or_else(|| from.clone());
    if from == to {
        return Ok((to, expression));
    }
    if let Some(field) = velo_functions::missing_field(&from, &to) {
        let message = format!(
            "{from} has no field `{field}`, which `{}` needs: it is {to}",
            target.name
        );
        return Err(
            Diagnostic::new(&code::TYPE_MISMATCH, target.span, message).with_help(format!(
                "CAST(… AS {to}) in the query makes it NULL where that is meant"
            )),
        );
    }
    match velo_functions::cast_expr(expression, &from, &to, false) {
        Some(cast) => Ok((to, cast)),
        None => {
            let message = format!("{from} cannot be used as {to}, the type of `{}`", target.name);
            Err(Diagnostic::new(&code::TYPE_MISMATCH, target.span, message))
        }
    }
}
