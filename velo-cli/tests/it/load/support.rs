//! Runs loads, and looks at what they leave behind.

use std::collections::{BTreeMap, BTreeSet};

use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::Value;
use velo_state::SnapshotStore;

use crate::support::{Outcome, Workspace};

/// The program of a workspace.
pub(super) const PROGRAM: &str = "p.sql";

/// A workspace with a program.
pub(super) fn workspace(program: &str) -> Workspace {
    Workspace::with(&[(PROGRAM, program)])
}

/// How a load went, in the words of `--format json`.
pub(super) struct Loaded {
    pub(super) exit: Option<i32>,
    pub(super) events: Vec<Value>,
    pub(super) stderr: String,
}

impl Loaded {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let event = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self {
            exit: outcome.exit,
            events: outcome.stdout.lines().map(event).collect(),
            stderr: outcome.stderr.clone(),
        }
    }

    /// The last event.
    pub(super) fn result(&self) -> &Value {
        let last = self
            .events
            .last()
            .unwrap_or_else(|| panic!("no event: {}", self.stderr));
        assert_eq!(last["event"], "result", "{}", self.stderr);
        last
    }

    /// All events of a kind about a table.
    pub(super) fn told<'a>(&'a self, event: &'a str, table: &'a str) -> impl Iterator<Item = &'a Value> {
        let is_told = move |told: &&Value| told["event"] == event && told["table"] == table;
        self.events.iter().filter(is_told)
    }

    /// How a table came to be loaded: `loaded`, `unchanged`, `incremental` with the rows read, or `reloaded` with the
    /// reason.
    pub(super) fn outcome(&self, table: &str) -> String {
        let told = self.told("table_completed", table).next();
        let told = told.unwrap_or_else(|| panic!("{table} was not loaded: {}", self.result()));
        let word = told["outcome"].as_str().unwrap();
        match (told.get("rows_read"), told.get("reason").and_then(Value::as_str)) {
            (Some(rows), _) => format!("{word} {rows}"),
            (None, Some(reason)) => format!("{word}: {reason}"),
            (None, None) => word.to_owned(),
        }
    }

    /// Fails unless all tables were loaded.
    pub(super) fn expect_all(self) -> Self {
        assert_eq!(self.exit, Some(0), "{}\n{:#?}", self.stderr, self.events.last());
        self
    }

    /// Exit code, result and what was told beside, without times.
    pub(super) fn transcript(&self) -> String {
        let exit = self.exit.map_or_else(|| "signal".to_owned(), |exit| exit.to_string());
        let result = self.events.last().map(|result| {
            let mut result = result.clone();
            remove_times(&mut result);
            serde_json::to_string_pretty(&result).unwrap()
        });
        let result = result.unwrap_or_default();
        format!(
            "exit: {exit}\n----- result -----\n{result}\n----- stderr -----\n{}",
            self.stderr
        )
    }
}

fn remove_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                if key.ends_with("duration_ms") {
                    *member = Value::from("[time]");
                } else {
                    remove_times(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(remove_times),
        _ => {}
    }
}

/// Loads the program of a workspace, with further arguments.
pub(super) fn load(workspace: &Workspace, arguments: &[&str]) -> Loaded {
    let command = [&["load", PROGRAM, "--format", "json"], arguments].concat();
    Loaded::of(&workspace.run(&command))
}

/// The rows that are kept of a table, each as its values between bars, in the order of their texts. Of rows with the same
/// key the last one counts.
pub(super) fn rows(workspace: &Workspace, table: &str) -> Vec<String> {
    let store = SnapshotStore::open_read_only(workspace.path(".velo"));
    let snapshot = store
        .read(table)
        .unwrap()
        .unwrap_or_else(|| panic!("nothing is kept of {table}"));
    let key_columns = &snapshot.manifest.details.key_columns;
    let mut by_key = BTreeMap::new();
    let options = FormatOptions::default().with_null("NULL");
    for batch in snapshot.batches {
        let batch = batch.unwrap();
        let columns = batch.columns().iter();
        let columns: Vec<_> = columns
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        let schema = batch.schema();
        let key_indexes: Vec<usize> = key_columns.iter().map(|name| schema.index_of(name).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let values: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
            let mut key: Vec<String> = key_indexes.iter().map(|index| values[*index].clone()).collect();
            if key.is_empty() {
                key.push(format!("{:08}", by_key.len()));
            }
            by_key.insert(key, values.join("|"));
        }
    }
    let mut rows: Vec<String> = by_key.into_values().collect();
    rows.sort();
    rows
}

/// The tables of which something is kept.
pub(super) fn kept_tables(workspace: &Workspace) -> BTreeSet<String> {
    let store = SnapshotStore::open_read_only(workspace.path(".velo"));
    let entries = store.list().unwrap().into_iter();
    entries
        .map(|entry| {
            entry
                .manifest
                .unwrap_or_else(|error| panic!("{}: {error}", entry.table))
                .table
        })
        .collect()
}
