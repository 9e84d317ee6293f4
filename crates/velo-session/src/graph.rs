use std::collections::{BTreeSet, HashMap};

use velo_datasources::{DatabaseConnection, SourceConfig};
use velo_graph::{TableDependencyGraph, TableMetadata};
use velo_planner::plan::{PlannedStatement, Relation, StatementKind};

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
        let needed = needed(statement).filter(|name| names.contains(name));
        add(&mut graph, program, statement, needed);
    }
    graph
}

/// The graph of the tables of a program, as they are loaded. A table that is made from a stream needs the tables that the
/// stream needs.
pub fn table_graph(program: &CheckedProgram) -> TableDependencyGraph {
    let mut graph = TableDependencyGraph::new();
    // For each statement so far, the tables that have to be there before a reader of it can start.
    let mut tables_of: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for statement in &program.statements {
        let behind = needed(statement).filter_map(|name| tables_of.get(name));
        let tables: BTreeSet<&str> = behind.flatten().copied().collect();
        if statement.kind.is_table() {
            add(&mut graph, program, statement, tables);
            tables_of.insert(&statement.name, BTreeSet::from([statement.name.as_str()]));
        } else {
            tables_of.insert(&statement.name, tables);
        }
    }
    graph
}

fn needed(statement: &PlannedStatement) -> impl Iterator<Item = &str> {
    statement.reads.iter().chain(&statement.depends_on).map(String::as_str)
}

fn add<'a>(
    graph: &mut TableDependencyGraph,
    program: &CheckedProgram,
    statement: &PlannedStatement,
    needed: impl IntoIterator<Item = &'a str>,
) {
    // Of statements that share a name, which is an error of the program, the first one stays.
    let _ = graph.add_table(&statement.name, metadata(program, statement), needed);
}

fn metadata(program: &CheckedProgram, statement: &PlannedStatement) -> TableMetadata {
    let source = statement.plan.scan().and_then(|scan| match &scan.relation {
        Relation::Source(source) => Some(source),
        Relation::Statement(_) | Relation::Table(_) => None,
    });
    let connection = source.and_then(|source| program.connections.get(source));
    let opened = source.and_then(|source| program.sources.get(source));
    TableMetadata {
        source_type: Some(match connection {
            Some(connection) => source_word(&connection.config).to_owned(),
            None => kind_word(statement.kind).to_owned(),
        }),
        estimated_rows: None,
        estimated_bytes: opened.and_then(|source| source.estimated_bytes()),
        priority: statement.settings.load.priority,
        tags: statement.tags.clone(),
    }
}

const fn source_word(config: &SourceConfig) -> &'static str {
    match config {
        SourceConfig::File(_) => "file",
        SourceConfig::Http(_) => "http",
        SourceConfig::Objects(_) => "objects",
        SourceConfig::Database(database) => match database.connection {
            DatabaseConnection::Postgres(_) => "postgres",
            DatabaseConnection::Sqlite(_) => "sqlite",
        },
        SourceConfig::Memory(_) => "memory",
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
