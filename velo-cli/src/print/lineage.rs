//! Graphs of statements with the lineage of their columns.

use serde::Serialize;
use velo_graph::GraphDescription;
use velo_planner::lineage::{ColumnLineage, ColumnOrigin, Lineage, Origins, lineage};
use velo_planner::plan::PlannedStatement;

use super::text::printable;

/// The columns of all statements, each with those that it is computed from; below them, what decides about rows.
pub(crate) fn text(statements: &[PlannedStatement]) -> String {
    statements.iter().map(statement_text).collect::<Vec<_>>().join("\n")
}

fn statement_text(statement: &PlannedStatement) -> String {
    let Lineage { columns, conditions } = lineage(statement);
    let mut text = format!("{}\n", printable(&statement.name));
    for ColumnLineage { name, from } in &columns {
        let from = if from.is_empty() {
            "nothing".to_owned()
        } else {
            listed(from)
        };
        text.extend(["  ", &printable(name), " ← ", &from, "\n"]);
    }
    if !conditions.is_empty() {
        text.extend(["  rows decided by ", &listed(&conditions), "\n"]);
    }
    text
}

fn listed(origins: &Origins) -> String {
    let names = origins
        .iter()
        .map(|origin| format!("{}.{}", origin.relation, origin.column));
    printable(&names.collect::<Vec<_>>().join(", ")).into_owned()
}

/// The graph as one JSON object on one line, with the lineage of these statements as `lineage`.
pub(crate) fn graph_json(
    graph: &GraphDescription<'_>,
    statements: Option<&Vec<PlannedStatement>>,
) -> serde_json::Result<String> {
    let report = JsonGraph {
        graph,
        lineage: statements.map(|statements| statements.iter().map(JsonLineage::of).collect()),
    };
    Ok(serde_json::to_string(&report)? + "\n")
}

#[derive(Debug, Serialize)]
struct JsonGraph<'a> {
    #[serde(flatten)]
    graph: &'a GraphDescription<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lineage: Option<Vec<JsonLineage<'a>>>,
}

#[derive(Debug, Serialize)]
struct JsonLineage<'a> {
    name: &'a str,
    columns: Vec<JsonColumn>,
    /// What decides which rows there are.
    conditions: Vec<JsonOrigin>,
}

impl<'a> JsonLineage<'a> {
    fn of(statement: &'a PlannedStatement) -> Self {
        let Lineage { columns, conditions } = lineage(statement);
        let column = |column: ColumnLineage| JsonColumn {
            name: column.name,
            from: origins(column.from),
        };
        Self {
            name: &statement.name,
            columns: columns.into_iter().map(column).collect(),
            conditions: origins(conditions),
        }
    }
}

#[derive(Debug, Serialize)]
struct JsonColumn {
    name: String,
    from: Vec<JsonOrigin>,
}

#[derive(Debug, Serialize)]
struct JsonOrigin {
    relation: String,
    column: String,
}

fn origins(origins: Origins) -> Vec<JsonOrigin> {
    let origin = |origin: ColumnOrigin| JsonOrigin {
        relation: origin.relation,
        column: origin.column,
    };
    origins.into_iter().map(origin).collect()
}
