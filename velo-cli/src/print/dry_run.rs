//! What a load would do.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

use velo_graph::TableDependencyGraph;
use velo_session::CheckedProgram;

/// The waves of a load and what each table would read; `selected` are the names of those that would be loaded.
pub(crate) fn text(path: &Path, graph: &TableDependencyGraph, selected: &[String], program: &CheckedProgram) -> String {
    let selected: HashSet<&str> = selected.iter().map(String::as_str).collect();
    let waves = graph.compute_loading_waves().unwrap_or_default();
    let mut text = format!(
        "{}: {} of {} tables would be loaded\n",
        path.display(),
        selected.len(),
        graph.len()
    );
    for (number, wave) in waves.iter().enumerate() {
        let tables: Vec<&String> = wave.iter().filter(|name| selected.contains(name.as_str())).collect();
        if tables.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\nwave {}", number + 1);
        for name in tables {
            let needs = graph.get_dependencies(name).unwrap_or_default();
            let read = program.connections.get(name.as_str());
            let source = graph
                .table(name)
                .and_then(|table| table.metadata.source_type.as_deref());
            let from = match (source, read) {
                (Some(kind), Some(connection)) => format!("reads {} ({kind})", connection.config.location()),
                (Some(kind), None) => format!("reads a {kind} source"),
                (None, _) => "reads tables".to_owned(),
            };
            let needs = if needs.is_empty() {
                String::new()
            } else {
                format!(", needs {}", needs.join(", "))
            };
            let _ = writeln!(text, "  {name}: {from}{needs}");
        }
    }
    text
}
