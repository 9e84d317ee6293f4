//! Nodes know where they stand.

use velo_common::Span;
use velo_parser::ast::{Expr, ExprKind, Query, Select, SelectItem, SetExpr, StatementKind};
use velo_parser::parse_script;

const SQL: &str = "CREATE TABLE t AS\n  SELECT DISTINCT o.id AS \"Key\" PRIMARY KEY, (SUM(o.x) + 1) * 2 total\n  \
                   FROM orders o JOIN users AS u WITHIN 5 MINUTES ON o.id = u.id\n  WHERE NOT (o.a = 'ä') AND o.b IS NOT NULL\n  \
                   GROUP BY o.id WINDOW TUMBLING(ts, 5m) HAVING total > 1\n  ORDER BY 1 LIMIT 10 EMIT EVERY 5s WITH ('a.b' = 1);";

fn query(sql: &str) -> Query {
    let parsed = parse_script(sql);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    match parsed
        .script
        .statements
        .into_iter()
        .next()
        .map(|statement| statement.kind)
    {
        Some(StatementKind::CreateAs(create)) => *create.query,
        other => panic!("{other:?}"),
    }
}

fn select(query: &Query) -> &Select {
    match &query.body {
        SetExpr::Select(select) => select,
        other => panic!("{other:?}"),
    }
}

fn text(span: Span) -> &'static str {
    &SQL[span.range()]
}

fn item(select: &Select, index: usize) -> &Expr {
    match &select.items[index].node {
        SelectItem::Expr { expr, .. } => expr,
        other => panic!("{other:?}"),
    }
}

#[test]
fn clauses() {
    let query = query(SQL);
    let select = select(&query);
    assert!(text(query.span).starts_with("SELECT DISTINCT") && text(query.span).ends_with("WITH ('a.b' = 1)"));
    assert!(text(select.span).starts_with("SELECT DISTINCT"));
    assert_eq!(select.distinct.map(text), Some("DISTINCT"));
    let from = select.from.as_ref().expect("FROM");
    assert_eq!(
        text(from.span),
        "FROM orders o JOIN users AS u WITHIN 5 MINUTES ON o.id = u.id"
    );
    assert_eq!(text(from.relation.span), "orders o");
    let join = &from.joins[0];
    assert_eq!(text(join.span), "JOIN users AS u WITHIN 5 MINUTES ON o.id = u.id");
    let within = join.within.as_ref().expect("WITHIN");
    assert_eq!(
        (text(within.span), text(within.before.span)),
        ("WITHIN 5 MINUTES", "5 MINUTES")
    );
    assert_eq!(join.constraint.as_ref().map(|on| text(on.span)), Some("ON o.id = u.id"));
    let where_ = select.where_.as_ref().expect("WHERE");
    assert_eq!(text(where_.span), "WHERE NOT (o.a = 'ä') AND o.b IS NOT NULL");
    assert_eq!(text(where_.node.span), "NOT (o.a = 'ä') AND o.b IS NOT NULL");
    assert_eq!(
        select.group_by.as_ref().map(|clause| text(clause.span)),
        Some("GROUP BY o.id")
    );
    assert_eq!(
        select.window.as_ref().map(|clause| text(clause.span)),
        Some("WINDOW TUMBLING(ts, 5m)")
    );
    assert_eq!(
        select.having.as_ref().map(|clause| text(clause.span)),
        Some("HAVING total > 1")
    );
    assert_eq!(
        query.order_by.as_ref().map(|clause| text(clause.span)),
        Some("ORDER BY 1")
    );
    assert_eq!(query.limit.as_ref().map(|limit| text(limit.span)), Some("10"));
    assert_eq!(
        query.emit.as_ref().map(|clause| text(clause.span)),
        Some("EMIT EVERY 5s")
    );
    let property = &query.properties[0];
    assert_eq!((text(property.key.span), text(property.value.span)), ("'a.b'", "1"));
}

#[test]
fn expressions() {
    let query = query(SQL);
    let select = select(&query);
    assert_eq!(text(select.items[0].span), "o.id AS \"Key\" PRIMARY KEY");
    assert_eq!(text(item(select, 0).span), "o.id");
    let product = item(select, 1);
    assert_eq!(text(product.span), "(SUM(o.x) + 1) * 2");
    let ExprKind::Binary { left, operator, right } = &product.kind else {
        panic!("{product:?}")
    };
    assert_eq!(
        (text(left.span), text(operator.span), text(right.span)),
        ("SUM(o.x) + 1", "*", "2")
    );
}

#[test]
fn statements_leave_out_the_semicolon_and_comments() {
    let sql = "-- first\nSELECT 1 ; /* x */ SELECT 2 -- y\n;";
    let parsed = parse_script(sql);
    let texts: Vec<&str> = parsed
        .script
        .statements
        .iter()
        .map(|statement| &sql[statement.span.range()])
        .collect();
    assert_eq!(texts, ["SELECT 1", "SELECT 2"]);
}
