//! Every example of the reference of functions gives what the reference says.

use std::fmt::Write;

use serde_json::Value;

use crate::support::{Workspace, root};

#[test]
fn the_examples_of_the_reference_are_right() {
    let page = std::fs::read_to_string(root().join("docs/sql/functions.md")).unwrap();
    let examples = examples(&page);
    assert!(examples.len() > 140, "examples are missing: {}", examples.len());
    let mut query = "SELECT ".to_owned();
    for (index, (example, _)) in examples.iter().enumerate() {
        let comma = if index > 0 { ",\n" } else { "" };
        let _ = write!(query, "{comma}{example} AS f{index}");
    }
    query.push_str(" FROM one;\nCREATE STREAM one (x BIGINT) WITH (path = 'one.csv');");
    let workspace = Workspace::with(&[("query.sql", &query), ("one.csv", "x\n1\n")]);
    let outcome = workspace.run(&["run", "query.sql"]);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.transcript());
    let row: Value = serde_json::from_str(outcome.stdout.trim()).unwrap();
    let wrong: Vec<String> = examples
        .iter()
        .enumerate()
        .filter_map(|(index, (example, expected))| {
            let found = shown(&row[format!("f{index}")]);
            let is_json =
                serde_json::from_str(expected).is_ok_and(|expected: Value| expected == row[format!("f{index}")]);
            // A TIMESTAMP is written with its zone, which is always UTC.
            let is_right = is_json || found == *expected || found.strip_suffix('Z') == Some(expected.as_str());
            (!is_right).then(|| format!("{example}: {found} instead of {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each example and its result. Those of record headers need records that have some.
fn examples(page: &str) -> Vec<(String, String)> {
    let chapters = page
        .split("\n## ")
        .filter(|chapter| !chapter.starts_with("Record headers"));
    let lines = chapters.flat_map(str::lines).filter(|line| line.starts_with("| `"));
    let example = |line: &str| {
        let line = line.replace("\\|", "\u{1}");
        let cell = line.trim_end_matches('|').rsplit('|').next()?.replace('\u{1}', "|");
        let (example, result) = cell.trim().split_once("` → `")?;
        Some((
            example.strip_prefix('`')?.to_owned(),
            result.strip_suffix('`')?.to_owned(),
        ))
    };
    lines.filter_map(example).collect()
}

/// A value as the reference writes it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(shown).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", shown(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}
