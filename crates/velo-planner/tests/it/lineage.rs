//! Where columns come from. Expected by reading the SQL.

use crate::support::lineages;

/// Each program, and what every column of its statements is computed from.
macro_rules! lineage {
    ($($sql:literal => $expected:literal),+ $(,)?) => {
        $(assert_eq!(lineages($sql).trim_end(), $expected, "{}", $sql);)+
    };
}

const LOOKUP: &str =
    "CREATE TABLE rates (id BIGINT PRIMARY KEY, rate DOUBLE, valid_to BIGINT) WITH (path = 'rates.csv');
CREATE STREAM clicks (id BIGINT, user BIGINT, cost DOUBLE) WITH (path = 'clicks.jsonl');
";

#[test]
fn expressions_come_from_all_their_columns() {
    lineage! {
        "CREATE STREAM c (a INT, b INT, d INT) WITH (path = 'c.csv'); CREATE STREAM s AS SELECT a, a + b AS sum, 7 AS seven FROM c"
            => "s.a from [c.a]\ns.sum from [c.a, c.b]\ns.seven from []\ns if []",
        "CREATE STREAM c (a INT, b INT, d INT) WITH (path = 'c.csv'); CREATE STREAM s AS SELECT DISTINCT CASE WHEN a > 1 THEN b END AS x FROM c WHERE d IS NULL LIMIT 3"
            => "s.x from [c.a, c.b]\ns if [c.d]",
    }
}

#[test]
fn subqueries_and_views_are_looked_through() {
    lineage! {
        "CREATE STREAM c (a INT, b INT, d INT) WITH (path = 'c.csv'); CREATE STREAM s AS WITH x AS (SELECT a + 1 AS n, b FROM c WHERE b > 0) SELECT n * 2 AS m FROM x WHERE n < 9"
            => "s.m from [c.a]\ns if [c.a, c.b]",
    }
}

#[test]
fn statements_are_not_looked_through() {
    lineage! {
        "CREATE STREAM c (a INT) WITH (path = 'c.csv'); CREATE STREAM s AS SELECT a AS x FROM c; CREATE STREAM t AS SELECT x FROM s"
            => "s.x from [c.a]\ns if []\nt.x from [s.x]\nt if []",
    }
}

#[test]
fn groups_and_windows_decide_about_rows() {
    lineage! {
        "CREATE STREAM c (k INT, v INT, w INT, at TIMESTAMP) WITH (path = 'c.csv', 'event.time.field' = 'at');
         CREATE STREAM s AS SELECT k, SUM(v) AS total, COUNT(*) AS n, TUMBLE_END() AS until FROM c GROUP BY k WINDOW TUMBLING(1m) HAVING MAX(w) > 1"
            => "s.k from [c.k]\ns.total from [c.v]\ns.n from []\ns.until from [c.at]\ns if [c.at, c.k, c.w]",
        "CREATE STREAM c (k INT, v INT, w INT) WITH (path = 'c.csv');
         CREATE STREAM s AS SELECT k, COUNT(*) FILTER (WHERE w > 1) AS n FROM c GROUP BY k"
            => "s.k from [c.k]\ns.n from []\ns if [c.k, c.w]",
    }
}

#[test]
fn keys_and_conditions_of_lookups_are_kept_apart() {
    let select = "CREATE STREAM s AS SELECT c.id, c.cost * r.rate AS cost FROM clicks c
                  LEFT JOIN rates r ON c.user = r.id AND r.valid_to > 5";
    let expected = "rates.id from [rates.id]\nrates.rate from [rates.rate]\nrates.valid_to from [rates.valid_to]\nrates if []\n\
                    s.id from [clicks.id]\ns.cost from [clicks.cost, rates.rate]\n\
                    s if [clicks.user, rates.id, rates.valid_to]";
    assert_eq!(lineages(&format!("{LOOKUP}{select}")).trim_end(), expected);
}

#[test]
fn columns_of_one_name_are_told_apart() {
    let select = "CREATE STREAM s AS SELECT r.id, c.id AS click FROM clicks c JOIN rates r ON c.user = r.id";
    let lineage = lineages(&format!("{LOOKUP}{select}"));
    assert!(
        lineage.contains("s.id from [rates.id]\ns.click from [clicks.id]\ns if [clicks.user, rates.id]"),
        "{lineage}"
    );
}
