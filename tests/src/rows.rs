//! Rows in files, as tests compare them.

use std::collections::BTreeMap;

use serde_json::Value;

/// The rows that stand at the end of the changes in a file of envelopes, in the order of their text: by the key of the records and
/// their window, without a key by their values.
///
/// # Panics
///
/// When a line is no envelope, or takes back a row that does not stand.
pub fn folded(text: &str) -> String {
    let mut by_key: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut by_value: BTreeMap<String, i64> = BTreeMap::new();
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let value = &record["value"];
        let window = record["window"].to_string();
        let mut count = |row: &Value, times: i64| {
            *by_value.entry(row.to_string()).or_default() += times;
        };
        match (record.get("key"), record["kind"].as_str()) {
            _ if value.get("op").is_some() => {
                let (before, after) = (&value["before"], &value["after"]);
                let operation = match (before.is_null(), after.is_null()) {
                    (true, false) => "c",
                    (false, true) => "d",
                    _ => "u",
                };
                assert_eq!(value["op"], operation);
                [(before, -1), (after, 1)]
                    .into_iter()
                    .filter(|(row, _)| !row.is_null())
                    .for_each(|(row, times)| count(row, times));
            }
            (None, kind) => match kind {
                Some("insert") => count(value, 1),
                Some("delete") => count(value, -1),
                kind => panic!("{kind:?} of a row without a key: {line}"),
            },
            (Some(key), Some("delete")) => {
                by_key.remove(&(key.to_string(), window));
            }
            (Some(key), _) => {
                by_key.insert((key.to_string(), window), value.to_string());
            }
        }
    }
    assert!(
        by_value.values().all(|count| *count >= 0),
        "rows go that do not stand: {by_value:?}"
    );
    let of_values = by_value
        .iter()
        .flat_map(|(row, count)| std::iter::repeat_n(row, *count as usize));
    let mut lines: Vec<&String> = by_key.values().chain(of_values).collect();
    lines.sort_unstable();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The rows in a file of lines, in their order or in that of their text.
pub fn rows(text: &str, is_ordered: bool) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if !is_ordered {
        lines.sort_unstable();
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The rows that are missing and those that are there for nothing, for people.
pub fn difference(expected: &str, found: &str) -> String {
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for line in expected.lines() {
        *counts.entry(line).or_default() -= 1;
    }
    for line in found.lines() {
        *counts.entry(line).or_default() += 1;
    }
    let differing = counts.iter().filter(|(_, count)| **count != 0);
    let lines: String = differing.map(|(line, count)| format!("{count:+} {line}\n")).collect();
    if lines.is_empty() {
        return format!("expected in this order\n{expected}found\n{found}");
    }
    format!("rows there are too many (+) and too few (-) of\n{lines}")
}
