//! Documents that are printed from code, and promises that documents make.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use velo_common::code;
use velo_planner::properties::{PropertyDefinition, Scope, definitions, describe};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file of the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a document with what it is printed from, or prints it again where that is asked for.
fn check(path: &str, expected: &str) {
    if std::env::var_os("VELO_UPDATE_DOCS").is_some() {
        fs::write(root().join(path), expected).unwrap();
    }
    assert!(
        read(path) == expected,
        "{path} is out of date; print it again with `just docs`"
    );
}

#[test]
fn the_index_of_diagnostics_is_up_to_date() {
    let mut page = "# Diagnostics\n\n\
        Every message of `validate`, `run` and `explain` has a code. A code is never reused and never changes its\n\
        meaning, so that scripts may rely on it. Printed from `crates/velo-common/src/code.rs` by `just docs`.\n\n\
        | code | severity | rule | explanation |\n|---|---|---|---|\n"
        .to_owned();
    for code in code::ALL {
        let severity = code.severity.as_str();
        let _ = writeln!(
            page,
            "| {} | {severity} | {} | {} |",
            code.id, code.title, code.explanation
        );
    }
    check("docs/diagnostics.md", &page);
}

#[test]
fn the_reference_of_properties_is_up_to_date() {
    let mut page = "# Properties\n\n\
        What may stand in `WITH (…)` and behind `--set`. A key of a source or sink follows its name: `'orders.path'`; in\n\
        its own declaration the name is left out. An unknown key is an error, and so is one that is known and not\n\
        supported yet. Printed from the planner's registry by `just docs`.\n"
        .to_owned();
    for (scope, title) in SCOPES {
        let of_scope = || definitions().iter().filter(|definition| definition.scope == *scope);
        let _ = write!(page, "\n## {title}\n");
        if of_scope().any(|definition| definition.supported) {
            page.push_str("\n| key | means | takes | other spellings |\n|---|---|---|---|\n");
        }
        for definition in of_scope().filter(|definition| definition.supported) {
            let aliases: Vec<String> = definition.aliases.iter().map(|alias| format!("`{alias}`")).collect();
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                definition.key,
                describe(definition.key),
                takes(definition),
                aliases.join(", ")
            );
        }
        let refused: Vec<String> = of_scope()
            .filter(|definition| !definition.supported)
            .map(|definition| format!("`{}`", definition.key))
            .collect();
        if !refused.is_empty() {
            let _ = write!(page, "\nNot supported yet: {}.\n", refused.join(", "));
        }
    }
    check("docs/sql/properties.md", &page);
}

const SCOPES: &[(Scope, &str)] = &[
    (Scope::Object, "Sources and sinks"),
    (Scope::Source, "Sources"),
    (Scope::Sink, "Sinks"),
    (Scope::Time, "Event time and watermarks"),
    (Scope::Window, "Windows"),
    (Scope::Table, "Tables"),
    (Scope::Join, "Joins with tables"),
    (Scope::Statement, "Statements"),
    (Scope::Stream, "Streams"),
];

fn takes(definition: &PropertyDefinition) -> String {
    use velo_planner::properties::ValueKind;
    match definition.value {
        ValueKind::Text | ValueKind::DatabaseUrl => "text".to_owned(),
        ValueKind::DataPath | ValueKind::ProgramPath => "a path".to_owned(),
        ValueKind::Boolean => "`true` or `false`".to_owned(),
        ValueKind::Integer(least) => format!("a whole number, at least {least}"),
        ValueKind::Duration => "a duration: `500ms`, `5m`; a bare number is seconds".to_owned(),
        ValueKind::Character => "one character, or `\\t`".to_owned(),
        ValueKind::Choice(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

#[test]
fn the_exit_codes_are_documented() {
    let cli = read("docs/cli.md");
    for code in ["| 0 |", "| 1 |", "| 2 |", "| 3 |", "| 130 |"] {
        assert!(cli.contains(code), "docs/cli.md has no row {code}");
    }
}

/// Links between the documents lead somewhere.
#[test]
fn links_between_documents_lead_somewhere() {
    let documents = [
        "README.md",
        "CHANGELOG.md",
        "docs/architecture.md",
        "docs/cli.md",
        "docs/diagnostics.md",
        "docs/sql/README.md",
        "docs/sql/functions.md",
        "docs/sql/properties.md",
        "demo/quickstart/README.md",
    ];
    for document in documents {
        let text = read(document);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
            .map(|(link, _)| link)
        {
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let target = root()
                .join(document)
                .with_file_name(link.split('#').next().unwrap_or(link));
            assert!(target.exists(), "{document} links to {link}, which is not there");
        }
    }
}
