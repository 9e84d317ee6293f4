//! What a load would do.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

use velo_loader::ProgramLoader;

/// The waves of a load and what each table would read; `selected` are the names of those that would be loaded.
pub(crate) fn text(path: &Path, program: &ProgramLoader, selected: &[String]) -> String {
    let graph = program.graph();
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
            let from = match program.locations(name).join(", ") {
                locations if locations.is_empty() => "reads tables".to_owned(),
                locations => format!("reads {locations}"),
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
