//! Deep and large inputs: one clear error instead of a stack overflow, in time that grows with the input.

use std::time::{Duration, Instant};

use velo_common::code;
use velo_parser::{MAX_DEPTH, parse_expression, parse_script};

/// Test threads have a stack of 2 MiB, so whatever passes here passes on a main thread.
const LEVELS: usize = 100_000;

/// Enough of what is nested in the same way as something that is tried with all [`LEVELS`].
const SOME_LEVELS: usize = 10_000;

/// What no machine needs for inputs of this size, and every algorithm does that is not linear.
const TIME_MAX: Duration = Duration::from_mins(1);

fn repeated(unit: &str) -> String {
    unit.repeat(if unit.len() <= 8 { LEVELS } else { SOME_LEVELS })
}

/// Parses in time and without overflow, and is refused for its depth alone.
fn assert_too_deep(what: &str, sql: &str) {
    let start = Instant::now();
    let parsed = parse_script(sql);
    let codes: Vec<&str> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect();
    assert_eq!(codes, [code::NESTED_TOO_DEEPLY.id], "{what}");
    assert!(start.elapsed() < TIME_MAX, "{what}: {:?}", start.elapsed());
}

#[test]
fn deep_nesting_is_one_error() {
    let opened = [
        ("parentheses", "SELECT ", "(", "1", ")"),
        ("unclosed parentheses", "SELECT ", "(", "1", ""),
        ("subqueries", "", "SELECT (", "SELECT 1", ")"),
        ("subqueries in FROM", "", "SELECT * FROM (", "SELECT 1", ")"),
        ("queries in parentheses", "", "(", "SELECT 1", ")"),
        ("NOT", "SELECT ", "NOT ", "a", ""),
        ("minus", "SELECT ", "- ", "a", ""),
        ("plus", "SELECT ", "+", "a", ""),
        ("CASE", "SELECT ", "CASE WHEN ", "a", " THEN 1 END"),
        ("CASE operand", "SELECT ", "CASE ", "a", " WHEN 1 THEN 1 END"),
        ("functions", "SELECT ", "f(", "a", ")"),
        ("CAST", "SELECT ", "CAST(", "a", " AS INT)"),
        ("TRIM", "SELECT ", "TRIM(", "a", ")"),
        ("SUBSTRING", "SELECT ", "SUBSTRING(", "a", ", 1)"),
        ("lambdas", "SELECT f(", "x => f(", "a", ")"),
        ("arrays", "SELECT ", "ARRAY[", "1", "]"),
        ("maps", "SELECT ", "MAP{1: ", "1", "}"),
        ("structs", "SELECT ", "STRUCT(a := ", "1", ")"),
        ("indexes", "SELECT ", "a[", "1", "]"),
        ("IN lists", "SELECT ", "a IN (", "1", ")"),
        ("BETWEEN", "SELECT ", "a BETWEEN (", "1", ") AND 2"),
        ("OVER", "SELECT ", "f() OVER (PARTITION BY ", "1", ")"),
        ("FILTER", "SELECT ", "f() FILTER (WHERE ", "1", ")"),
        ("EXISTS", "", "SELECT EXISTS (", "SELECT 1", ")"),
        ("joins", "SELECT * FROM ", "(", "a", " JOIN b ON c)"),
        ("CTEs", "", "WITH a AS (", "SELECT 1", ") SELECT 2"),
        ("array types", "SELECT CAST(a AS ", "ARRAY<", "INT", ">"),
        ("struct types", "CREATE STREAM s (a ", "STRUCT<a ", "INT", ">"),
        ("EXPLAIN", "", "EXPLAIN ", "SELECT 1", ""),
        ("START JOB", "", "START JOB j AS ", "SELECT 1", ""),
    ];
    for (what, before, opener, inside, closer) in opened {
        assert_too_deep(
            what,
            &format!("{before}{}{inside}{}", repeated(opener), repeated(closer)),
        );
    }
}

#[test]
fn long_chains_are_one_error_where_each_link_is_a_level() {
    let chains = [
        ("=", "SELECT a", " = a"),
        ("IS NULL", "SELECT a", " IS NULL"),
        ("index", "SELECT a", "[1]"),
        ("->", "SELECT a", "->f"),
        ("::", "SELECT a", "::INT"),
        ("BETWEEN", "SELECT a", " BETWEEN 1 AND 2"),
        ("UNION", "SELECT 1", " UNION SELECT 1"),
    ];
    for (what, first, link) in chains {
        assert_too_deep(what, &format!("{first}{}", repeated(link)));
    }
    assert_too_deep("mixed", &format!("SELECT {}a", repeated("a + (b * c - ")));
}

#[test]
fn flat_chains_and_lists_have_no_limit() {
    let flat = [
        ("+", "SELECT a", " + a"),
        ("+ and -", "SELECT a", " + a - 1"),
        ("*", "SELECT a", " * a"),
        ("||", "SELECT a", " || a"),
        ("+ of *", "SELECT a", " + a * 2"),
        ("CASE", "SELECT CASE", " WHEN a THEN 1"),
        ("OR", "SELECT a", " OR a = 1"),
        ("AND", "SELECT a", " AND NOT a"),
        ("AND in OR", "SELECT a", " OR a AND b"),
        ("select list", "SELECT a", ", a"),
        ("IN", "SELECT a IN (1", ", 1"),
        ("path", "SELECT a", ".a"),
        ("joins", "SELECT a FROM a", " JOIN b ON c"),
        ("VALUES", "VALUES (1)", ", (1)"),
        ("CTEs", "WITH a AS (SELECT 1)", ", a AS (SELECT 1)"),
    ];
    for (what, first, link) in flat {
        let start = Instant::now();
        let end = match what {
            "IN" => ")",
            "CASE" => " END",
            "CTEs" => " SELECT 1",
            _ => "",
        };
        let parsed = parse_script(&format!("{first}{}{end}", repeated(link)));
        assert!(parsed.diagnostics.is_empty(), "{what}: {:?}", parsed.diagnostics);
        assert!(start.elapsed() < TIME_MAX, "{what}: {:?}", start.elapsed());
    }
}

#[test]
fn trees_of_the_greatest_height_print_compare_and_drop() {
    let deepest = (1..=MAX_DEPTH as usize).rev().find_map(|levels| {
        let sql = format!("{}a{}", "f(".repeat(levels), ")".repeat(levels));
        parse_expression(&sql).ok().map(|expr| (levels, sql, expr))
    });
    let (levels, sql, expr) = deepest.expect("some depth is fine");
    assert!(levels >= 90, "only {levels} levels");
    assert_eq!(expr.to_string(), sql);
    assert_eq!(parse_expression(&sql).as_ref(), Ok(&expr));
    let chain = format!("a{} || b", " + a - b * (c + d)".repeat(1000));
    assert_eq!(parse_expression(&chain).expect("a flat chain").to_string(), chain);
}

/// Brackets that may be a subquery, an expression, a row or a lambda must not be read again and again.
#[test]
fn ambiguous_brackets_do_not_backtrack() {
    let units = [
        "(a, (",
        "((a) + ",
        "f((a, b), (",
        "(SELECT (",
        "CASE WHEN (a) IN ((",
        "TRIM((",
        "POSITION((",
        "MAP((",
        "a = ANY ((",
    ];
    for unit in units {
        for levels in [10, 20, 40, 45] {
            let start = Instant::now();
            let parsed = parse_script(&format!("SELECT {}", unit.repeat(levels)));
            assert!(!parsed.diagnostics.is_empty(), "{unit}");
            assert!(start.elapsed() < TIME_MAX, "{unit} × {levels}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn many_statements_with_and_without_errors() {
    let good = "CREATE STREAM s AS SELECT a, SUM(b) AS total FROM t WHERE c > 1 GROUP BY a WINDOW TUMBLING(5m);\n";
    let start = Instant::now();
    let parsed = parse_script(&good.repeat(10_000));
    assert_eq!((parsed.script.statements.len(), parsed.diagnostics.len()), (10_000, 0));
    assert!(start.elapsed() < TIME_MAX, "{:?}", start.elapsed());

    let bad = "SELECT (a FROM t WHER x = 'ä' LIMIT 5 # ;\n";
    let parsed = parse_script(&bad.repeat(10_000));
    assert_eq!((parsed.failed.len(), parsed.diagnostics.len()), (10_000, 10_000));
    assert!(start.elapsed() < TIME_MAX, "{:?}", start.elapsed());
}

#[test]
fn many_open_quotes_are_read_once() {
    for unit in ["\"", "'\n", "'a\n;", "`\n", "/*", "\"a\n", "''' \n", "(", "[)", "([{"] {
        let start = Instant::now();
        parse_script(&repeated(unit));
        assert!(start.elapsed() < TIME_MAX, "{unit:?}: {:?}", start.elapsed());
    }
}
