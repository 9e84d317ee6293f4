//! What the dialect has and this version cannot run: each form is refused by one clear diagnostic, and the list can
//! only shrink.

use std::collections::BTreeSet;

use serde_json::Value;
use velo_session::UnsupportedForm::{self, *};

use crate::support::Workspace;

const DECLARED: &str = "CREATE STREAM orders (id BIGINT, customer STRING, tags ARRAY<STRING>, at TIMESTAMP) \
                        WITH (path = 'orders.jsonl', 'event.time.field' = 'at');\n";

/// A program for each form of a query that is refused.
const FORMS: &[(UnsupportedForm, &str)] = &[
    (StreamJoin, "SELECT a.id FROM orders a JOIN orders b ON a.id = b.id"),
    (
        OuterJoin,
        "CREATE TABLE t (id BIGINT PRIMARY KEY) WITH (path = 't.jsonl'); \
         SELECT o.id FROM orders o FULL JOIN t ON o.id = t.id",
    ),
    (
        JoinedQuery,
        "SELECT a.id FROM orders a JOIN (SELECT id FROM orders) b ON a.id = b.id",
    ),
    (TemporalLookup, "SELECT id FROM orders FOR SYSTEM_TIME AS OF at"),
    (Unnest, "SELECT * FROM UNNEST(ARRAY[1, 2])"),
    (UnnestInExpression, "SELECT EXPLODE(ARRAY[1, 2]) AS x FROM orders"),
    (WindowTableFunction, "SELECT * FROM TUMBLE(orders, at, 5s)"),
    (
        SetOperationAll,
        "SELECT id FROM orders EXCEPT ALL SELECT id FROM orders",
    ),
    (
        RecursiveCte,
        "WITH RECURSIVE r AS (SELECT id FROM orders) SELECT id FROM r",
    ),
    (ScalarSubquery, "SELECT (SELECT MAX(id) FROM orders) AS m FROM orders"),
    (Exists, "SELECT id FROM orders WHERE EXISTS (SELECT id FROM orders)"),
    (InSubquery, "SELECT id FROM orders WHERE id IN (SELECT id FROM orders)"),
    (
        QuantifiedComparison,
        "SELECT id FROM orders WHERE id > ALL (SELECT id FROM orders)",
    ),
    (
        SlidingWindow,
        "SELECT COUNT(*) AS n FROM orders WINDOW SLIDING(10s, 5s)",
    ),
    (SessionWindow, "SELECT COUNT(*) AS n FROM orders WINDOW SESSION(10s)"),
    (
        CumulateWindow,
        "SELECT COUNT(*) AS n FROM orders WINDOW CUMULATE(1s, 10s)",
    ),
    (
        WindowTimeZone,
        "SELECT COUNT(*) AS n FROM orders WINDOW TUMBLING(1d TIME ZONE 'Europe/Berlin')",
    ),
    (
        WindowRetention,
        "SELECT COUNT(*) AS n FROM orders WINDOW TUMBLING (SIZE 30 SECONDS, RETENTION 1 DAYS)",
    ),
    (
        EmitEvery,
        "SELECT customer, COUNT(*) AS n FROM orders GROUP BY customer EMIT EVERY 5s",
    ),
    (
        Over,
        "SELECT LAG(id) OVER (PARTITION BY customer ORDER BY at) AS before FROM orders",
    ),
    (Qualify, "SELECT id FROM orders QUALIFY id > 1"),
    (PartitionBy, "SELECT id FROM orders PARTITION BY customer"),
    (
        AggregateOrderBy,
        "SELECT id, STRING_AGG(customer, ',' ORDER BY at) AS names FROM orders GROUP BY id",
    ),
    (
        NullTreatment,
        "SELECT id, FIRST_VALUE(customer) IGNORE NULLS AS name FROM orders GROUP BY id",
    ),
    (Lambda, "SELECT TRANSFORM(tags, tag => UPPER(tag)) AS loud FROM orders"),
    (NamedArgument, "SELECT ROUND(x := id) AS r FROM orders"),
    (Row, "SELECT (id, customer) AS pair FROM orders"),
    (HeaderChange, "SELECT SET_HEADER('a', 'b') AS h FROM orders"),
];

/// Statements and places that are refused, with the words of the message.
const STATEMENTS: &[(&str, &str)] = &[
    ("DROP STREAM orders", "V0800 DROP is not supported yet"),
    ("SHOW STREAMS", "V0800 SHOW is not supported yet"),
    ("DESCRIBE orders", "V0800 DESCRIBE is not supported yet"),
    (
        "EXPLAIN SELECT id FROM orders",
        "V0800 EXPLAIN as a statement is not supported yet",
    ),
    (
        "START JOB j AS SELECT id FROM orders",
        "V0800 managing jobs by SQL is not supported yet",
    ),
    ("SET 'a' = 'b'", "V0800 SET is not supported yet"),
    ("UNSET 'a'", "V0800 UNSET is not supported yet"),
    ("DEFINE a = 'b'", "V0800 DEFINE is not supported yet"),
    ("UNDEFINE a", "V0800 UNDEFINE is not supported yet"),
    ("ASSERT TOPIC t", "V0800 ASSERT TOPIC is not supported yet"),
    ("PRINT t", "V0800 PRINT is not supported yet"),
    (
        "SELECT id FROM 'ftp://bucket/orders.csv'",
        "V0800 sources of the form `ftp://…` are not supported yet",
    ),
    (
        "-- @job_mode: simple\nSELECT id FROM orders",
        "V0800 `@job_mode` is not supported yet",
    ),
    (
        "CREATE STREAM h (k STRING HEADER('k')) WITH (path = 'h.jsonl'); SELECT * FROM h",
        "V0800 header columns are not supported yet",
    ),
    (
        "SELECT id FROM t WITH ('t.type' = 'kafka_source', 't.topic' = 't')",
        "V0800 reading from Kafka topics is not supported yet: `t`",
    ),
];

/// The messages of all errors, and of warnings none: data files are missing here, which only worries `validate`.
fn errors(query: &str) -> (Option<i32>, Vec<String>) {
    let workspace = Workspace::with(&[("orders.jsonl", ""), ("query.sql", &format!("{DECLARED}{query};"))]);
    let outcome = workspace.run(&["validate", "query.sql", "--format", "json"]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let errors = report["files"][0]["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["severity"] == "error");
    let message = |found: &Value| {
        format!(
            "{} {}",
            found["code"].as_str().unwrap(),
            found["message"].as_str().unwrap()
        )
    };
    (outcome.exit, errors.map(message).collect())
}

#[test]
fn every_form_that_cannot_run_is_refused_by_name() {
    let listed: BTreeSet<UnsupportedForm> = FORMS.iter().map(|(form, _)| *form).collect();
    assert_eq!(listed, UnsupportedForm::ALL.into_iter().collect());
    let mut wrong = Vec::new();
    for (form, query) in FORMS {
        let expected = (Some(1), vec![format!("V0800 {} is not supported yet", form.name())]);
        let found = errors(query);
        if found != expected {
            wrong.push(format!("{query}\n  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_statement_that_cannot_run_is_refused_by_name() {
    let mut wrong = Vec::new();
    for (statement, message) in STATEMENTS {
        let found = errors(statement);
        if found != (Some(1), vec![(*message).to_owned()]) {
            wrong.push(format!("{statement}\n  {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
