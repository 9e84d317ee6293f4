//! Files: statements kept and failed, annotations in their places.

use velo_common::code;
use velo_parser::ast::{Annotation, StatementKind};
use velo_parser::{parse_expression, parse_script, parse_statement};

fn names(annotations: &[Annotation]) -> Vec<&str> {
    annotations.iter().map(|annotation| annotation.name.as_str()).collect()
}

/// The names in the head and above each statement.
fn places(sql: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let parsed = parse_script(sql);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let owned = |annotations: &[Annotation]| names(annotations).into_iter().map(str::to_owned).collect();
    let statements = parsed
        .script
        .statements
        .iter()
        .map(|statement| owned(&statement.annotations))
        .collect();
    (owned(&parsed.script.head), statements)
}

/// A file, the names in its head, and the names above each statement.
type Places = (
    &'static str,
    &'static [&'static str],
    &'static [&'static [&'static str]],
);

#[test]
fn annotations_belong_to_the_file_or_to_a_statement() {
    let cases: [Places; 8] = [
        ("-- @name: a\nSELECT 1; SELECT 2", &[], &[&["name"], &[]]),
        (
            "-- @job_mode: simple\n\n-- @name: a\nSELECT 1",
            &["job_mode"],
            &[&["name"]],
        ),
        (
            "-- @job_mode: simple\n-- @metric: m\n\nSELECT 1",
            &["job_mode"],
            &[&["metric"]],
        ),
        (
            "-- @app: x\n-- @version: 1\n-- @job_mode: simple\nSELECT 1",
            &["app", "version", "job_mode"],
            &[&[]],
        ),
        (
            "-- @app: x\n-- @metric: m\n-- @metric_type: counter\nSELECT 1",
            &["app"],
            &[&["metric", "metric_type"]],
        ),
        (
            "-- SQL Application: x\n-- Version: 2\n\nSELECT 1",
            &["app", "version"],
            &[&[]],
        ),
        (
            "SELECT 1;\n\n-- @name: a\n\n-- @tag: b\nSELECT 2",
            &[],
            &[&[], &["name", "tag"]],
        ),
        ("SELECT 1;\n-- Version: an ordinary comment\nSELECT 2", &[], &[&[], &[]]),
    ];
    for (sql, head, statements) in cases {
        let (actual_head, actual) = places(sql);
        assert_eq!(actual_head, head, "{sql}");
        assert_eq!(actual, statements, "{sql}");
    }
}

#[test]
fn annotations_keep_their_text() {
    let parsed = parse_script("-- @metric_labels:  region, \"a: b\"  \n--@empty\n--  @deployment.node_id: 1\nSELECT 1");
    let statement = &parsed.script.statements[0];
    let values: Vec<(&str, &str)> = statement
        .annotations
        .iter()
        .map(|annotation| (annotation.name.as_str(), annotation.value.as_str()))
        .collect();
    assert_eq!(
        values,
        [
            ("metric_labels", "region, \"a: b\""),
            ("empty", ""),
            ("deployment.node_id", "1")
        ]
    );
}

#[test]
fn failed_statements_tell_what_they_define() {
    let sql = "CREATE STREAM good AS SELECT 1; CREATE OR REPLACE TABLE IF NOT EXISTS bad AS SELECT FROM; \
               CREATE VIEW \"V\" SELECT 1; SELECT FROM t; CREATE STREAM (";
    let parsed = parse_script(sql);
    assert_eq!(parsed.script.statements.len(), 1);
    let defined: Vec<Option<String>> = parsed
        .failed
        .iter()
        .map(|failed| failed.defines.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(defined, [Some("bad".to_owned()), Some("\"V\"".to_owned()), None, None]);
    assert_eq!(parsed.diagnostics.len(), 4);
}

#[test]
fn mistakes_with_a_clear_meaning_keep_the_statement() {
    let parsed = parse_script("CREATE STREAM s AS SELECT a, b, FROM t LIMIT 5 WHERE a > 1 WINDOW TUMBLING(5 minuets)");
    let codes: Vec<&str> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect();
    let expected = [
        &code::SYNTAX,
        &code::CLAUSE_ORDER,
        &code::CLAUSE_ORDER,
        &code::UNKNOWN_UNIT,
    ];
    assert_eq!(codes, expected.map(|code| code.id));
    assert!(matches!(parsed.script.statements[0].kind, StatementKind::CreateAs(_)));
}

#[test]
fn diagnostics_come_in_the_order_of_the_text() {
    let parsed = parse_script("SELECT a FROM t LIMIT 1 WHERE b; SELECT # c; SELEC; -- @name: x");
    let starts: Vec<u32> = parsed
        .diagnostics
        .iter()
        .filter_map(|diagnostic| diagnostic.span.map(|span| span.start))
        .collect();
    assert_eq!(starts, [24, 40, 45, 56]);
}

#[test]
fn one_statement_or_expression() {
    assert_eq!(
        parse_statement("select 1;").map(|statement| statement.to_string()),
        Ok("SELECT 1".to_owned())
    );
    assert_eq!(
        parse_expression(" a+1 ").map(|expr| expr.to_string()),
        Ok("a + 1".to_owned())
    );
    let messages = |errors: Vec<velo_common::Diagnostic>| -> Vec<String> {
        errors.into_iter().map(|error| error.message).collect()
    };
    let statement = |sql| parse_statement(sql).map_err(messages).expect_err("an error");
    assert_eq!(statement(""), ["expected a statement"]);
    assert_eq!(
        statement("SELECT 1; SELECT 2"),
        ["expected one statement, found several"]
    );
    assert_eq!(statement("SELECT 1; SELEC 2"), ["expected a statement, found `SELEC`"]);
    let expression = |sql| parse_expression(sql).map_err(messages).expect_err("an error");
    assert_eq!(
        expression("a b"),
        ["expected an operator or the end of the expression, found `b`"]
    );
    assert_eq!(
        expression("a; b"),
        ["expected an operator or the end of the expression, found `;`"]
    );
    assert_eq!(expression("a # 1"), ["`#` has no meaning in SQL"]);
    assert_eq!(
        expression(""),
        ["expected an expression, found the end of the expression"]
    );
}
