//! Where event time comes from: the source's configuration, or the time column of a window.

use std::collections::HashMap;

use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_expr::Expr;
use velo_common::{Diagnostic, Name, code, nearest, parse_duration};
use velo_data::{SqlType, StreamSchema, SystemColumn};

use super::bound::{Bound, column};
use crate::catalog::{Catalog, SourceDescription};
use crate::outline::SourceOutline;
use crate::plan::{EventTime, LogicalPlan, Project};

/// The event time of a source as its properties say; `None` when its records have none.
///
/// # Errors
///
/// When the configured field does not exist or holds no time.
pub(super) fn event_time(
    source: &SourceOutline,
    description: &SourceDescription,
    schema: &StreamSchema,
    columns_unknown: bool,
) -> Result<Option<EventTime>, Diagnostic> {
    let own = description.system_columns.contains(&SystemColumn::EventTime);
    let Some(field) = source.properties.get("event.time.field").filter(|_| !columns_unknown) else {
        return Ok((own || columns_unknown).then(|| EventTime {
            expression: None,
            out_of_orderness: out_of_orderness(source),
        }));
    };
    let span = field.span.unwrap_or(source.span);
    let name = Name::new(&field.text);
    let fields = || schema.user_fields().iter();
    let found = fields()
        .find(|column| *column.name() == field.text)
        .or_else(|| fields().find(|column| name.matches(column.name())));
    let Some(found) = found else {
        let meant = nearest(&field.text, fields().map(|field| field.name().as_str()));
        let message = format!(
            "`{}` has no column `{}` to take the event time from",
            source.name, field.text
        );
        return Err(Diagnostic::new(&code::UNKNOWN_COLUMN, span, message)
            .with_help_if(meant.map(|meant| format!("a similar column exists: `{meant}`"))));
    };
    let sql_type = SqlType::of_field(found).unwrap_or(SqlType::Null);
    let format = source
        .properties
        .get("event.time.format")
        .map(|format| format.text.as_str());
    let expression = as_event_time(column(found.name()), &sql_type, format)
        .map_err(|reason| Diagnostic::new(&code::INVALID_PROPERTY_VALUE, span, reason))?;
    Ok(Some(EventTime {
        expression: Some(expression),
        out_of_orderness: out_of_orderness(source),
    }))
}

/// A value as a TIMESTAMP, NULL where it cannot be read as one.
fn as_event_time(expr: Expr, sql_type: &SqlType, format: Option<&str>) -> Result<Expr, String> {
    match sql_type {
        SqlType::Timestamp if format.is_none() => return Ok(expr),
        SqlType::Timestamp | SqlType::Date | SqlType::String | SqlType::Json | SqlType::Null => {}
        number if number.is_numeric() => {}
        other => {
            return Err(format!(
                "an event time is a TIMESTAMP, epoch milliseconds or text, this is {other}"
            ));
        }
    }
    let function = velo_functions::event_time(format).map_err(|error| error.to_string())?;
    Ok(function.call(vec![expr]))
}

fn out_of_orderness(source: &SourceOutline) -> std::time::Duration {
    let ascending = source
        .properties
        .get("watermark.strategy")
        .is_some_and(|value| value.text.eq_ignore_ascii_case("ascending"));
    let configured = source
        .properties
        .get("watermark.max_out_of_orderness")
        .filter(|_| !ascending);
    configured
        .and_then(|value| parse_duration(&value.text).ok())
        .unwrap_or_default()
}

/// Makes a window's time column, or what is selected `AS _event_time`, the event time of the scan that it comes from,
/// so that the watermark goes by it too.
///
/// # Errors
///
/// When the column is no time, or is computed by an aggregate, behind which event time is that of the result.
pub(super) fn set_event_time(plan: &mut LogicalPlan, time: &Bound, catalog: &Catalog<'_>) -> Result<(), Diagnostic> {
    if time.expr == column(SystemColumn::EventTime.name()) {
        return Ok(());
    }
    let expression = as_event_time(time.expr.clone(), &time.sql_type, None)
        .map_err(|reason| Diagnostic::new(&code::INVALID_WINDOW, time.span, reason))?;
    set(plan, expression, catalog).ok_or_else(|| {
        Diagnostic::new(
            &code::INVALID_WINDOW,
            time.span,
            "a window's time column must come from the source itself",
        )
        .with_help("leave the time column out: the window then goes by the event time of the rows it gets")
    })
}

/// Sets the event time of the scan below to what `expr` over the plan's columns is over the scan's, and lets it through
/// the projections in between. `None` when the plan computes it anew.
fn set(plan: &mut LogicalPlan, expr: Expr, catalog: &Catalog<'_>) -> Option<()> {
    match plan {
        LogicalPlan::Scan(scan) => {
            let source = catalog.source(scan.relation.name()).map(|(source, _)| source);
            scan.event_time = Some(EventTime {
                expression: Some(expr),
                out_of_orderness: source.map(out_of_orderness).unwrap_or_default(),
            });
            scan.schema = scan.schema.clone().with_system(SystemColumn::EventTime);
        }
        LogicalPlan::Filter(filter) => set(&mut filter.input, expr, catalog)?,
        LogicalPlan::Distinct(distinct) => set(&mut distinct.input, expr, catalog)?,
        LogicalPlan::Limit(limit) => set(&mut limit.input, expr, catalog)?,
        LogicalPlan::Lookup(lookup) => {
            let columns = lookup.input.schema().arrow();
            if !expr
                .column_refs()
                .iter()
                .all(|named| columns.index_of(&named.name).is_ok())
            {
                return None;
            }
            set(&mut lookup.input, expr, catalog)?;
            lookup.schema = lookup.schema.clone().with_system(SystemColumn::EventTime);
        }
        LogicalPlan::Project(project) => {
            let expr = Computed::by(project).replaced_in(expr)?;
            set(&mut project.input, expr, catalog)?;
            let passed_on = column(SystemColumn::EventTime.name());
            match project.schema.system(SystemColumn::EventTime) {
                Some(index) => project.expressions[index] = passed_on,
                None => {
                    project.expressions.push(passed_on);
                    project.schema = project.schema.clone().with_system(SystemColumn::EventTime);
                }
            }
        }
        LogicalPlan::Values(_) | LogicalPlan::Aggregate(_) => return None,
    }
    Some(())
}

/// What the columns of a projection are over its input, by name.
pub(crate) struct Computed<'a>(HashMap<&'a str, &'a Expr>);

impl<'a> Computed<'a> {
    pub(crate) fn by(project: &'a Project) -> Self {
        let names = project
            .schema
            .arrow()
            .fields()
            .iter()
            .map(|field| field.name().as_str());
        Self(names.zip(&project.expressions).collect())
    }

    /// An expression over the columns of the projection as one over the projection's input.
    pub(crate) fn replaced_in(&self, expr: Expr) -> Option<Expr> {
        let replaced = expr.transform(|inner| {
            let computed = match &inner {
                Expr::Column(named) => self.0.get(named.name.as_str()),
                _ => None,
            };
            Ok(match computed {
                Some(computed) => Transformed::yes((*computed).clone()),
                None => Transformed::no(inner),
            })
        });
        replaced.ok().map(|transformed| transformed.data)
    }
}
