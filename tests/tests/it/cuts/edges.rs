//! Small programs that are cut behind each batch: ended and empty inputs, rows without an input, limits, shared sinks, late rows.

use velo_tests::rows::{difference, folded, rows};

use super::cut_source::Cut;
use super::program::{Piece, Program};
use super::side_by_side::failures_of;

/// A program, and the rows that it gives by hand.
struct Edge {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    sql: &'static str,
    /// The rows of each file that is written; those of changes as they stand at the end.
    expected: &'static [(&'static str, &'static [&'static str])],
}

const LONG: &str = r#"{"k":1,"v":1}
{"k":2,"v":2}
{"k":1,"v":3}
{"k":2,"v":4}
{"k":1,"v":5}
"#;

const SHORT: &str = r#"{"k":1,"v":10}
"#;

/// Of the sources of all programs but those with event times.
macro_rules! sources {
    ($statements:literal) => {
        concat!(
            "CREATE STREAM long_ (k BIGINT, v BIGINT) WITH (path = 'long.jsonl');\n",
            "CREATE STREAM short_ (k BIGINT, v BIGINT) WITH (path = 'short.jsonl');\n",
            $statements
        )
    };
}

const FILES: &[(&str, &str)] = &[("long.jsonl", LONG), ("short.jsonl", SHORT)];

const EDGES: &[Edge] = &[
    Edge {
        name: "an input that has ended long before the other",
        files: FILES,
        sql: sources!(
            "CREATE STREAM both AS SELECT k, v FROM long_ UNION ALL SELECT k, v FROM short_ WITH (path = 'both.jsonl');
             CREATE STREAM sums AS SELECT k, SUM(v) AS total FROM both GROUP BY k EMIT FINAL WITH (path = 'sums.jsonl');
             CREATE STREAM alone AS SELECT k, COUNT(*) AS n FROM short_ GROUP BY k EMIT FINAL WITH (path = 'alone.jsonl');"
        ),
        expected: &[
            (
                "both.jsonl",
                &[
                    r#"{"k":1,"v":1}"#,
                    r#"{"k":1,"v":10}"#,
                    r#"{"k":1,"v":3}"#,
                    r#"{"k":1,"v":5}"#,
                    r#"{"k":2,"v":2}"#,
                    r#"{"k":2,"v":4}"#,
                ],
            ),
            ("sums.jsonl", &[r#"{"k":1,"total":19}"#, r#"{"k":2,"total":6}"#]),
            ("alone.jsonl", &[r#"{"k":1,"n":1}"#]),
        ],
    },
    Edge {
        name: "an empty input",
        files: &[("long.jsonl", LONG), ("short.jsonl", "")],
        sql: sources!(
            "CREATE STREAM both AS SELECT k, v FROM long_ WHERE v > 3 UNION ALL SELECT k, v FROM short_ WITH (path = 'both.jsonl');
             CREATE STREAM counts AS SELECT k, COUNT(*) AS n FROM short_ GROUP BY k EMIT FINAL WITH (path = 'counts.jsonl');"
        ),
        expected: &[
            ("both.jsonl", &[r#"{"k":1,"v":5}"#, r#"{"k":2,"v":4}"#]),
            ("counts.jsonl", &[]),
        ],
    },
    Edge {
        name: "rows of the program itself",
        files: FILES,
        sql: sources!(
            "INSERT INTO words VALUES (1, 'one'), (2, 'two') WITH ('words.path' = 'words.jsonl');
             CREATE STREAM more AS SELECT v FROM long_ WHERE v > 3 UNION ALL VALUES (6), (7) WITH (path = 'more.jsonl');"
        ),
        expected: &[
            (
                "words.jsonl",
                &[r#"{"column1":1,"column2":"one"}"#, r#"{"column1":2,"column2":"two"}"#],
            ),
            ("more.jsonl", &[r#"{"v":4}"#, r#"{"v":5}"#, r#"{"v":6}"#, r#"{"v":7}"#]),
        ],
    },
    Edge {
        name: "one row of all there is",
        files: FILES,
        sql: sources!(
            "CREATE TABLE known AS SELECT k, v FROM short_;
             CREATE STREAM total AS SELECT SUM(v) AS total, COUNT(*) AS n FROM long_ GROUP BY TRUE EMIT FINAL
               WITH (path = 'total.jsonl');
             CREATE STREAM of_table AS SELECT COUNT(*) AS n, SUM(v) AS total FROM known WITH (path = 'of_table.jsonl');
             CREATE STREAM rest AS SELECT v FROM long_ WHERE v > 4 WITH (path = 'rest.jsonl');"
        ),
        expected: &[
            ("total.jsonl", &[r#"{"total":15,"n":5}"#]),
            ("of_table.jsonl", &[r#"{"n":1,"total":10}"#]),
            ("rest.jsonl", &[r#"{"v":5}"#]),
        ],
    },
    Edge {
        name: "a limit that is reached before the end",
        files: &[
            ("part-1.jsonl", "{\"v\":7}\n{\"v\":7}\n{\"v\":7}\n"),
            ("part-2.jsonl", "{\"v\":7}\n{\"v\":7}\n"),
            ("part-3.jsonl", "{\"v\":7}\n"),
        ],
        sql: "CREATE STREAM parts (v BIGINT) WITH (path = 'part-*.jsonl');
              CREATE STREAM few AS SELECT v FROM parts LIMIT 2 OFFSET 1 WITH (path = 'few.jsonl');
              CREATE STREAM every AS SELECT v FROM parts WITH (path = 'every.jsonl');
              CREATE STREAM few_of_every AS SELECT v FROM every LIMIT 2 WITH (path = 'few_of_every.jsonl');",
        expected: &[
            ("few.jsonl", &[r#"{"v":7}"#; 2]),
            ("every.jsonl", &[r#"{"v":7}"#; 6]),
            ("few_of_every.jsonl", &[r#"{"v":7}"#; 2]),
        ],
    },
    Edge {
        name: "several statements into one sink",
        files: FILES,
        sql: sources!(
            "INSERT INTO shared SELECT v FROM long_ WHERE k = 1 WITH ('shared.path' = 'shared.jsonl');
             INSERT INTO shared SELECT v FROM long_ WHERE k = 2;
             INSERT INTO shared SELECT v FROM short_;"
        ),
        expected: &[(
            "shared.jsonl",
            &[
                r#"{"v":1}"#,
                r#"{"v":10}"#,
                r#"{"v":2}"#,
                r#"{"v":3}"#,
                r#"{"v":4}"#,
                r#"{"v":5}"#,
            ],
        )],
    },
    Edge {
        name: "changes of changes",
        files: FILES,
        sql: sources!(
            "CREATE STREAM totals AS SELECT k, SUM(v) AS total, COUNT(*) AS n FROM long_ GROUP BY k
               WITH (path = 'totals.envelope.jsonl');
             CREATE STREAM sizes AS SELECT n, COUNT(*) AS ks, MAX(total) AS most FROM totals GROUP BY n
               WITH (path = 'sizes.envelope.jsonl');"
        ),
        expected: &[
            (
                "totals.envelope.jsonl",
                &[r#"{"k":1,"total":9,"n":3}"#, r#"{"k":2,"total":6,"n":2}"#],
            ),
            (
                "sizes.envelope.jsonl",
                &[r#"{"n":2,"ks":1,"most":6}"#, r#"{"n":3,"ks":1,"most":9}"#],
            ),
        ],
    },
    Edge {
        // The watermark is 2 s behind: the row at 9 s closes [0, 5) s, so that the one at 4 s is late, and that at 8 s is not. That at
        // 20 s closes [5, 10) s for the one at 9.5 s. With an allowed lateness of 10 s, both change their windows.
        name: "late rows stay late",
        files: &[(
            "events.jsonl",
            r#"{"at":1000,"v":1}
{"at":3000,"v":2}
{"at":9000,"v":4}
{"at":4000,"v":8}
{"at":8000,"v":16}
{"at":20000,"v":32}
{"at":9500,"v":64}
{"at":21000,"v":128}
"#,
        )],
        sql: "CREATE STREAM events (at BIGINT, v BIGINT) WITH (path = 'events.jsonl', 'event.time.field' = 'at',
                'event.time.format' = 'epoch_millis', 'watermark.max_out_of_orderness' = '2s');
              CREATE STREAM strict AS SELECT _window_start AS start, SUM(v) AS total FROM events WINDOW TUMBLING(5s)
                WITH (path = 'strict.jsonl');
              CREATE STREAM by_parity AS SELECT v % 3 AS rest, SUM(v) AS total FROM events GROUP BY v % 3 WINDOW TUMBLING(5s)
                WITH (path = 'by_parity.jsonl');
              CREATE STREAM patient AS SELECT v - v AS zero, SUM(v) AS total FROM events GROUP BY v - v WINDOW TUMBLING(5s)
                WITH (path = 'patient.envelope.jsonl', 'allowed.lateness' = '10s');",
        expected: &[
            (
                "strict.jsonl",
                &[
                    r#"{"start":0,"total":3}"#,
                    r#"{"start":20000,"total":160}"#,
                    r#"{"start":5000,"total":20}"#,
                ],
            ),
            (
                "by_parity.jsonl",
                &[
                    r#"{"rest":1,"total":1}"#,
                    r#"{"rest":1,"total":20}"#,
                    r#"{"rest":2,"total":160}"#,
                    r#"{"rest":2,"total":2}"#,
                ],
            ),
            (
                "patient.envelope.jsonl",
                &[
                    r#"{"zero":0,"total":11}"#,
                    r#"{"zero":0,"total":160}"#,
                    r#"{"zero":0,"total":84}"#,
                ],
            ),
        ],
    },
];

/// Workers of a run before and behind its cut.
const PARALLELISM: [[usize; 2]; 4] = [[1, 2], [2, 1], [3, 2], [1, 1]];

#[test]
fn small_programs_give_their_rows_wherever_they_are_cut() {
    let failures = failures_of(EDGES, check);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Cuts a program at each of its batches.
fn check(edge: &Edge) -> Vec<String> {
    let files: Vec<(&str, String)> = edge
        .files
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect();
    let straight = Program::new(edge.sql, &files, 1);
    let batches = straight.run_straight();
    let mut failures = differences(edge, &straight, "in one piece");
    for at in 0..=batches {
        // A failure leaves any of the checkpoints behind that were taken before it.
        for cut in [Cut::Stop(at), Cut::Failure(at)] {
            let parallelism = PARALLELISM[(at % 4) as usize];
            let program = Program::new(edge.sql, &files, 1);
            let mut pieces = parallelism.into_iter().zip([cut, Cut::Never]);
            program.run_in_pieces(|_| {
                let (parallelism, cut) = pieces.next().unwrap();
                Piece { parallelism, cut }
            });
            failures.extend(differences(
                edge,
                &program,
                &format!("{parallelism:?} workers, {cut:?}"),
            ));
        }
    }
    failures
}

fn differences(edge: &Edge, program: &Program, how: &str) -> Vec<String> {
    let differing = edge.expected.iter().filter_map(|(name, expected)| {
        let text = program.read(name);
        let found = if name.contains(".envelope.") {
            folded(&text)
        } else {
            rows(&text, false)
        };
        let expected: String = expected.iter().map(|row| format!("{row}\n")).collect();
        let is_same = rows(&expected, false) == found;
        (!is_same).then(|| format!("== {}, {how}: {name}: {}", edge.name, difference(&expected, &found)))
    });
    differing.collect()
}
