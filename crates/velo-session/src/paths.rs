//! Files that a program would write over what it reads or writes elsewhere.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use velo_common::{Diagnostic, Span, code};
use velo_datasources::{FileSourceConfig, SinkConfig};
use velo_planner::plan::{ErrorPolicy, PlannedStatement};
use velo_planner::{Outline, SinkOutline, SourceOutline};

/// Says which sinks share a file with a source, another sink or a dead-letter queue: one of the two would be lost.
pub(crate) fn conflicts(
    outline: &Outline<'_>,
    sinks: &HashMap<String, SinkConfig>,
    statements: &[PlannedStatement],
) -> Vec<Diagnostic> {
    let mut used: HashMap<PathBuf, String> = HashMap::new();
    for source in &outline.sources {
        if let Some(path) = source.properties.get("path") {
            used.insert(
                identity(Path::new(&path.text)),
                format!("`{}` is read from it", source.name),
            );
        }
    }
    for statement in statements {
        if let ErrorPolicy::DeadLetter { path } = &statement.settings.error_policy {
            used.insert(
                identity(path),
                format!("the dead letters of `{}` go there", statement.name),
            );
        }
    }
    let mut found = Vec::new();
    for sink in &outline.sinks {
        let Some(SinkConfig::File(file)) = sinks.get(&sink.name.to_lowercase()) else {
            continue;
        };
        // A device or a pipe keeps nothing that could be lost.
        if file.path.exists() && !file.path.is_file() {
            continue;
        }
        if let Some(source) = read_among_others(outline, &file.path) {
            found.push(read_while_written(sink, source, &file.path));
            continue;
        }
        let use_of_path = format!("`{}` is written to it", sink.name);
        if let Some(other) = used.insert(identity(&file.path), use_of_path) {
            let span: Span = sink
                .properties
                .get("path")
                .and_then(|path| path.span)
                .unwrap_or(sink.span);
            let message = format!("`{}` would write over `{}`: {other}", sink.name, file.path.display());
            found.push(
                Diagnostic::new(&code::CONFLICTING_PROPERTY, span, message).with_help("give it a file of its own"),
            );
        }
    }
    found
}

/// The source that reads a file as one of those in a directory or of a pattern.
fn read_among_others<'a>(outline: &'a Outline<'_>, path: &Path) -> Option<&'a SourceOutline> {
    outline.sources.iter().find(|source| {
        let Some(read) = source.properties.get("path") else {
            return false;
        };
        let mut config = FileSourceConfig::new(&read.text, None);
        config.recursive = source
            .properties
            .get("recursive")
            .is_some_and(|value| value.text.eq_ignore_ascii_case("true"));
        identity(&config.path) != identity(path) && config.reads(path)
    })
}

fn read_while_written(sink: &SinkOutline, source: &SourceOutline, path: &Path) -> Diagnostic {
    let span = sink
        .properties
        .get("path")
        .and_then(|path| path.span)
        .unwrap_or(sink.span);
    let read = source.properties.get("path").map_or("", |path| path.text.as_str());
    let (sink, source) = (&sink.name, &source.name);
    let message = format!(
        "`{sink}` is written to `{}`, which `{source}` reads with `{read}`",
        path.display()
    );
    Diagnostic::new(&code::CONFLICTING_PROPERTY, span, message).with_help("write it to another directory")
}

/// A path under which the same file is always found, whether it exists yet or not.
fn identity(path: &Path) -> PathBuf {
    if let Ok(canonical) = path.canonicalize() {
        return canonical;
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match (directory.canonicalize(), path.file_name()) {
        (Ok(directory), Some(name)) => directory.join(name),
        _ => path.to_owned(),
    }
}
