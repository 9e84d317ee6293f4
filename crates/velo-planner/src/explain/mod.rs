//! Plans as text.

mod expression;
mod settings;

use std::fmt::Write;

use datafusion_expr::Expr;
use velo_common::format_duration;
use velo_data::{ChangelogMode, SqlType, StreamSchema};

use self::expression::sql;
pub use self::settings::explain_settings;
use crate::plan::{
    Aggregate, EmitMode, EventTime, LatePolicy, LogicalPlan, Lookup, LookupKind, PlannedStatement, Project, Relation,
    Scan, Sort, WatermarkPace, WatermarkRule, Window, WindowAssigner,
};

/// A statement's plan as a tree, its output first and its sources last.
pub fn explain(statement: &PlannedStatement) -> String {
    let mut text = String::new();
    let output = match statement.sinks.as_slice() {
        [] => String::new(),
        sinks => format!(" → {}", sinks.join(", ")),
    };
    let schema = statement.plan.schema();
    let key: Vec<&str> = statement
        .key
        .iter()
        .map(|index| schema.arrow().field(*index).name().as_str())
        .collect();
    let key = if key.is_empty() {
        String::new()
    } else {
        format!(" (key: {})", key.join(", "))
    };
    line(&mut text, 0, &format!("{}{key}{output}", statement.name));
    node(&mut text, 1, &statement.plan);
    text
}

fn node(text: &mut String, depth: usize, plan: &LogicalPlan) {
    match plan {
        LogicalPlan::Scan(scan) => describe_scan(text, depth, scan),
        LogicalPlan::Values(values) => line(text, depth, &format!("Values: {} rows", values.rows.len())),
        LogicalPlan::Filter(filter) => line(text, depth, &format!("Filter: {}", sql(&filter.predicate))),
        LogicalPlan::Project(project) => describe_project(text, depth, project),
        LogicalPlan::Lookup(lookup) => describe_lookup(text, depth, lookup),
        LogicalPlan::Aggregate(aggregate) => describe_aggregate(text, depth, aggregate),
        LogicalPlan::Distinct(_) => line(text, depth, "Distinct (state: one entry per distinct row)"),
        LogicalPlan::Sort(sort) => describe_sort(text, depth, sort),
        LogicalPlan::Limit(limit) => {
            let most = limit.limit.map_or_else(|| "all".to_owned(), |limit| limit.to_string());
            line(text, depth, &format!("Limit: {most}, offset {}", limit.offset));
        }
        LogicalPlan::Union(union) => line(
            text,
            depth,
            &format!("Union of {}: {}", union.inputs.len(), columns(&union.schema)),
        ),
        LogicalPlan::DropUpdateBefore(_) => line(text, depth, "DropUpdateBefore: updates without their old values"),
    }
    if let Some(description) = changes(plan) {
        line(text, depth + 1, description);
    }
    for input in plan.inputs() {
        node(text, depth + 1, input);
    }
}

/// Of nodes that could not compute again what they have sent.
const REMEMBERED: &str = "state: what came out for every row that stands";

/// What rows that are taken back mean for a node.
fn changes(plan: &LogicalPlan) -> Option<&'static str> {
    let takes_back = |input: &LogicalPlan| input.mode() == ChangelogMode::Retract;
    match plan {
        LogicalPlan::Scan(_) | LogicalPlan::Aggregate(_) if takes_back(plan) => {
            Some("changes: updates with their old values before the new ones")
        }
        LogicalPlan::Limit(limit) if takes_back(&limit.input) => Some("state: every row that stands"),
        LogicalPlan::Distinct(distinct) if takes_back(&distinct.input) => Some("state: how many of each row stand"),
        LogicalPlan::Lookup(lookup) if takes_back(&lookup.input) => Some(REMEMBERED),
        LogicalPlan::Filter(filter) if takes_back(&filter.input) && filter.predicate.is_volatile() => Some(REMEMBERED),
        LogicalPlan::Project(project)
            if takes_back(&project.input) && project.expressions.iter().any(Expr::is_volatile) =>
        {
            Some(REMEMBERED)
        }
        _ => None,
    }
}

fn describe_scan(text: &mut String, depth: usize, scan: &Scan) {
    let kind = match scan.relation {
        Relation::Source(_) => "source",
        Relation::Statement(_) => "statement",
        Relation::Table(_) => "table",
    };
    line(
        text,
        depth,
        &format!("Scan {kind} {}: {}", scan.relation.name(), columns(&scan.schema)),
    );
    if let Some(EventTime { expression, watermark }) = &scan.event_time {
        let time = expression.as_ref().map_or_else(|| "the record's own".to_owned(), sql);
        line(
            text,
            depth + 1,
            &format!("event time: {time}, {}", describe_watermark(*watermark)),
        );
    }
    for filter in &scan.filters {
        line(text, depth + 1, &format!("filter: {}", sql(filter)));
    }
}

fn describe_watermark(rule: WatermarkRule) -> String {
    let bound = format_duration(rule.out_of_orderness);
    match rule.pace {
        WatermarkPace::Rows => format!("watermark {bound} behind"),
        WatermarkPace::Input => format!("watermark {bound} behind, once rows that come out together are all there"),
    }
}

fn describe_project(text: &mut String, depth: usize, project: &Project) {
    let named = project.expressions.iter().zip(project.schema.arrow().fields());
    let named: Vec<String> = named
        .map(|(expression, field)| {
            let expression = sql(expression);
            if expression == *field.name() {
                expression
            } else {
                format!("{expression} AS {}", field.name())
            }
        })
        .collect();
    line(text, depth, &format!("Project: {}", named.join(", ")));
    if let Some(watermark) = project.watermark {
        line(text, depth + 1, &describe_watermark(watermark));
    }
}

fn describe_lookup(text: &mut String, depth: usize, lookup: &Lookup) {
    let kind = match lookup.kind {
        LookupKind::Inner => "inner",
        LookupKind::Left => "left",
    };
    let names: Vec<&str> = lookup
        .table_fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    line(
        text,
        depth,
        &format!("Lookup table {} ({kind}): {}", lookup.table, names.join(", ")),
    );
    for key in &lookup.keys {
        let table = sql(&key.table);
        line(
            text,
            depth + 1,
            &format!("key: {} = {}.{table}", sql(&key.input), lookup.table),
        );
    }
    if let Some(residual) = &lookup.residual {
        line(text, depth + 1, &format!("where: {}", sql(residual)));
    }
}

fn describe_aggregate(text: &mut String, depth: usize, aggregate: &Aggregate) {
    let fields = aggregate.schema.arrow().fields();
    let names = |range: std::ops::Range<usize>| {
        let names: Vec<&str> = fields[range].iter().map(|field| field.name().as_str()).collect();
        names.join(", ")
    };
    let keys = aggregate.keys.len();
    let emit = match aggregate.emit {
        EmitMode::Changes => "changes",
        EmitMode::Final => "final",
    };
    let aggregates = names(keys..keys + aggregate.aggregates.len());
    line(text, depth, &format!("Aggregate: {aggregates} (emit {emit})"));
    if keys > 0 {
        line(text, depth + 1, &format!("keys: {}", names(0..keys)));
    }
    match &aggregate.window {
        Some(window) => describe_window(text, depth + 1, window),
        None => line(text, depth + 1, "state: one entry per group, kept for good"),
    }
    if let Some(having) = &aggregate.having {
        line(text, depth + 1, &format!("having: {}", sql(having)));
    }
}

fn describe_sort(text: &mut String, depth: usize, sort: &Sort) {
    let keys: Vec<String> = sort
        .keys
        .iter()
        .map(|key| {
            let direction = if key.descending { " DESC" } else { "" };
            let nulls = if key.nulls_first { " NULLS FIRST" } else { "" };
            format!("{}{direction}{nulls}", key.column)
        })
        .collect();
    line(text, depth, &format!("Sort: {}", keys.join(", ")));
    let when = if sort.by_window {
        "each window"
    } else {
        "at the end of the input"
    };
    let kept = match sort.rows_max {
        _ if sort.input.mode() == ChangelogMode::Retract => "every row that stands".to_owned(),
        Some(rows) => format!("the first {rows} rows"),
        None => "all rows".to_owned(),
    };
    line(text, depth + 1, &format!("{when} (state: {kept})"));
}

fn describe_window(text: &mut String, depth: usize, window: &Window) {
    let WindowAssigner::Tumbling { size_ms, offset_ms } = window.assigner;
    let duration = |milliseconds: i64| format_duration(std::time::Duration::from_millis(milliseconds as u64));
    let offset = if offset_ms == 0 {
        String::new()
    } else {
        format!(", offset {}", duration(offset_ms))
    };
    line(text, depth, &format!("window: tumbling {}{offset}", duration(size_ms)));
    let lateness = format_duration(window.allowed_lateness);
    let late = match window.late {
        LatePolicy::Drop => "counted and dropped",
        LatePolicy::DeadLetter => "dead letters",
    };
    line(
        text,
        depth,
        &format!("state: one entry per group and open window, kept {lateness} past the end; later rows are {late}"),
    );
}

fn columns(schema: &StreamSchema) -> String {
    let fields = schema.arrow().fields().iter();
    let typed = fields.map(|field| match SqlType::of_field(field) {
        Some(sql_type) => format!("{} {sql_type}", field.name()),
        None => field.name().clone(),
    });
    typed.collect::<Vec<_>>().join(", ")
}

fn line(text: &mut String, depth: usize, content: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:indent$}{content}", "", indent = depth * 2);
}
