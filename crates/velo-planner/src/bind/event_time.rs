//! Where event time comes from: the source's configuration, or the time column of a window.

use std::collections::HashMap;
use std::time::Duration;

use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_expr::Expr;
use velo_common::{Diagnostic, Name, Span, code, nearest, parse_duration};
use velo_data::time::TimeFormat;
use velo_data::{SqlType, StreamSchema, SystemColumn, unreadable_reason};

use super::bound::{Bound, column};
use super::query::QueryBinder;
use crate::catalog::SourceDescription;
use crate::outline::SourceOutline;
use crate::plan::{EventTime, LogicalPlan, Project, Scan, WatermarkPace, WatermarkRule};
use crate::properties::Properties;

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
    let expression = if columns_unknown {
        None
    } else {
        configured(
            &source.properties,
            &source.name,
            source.span,
            schema,
            source.declared.is_some(),
        )?
    };
    let is_timed = own || columns_unknown || expression.is_some();
    Ok(is_timed.then(|| EventTime {
        expression,
        watermark: WatermarkRule {
            out_of_orderness: out_of_orderness(&source.properties),
            pace: WatermarkPace::Rows,
            idle_timeout: idle_timeout(&source.properties),
        },
    }))
}

/// The event time of what is called `name`, by `event.time.field` if that is given. A declared TIMESTAMP is decoded by the
/// format; what is a TIMESTAMP already was read without it.
///
/// # Errors
///
/// When the configured field does not exist or holds no time, or its format comes too late.
fn configured(
    properties: &Properties,
    name: &str,
    place: Span,
    schema: &StreamSchema,
    is_declared: bool,
) -> Result<Option<Expr>, Diagnostic> {
    let Some(field) = properties.get("event.time.field") else {
        return Ok(None);
    };
    let span = field.span.unwrap_or(place);
    let wanted = Name::new(&field.text);
    let fields = || schema.user_fields().iter();
    let found = fields()
        .find(|column| *column.name() == field.text)
        .or_else(|| fields().find(|column| wanted.matches(column.name())));
    let Some(found) = found else {
        let meant = nearest(&field.text, fields().map(|field| field.name().as_str()));
        let message = format!("`{name}` has no column `{}` to take the event time from", field.text);
        return Err(Diagnostic::new(&code::UNKNOWN_COLUMN, span, message)
            .with_help_if(meant.map(|meant| format!("a similar column exists: `{meant}`"))));
    };
    if let Some(reason) = unreadable_reason(found) {
        return Err(Diagnostic::new(&code::SCHEMA_UNKNOWN, span, reason));
    }
    let sql_type = SqlType::of_field(found).unwrap_or(SqlType::Null);
    let format = properties.get("event.time.format").map(|format| format.text.as_str());
    let is_read = sql_type == SqlType::Date || (sql_type == SqlType::Timestamp && !is_declared);
    if is_read
        && let Ok(parsed) = TimeFormat::parse(format)
        && !parsed.agrees_with_casts()
    {
        let message = format!(
            "`{}` is read as {sql_type}, and what is written there does not mean the same by 'event.time.format' = '{}'",
            found.name(),
            format.unwrap_or_default()
        );
        return Err(Diagnostic::new(&code::INVALID_PROPERTY_VALUE, span, message)
            .with_help("declare the columns, this one as TIMESTAMP: it is then read by the format"));
    }
    let format = format.or_else(|| (sql_type.is_numeric() && is_metadata(found.name())).then_some("epoch_millis"));
    as_event_time(column(found.name()), &sql_type, format)
        .map(Some)
        .map_err(|reason| Diagnostic::new(&code::INVALID_PROPERTY_VALUE, span, reason))
}

/// Metadata counts in milliseconds; a number of the user's may count in anything.
fn is_metadata(column: &str) -> bool {
    SystemColumn::ALL.iter().any(|system| system.name() == column)
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

/// How long a split may bring nothing, unless its source says otherwise.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

fn idle_timeout(properties: &Properties) -> Duration {
    let configured = properties.get("watermark.idle.timeout");
    configured
        .and_then(|value| parse_duration(&value.text).ok())
        .unwrap_or(IDLE_TIMEOUT)
}

fn out_of_orderness(properties: &Properties) -> Duration {
    let ascending = properties
        .get("watermark.strategy")
        .is_some_and(|value| value.text.eq_ignore_ascii_case("ascending"));
    let configured = properties.get("watermark.max_out_of_orderness").filter(|_| !ascending);
    configured
        .and_then(|value| parse_duration(&value.text).ok())
        .unwrap_or_default()
}

impl QueryBinder<'_, '_> {
    /// Makes a window's time column, or what is selected `AS _event_time`, the event time of the scan that it comes from,
    /// so that the watermark goes by it too.
    ///
    /// # Errors
    ///
    /// When the column is no time, or is computed by an aggregate, behind which event time is that of the result.
    pub(super) fn set_event_time(&self, plan: &mut LogicalPlan, time: &Bound) -> Result<(), Diagnostic> {
        if time.expr == column(SystemColumn::EventTime.name()) {
            return Ok(());
        }
        let of_metadata = time.expr.column_refs().iter().all(|named| is_metadata(&named.name));
        let format = (time.sql_type.is_numeric() && of_metadata).then_some("epoch_millis");
        let expression = as_event_time(time.expr.clone(), &time.sql_type, format)
            .map_err(|reason| Diagnostic::new(&code::INVALID_WINDOW, time.span, reason))?;
        self.set(plan, expression).ok_or_else(|| {
            Diagnostic::new(
                &code::INVALID_WINDOW,
                time.span,
                "a window's time column must come from the source itself",
            )
            .with_help("leave the time column out: the window then goes by the event time of the rows it gets")
        })
    }

    /// How a watermark follows from times of a plan's rows: of several sources, the one whose rows may be out of order most.
    pub(super) fn watermark_rule(&self, plan: &LogicalPlan) -> WatermarkRule {
        let scans = plan.scans();
        let properties = || {
            scans.iter().filter_map(|scan| {
                let name = scan.relation.name();
                let of_source = || self.catalog.source(name).map(|(source, _)| &source.properties);
                self.times.get(name).or_else(of_source)
            })
        };
        WatermarkRule {
            out_of_orderness: properties().map(out_of_orderness).max().unwrap_or_default(),
            pace: self.catalog.pace(plan),
            idle_timeout: properties().map(idle_timeout).max().unwrap_or(IDLE_TIMEOUT),
        }
    }

    /// Sets the event time of the scans below to what `expr` over the plan's columns is over theirs, and lets it through
    /// the projections in between. `None` when the plan computes it anew.
    fn set(&self, plan: &mut LogicalPlan, expr: Expr) -> Option<()> {
        match plan {
            LogicalPlan::Scan(_) => {
                let watermark = self.watermark_rule(plan);
                if let LogicalPlan::Scan(scan) = plan {
                    scan.event_time = Some(EventTime {
                        expression: Some(expr),
                        watermark,
                    });
                    scan.schema = scan.schema.clone().with_system(SystemColumn::EventTime);
                }
            }
            LogicalPlan::Union(union) => {
                for input in &mut union.inputs {
                    self.set(input, expr.clone())?;
                }
                union.schema = union.schema.clone().with_system(SystemColumn::EventTime);
            }
            LogicalPlan::Filter(filter) => self.set(&mut filter.input, expr)?,
            LogicalPlan::Distinct(distinct) => self.set(&mut distinct.input, expr)?,
            LogicalPlan::Sort(sort) => self.set(&mut sort.input, expr)?,
            LogicalPlan::Limit(limit) => self.set(&mut limit.input, expr)?,
            LogicalPlan::DropUpdateBefore(node) => self.set(&mut node.input, expr)?,
            LogicalPlan::Lookup(lookup) => {
                let columns = lookup.input.schema().arrow();
                if !expr
                    .column_refs()
                    .iter()
                    .all(|named| columns.index_of(&named.name).is_ok())
                {
                    return None;
                }
                self.set(&mut lookup.input, expr)?;
                lookup.schema = lookup.schema.clone().with_system(SystemColumn::EventTime);
            }
            LogicalPlan::Project(project) => {
                let expr = Computed::by(project).replaced_in(expr)?;
                self.set(&mut project.input, expr)?;
                project.watermark = None;
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

    /// Takes the event time of another statement's rows, or a table's, as this statement says; what it does not say is as
    /// it comes.
    ///
    /// # Errors
    ///
    /// When the configured field does not exist or holds no time.
    pub(super) fn configure_event_time(&self, scan: &mut Scan, place: Span) -> Result<(), Diagnostic> {
        let name = scan.relation.name();
        let of_table = || self.catalog.source(name).map(|(source, _)| &source.properties);
        let Some(properties) = self.times.get(name).or_else(of_table) else {
            return Ok(());
        };
        let source = self.catalog.source(name);
        let is_declared = source.is_some_and(|(source, _)| source.declared.is_some());
        let Some(expression) = configured(properties, name, place, &scan.schema, is_declared)? else {
            return Ok(());
        };
        let watermark = WatermarkRule {
            out_of_orderness: out_of_orderness(properties),
            pace: self.catalog.pace_of(&scan.relation),
            idle_timeout: idle_timeout(properties),
        };
        scan.event_time = Some(EventTime {
            expression: Some(expression),
            watermark,
        });
        scan.schema = scan.schema.clone().with_system(SystemColumn::EventTime);
        Ok(())
    }
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
