//! Plans as JSON, for programs. The text form is the planner's own.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use velo_data::{SqlType, StreamSchema};
use velo_planner::explain::{explain, explain_settings};
use velo_planner::plan::{LogicalPlan, PlannedStatement, StatementKind};

/// A statement's plan, and how it runs, for people.
pub(crate) fn text(statement: &PlannedStatement) -> String {
    let mut text = explain(statement);
    let settings = explain_settings(statement);
    if !settings.is_empty() {
        let settings: Vec<String> = settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  Settings: {}", settings.join(", "));
    }
    text
}

/// All statements as one JSON object on one line.
pub(crate) fn json(statements: &[PlannedStatement]) -> Result<String, serde_json::Error> {
    let report = JsonReport {
        statements: statements.iter().map(JsonStatement::of).collect(),
    };
    Ok(serde_json::to_string(&report)? + "\n")
}

#[derive(Debug, Serialize)]
struct JsonReport<'a> {
    statements: Vec<JsonStatement<'a>>,
}

#[derive(Debug, Serialize)]
struct JsonStatement<'a> {
    name: &'a str,
    kind: &'static str,
    /// Statements of the program that it reads.
    reads: &'a [String],
    /// Statements that have to be there before it although it does not read them.
    depends_on: &'a [String],
    sinks: &'a [String],
    tags: &'a [String],
    /// Properties that say how it runs; those that have their default are missing.
    settings: BTreeMap<&'static str, String>,
    columns: Vec<JsonColumn<'a>>,
    /// Names of the columns that make up the record key.
    key: Vec<&'a str>,
    plan: JsonNode<'a>,
    /// The plan as people read it.
    text: String,
}

impl<'a> JsonStatement<'a> {
    fn of(statement: &'a PlannedStatement) -> Self {
        let fields = statement.plan.schema().user_fields();
        Self {
            name: &statement.name,
            kind: kind(statement.kind),
            reads: &statement.reads,
            depends_on: &statement.depends_on,
            sinks: &statement.sinks,
            tags: &statement.tags,
            settings: explain_settings(statement).into_iter().collect(),
            columns: columns(statement.plan.schema(), statement.plan.schema().user_columns()),
            key: statement
                .key
                .iter()
                .filter_map(|index| Some(fields.get(*index)?.name().as_str()))
                .collect(),
            plan: JsonNode::of(&statement.plan),
            text: text(statement),
        }
    }
}

#[derive(Debug, Serialize)]
struct JsonColumn<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    sql_type: Option<String>,
}

#[derive(Debug, Serialize)]
struct JsonNode<'a> {
    operator: &'static str,
    /// What a scan or a lookup reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<&'a str>,
    /// What comes out, metadata included.
    columns: Vec<JsonColumn<'a>>,
    inputs: Vec<JsonNode<'a>>,
}

impl<'a> JsonNode<'a> {
    fn of(plan: &'a LogicalPlan) -> Self {
        let (operator, relation) = match plan {
            LogicalPlan::Scan(scan) => ("scan", Some(scan.relation.name())),
            LogicalPlan::Values(_) => ("values", None),
            LogicalPlan::Filter(_) => ("filter", None),
            LogicalPlan::Project(_) => ("project", None),
            LogicalPlan::Lookup(lookup) => ("lookup", Some(lookup.table.as_str())),
            LogicalPlan::Aggregate(_) => ("aggregate", None),
            LogicalPlan::Distinct(_) => ("distinct", None),
            LogicalPlan::Sort(_) => ("sort", None),
            LogicalPlan::Limit(_) => ("limit", None),
            LogicalPlan::Union(_) => ("union", None),
            LogicalPlan::DropUpdateBefore(_) => ("drop_update_before", None),
        };
        let schema = plan.schema();
        Self {
            operator,
            relation,
            columns: columns(schema, schema.arrow().fields().len()),
            inputs: plan.inputs().into_iter().map(Self::of).collect(),
        }
    }
}

/// The first `count` columns.
fn columns(schema: &StreamSchema, count: usize) -> Vec<JsonColumn<'_>> {
    let fields = schema.arrow().fields().iter().take(count);
    fields
        .map(|field| JsonColumn {
            name: field.name(),
            sql_type: SqlType::of_field(field).map(|sql_type| sql_type.to_string()),
        })
        .collect()
}

const fn kind(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Stream => "stream",
        StatementKind::Table | StatementKind::SourceTable => "table",
        StatementKind::Query => "query",
        StatementKind::Insert => "insert",
    }
}
