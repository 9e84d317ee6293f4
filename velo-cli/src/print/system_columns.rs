//! The reference of system columns.

use std::fmt::Write;

use serde::Serialize;
use velo_data::SystemColumn;

/// One entry of the reference.
#[derive(Debug, Serialize)]
pub(crate) struct SystemColumnEntry {
    name: &'static str,
    #[serde(rename = "type")]
    sql_type: String,
    group: &'static str,
    meaning: &'static str,
    example: &'static str,
}

/// All system columns, by group.
pub(crate) fn reference() -> Vec<SystemColumnEntry> {
    let entry = |column: SystemColumn| {
        let (group, example) = group_and_example(column);
        SystemColumnEntry {
            name: column.name(),
            sql_type: column.sql_type().to_string(),
            group,
            meaning: column.meaning(),
            example,
        }
    };
    SystemColumn::ALL.into_iter().map(entry).collect()
}

/// The reference as text, a heading before each group.
pub(crate) fn reference_text() -> String {
    let entries = reference();
    let width = |text: fn(&SystemColumnEntry) -> &str| entries.iter().map(|entry| text(entry).len()).max().unwrap_or(0);
    let name_width = width(|entry| entry.name);
    let mut text = "System columns: in any case, in every clause, and not part of `*`\n".to_owned();
    let mut group = "";
    for entry in &entries {
        if entry.group != group {
            group = entry.group;
            let _ = writeln!(text, "\n{group}");
        }
        let _ = writeln!(text, "  {:name_width$}  {}", entry.name, entry.sql_type);
        let _ = writeln!(text, "  {:name_width$}  {}", "", entry.meaning);
        let _ = writeln!(text, "  {:name_width$}  {}", "", entry.example);
    }
    text
}

const TIME: &str = "Time";
const RECORD: &str = "Record";
const WINDOW: &str = "Window";

const fn group_and_example(column: SystemColumn) -> (&'static str, &'static str) {
    match column {
        SystemColumn::Timestamp => (TIME, "SELECT id, _timestamp FROM orders"),
        SystemColumn::EventTime => (
            TIME,
            "SELECT id FROM orders WHERE _event_time >= TIMESTAMP '2024-01-01 00:00:00'",
        ),
        SystemColumn::Offset => (RECORD, "SELECT _partition, _offset, id FROM orders"),
        SystemColumn::Partition => (
            RECORD,
            "SELECT _partition, COUNT(*) AS n FROM orders GROUP BY _partition",
        ),
        SystemColumn::Key => (RECORD, "SELECT _key, amount FROM orders WHERE _key IS NOT NULL"),
        SystemColumn::Topic => (RECORD, "SELECT _topic, id FROM orders"),
        SystemColumn::Headers => (RECORD, "SELECT id, _headers FROM orders"),
        SystemColumn::Record => (RECORD, ""), // SQL has no name for it.
        SystemColumn::WindowStart => (
            WINDOW,
            "SELECT _window_start, COUNT(*) AS n FROM orders WINDOW TUMBLING(1m)",
        ),
        SystemColumn::WindowEnd => (
            WINDOW,
            "SELECT _window_end, COUNT(*) AS n FROM orders WINDOW TUMBLING(1m)",
        ),
    }
}
