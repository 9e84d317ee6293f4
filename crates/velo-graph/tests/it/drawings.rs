//! How graphs are drawn: snapshots, each of them read, and drawn by Graphviz and Mermaid when it was taken.

use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};

use crate::support::graph;

fn shop() -> TableDependencyGraph {
    let mut graph = TableDependencyGraph::new();
    let mut add = |name: &str, metadata: TableMetadata, needs: &[&str]| {
        graph
            .add_table(name, metadata, needs.iter().copied())
            .expect("a new table");
    };
    add(
        "report",
        TableMetadata::default().with_tag("daily"),
        &["order_facts", "customers"],
    );
    add(
        "order_facts",
        TableMetadata::default(),
        &["orders", "customers", "products"],
    );
    add(
        "orders",
        TableMetadata::new("file")
            .with_estimated_rows(1_200_000)
            .with_estimated_bytes(98_765_432),
        &[],
    );
    add(
        "customers",
        TableMetadata::new("sqlite").with_estimated_rows(1).with_priority(10),
        &[],
    );
    add("products", TableMetadata::new("http").with_priority(-1), &[]);
    graph
}

/// A circle, a table behind it, one before it, and a missing table.
fn broken() -> TableDependencyGraph {
    graph("orders\n a < b, orders\n b < c\n c < a, ordres\n behind < c\n own < own\n fine < orders, ordres")
}

/// Names that mean something to what draws them.
fn odd() -> TableDependencyGraph {
    let mut graph = TableDependencyGraph::new();
    let names = [
        "say \"hi\"",
        "back\\slash",
        "ends with \\",
        "two\nlines",
        "\\n",
        "&amp; <b>x</b>",
        "end",
        "a;b{c}|d",
        "style a:b#c;",
        "`tick`",
        "größe 数量",
        "",
        "\u{1b}[31mred",
        "#quot;",
        "-->",
    ];
    for name in names {
        graph
            .add_table(name, TableMetadata::new(format!("of {name}")), ["say \"no\""])
            .expect("a new table");
    }
    graph
        .add_table("say \"no\"", TableMetadata::default(), NO_DEPENDENCIES)
        .expect("a new table");
    graph
}

#[test]
fn as_text() {
    insta::assert_snapshot!("shop_text", shop().describe().to_text());
    insta::assert_snapshot!("broken_text", broken().describe().to_text());
    insta::assert_snapshot!("odd_text", odd().describe().to_text());
    assert_eq!(
        TableDependencyGraph::new().describe().to_text(),
        "0 tables in 0 waves\n"
    );
}

#[test]
fn text_is_readable_in_80_columns() {
    let mut graph = TableDependencyGraph::new();
    let bases: Vec<String> = (1..=30).map(|table| format!("base_table_{table}")).collect();
    for base in &bases {
        graph
            .add_table(base, TableMetadata::new("file"), NO_DEPENDENCIES)
            .expect("a new table");
    }
    graph
        .add_table("hub", TableMetadata::default(), bases)
        .expect("a new table");
    graph
        .add_table("x".repeat(90), TableMetadata::default(), ["hub"])
        .expect("a new table");
    graph
        .add_table("end", TableMetadata::default(), ["x".repeat(90)])
        .expect("a new table");
    let text = graph.describe().to_text();
    let too_long = text
        .lines()
        .filter(|line| line.chars().count() > 80 && !line.contains("xxx"));
    assert_eq!(too_long.collect::<Vec<_>>(), [""; 0]);
    let hub = text.split_once("wave 2\n").map(|(_, rest)| rest);
    insta::assert_snapshot!("wide_text", hub.expect("a second wave"));
}

#[test]
fn as_dot() {
    insta::assert_snapshot!("shop_dot", shop().describe().to_dot());
    insta::assert_snapshot!("broken_dot", broken().describe().to_dot());
    insta::assert_snapshot!("odd_dot", odd().describe().to_dot());
}

#[test]
fn as_mermaid() {
    insta::assert_snapshot!("shop_mermaid", shop().describe().to_mermaid());
    insta::assert_snapshot!("broken_mermaid", broken().describe().to_mermaid());
    insta::assert_snapshot!("odd_mermaid", odd().describe().to_mermaid());
}

#[test]
fn as_json() {
    let json = |graph: &TableDependencyGraph| serde_json::to_string_pretty(&graph.describe()).expect("serializable");
    insta::assert_snapshot!("shop_json", json(&shop()));
    insta::assert_snapshot!("broken_json", json(&broken()));
}
