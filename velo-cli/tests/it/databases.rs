//! Programs over SQL databases.

use rusqlite::Connection;
use velo_testservices::PostgresServer;

use crate::support::Workspace;

const SHOP: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, price DECIMAL(10, 2), at DATETIME);
    INSERT INTO orders VALUES (1, 'ann', 12.5, '2024-01-01 10:00:00'), (2, 'bob', '99.99', '2024-01-02 11:00:00'),
        (3, 'ann', 'much', '2024-01-03 12:00:00'), (4, NULL, 3, NULL)";

fn shop() -> Workspace {
    let workspace = Workspace::with(&[]);
    let file = Connection::open(workspace.path("shop.db")).unwrap();
    file.execute_batch(SHOP).unwrap();
    workspace
}

#[test]
fn a_sqlite_file_is_read_like_any_source() {
    let workspace = shop();
    let program = "SELECT customer, SUM(price) AS total, MAX(at) AS last FROM orders GROUP BY customer EMIT FINAL
        WITH ('orders.type' = 'sql_source', 'orders.path' = 'shop.db', 'orders.table' = 'orders');";
    workspace.write("p.sql", program.as_bytes());
    insta::assert_snapshot!(workspace.run(&["run", "p.sql", "--format", "csv"]).transcript());
    insta::assert_snapshot!(workspace.run(&["validate", "p.sql"]).transcript());
}

#[test]
fn a_stream_joins_a_table_of_a_database() {
    let workspace = shop();
    workspace.write("clicks.csv", b"who,order_id\nzoe,2\nann,1\nbob,9\n");
    let program = "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer STRING, price STRING)
            WITH (type = 'sql_source', path = 'shop.db', query = 'SELECT id, customer, CAST(price AS TEXT) AS price FROM orders');
        SELECT c.who, o.customer, o.price FROM clicks c LEFT JOIN orders o ON c.order_id = o.id
            WITH ('clicks.path' = 'clicks.csv');";
    workspace.write("p.sql", program.as_bytes());
    let ran = workspace.run(&["run", "p.sql", "--format", "csv"]);
    assert_eq!(
        ran.stdout, "who,customer,price\nzoe,bob,99.99\nann,ann,12.5\nbob,,\n",
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_wrong_with_a_database_is_told_with_the_place() {
    let workspace = shop();
    let programs = [
        "SELECT id FROM o WITH ('o.type' = 'sql_source', 'o.path' = 'shop.db', 'o.table' = 'order');",
        "CREATE STREAM o (id STRING) WITH (type = 'sql_source', path = 'shop.db', table = 'orders'); SELECT id FROM o;",
        "SELECT id FROM o WITH ('o.type' = 'sql_source', 'o.path' = 'gone.db', 'o.table' = 'orders');",
        "SELECT idd FROM o WITH ('o.type' = 'sql_source', 'o.path' = 'shop.db', 'o.query' = 'SELECT id FROM orders', 'o.fetch.size' = 5);",
        "SELECT id FROM o WITH ('o.type' = 'sql_source', 'o.path' = 'shop.db');",
    ];
    for program in programs {
        workspace.write("p.sql", program.as_bytes());
        insta::assert_snapshot!(workspace.run(&["validate", "p.sql"]).transcript());
    }
    workspace.write("p.sql", programs[0].as_bytes());
    insta::assert_snapshot!(workspace.run(&["run", "p.sql"]).transcript());
}

const PROGRAM: &str = "SELECT id, name FROM people WHERE id > 1 WITH ('people.config_file' = 'people.yaml');";

const CONFIG: &str = "type: sql_source
connection.url: ${URL}
table: people
";

#[test]
fn validating_asks_nothing_of_a_server() {
    let workspace = Workspace::with(&[("p.sql", PROGRAM), ("people.yaml", CONFIG)]);
    let run = |command: &str| {
        let mut command = workspace.command(&[command, "p.sql"]);
        // Nobody listens there.
        command.env("URL", "postgres://ann:hunter2@127.0.0.1:1/shop");
        crate::support::Outcome::of(&command.output().unwrap())
    };
    let validated = run("validate");
    assert_eq!(validated.exit, Some(0), "{}", validated.stderr);
    let refused = run("run");
    assert_eq!(refused.exit, Some(3), "{}", refused.stderr);
    assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
    insta::assert_snapshot!(refused.transcript());
}

#[test]
fn passwords_in_sql_are_not_shown() {
    let programs = [
        "SELECT id FROM o WITH ('o.connection.url' = 'postgres://ann:hunter2@127.0.0.1:1/shop', 'o.fetch.size' = 5);",
        "SELECT id FROM o WITH ('o.type' = 'sql_source', 'o.path' = 'gone.db', 'o.connection.password' = 'hunter2', 'o.table' = 't');",
    ];
    for program in programs {
        let workspace = Workspace::with(&[("p.sql", program)]);
        let transcript = workspace.run(&["validate", "p.sql"]).transcript();
        assert!(!transcript.contains("hunter2"), "{transcript}");
        insta::assert_snapshot!(transcript);
    }
}

#[test]
fn a_server_is_read_with_credentials_from_the_environment() {
    let Some(server) = PostgresServer::shared() else { return };
    let database = server.create_database();
    database.sql("CREATE TABLE people AS SELECT n AS id, 'name ' || n AS name FROM generate_series(1, 3) AS n");
    let workspace = Workspace::with(&[("p.sql", PROGRAM), ("people.yaml", CONFIG)]);
    let output = workspace
        .command(&["run", "p.sql"])
        .env("URL", database.url())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let rows = "{\"id\":2,\"name\":\"name 2\"}\n{\"id\":3,\"name\":\"name 3\"}\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), rows);
}

#[test]
fn only_columns_that_are_used_need_a_type() {
    let workspace = Workspace::with(&[("clicks.csv", "id,n\n1,10\n3,30\n")]);
    let file = Connection::open(workspace.path("shop.db")).unwrap();
    file.execute_batch(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, v); INSERT INTO t VALUES (1, 'a', 2), (2, 'b', 'x')",
    )
    .unwrap();
    let from = "WITH ('t.type' = 'sql_source', 't.path' = 'shop.db', 't.table' = 't'";
    let used = [
        (format!("SELECT id, name FROM t {from});"), "id,name\n1,a\n2,b\n"),
        (format!("SELECT name FROM t WHERE id > 1 {from});"), "name\nb\n"),
        (
            format!(
                "SELECT c.n, t.name FROM clicks c LEFT JOIN t ON c.id = t.id {from}, 'clicks.path' = 'clicks.csv');"
            ),
            "n,name\n10,a\n30,\n",
        ),
    ];
    for (program, rows) in used {
        workspace.write("p.sql", program.as_bytes());
        let ran = workspace.run(&["run", "p.sql", "--format", "csv"]);
        assert_eq!(ran.stdout, rows, "{program}\n{}", ran.stderr);
    }
    let refused = [
        format!("SELECT * FROM t {from});"),
        format!("SELECT id, SUM(v) AS n FROM t GROUP BY id EMIT FINAL {from});"),
        format!("SELECT c.n FROM clicks c JOIN t ON c.n = t.v {from}, 'clicks.path' = 'clicks.csv');"),
        format!("SELECT id FROM t {from}, 't.event.time.field' = 'v');"),
    ];
    let mut told = String::new();
    for program in refused {
        workspace.write("p.sql", program.as_bytes());
        told += &workspace.run(&["validate", "p.sql"]).transcript();
    }
    insta::assert_snapshot!(told);
}

#[test]
fn tables_keep_the_place_of_a_column_without_a_type() {
    let workspace = Workspace::with(&[("clicks.csv", "id,n\n1,10\n3,30\n")]);
    let file = Connection::open(workspace.path("shop.db")).unwrap();
    file.execute_batch(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v, name TEXT); INSERT INTO t VALUES (1, 2, 'a'), (2, 'x', 'b')",
    )
    .unwrap();
    let program = "CREATE TABLE named AS SELECT c.id, t.name FROM clicks c LEFT JOIN t ON c.id = t.id
        WITH ('t.type' = 'sql_source', 't.path' = 'shop.db', 't.table' = 't', 'clicks.path' = 'clicks.csv');";
    workspace.write("p.sql", program.as_bytes());
    let loaded = workspace.run(&["load", "p.sql", "--state-dir", "kept"]);
    assert_eq!(loaded.exit, Some(0), "{}", loaded.stderr);
    let named = workspace.run(&[
        "query",
        "SELECT id, name FROM t",
        "--state-dir",
        "kept",
        "--format",
        "csv",
    ]);
    assert_eq!(named.stdout, "id,name\n1,a\n2,b\n", "{}", named.stderr);
    let all = workspace.run(&["query", "SELECT * FROM t", "--state-dir", "kept"]);
    assert_ne!(all.exit, Some(0));
    assert!(
        all.stderr
            .contains("column `v` of table t has the type INTEGER and TEXT"),
        "{}",
        all.stderr
    );
}
