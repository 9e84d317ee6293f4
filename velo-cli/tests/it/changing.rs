//! Programs over rows that change, against a model that computes each statement anew from the rows that stand.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::support::Workspace;

/// A row of two numbers, which every statement of these programs has.
type Row = (i64, i64);

/// What one statement makes of the rows of the one before.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// How many rows each `a` has.
    CountByA,
    /// The sum of `a` for each `b`.
    SumByB,
    /// Least and greatest `b` of each `a`, both as far as they are of the same sign.
    RangeByA,
    Where(i64),
    Distinct,
    /// `b` alone, which several rows share.
    DistinctB,
    /// Groups that are large enough.
    Having(i64),
}

const STEPS: [Step; 8] = [
    Step::CountByA,
    Step::SumByB,
    Step::RangeByA,
    Step::Where(1),
    Step::Where(3),
    Step::Distinct,
    Step::DistinctB,
    Step::Having(1),
];

impl Step {
    fn sql(self, input: &str) -> String {
        match self {
            Self::CountByA => format!("SELECT a, COUNT(*) AS b FROM {input} GROUP BY a"),
            Self::SumByB => format!("SELECT b AS a, SUM(a) AS b FROM {input} GROUP BY b"),
            Self::RangeByA => format!("SELECT MIN(b) AS a, MAX(b) AS b FROM {input} GROUP BY a"),
            Self::Where(least) => format!("SELECT a, b FROM {input} WHERE b >= {least}"),
            Self::Distinct => format!("SELECT DISTINCT a, b FROM {input}"),
            Self::DistinctB => format!("SELECT DISTINCT b AS a, b % 2 AS b FROM {input}"),
            Self::Having(more) => {
                format!("SELECT a, COUNT(DISTINCT b) AS b FROM {input} GROUP BY a HAVING COUNT(*) > {more}")
            }
        }
    }

    fn rows(self, input: &[Row]) -> Vec<Row> {
        let groups = |key: fn(&Row) -> i64| {
            let mut groups: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
            for row in input {
                groups.entry(key(row)).or_default().push(*row);
            }
            groups
        };
        let distinct = |mut rows: Vec<Row>| {
            rows.sort_unstable();
            rows.dedup();
            rows
        };
        match self {
            Self::CountByA => groups(|row| row.0)
                .into_iter()
                .map(|(a, rows)| (a, rows.len() as i64))
                .collect(),
            Self::SumByB => {
                let sum = |rows: &[Row]| rows.iter().map(|row| row.0).sum();
                groups(|row| row.1)
                    .into_iter()
                    .map(|(b, rows)| (b, sum(&rows)))
                    .collect()
            }
            Self::RangeByA => {
                let range = |rows: &[Row]| {
                    let values = || rows.iter().map(|row| row.1);
                    (values().min().unwrap(), values().max().unwrap())
                };
                groups(|row| row.0).into_values().map(|rows| range(&rows)).collect()
            }
            Self::Where(least) => input.iter().copied().filter(|row| row.1 >= least).collect(),
            Self::Distinct => distinct(input.to_vec()),
            Self::DistinctB => distinct(input.iter().map(|row| (row.1, row.1 % 2)).collect()),
            Self::Having(more) => {
                let count = |rows: Vec<Row>| distinct(rows.iter().map(|row| (row.1, 0)).collect()).len() as i64;
                let large = groups(|row| row.0)
                    .into_iter()
                    .filter(|(_, rows)| rows.len() as i64 > more);
                large.map(|(a, rows)| (a, count(rows))).collect()
            }
        }
    }
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// The rows that stand at the end of changes that were written as Debezium does.
fn folded(text: &str) -> Vec<Row> {
    let mut counts: BTreeMap<Row, i64> = BTreeMap::new();
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        for (member, times) in [("before", -1), ("after", 1)] {
            let row = &record["value"][member];
            if !row.is_null() {
                let row = (row["a"].as_i64().unwrap(), row["b"].as_i64().unwrap());
                let count = counts.entry(row).or_default();
                *count += times;
                assert!(*count >= 0, "{row:?} goes without standing:\n{text}");
            }
        }
    }
    counts
        .into_iter()
        .flat_map(|(row, count)| std::iter::repeat_n(row, count as usize))
        .collect()
}

/// Statements that read each other, or queries within each other.
fn program(steps: &[Step], is_nested: bool) -> String {
    let mut sql = "CREATE STREAM s0 (a BIGINT, b BIGINT) WITH (path = 's0.jsonl');\n".to_owned();
    let mut input = "s0".to_owned();
    for (number, step) in steps.iter().enumerate() {
        let name = format!("s{}", number + 1);
        let is_last = number + 1 == steps.len();
        let query = step.sql(&input);
        if is_nested && !is_last {
            input = format!("({query}) AS {name}");
            continue;
        }
        let sink = if is_last {
            format!(" EMIT CHANGES WITH ('{name}.path' = 'out.envelope.jsonl', '{name}.envelope' = 'debezium')")
        } else {
            String::new()
        };
        writeln!(sql, "CREATE STREAM {name} AS {query}{sink};").unwrap();
        input = name;
    }
    sql
}

#[test]
fn the_changes_of_any_program_fold_to_what_it_makes_of_all_rows() {
    let mut numbers = Numbers(7);
    let mut wrong = Vec::new();
    for case in 0..48 {
        let steps: Vec<Step> = (0..2 + numbers.below(2))
            .map(|_| STEPS[numbers.below(STEPS.len())])
            .collect();
        let rows: Vec<Row> = (0..numbers.below(60))
            .map(|_| (numbers.below(6) as i64 - 1, numbers.below(5) as i64))
            .collect();
        let text: String = rows.iter().map(|(a, b)| format!("{{\"a\":{a},\"b\":{b}}}\n")).collect();
        let sql = program(&steps, case % 2 == 0);
        let workspace = Workspace::with(&[("program.sql", &sql), ("s0.jsonl", &text)]);
        let parallelism = (1 + case % 3).to_string();
        let batch_size = format!("batch.size={}", 1 + numbers.below(9));
        let outcome = workspace.run(&[
            "run",
            "program.sql",
            "--parallelism",
            &parallelism,
            "--set",
            &batch_size,
        ]);
        assert_eq!(outcome.exit, Some(0), "{sql}{}", outcome.transcript());
        let mut expected = steps.iter().fold(rows, |rows, step| step.rows(&rows));
        expected.sort_unstable();
        let found = folded(&workspace.read("out.envelope.jsonl"));
        if found != expected {
            wrong.push(format!("{sql}{text}expected {expected:?}\nfound {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}
