//! Selection expressions; every expected value is worked out by hand.

use velo_graph::{Selection, SelectionError, TableDependencyGraph, TableMetadata};

use crate::support::graph;

/// `raw` tables feed `dim` and `fact` tables, those feed two reports.
fn shop() -> TableDependencyGraph {
    graph(
        "raw_orders
         raw_customers #Slow
         dim_customers #daily < raw_customers
         fact_orders #daily < raw_orders, dim_customers
         report #weekly < fact_orders
         audit < raw_orders",
    )
}

fn select(selection: &str) -> String {
    let selected = selection
        .parse::<Selection>()
        .and_then(|selection| shop().select(&selection));
    selected.map_or_else(|error| error.to_string(), |tables| tables.join(" "))
}

#[test]
fn selections_stand_for_tables_in_load_order() {
    let cases = [
        ("report", "report"),
        ("REPORT", "report"),
        ("+fact_orders", "raw_orders raw_customers dim_customers fact_orders"),
        ("dim_customers+", "dim_customers fact_orders report"),
        ("+dim_customers+", "raw_customers dim_customers fact_orders report"),
        ("raw_*", "raw_orders raw_customers"),
        ("*", "raw_orders raw_customers dim_customers fact_orders report audit"),
        ("???it", "audit"),
        ("raw_cust*+", "raw_customers dim_customers fact_orders report"),
        ("tag:daily", "dim_customers fact_orders"),
        ("TAG:DAILY", "dim_customers fact_orders"),
        ("+tag:daily", "raw_orders raw_customers dim_customers fact_orders"),
        ("tag:slow+", "raw_customers dim_customers fact_orders report"),
        ("tag:*ly", "dim_customers fact_orders report"),
        ("report raw_orders", "raw_orders report"),
        ("report,raw_orders", "raw_orders report"),
        ("  report ,\n raw_orders,, report ", "raw_orders report"),
        ("\"report\"+", "report"),
        (
            "+tag:\"Weekly\"",
            "raw_orders raw_customers dim_customers fact_orders report",
        ),
        (
            "+audit raw_customers+",
            "raw_orders raw_customers dim_customers fact_orders report audit",
        ),
    ];
    for (selection, expected) in cases {
        let mut selected: Vec<String> = select(selection).split(' ').map(str::to_owned).collect();
        assert!(
            selected.is_sorted_by_key(|name| shop()
                .topological_load_order()
                .expect("an order")
                .iter()
                .position(|other| other == name)),
            "{selection}: {selected:?} is not in load order"
        );
        let mut expected: Vec<&str> = expected.split(' ').collect();
        selected.sort_unstable();
        expected.sort_unstable();
        assert_eq!(selected, expected, "{selection}");
    }
}

#[test]
fn quotes_name_odd_tables() {
    let mut graph = TableDependencyGraph::new();
    let names = ["a, b", "c+", "+d", "tag:x", "e*", "say \"hi\"", "élan vital"];
    for name in names {
        graph
            .add_table(name, TableMetadata::default(), ["base"])
            .expect("a new table");
    }
    graph
        .add_table("base", TableMetadata::default(), velo_graph::NO_DEPENDENCIES)
        .expect("a new table");
    for name in names {
        let selection = format!("\"{}\"", name.replace('"', "\"\""));
        assert_eq!(
            graph.select(&selection.parse().expect("well formed")).expect("there"),
            [name]
        );
        let selection = format!("+{selection}").parse().expect("well formed");
        assert_eq!(graph.select(&selection).expect("there"), ["base", name]);
    }
}

#[test]
fn suggestions_can_be_pasted() {
    let mut graph = TableDependencyGraph::new();
    for name in ["orders, old", "orders+plus", "all*stars", "two \"quotes\""] {
        let metadata = TableMetadata::default().with_tag(name);
        graph
            .add_table(name, metadata, velo_graph::NO_DEPENDENCIES)
            .expect("a new table");
    }
    let cases = [
        ("\"orders, odd\"+", "\"orders, old\"+"),
        ("tag:\"orders, odd\"", "tag:\"orders, old\""),
        ("+ordersplus", "+\"orders+plus\""),
        ("allstars", "\"all*stars\""),
        ("\"two quotes\"", "\"two \"\"quotes\"\"\""),
    ];
    for (term, suggestion) in cases {
        let error = graph
            .select(&term.parse().expect("well formed"))
            .expect_err("unmatched")
            .to_string();
        assert_eq!(
            error,
            format!("`{term}` selects no table; did you mean `{suggestion}`?")
        );
        assert!(graph.select(&suggestion.parse().expect("well formed")).is_ok());
    }
}

#[test]
fn what_selects_nothing_is_an_error() {
    let cases = [
        "reprot",
        "+fact_order+",
        "tag:dayly",
        "dialy",
        "+daily",
        "tag:fact_orders+",
        "tag:nonsense",
        "nonsense",
        "dim_x*",
        "tag:q*",
        "raw_orders nonsense tag:dayly",
        "\"report \"",
        "",
        " , ",
        "+",
        "++report",
        "report++",
        "tag:",
        "+tag:+",
        "group:x",
        "a+b",
        "\"open",
        "a\"b\"",
        "\"a\"b",
        "\"\"",
    ];
    let said: Vec<String> = cases.iter().map(|case| format!("[{case}]\n{}", select(case))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_graph_without_order_has_no_selections() {
    let selection: Selection = "a".parse().expect("well formed");
    let error = graph("a\n b < b").select(&selection).expect_err("a circle");
    assert!(matches!(error, SelectionError::Dependency(_)), "{error}");
}
