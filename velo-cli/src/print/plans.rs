//! Plans as JSON, for programs. The text form is the planner's own.

use serde::Serialize;
use velo_data::{SqlType, StreamSchema};
use velo_planner::explain::explain;
use velo_planner::plan::{LogicalPlan, PlannedStatement, StatementKind};

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
    sinks: &'a [String],
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
            sinks: &statement.sinks,
            columns: columns(statement.plan.schema(), statement.plan.schema().user_columns()),
            key: statement
                .key
                .iter()
                .filter_map(|index| Some(fields.get(*index)?.name().as_str()))
                .collect(),
            plan: JsonNode::of(&statement.plan),
            text: explain(statement),
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
            LogicalPlan::Limit(_) => ("limit", None),
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
