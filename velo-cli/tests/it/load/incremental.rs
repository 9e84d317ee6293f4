//! The next load reads what is new, all of what has changed, and says which of the two it was.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use velo_testservices::{Answer, HttpServer, PostgresServer, S3Server};

use super::support::{PROGRAM, load, rows, workspace};
use crate::support::Workspace;

/// A table `people` with a key, and one that is made of it.
const NAMES: &str = "CREATE TABLE names AS SELECT name, COUNT(*) AS people FROM people GROUP BY name;";

/// Fails unless the next load makes `people` in this way.
fn expect_load(workspace: &Workspace, outcome: &str, people: &[&str]) {
    let loaded = load(workspace, &[]).expect_all();
    assert_eq!(loaded.outcome("people"), outcome);
    assert_eq!(rows(workspace, "people"), people);
    let mut by_name = std::collections::BTreeMap::<&str, usize>::new();
    for person in people {
        *by_name.entry(person.split_once('|').unwrap().1).or_default() += 1;
    }
    let names: Vec<String> = by_name
        .iter()
        .map(|(name, people)| format!("{name}|{people}"))
        .collect();
    assert_eq!(rows(workspace, "names"), names, "what is made of it follows");
    let unchanged = load(workspace, &[]).expect_all();
    assert_eq!(unchanged.outcome("people"), "unchanged");
    assert_eq!(unchanged.outcome("names"), "unchanged");
}

fn append(workspace: &Workspace, name: &str, text: &str) {
    let mut file = OpenOptions::new().append(true).open(workspace.path(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn people_of_file() -> Workspace {
    let program = format!(
        "CREATE TABLE people AS SELECT id PRIMARY KEY, name FROM lines WITH ('lines.path' = 'people.csv');{NAMES}"
    );
    let workspace = workspace(&program);
    workspace.write("people.csv", b"id,name\n1,ann\n2,bob\n");
    workspace
}

#[test]
fn what_is_appended_to_a_file_is_added() {
    let workspace = people_of_file();
    expect_load(&workspace, "loaded", &["1|ann", "2|bob"]);
    append(&workspace, "people.csv", "3,ann\n2,bert\n");
    expect_load(&workspace, "incremental 2", &["1|ann", "2|bert", "3|ann"]);
    append(&workspace, "people.csv", "4,dora\n5,ha"); // The last line is under way.
    let loaded = load(&workspace, &[]).expect_all();
    assert!(
        rows(&workspace, "people").contains(&"4|dora".to_owned()),
        "{:?}",
        loaded.outcome("people")
    );
    append(&workspace, "people.csv", "ns\n");
    load(&workspace, &[]).expect_all();
    assert_eq!(
        rows(&workspace, "people"),
        ["1|ann", "2|bert", "3|ann", "4|dora", "5|hans"]
    );
}

#[test]
fn a_file_that_was_replaced_is_read_again() {
    let workspace = people_of_file();
    expect_load(&workspace, "loaded", &["1|ann", "2|bob"]);
    workspace.write("people.csv", b"id,name\n7,zoe\n");
    let loaded = load(&workspace, &[]).expect_all();
    insta::assert_snapshot!(loaded.outcome("people"));
    assert_eq!(rows(&workspace, "people"), ["7|zoe"]);
}

#[test]
fn new_rows_of_sqlite_are_added() {
    let source = "type = 'sql_source', path = 'shop.db', table = 'people', 'incremental.column' = 'id'";
    let program = format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name STRING) WITH ({source});{NAMES}");
    let workspace = workspace(&program);
    let database = Connection::open(workspace.path("shop.db")).unwrap();
    let sql = |text: &str| database.execute_batch(text).unwrap();
    sql("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO people VALUES (1, 'ann'), (2, 'bob')");
    expect_load(&workspace, "loaded", &["1|ann", "2|bob"]);
    sql("INSERT INTO people VALUES (3, 'cid')");
    expect_load(&workspace, "incremental 1", &["1|ann", "2|bob", "3|cid"]);
    sql("DELETE FROM people WHERE id > 1");
    let loaded = load(&workspace, &[]).expect_all();
    insta::assert_snapshot!(loaded.outcome("people"));
    assert_eq!(rows(&workspace, "people"), ["1|ann"]);
}

#[test]
fn new_and_changed_rows_of_postgresql_are_added_and_replaced() {
    let Some(server) = PostgresServer::shared() else { return };
    let database = server.create_database();
    database.sql(
        "CREATE TABLE people (id BIGINT PRIMARY KEY, name TEXT, changed TIMESTAMP NOT NULL);
         INSERT INTO people VALUES (1, 'ann', '2024-01-01 00:00'), (2, 'bob', '2024-01-02 00:00')",
    );
    let program = format!(
        "CREATE TABLE people AS SELECT id PRIMARY KEY, name FROM db WITH ('db.config_file' = 'db.yaml');{NAMES}"
    );
    let config = format!(
        "type: sql_source\nconnection.url: {}\ntable: people\nincremental.column: changed\n",
        database.url()
    );
    let workspace = Workspace::with(&[(PROGRAM, program.as_str()), ("db.yaml", config.as_str())]);
    load(&workspace, &[]).expect_all();
    assert_eq!(rows(&workspace, "people"), ["1|ann", "2|bob"]);
    database.sql(
        "UPDATE people SET name = 'anna', changed = '2024-01-03 00:00' WHERE id = 1;
         INSERT INTO people VALUES (3, 'bob', '2024-01-04 00:00')",
    );
    // Rows with the highest time are read again, since others may have come that have it too.
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(loaded.outcome("people"), "incremental 3");
    assert_eq!(rows(&workspace, "people"), ["1|anna", "2|bob", "3|bob"]);
    assert_eq!(rows(&workspace, "names"), ["anna|1", "bob|2"]);
}

/// A document that changes, and its state: version, text.
fn changing_server() -> (HttpServer, Arc<Mutex<(u32, String)>>) {
    let server = HttpServer::start();
    let document = Arc::new(Mutex::new((1, "id,name\n1,ann\n2,bob\n".to_owned())));
    let told = Arc::clone(&document);
    server.on("/people.csv", move |request| {
        let (version, text) = told.lock().unwrap().clone();
        let tag = format!("\"{version}\"");
        if request.header("if-none-match") == Some(tag.as_str()) {
            return Answer::new(304, "").with_header("ETag", &tag);
        }
        Answer::ok("text/csv", text).with_header("ETag", &tag)
    });
    (server, document)
}

#[test]
fn a_document_of_the_web_is_read_when_it_has_changed() {
    let (server, document) = changing_server();
    let url = server.url("/people.csv");
    let program = format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name STRING) WITH (path = '{url}');{NAMES}");
    let workspace = workspace(&program);
    expect_load(&workspace, "loaded", &["1|ann", "2|bob"]);
    let sent = server.sent_bytes();
    load(&workspace, &[]).expect_all();
    assert_eq!(server.sent_bytes(), sent, "an unchanged document is not sent");
    *document.lock().unwrap() = (2, "id,name\n1,ann\n3,ann\n".to_owned());
    expect_load(&workspace, &format!("reloaded: {url} has changed"), &["1|ann", "3|ann"]);
}

#[test]
fn new_objects_are_added_and_a_changed_one_reads_all_again() {
    let Some(server) = S3Server::shared() else { return };
    let bucket = "incremental-loads";
    server.create_bucket(bucket);
    server.put(bucket, "people/1.csv", "id,name\n1,ann\n");
    let endpoint = server.endpoint();
    let source = format!(
        "path = 's3://{bucket}/people/*.csv', 's3.endpoint' = '{endpoint}', 's3.allow.http' = 'true',
         's3.region' = 'us-east-1'"
    );
    let program = format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name STRING) WITH ({source});{NAMES}");
    let workspace = workspace(&program);
    let load = || {
        let mut command = workspace.command(&["load", PROGRAM, "--format", "json"]);
        command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "hidden")]);
        super::support::Loaded::of(&crate::support::Outcome::of(&command.output().unwrap())).expect_all()
    };
    assert_eq!(load().outcome("people"), "loaded");
    server.put(bucket, "people/2.csv", "id,name\n2,bob\n");
    assert_eq!(load().outcome("people"), "incremental 1");
    assert_eq!(rows(&workspace, "people"), ["1|ann", "2|bob"]);
    assert_eq!(load().outcome("people"), "unchanged");
    server.put(bucket, "people/1.csv", "id,name\n1,anna\n");
    insta::assert_snapshot!(load().outcome("people"));
    assert_eq!(rows(&workspace, "people"), ["1|anna", "2|bob"]);
    server.delete(bucket, "people/2.csv");
    load();
    assert_eq!(rows(&workspace, "people"), ["1|anna"]);
    assert_eq!(rows(&workspace, "names"), ["anna|1"]);
}

#[test]
fn a_changed_definition_loads_its_table_and_those_made_of_it() {
    let workspace = people_of_file();
    append(
        &workspace,
        PROGRAM,
        "CREATE TABLE others AS SELECT id PRIMARY KEY FROM lines;",
    );
    load(&workspace, &[]).expect_all();
    let program = workspace
        .read(PROGRAM)
        .replace("PRIMARY KEY, name FROM", "PRIMARY KEY, UPPER(name) AS name FROM");
    workspace.write(PROGRAM, program.as_bytes());
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(loaded.outcome("people"), "reloaded: its definition has changed");
    assert_eq!(
        loaded.outcome("names"),
        "reloaded: `people`, which it reads, has changed"
    );
    assert_eq!(loaded.outcome("others"), "unchanged");
    assert_eq!(rows(&workspace, "names"), ["ANN|1", "BOB|1"]);
    // Comments and white space mean nothing.
    workspace.write(
        PROGRAM,
        program.replace("SELECT", "\n  SELECT -- the people\n ").as_bytes(),
    );
    assert_eq!(load(&workspace, &[]).expect_all().outcome("people"), "unchanged");
}

#[test]
fn a_table_that_is_made_anew_with_the_same_rows_changes_nothing_for_those_that_read_it() {
    let workspace = people_of_file();
    append(
        &workspace,
        PROGRAM,
        "CREATE TABLE common AS SELECT name, people FROM names WHERE people > 1;",
    );
    workspace.write("people.csv", b"id,name\n1,ann\n2,bob\n3,bob\n");
    load(&workspace, &[]).expect_all();
    // Another file with the same rows.
    workspace.write("people.csv", b"name,id\nann,1\nbob,2\nbob,3\n");
    let loaded = load(&workspace, &[]).expect_all();
    assert!(
        loaded.outcome("people").starts_with("reloaded: "),
        "{}",
        loaded.outcome("people")
    );
    assert_eq!(loaded.outcome("names"), "unchanged");
    assert_eq!(loaded.outcome("common"), "unchanged");
    // Groups that come out as they were, of a row that counts for none of them.
    let program = workspace
        .read(PROGRAM)
        .replace("FROM people", "FROM people WHERE id <> 4");
    workspace.write(PROGRAM, program.as_bytes());
    append(&workspace, "people.csv", "dora,4\n");
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(loaded.outcome("people"), "incremental 1");
    assert_eq!(loaded.outcome("names"), "reloaded: its definition has changed");
    assert_eq!(loaded.outcome("common"), "unchanged");
    assert_eq!(rows(&workspace, "common"), ["bob|2"]);
    // One row more is a change.
    append(&workspace, "people.csv", "ann,5\n");
    let loaded = load(&workspace, &[]).expect_all();
    assert_eq!(
        loaded.outcome("common"),
        "reloaded: `names`, which it reads, has changed"
    );
    assert_eq!(rows(&workspace, "common"), ["ann|2", "bob|2"]);
}

#[test]
fn a_damaged_snapshot_is_told_and_loaded_again() {
    let workspace = people_of_file();
    load(&workspace, &[]).expect_all();
    let directory = workspace.path(".velo/tables/people");
    let names = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let data = names
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "arrow"))
        .unwrap();
    let mut bytes = std::fs::read(&data).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&data, &bytes).unwrap();
    let loaded = load(&workspace, &[]).expect_all();
    let outcome = loaded.outcome("people");
    let (before, checksums) = outcome.split_once("its checksum is").unwrap();
    assert_eq!(
        before, "reloaded: its snapshot cannot be used: `.velo/tables/people/data-1-1.arrow` is damaged: ",
        "{checksums}"
    );
    assert_eq!(rows(&workspace, "people"), ["1|ann", "2|bob"]);
    std::fs::write(directory.join("manifest.json"), "{").unwrap();
    let loaded = load(&workspace, &[]).expect_all();
    insta::assert_snapshot!(loaded.outcome("people"));
    assert_eq!(rows(&workspace, "people"), ["1|ann", "2|bob"]);
    assert_eq!(load(&workspace, &[]).expect_all().outcome("people"), "unchanged");
}
