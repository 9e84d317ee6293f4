//! Forms of SQL that people write, from the text to the rows.

use std::fmt::Write as _;

use crate::support::Workspace;

fn rows(sql: &str) -> String {
    let workspace = Workspace::with(&[
        ("t.csv", "a,b,s\n1,2,x\n3,4,y\n"),
        ("dir/one.csv", "a,b,s\n5,6,z\n"),
        (
            "st.jsonl",
            "{\"st\":{\"a\":1,\"b\":{\"c\":2}},\"v\":10}\n{\"st\":{\"a\":1,\"b\":{\"c\":3}},\"v\":20}\n",
        ),
        ("query.sql", sql),
    ]);
    let outcome = workspace.run(&["run", "query.sql"]);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.transcript());
    outcome.stdout
}

/// 2,000 links; the values are those of arithmetic by hand.
#[test]
fn chains_of_any_length_run() {
    const LINKS: usize = 2000;
    let chain = |first: &str, link: &str| format!("{first}{}", link.repeat(LINKS));
    let mut case = "CASE".to_owned();
    for branch in 0..LINKS {
        let _ = write!(case, " WHEN a = {} THEN {branch}", branch + 1);
    }
    case.push_str(" END");
    let cases = [
        (chain("a", " + b"), "4001", "8003"),
        (chain("a", " + b - a"), "2001", "2003"),
        (chain("a", " * 1"), "1", "3"),
        (chain("a", " + 1.5"), "3001.0", "3003.0"),
        (chain("a", " + b * 2"), "8001", "16003"),
        (format!("LENGTH({})", chain("s", " || 'é' || s")), "4001", "4001"),
        (chain("a = 0", " OR a = 3"), "false", "true"),
        (chain("a = 3", " AND b = 4"), "false", "true"),
        (case, "0", "2"),
    ];
    for (expression, first, second) in cases {
        let shown: String = expression.chars().take(20).collect();
        let rows = rows(&format!("SELECT {expression} AS v FROM 't.csv';"));
        assert_eq!(rows, format!("{{\"v\":{first}}}\n{{\"v\":{second}}}\n"), "{shown}");
    }
    let sum = chain("a", " + b");
    let filtered = rows(&format!("SELECT a FROM 't.csv' WHERE {sum} > 5000;"));
    assert_eq!(filtered, "{\"a\":3}\n");
    let grouped = rows(&format!(
        "SELECT {sum} AS v, COUNT(*) AS n FROM 't.csv' GROUP BY v EMIT FINAL;"
    ));
    assert_eq!(grouped, "{\"v\":4001,\"n\":1}\n{\"v\":8003,\"n\":1}\n");
}

#[test]
fn forms_mean_what_they_say() {
    let cases = [
        ("SELECT a FROM 't.csv' WHERE a > 1;", "{\"a\":3}\n"),
        ("SELECT a FROM 'dir/*.csv';", "{\"a\":5}\n"),
        ("SELECT a FROM 'file://dir/one.csv';", "{\"a\":5}\n"),
        ("SELECT a /* one /* two */ */ FROM 't.csv' LIMIT 1;", "{\"a\":1}\n"),
        (
            "SELECT a AS order, b AS from FROM 't.csv' AS left LIMIT 1;",
            "{\"order\":1,\"from\":2}\n",
        ),
        (
            "SELECT st.a, SUM(v) AS n FROM 'st.jsonl' GROUP BY st.a EMIT FINAL;",
            "{\"a\":1,\"n\":30}\n",
        ),
        (
            "SELECT t.st.b.c AS c, SUM(v) AS n FROM 'st.jsonl' t GROUP BY st->b->c EMIT FINAL;",
            "{\"c\":2,\"n\":10}\n{\"c\":3,\"n\":20}\n",
        ),
        (
            "SELECT st->b->c AS c, COUNT(*) AS n FROM 'st.jsonl' t GROUP BY st.b EMIT FINAL;",
            "{\"c\":2,\"n\":1}\n{\"c\":3,\"n\":1}\n",
        ),
        (
            "SELECT st->a AS x, MAX(v) AS n FROM 'st.jsonl' GROUP BY st.a HAVING st.a = 1 EMIT FINAL;",
            "{\"x\":1,\"n\":20}\n",
        ),
    ];
    for (sql, expected) in cases {
        assert_eq!(rows(sql), expected, "{sql}");
    }
}
