//! Order, waves, and who is next to whom; every expected value is worked out by hand.

use std::collections::HashSet;

use velo_graph::{DependencyGraph, NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};

use crate::support::{graph, order, waves};

#[test]
fn order_and_waves() {
    let cases = [
        ("an empty graph", "", "", ""),
        ("one table", "a", "a", "a"),
        ("added before what it needs", "c < b\n b < a\n a", "a b c", "a | b | c"),
        ("equals in the order of addition", "z\n a\n m", "z a m", "z a m"),
        ("equals by priority", "a\n b 5\n c -1\n d 5", "b d a c", "b d a c"),
        (
            "a diamond",
            "top < left, right\n left < base\n right 1 < base\n base",
            "base right left top",
            "base | right left | top",
        ),
        (
            "the longest path decides the wave",
            "a\n b < a\n c < a, b\n d < a",
            "a b c d",
            "a | b d | c",
        ),
        (
            "a table that is ready goes before one of higher priority that is not",
            "urgent 9 < slow\n slow\n other 1",
            "other slow urgent",
            "other slow | urgent",
        ),
        (
            "names that differ in case are one",
            "Totals < ORDERS, orders\n Orders",
            "Orders Totals",
            "Orders | Totals",
        ),
        ("case beyond ASCII", "b < É\n é", "é b", "é | b"),
    ];
    for (case, lines, expected_order, expected_waves) in cases {
        let graph = graph(lines);
        assert_eq!(order(&graph), expected_order, "{case}");
        assert_eq!(waves(&graph), expected_waves, "{case}");
    }
}

#[test]
fn neighbors_and_closures() {
    let graph = graph("a\n b < a\n c < b, a\n d < c, ghost, Apparition\n e");
    let spelled = |names: Option<Vec<&str>>| names.expect("there").join(" ");
    let cases = [
        ("a", "", "b c", "", "b c d"),
        ("B", "a", "c", "a", "c d"),
        ("c", "a b", "d", "a b", "d"),
        ("d", "c Apparition ghost", "", "a b c Apparition ghost", ""),
        ("e", "", "", "", ""),
    ];
    for (name, dependencies, dependents, all_dependencies, all_dependents) in cases {
        assert_eq!(spelled(graph.get_dependencies(name)), dependencies, "{name}");
        assert_eq!(spelled(graph.get_dependents(name)), dependents, "{name}");
        assert_eq!(spelled(graph.get_all_dependencies(name)), all_dependencies, "{name}");
        assert_eq!(spelled(graph.get_all_dependents(name)), all_dependents, "{name}");
    }
    for unknown in ["f", "ghost", ""] {
        assert_eq!(graph.get_dependencies(unknown), None);
        assert_eq!(graph.get_dependents(unknown), None);
        assert_eq!(graph.get_all_dependencies(unknown), None);
        assert_eq!(graph.get_all_dependents(unknown), None);
    }
}

#[test]
fn a_table_in_a_circle_needs_itself() {
    let graph = graph("a < b\n b < a");
    assert_eq!(graph.get_dependencies("a"), Some(vec!["b"]));
    assert_eq!(graph.get_all_dependencies("a"), Some(vec!["a", "b"]));
    assert_eq!(graph.get_all_dependents("a"), Some(vec!["a", "b"]));
}

#[test]
fn sets_of_dependencies_give_the_same_answers_however_they_are_iterated() {
    let names: Vec<String> = (0..40).map(|number| format!("t{number}")).collect();
    let build = || {
        let mut graph = TableDependencyGraph::new();
        let set: HashSet<String> = names.iter().cloned().collect();
        graph
            .add_table("hub", TableMetadata::default(), set)
            .expect("a new table");
        for name in &names {
            graph
                .add_table(name.clone(), TableMetadata::default(), ["hub"])
                .expect("a new table");
        }
        graph
    };
    let first = build();
    for _ in 0..5 {
        assert_eq!(build().describe(), first.describe());
    }
}

#[test]
fn tables_that_nobody_needs_are_found() {
    let graph = graph("a\n b < a\n c < b\n d < a\n e < d\n f < g\n g < f");
    assert_eq!(graph.unreachable_from(["c"]).expect("known"), ["d", "e", "f", "g"]);
    assert_eq!(graph.unreachable_from(["C", "e", "f"]).expect("known"), [""; 0]);
    assert_eq!(graph.unreachable_from([]).expect("known").len(), graph.len());
}

#[test]
fn a_part_of_a_graph_keeps_what_is_between_its_tables() {
    let graph = graph("d < c, a\n a 2 #daily\n b < a\n c < b, gone\n e < a");
    let part = graph.subgraph(["e", "D", "a", "c"]).expect("known");
    assert_eq!(waves(&part), "a c | d e");
    assert_eq!(
        part.get_dependencies("c"),
        Some(vec![]),
        "what is not part of it counts as there"
    );
    assert_eq!(part.table("a"), graph.table("a"));
    let error = graph.subgraph(["a", "gone"]).expect_err("unknown");
    assert_eq!(error.to_string(), "there is no table `gone`");
    assert!(graph.subgraph([]).expect("known").is_empty());
}

#[test]
fn what_was_said_about_a_table_is_kept() {
    let mut graph = TableDependencyGraph::new();
    assert!(graph.is_empty());
    let metadata = TableMetadata::new("http").with_estimated_bytes(12).with_tag("Daily");
    graph
        .add_table("Rates", metadata.clone(), NO_DEPENDENCIES)
        .expect("a new table");
    let table = graph.table("rates").expect("there");
    assert_eq!((table.name.as_str(), &table.metadata), ("Rates", &metadata));
    assert!(table.metadata.has_tag("daily") && !table.metadata.has_tag("dail"));
    assert_eq!(graph.tables().len(), 1);
    assert_eq!(graph.table("rate"), None);
}

#[test]
fn names_alone_are_ordered_like_tables() {
    let mut graph = DependencyGraph::new();
    graph.add_node("first");
    graph.add_dependency("alerts", "totals");
    graph.add_dependency("totals", "orders");
    graph.add_dependency("totals", "orders");
    assert_eq!(
        graph.topological_order(),
        Ok(vec!["first", "orders", "totals", "alerts"])
    );
    graph.add_dependency("orders", "alerts");
    let cycle = graph.topological_order().expect_err("a circle");
    assert_eq!(cycle.to_string(), "alerts → totals → orders → alerts");
}
