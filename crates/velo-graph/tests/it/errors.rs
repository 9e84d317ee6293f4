//! What is said about graphs that have no order.

use velo_graph::{DependencyError, NO_DEPENDENCIES, TableMetadata};

use crate::support::graph;

fn load_error(lines: &str) -> String {
    graph(lines).topological_load_order().expect_err("no order").to_string()
}

#[test]
fn circles_are_told_with_their_path() {
    let cases = [
        ("a < a", "a → a"),
        ("x < a\n a < b\n b < c\n c < a", "a → b → c → a"),
        ("A < b\n b < a", "A → b → A"),
        ("a < b, c\n b < d\n c < a\n d < a", "a → c → a"),
        ("c < b\n b < c\n d < c", "c → b → c"),
    ];
    for (lines, path) in cases {
        let graph = graph(lines);
        assert_eq!(
            graph
                .detect_cycles()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            [path]
        );
        let expected = format!("tables need each other in a circle: {path}; let one of them read a source instead");
        assert_eq!(load_error(lines), expected);
        assert_eq!(
            graph.compute_loading_waves().expect_err("no order").to_string(),
            expected
        );
        assert_eq!(graph.validate_dependencies(), Ok(()), "all tables are there");
    }
}

#[test]
fn every_group_of_tables_has_its_circle() {
    let graph = graph("z < y\n a < b\n b < a, b\n y < z\n s < s\n alone < a\n base");
    let cycles: Vec<String> = graph.detect_cycles().iter().map(ToString::to_string).collect();
    assert_eq!(cycles, ["z → y → z", "a → b → a", "s → s"]);
}

#[test]
fn missing_tables_are_told_at_once_with_who_needs_them() {
    let missing = load_error(
        "orders\n customers\n totals < ordres, gone\n daily < ordres, gone\n weekly < gone\n monthly < gone\n yearly < GONE",
    );
    insta::assert_snapshot!(missing, @"
    there is no table `gone`, which `totals`, `daily`, `weekly` and 2 more need: create it, or take it out of what they read
    there is no table `ordres`, which `totals` and `daily` need: a similar table exists: `orders`
    ");
}

#[test]
fn missing_tables_come_before_circles() {
    let error = graph("a < b\n b < a, gone")
        .topological_load_order()
        .expect_err("no order");
    assert!(matches!(error, DependencyError::Missing { .. }), "{error}");
}

#[test]
fn a_table_is_not_suggested_to_itself() {
    assert_eq!(
        load_error("orders < order"),
        "there is no table `order`, which `orders` needs: create it, or take it out of what it reads"
    );
}

#[test]
fn a_second_table_of_a_name_is_refused_and_changes_nothing() {
    let mut graph = graph("orders 3\n totals < orders");
    let before = graph.clone();
    let error = graph
        .add_table("ORDERS", TableMetadata::default(), ["new"])
        .expect_err("a duplicate");
    assert_eq!(
        error.to_string(),
        "there is a table `orders` already; give `ORDERS` another name"
    );
    assert_eq!(graph.describe(), before.describe());
    graph
        .add_table("new", TableMetadata::default(), NO_DEPENDENCIES)
        .expect("a new table");
}

#[test]
fn questions_about_unknown_tables_are_answered_with_a_suggestion() {
    let graph = graph("orders\n totals < orders");
    let error = graph.unreachable_from(["totals", "order"]).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "there is no table `order`: a similar table exists: `orders`"
    );
    let error = graph.unreachable_from(["nonsense"]).expect_err("unknown");
    assert_eq!(error.to_string(), "there is no table `nonsense`");
}

#[test]
fn the_message_about_a_long_circle_is_short() {
    let lines: Vec<String> = (0..1000)
        .map(|table| format!("t{table} < t{}", (table + 1) % 1000))
        .collect();
    let graph = graph(&lines.join("\n"));
    let [cycle] = &graph.detect_cycles()[..] else {
        panic!("one circle")
    };
    assert_eq!(cycle.path.len(), 1001);
    insta::assert_snapshot!(cycle, @"t0 → t1 → t2 → t3 → t4 → t5 → t6 → t7 → t8 → t9 → t10 → t11 → t12 → t13 → t14 → t15 → t16 → … 981 more … → t998 → t999 → t0");
}
