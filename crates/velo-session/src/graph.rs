use std::collections::BTreeSet;

use velo_graph::{TableDependencyGraph, TableMetadata};
use velo_planner::plan::{PlannedStatement, StatementKind};

use crate::CheckedProgram;

/// The graph of all statements of a program: streams, tables, tables that are loaded from a source as they are, and queries.
/// Each needs those that it reads, and those that it says it depends on.
pub fn program_graph(program: &CheckedProgram) -> TableDependencyGraph {
    let names: BTreeSet<&str> = program
        .statements
        .iter()
        .map(|statement| statement.name.as_str())
        .collect();
    let mut graph = TableDependencyGraph::new();
    for statement in &program.statements {
        let needed = statement.needs().filter(|name| names.contains(name));
        // Of statements that share a name, which is an error of the program, the first one stays.
        let _ = graph.add_table(&statement.name, table_metadata(program, statement), needed);
    }
    graph
}

/// What a graph tells of a statement beside its name: what kind of source it reads itself first and how much its sources are, or else what
/// kind of statement it is; its priority and its tags.
pub fn table_metadata(program: &CheckedProgram, statement: &PlannedStatement) -> TableMetadata {
    let sources = || statement.plan.sources();
    let connection = sources().find_map(|source| program.connections.get(source));
    let bytes = sources().map(|source| program.sources.get(source)?.estimated_bytes());
    let kind = connection.map_or_else(|| kind_word(statement.kind), |connection| connection.config.kind());
    TableMetadata {
        source_type: Some(kind.to_owned()),
        estimated_rows: None,
        estimated_bytes: sources().next().and_then(|_| bytes.sum()),
        priority: statement.settings.load.priority,
        tags: statement.tags.clone(),
    }
}

const fn kind_word(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Stream => "stream",
        StatementKind::Table | StatementKind::SourceTable => "table",
        StatementKind::Query => "query",
        StatementKind::Insert => "insert",
    }
}
