//! What commands make of files that grow, and of files of which nothing can be read.

use crate::support::Workspace;

const CLICKS: (&str, &str) = (
    "clicks.jsonl",
    "{\"page\":\"a\",\"at\":1000}\n{\"page\":\"b\",\"at\":2000}",
);

/// What a command says about a program over a watched file.
fn told(command: &str, query: &str) -> String {
    let program = format!(
        "CREATE STREAM clicks (page STRING, at TIMESTAMP) WITH (path = 'clicks.jsonl', watch = true, 'polling.interval' = '1h');\n{query};"
    );
    let workspace = Workspace::with(&[CLICKS, ("p.sql", program.as_str())]);
    workspace.run(&[command, "p.sql"]).transcript()
}

/// The second line has no end, and nobody would wait an hour for it.
#[test]
fn a_run_reads_a_watched_file_to_the_end_that_is_there() {
    insta::assert_snapshot!(told("run", "SELECT page FROM clicks"));
}

#[test]
fn a_watched_file_is_checked_as_input_without_end() {
    let queries = [
        "SELECT page FROM clicks WHERE page <> 'b'",
        "SELECT page, COUNT(*) AS n FROM clicks GROUP BY page EMIT FINAL",
        "SELECT page, COUNT(*) AS n FROM clicks GROUP BY page",
        "SELECT page FROM other WITH (path = 'clicks.jsonl', 'polling.interval' = '1s') LIMIT 1",
        "SELECT page FROM other WITH (path = 'clicks.jsonl', format = 'json', watch = true) LIMIT 1",
        "SELECT page FROM other WITH ('other.path' = 'clicks.*', 'other.format' = 'json', 'other.watch' = true)",
    ];
    let found: Vec<String> = queries.iter().map(|query| told("validate", query)).collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn a_file_of_which_nothing_can_be_read_is_told() {
    let files = [
        (
            "log.jsonl",
            "\nnot json\n{}x\n",
            "SELECT id FROM t WITH ('t.path' = 'log.jsonl')",
        ),
        (
            "one.jsonl",
            "not json\n{\"id\":1}\n",
            "SELECT id FROM t WITH ('t.path' = 'one.jsonl')",
        ),
        (
            "empty.jsonl",
            "\n\n",
            "SELECT id FROM t WITH ('t.path' = 'empty.jsonl')",
        ),
        (
            "wide.csv",
            "id\n1;2,5\n2;3,5\n",
            "SELECT id FROM t WITH ('t.path' = 'wide.csv')",
        ),
        (
            "text.csv",
            "id,name\na,x\nb,y\n",
            "CREATE STREAM t (id BIGINT, name STRING) WITH (path = 'text.csv'); SELECT id FROM t",
        ),
        (
            "other.csv",
            "id,name\na,x\nb,y\n",
            "CREATE STREAM t (id BIGINT, name STRING) WITH (path = 'other.csv'); SELECT name FROM t",
        ),
        (
            "array.json",
            "{\"id\":1}",
            "CREATE STREAM t (id BIGINT) WITH (path = 'array.json', format = 'json'); SELECT id FROM t",
        ),
    ];
    let told = files.map(|(name, content, query)| {
        let workspace = Workspace::with(&[(name, content), ("p.sql", &format!("{query};"))]);
        format!("{name}\n{}", workspace.run(&["validate", "p.sql"]).transcript())
    });
    insta::assert_snapshot!(told.join("\n"));
}
