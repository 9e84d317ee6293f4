//! The arrows between the crates, as docs/architecture.md draws them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What each crate may use itself; what those use is within its reach anyway.
const ARROWS: &[(&str, &[&str])] = &[
    ("velo-common", &[]),
    ("velo-data", &["velo-common"]),
    ("velo-functions", &["velo-data"]),
    ("velo-parser", &["velo-common"]),
    ("velo-graph", &["velo-common"]),
    (
        "velo-planner",
        &["velo-parser", "velo-graph", "velo-functions", "velo-data"],
    ),
    ("velo-formats", &["velo-data"]),
    ("velo-datasources", &["velo-formats", "velo-data"]),
    ("velo-session", &["velo-planner", "velo-datasources"]),
    ("velo-state", &["velo-data"]),
    (
        "velo-engine",
        &[
            "velo-planner",
            "velo-datasources",
            "velo-functions",
            "velo-state",
            "velo-data",
        ],
    ),
    (
        "velo-loader",
        &["velo-session", "velo-engine", "velo-state", "velo-graph"],
    ),
    (
        "velo-job",
        &["velo-engine", "velo-state", "velo-planner", "velo-datasources"],
    ),
];

/// Crates at the top, which may use all others.
const TOP: [&str; 2] = ["velo-cli", "velo-tests"];

/// Crates that only support tests, and which nothing that ships may use.
const TEST_SUPPORT: [&str; 1] = ["velo-testservices"];

/// Libraries that a crate promises to do without, by what their names begin with.
const ABSENT: &[(&str, &[&str])] = &[
    ("velo-common", &["arrow", "tokio", "datafusion", "nom"]),
    ("velo-data", &["tokio", "datafusion", "nom"]),
    ("velo-parser", &["arrow", "tokio", "datafusion"]),
    ("velo-graph", &["arrow", "tokio", "datafusion", "nom"]),
    ("velo-formats", &["tokio", "datafusion", "nom"]),
    ("velo-datasources", &["datafusion", "nom"]),
    ("velo-state", &["tokio", "datafusion", "nom"]),
];

/// The dependencies of each crate of the workspace that are part of what it ships; those of tests are not.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let shipped = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        dependencies
            .filter(|dependency| dependency["kind"] != "dev")
            .map(name)
            .collect()
    };
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (name(package), shipped(package)))
        .collect()
}

/// Everything below a crate, itself included.
fn reach(crate_name: &str) -> BTreeSet<&str> {
    let arrows = ARROWS
        .iter()
        .find(|(name, _)| *name == crate_name)
        .map_or(&[][..], |(_, arrows)| *arrows);
    let below = arrows.iter().flat_map(|arrow| reach(arrow));
    below
        .chain(ARROWS.iter().map(|(name, _)| *name).filter(|name| *name == crate_name))
        .collect()
}

#[test]
fn crates_use_only_what_is_below_them() {
    for (crate_name, used) in dependencies() {
        if TOP.contains(&crate_name.as_str()) || TEST_SUPPORT.contains(&crate_name.as_str()) {
            continue;
        }
        assert!(
            ARROWS.iter().any(|(name, _)| *name == crate_name),
            "{crate_name} has no place among the layers"
        );
        let reach = reach(&crate_name);
        for used in used.iter().filter(|used| used.starts_with("velo-")) {
            assert!(reach.contains(used.as_str()), "{crate_name} must not use {used}");
        }
    }
}

#[test]
fn crates_do_without_what_they_promise_not_to_know() {
    let dependencies = dependencies();
    for (crate_name, absent) in ABSENT {
        for used in &dependencies[*crate_name] {
            let is_absent = !absent.iter().any(|name| used.starts_with(name));
            assert!(is_absent, "{crate_name} must not use {used}");
        }
    }
}

#[test]
fn every_layer_exists_and_is_explained() {
    let architecture = crate::docs::read("docs/architecture.md");
    let dependencies = dependencies();
    for (crate_name, _) in ARROWS {
        assert!(dependencies.contains_key(*crate_name), "there is no crate {crate_name}");
        assert!(
            architecture.contains(&format!("`{crate_name}`")),
            "docs/architecture.md does not explain {crate_name}"
        );
    }
}
