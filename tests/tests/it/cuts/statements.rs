//! Random statements, each with a sink of its own, that read two files, a table and each other.

use std::fmt::Write as _;

use velo_tests::random::Random;

/// How the rows of two runs are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// As a multiset.
    Rows,
    /// Those that stand at the end of all changes, without their times: of equal rows of two inputs, the one that comes first is kept.
    Changes,
    /// By their number: which of them come is open.
    Count,
}

/// A program of random statements and what it reads.
pub(super) struct Statements {
    pub(super) sql: String,
    /// Names and texts of the files that it reads.
    pub(super) files: Vec<(&'static str, String)>,
    /// The files that it writes.
    pub(super) outputs: Vec<(String, Comparison)>,
}

/// Something that a statement can read, with the columns `k`, `v` and `s`.
#[derive(Debug, Clone)]
struct Relation {
    name: String,
    /// Whether rows are replaced and deleted.
    changes: bool,
    time: Time,
}

/// What is known of the event times of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    /// Nothing that windows could depend on.
    None,
    /// No row is late, whatever else is read beside it.
    InBounds,
    /// Rows are late in the order of their own file, and with others in an order that is open.
    LateRows,
}

/// Columns of both files.
const COLUMNS: &str = "k BIGINT, v BIGINT, s STRING, at BIGINT";

/// The file that several statements write to.
const SHARED: &str = "shared.jsonl";

/// The largest disorder of event time that is not late.
const BOUND_MS: i64 = 2_000;

impl Statements {
    /// Two to six statements.
    pub(super) fn new(random: &mut Random) -> Self {
        let has_late_rows = random.chance(50);
        let mut program = Self {
            sql: String::new(),
            files: vec![
                ("a.jsonl", events(random, false)),
                ("b.jsonl", events(random, has_late_rows)),
                ("names.jsonl", names(random)),
            ],
            outputs: Vec::new(),
        };
        for name in ["a", "b"] {
            program.add(&format!(
                "CREATE STREAM {name} ({COLUMNS}) WITH (path = '{name}.jsonl', 'event.time.field' = 'at', \
                 'event.time.format' = 'epoch_millis', 'watermark.max_out_of_orderness' = '{BOUND_MS}ms')"
            ));
        }
        program.add("CREATE TABLE names (k BIGINT PRIMARY KEY, name STRING) WITH (path = 'names.jsonl')");
        let input = |name: &str, time| Relation {
            name: name.to_owned(),
            changes: false,
            time,
        };
        let b = if has_late_rows { Time::LateRows } else { Time::InBounds };
        let mut relations = vec![input("a", Time::InBounds), input("b", b)];
        for number in 0..random.between(2, 6) {
            program.add_statement(&format!("q{number}"), &mut relations, random);
        }
        program
    }

    fn add(&mut self, statement: &str) {
        writeln!(self.sql, "{statement};").unwrap();
    }

    /// Adds a statement whose sink is a file of envelopes; those of changes hold old values, too, since not all rows have keys.
    fn create(&mut self, name: &str, query: &str, properties: &str, comparison: Comparison) {
        let properties = format!(", envelope = 'debezium'{properties}");
        let file = format!("{name}.envelope.jsonl");
        self.add(&format!(
            "CREATE STREAM {name} AS {query} WITH (path = '{file}'{properties})"
        ));
        self.outputs.push((file, comparison));
    }

    fn add_statement(&mut self, name: &str, relations: &mut Vec<Relation>, random: &mut Random) {
        let read = random.pick(relations).clone();
        let from = &read.name;
        let (number, of) = (random.between(0, 4), random.between(2, 5));
        let made = |changes, time| Relation {
            name: name.to_owned(),
            changes,
            time,
        };
        let emit = if read.changes {
            ""
        } else {
            *random.pick(&["EMIT CHANGES", "EMIT FINAL"])
        };
        let grouped_changes = emit != "EMIT FINAL";
        let (query, relation) = match random.below(11) {
            0 => {
                let query = format!("SELECT k, v * 2 AS v, s FROM {from} WHERE v % {of} <> 1");
                (query, made(read.changes, read.time))
            }
            1 | 2 => {
                let query =
                    format!("SELECT k % {of} AS k, SUM(v) AS v, MAX(s) AS s FROM {from} GROUP BY k % {of} {emit}");
                (query, made(grouped_changes, Time::None))
            }
            3 => {
                let query = format!(
                    "SELECT v % {of} AS k, COUNT(DISTINCT k) AS v, MIN(s) AS s FROM {from} GROUP BY v % {of} {emit}"
                );
                (query, made(grouped_changes, Time::None))
            }
            4 => {
                let query = format!("SELECT DISTINCT k % {of} AS k, v % 4 AS v, s FROM {from}");
                (query, made(read.changes, Time::None))
            }
            5 => {
                let other = random.pick(relations).clone();
                let word = *random.pick(&["UNION ALL", "UNION ALL", "UNION"]);
                let query = format!(
                    "SELECT k, v, s FROM {from} {word} SELECT k, v + {number} AS v, s FROM {}",
                    other.name
                );
                let time = match (read.time, other.time) {
                    (Time::InBounds, Time::InBounds) if word == "UNION ALL" => Time::InBounds,
                    _ => Time::None,
                };
                (query, made(read.changes || other.changes, time))
            }
            6 => {
                let query = format!(
                    "SELECT k % 7 AS k, SUM(v) AS v, MAX(s) AS s FROM {from} GROUP BY k % 7 ORDER BY v DESC, k LIMIT {of}"
                );
                self.create(name, &query, "", Comparison::Changes);
                return;
            }
            7 if read.time != Time::None && !read.changes => {
                let query = format!(
                    "SELECT _window_start + k % {of} AS k, SUM(v) AS v, MAX(s) AS s FROM {from} GROUP BY k % {of} WINDOW TUMBLING(5s)"
                );
                let is_late = random.chance(50);
                let late = if is_late { ", 'allowed.lateness' = '4s'" } else { "" };
                self.create(name, &query, late, Comparison::Changes);
                relations.push(made(is_late, Time::None));
                return;
            }
            7 | 8 => {
                let query = format!("SELECT r.k, r.v, n.name AS s FROM {from} r LEFT JOIN names n ON r.k = n.k");
                (query, made(read.changes, read.time))
            }
            9 if !read.changes => {
                let query = format!("SELECT k, v, s FROM {from} LIMIT {} OFFSET {number}", of * 3);
                self.create(name, &query, "", Comparison::Count);
                return;
            }
            _ if !read.changes => {
                if !self.outputs.iter().any(|(file, _)| file == SHARED) {
                    self.add(&format!(
                        "CREATE STREAM shared (k BIGINT, v BIGINT, s STRING) WITH (path = '{SHARED}')"
                    ));
                    self.outputs.push((SHARED.to_owned(), Comparison::Rows));
                }
                self.add(&format!(
                    "INSERT INTO shared SELECT k + 0 AS k, v, s FROM {from} WHERE k % {of} = 0"
                ));
                return;
            }
            _ => {
                let query = format!("SELECT k, v, s FROM {from} WHERE k <> {number}");
                (query, made(read.changes, read.time))
            }
        };
        self.create(name, &query, "", Comparison::Changes);
        relations.push(relation);
    }
}

/// Events within the bound of disorder, or with some that are behind it.
fn events(random: &mut Random, has_late_rows: bool) -> String {
    let mut text = String::new();
    let mut at = 0;
    for _ in 0..random.between(0, 60) {
        at += random.between(0, 900);
        let behind = if has_late_rows && random.chance(15) {
            9_000
        } else {
            BOUND_MS
        };
        let (k, v, s) = (
            random.between(0, 12),
            random.between(-20, 20),
            random.pick(&["x", "y", "z"]),
        );
        let time = at - random.between(0, behind);
        writeln!(text, r#"{{"k":{k},"v":{v},"s":"{s}","at":{time}}}"#).unwrap();
    }
    text
}

fn names(random: &mut Random) -> String {
    let known = (0..12).filter(|_| random.chance(60));
    known.map(|k| format!("{{\"k\":{k},\"name\":\"n{k}\"}}\n")).collect()
}
