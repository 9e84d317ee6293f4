//! The rows of loaded tables, whatever they are loaded from, are those of a batch database.

use rusqlite::Connection;
use velo_testservices::{Answer, HttpServer, PostgresServer, S3Server};

use super::support::{Loaded, PROGRAM, rows};
use crate::support::{Outcome, Workspace};

const SALES: &str = "id,region,amount,day
1,north,12.50,2024-01-31
2,south,7.25,2024-02-01
3,north,,2024-02-29
4,,100.00,2024-02-29
5,south,-0.75,2024-12-31
";

const SALES_JSON: &str = r#"[{"id": 1, "region": "north", "amount": 12.50, "day": "2024-01-31"},
{"id": 2, "region": "south", "amount": 7.25, "day": "2024-02-01"},
{"id": 3, "region": "north", "amount": null, "day": "2024-02-29"},
{"id": 4, "amount": 100.00, "day": "2024-02-29"},
{"id": 5, "region": "south", "amount": -0.75, "day": "2024-12-31"}]"#;

/// The same in SQL, once `sales` has been created with columns of a database's own types.
const SALES_SQL: &str = "INSERT INTO sales VALUES (1, 'north', 12.50, '2024-01-31'), (2, 'south', 7.25, '2024-02-01'),
    (3, 'north', NULL, '2024-02-29'), (4, NULL, 100.00, '2024-02-29'), (5, 'south', -0.75, '2024-12-31')";

/// Tables that are made of the sales and of goals.
const MADE_OF_SALES: &str = "
CREATE TABLE goals (region STRING PRIMARY KEY, goal DECIMAL(10, 2)) WITH (path = 'goals.csv');
CREATE TABLE areas AS
SELECT COALESCE(region, 'none') AS area, COUNT(*) AS sales, COUNT(amount) AS priced, SUM(amount) AS total,
    MIN(day) AS first, MAX(day) AS last
FROM sales GROUP BY COALESCE(region, 'none');
CREATE TABLE above AS
SELECT s.id AS id PRIMARY KEY, s.amount - g.goal AS above, g.goal AS goal
FROM sales AS s LEFT JOIN goals AS g ON s.region = g.region WHERE s.amount IS NOT NULL;";

/// Loads the tables from sales that are read from `source`, and compares them with what DuckDB 2.0 makes of the same
/// statements over the lines of [`SALES`].
fn check(source: &str, prepare: impl FnOnce(&Workspace)) {
    let program = format!(
        "CREATE TABLE sales (id BIGINT PRIMARY KEY, region STRING, amount DECIMAL(10, 2), day DATE) WITH ({source});
         {MADE_OF_SALES}"
    );
    let workspace = Workspace::with(&[
        (PROGRAM, program.as_str()),
        ("goals.csv", "region,goal\nnorth,20.00\nsouth,5.00\n"),
        ("sales.csv", SALES),
    ]);
    prepare(&workspace);
    let mut command = workspace.command(&["load", PROGRAM, "--format", "json"]);
    command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "hidden")]);
    Loaded::of(&Outcome::of(&command.output().unwrap())).expect_all();
    assert_eq!(
        rows(&workspace, "sales"),
        [
            "1|north|12.50|2024-01-31",
            "2|south|7.25|2024-02-01",
            "3|north|NULL|2024-02-29",
            "4|NULL|100.00|2024-02-29",
            "5|south|-0.75|2024-12-31",
        ],
        "{source}"
    );
    assert_eq!(
        rows(&workspace, "areas"),
        [
            "none|1|1|100.00|2024-02-29|2024-02-29",
            "north|2|1|12.50|2024-01-31|2024-02-29",
            "south|2|2|6.50|2024-02-01|2024-12-31",
        ],
        "{source}"
    );
    assert_eq!(
        rows(&workspace, "above"),
        ["1|-7.50|20.00", "2|2.25|5.00", "4|NULL|NULL", "5|-5.75|5.00"],
        "{source}"
    );
}

#[test]
fn from_csv_files() {
    check("path = 'sales.csv'", |_| {});
    check("path = 'sales/*.csv'", |workspace| {
        let (head, rest) = SALES.split_once('\n').unwrap();
        let (first, second) = rest.split_at(rest.find("3,").unwrap());
        workspace.write("sales/1.csv", format!("{head}\n{first}").as_bytes());
        workspace.write("sales/2.csv", format!("{head}\n{second}").as_bytes());
    });
}

#[test]
fn from_json_files() {
    check("path = 'sales.json', format = 'json'", |workspace| {
        workspace.write("sales.json", SALES_JSON.as_bytes());
    });
}

#[test]
fn from_parquet_files() {
    check("path = 'sales.parquet'", |workspace| {
        let program = "CREATE STREAM lines (id BIGINT, region STRING, amount DECIMAL(10, 2), day DATE)
                 WITH (path = 'sales.csv');
             INSERT INTO out SELECT * FROM lines WITH ('out.path' = 'sales.parquet');";
        workspace.write("write.sql", program.as_bytes());
        let written = workspace.run(&["run", "write.sql"]);
        assert_eq!(written.exit, Some(0), "{}", written.stderr);
    });
}

#[test]
fn from_sqlite() {
    check("type = 'sql_source', path = 'shop.db', table = 'sales'", |workspace| {
        let database = Connection::open(workspace.path("shop.db")).unwrap();
        let columns = "id INTEGER PRIMARY KEY, region TEXT, amount DECIMAL(10, 2), day DATE";
        database
            .execute_batch(&format!("CREATE TABLE sales ({columns}); {SALES_SQL}"))
            .unwrap();
    });
}

#[test]
fn from_postgresql() {
    let Some(server) = PostgresServer::shared() else { return };
    let database = server.create_database();
    let columns = "id BIGINT PRIMARY KEY, region TEXT, amount NUMERIC(10, 2), day DATE";
    database.sql(&format!("CREATE TABLE sales ({columns}); {SALES_SQL}"));
    let url = database.url();
    check(
        &format!("type = 'sql_source', 'connection.url' = '{url}', table = 'sales'"),
        |_| {},
    );
}

#[test]
fn from_the_web() {
    let server = HttpServer::start();
    server.on("/sales", |_| Answer::ok("application/json", SALES_JSON));
    check(&format!("path = '{}'", server.url("/sales")), |_| {});
    server.on("/sales.csv", |_| Answer::ok("text/csv", SALES));
    check(&format!("path = '{}'", server.url("/sales.csv")), |_| {});
}

#[test]
fn from_object_storage() {
    let Some(server) = S3Server::shared() else { return };
    let (bucket, endpoint) = ("contents", server.endpoint());
    server.create_bucket(bucket);
    server.put(bucket, "sales.csv", SALES);
    let place = format!("'s3.endpoint' = '{endpoint}', 's3.allow.http' = 'true', 's3.region' = 'us-east-1'");
    check(&format!("path = 's3://{bucket}/sales.csv', {place}"), |_| {});
}

/// JSON stands in the same Arrow type as text; what is kept of a table tells them apart.
#[test]
fn columns_keep_their_types() {
    let program =
        "CREATE TABLE events (id BIGINT PRIMARY KEY, payload JSON, note STRING) WITH (path = 'events.jsonl');";
    let workspace = Workspace::with(&[
        (PROGRAM, program),
        (
            "events.jsonl",
            "{\"id\": 1, \"payload\": {\"a\": [1, 2]}, \"note\": \"[1]\"}\n",
        ),
    ]);
    let loaded = workspace.command(&["load", PROGRAM, "--format", "json"]).output();
    Loaded::of(&Outcome::of(&loaded.unwrap())).expect_all();
    let queried = workspace.run(&["query", "SELECT * FROM events"]);
    assert_eq!(
        queried.stdout, "{\"id\":1,\"payload\":{\"a\":[1,2]},\"note\":\"[1]\"}\n",
        "{}",
        queried.stderr
    );
}
