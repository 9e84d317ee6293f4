//! Aggregates over inputs that retract rows.

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat, take_record_batch};
use datafusion_expr::{cast, col, lit};
use proptest::prelude::*;
use velo_data::{ChangelogMode, RowErrorCause, RowKind, SqlType, StreamBatch};
use velo_engine::{CompileError, Event};
use velo_functions::AggregateKind as Kind;
use velo_planner::plan::{LogicalPlan, StatementSettings};

use crate::changelogs::*;
use crate::support::*;

/// Rows that are no aggregate's table's, with every value beyond those there or of another kind.
fn strangers() -> RecordBatch {
    batch(vec![
        ("k", texts(["a", "b", "c", "a", "b", "d", "a"])),
        (
            "i",
            integers([
                Some(1_000_000),
                Some(-77),
                Some(3),
                Some(i64::MAX >> 8),
                None,
                Some(9),
                Some(0),
            ]),
        ),
        (
            "d",
            floats([1e300, -1e17, f64::NAN, f64::INFINITY, 1e-300, 4.0, f64::NEG_INFINITY]),
        ),
        (
            "m",
            decimals(10, 2, [9_999_999_999, -9_999_999_999, 7, 11, -12, 13, 5_000_000_000]),
        ),
        (
            "s",
            texts([
                "",
                "zebra",
                "a text of more than twelve bytes",
                "\u{e9}",
                "Q",
                "q",
                "aa",
            ]),
        ),
        ("b", booleans([false, true, true, false, true, false, false])),
        ("t", dates([-700_000, 0, 1, 2, 2_000_000, 3, 4])),
        ("y", floats([-1e16, 1e9, 0.5, f64::NAN, -2.5, 6.0, 1e-9])),
        ("j", integers([5_000_000, -5_000_000, 3, 4, 6, 9, 10])),
    ])
}

/// The rows of the table of all aggregates, between others that come and go.
fn table_among_strangers() -> (Vec<RowKind>, RecordBatch) {
    let table = crate::aggregates::table();
    let strangers = strangers();
    let columns = table.columns().iter().zip(strangers.columns());
    let columns = columns.map(|(left, right)| concat(&[left.as_ref(), right.as_ref()]).unwrap());
    let all = RecordBatch::try_new(table.schema(), columns.collect()).unwrap();
    // Strangers are 7 to 13.
    let script: [(RowKind, u32); 21] = [
        (ADD, 7),
        (ADD, 0),
        (ADD, 8),
        (ADD, 9),
        (ADD, 1),
        (DELETE, 8),
        (ADD, 2),
        (ADD, 10),
        (ADD, 3),
        (OLD, 7),
        (NEW, 10),
        (ADD, 12),
        (OLD, 10),
        (NEW, 11),
        (ADD, 4),
        (ADD, 13),
        (ADD, 5),
        (DELETE, 10),
        (DELETE, 13),
        (ADD, 6),
        (DELETE, 9),
    ];
    let mut kinds: Vec<RowKind> = script.iter().map(|(kind, _)| *kind).collect();
    let mut rows: Vec<u32> = script.iter().map(|(_, row)| *row).collect();
    kinds.extend([DELETE, DELETE]);
    rows.extend([11, 12]);
    (kinds, take_record_batch(&all, &UInt32Array::from(rows)).unwrap())
}

/// Every aggregate has the value that DuckDB gives for the rows that are left.
#[test]
fn every_aggregate_takes_retractions() {
    let (kinds, records) = table_among_strangers();
    for (index, (named, expected)) in crate::aggregates::cases().into_iter().enumerate() {
        let what = format!("case {index}: {:?}", named.call);
        let grouped = by_text("k", vec![named]).retracting();
        let plan = grouped.over(scan(&records));
        let input = change_batch(&plan, kinds.clone(), &records);
        let expected: Vec<String> = ["a", "b", "c"]
            .iter()
            .zip(expected)
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        for rows in [1, 4, 100] {
            let slices = sliced_changes(&input, rows);
            for cut in [0, slices.len() / 2, slices.len()] {
                let mut worker = Worker::new(&plan);
                worker.batches(&slices[..cut]).restart().batches(&slices[cut..]);
                worker.push(Event::End);
                assert_eq!(worker.rows(), expected, "{what}, {rows} rows at a time, cut at {cut}");
                assert_eq!(worker.rejected, [], "{what}");
            }
        }
    }
}

#[test]
fn changes_of_every_aggregate_fold_to_its_value() {
    let (kinds, records) = table_among_strangers();
    for (named, expected) in crate::aggregates::cases() {
        let what = format!("{:?}", named.call);
        let grouped = by_text("k", vec![named]).retracting().changes();
        for mode in [ChangelogMode::Upsert, ChangelogMode::Retract] {
            let plan = grouped.clone().giving(mode).over(scan(&records));
            let input = change_batch(&plan, kinds.clone(), &records);
            for rows in [1, 5, 100] {
                let mut worker = Worker::new(&plan);
                for slice in sliced_changes(&input, rows) {
                    worker.batches(&[slice]).restart();
                }
                let expected = ["a", "b", "c"].iter().zip(expected);
                let expected = sorted(expected.map(|(key, value)| format!("{key} {value}")).collect());
                assert_eq!(fold(&worker.rows(), mode, 1), expected, "{what} as {mode}");
                assert_pairs(&worker.output, mode);
            }
        }
    }
}

/// A row of the law below: key, time and content; all columns follow from the content.
type Row = (u8, i64, Option<i8>);

/// Adds a row, or retracts or replaces one of those that remain.
#[derive(Debug, Clone)]
enum Step {
    Add(Row),
    Remove(prop::sample::Index),
    Replace(prop::sample::Index, Row),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let row = || (0_u8..3, 0_i64..5, prop::option::weighted(0.85, -6_i8..6));
    let step = prop_oneof![
        3 => row().prop_map(Step::Add),
        2 => any::<prop::sample::Index>().prop_map(Step::Remove),
        1 => (any::<prop::sample::Index>(), row()).prop_map(|(index, row)| Step::Replace(index, row)),
    ];
    prop::collection::vec(step, 1..60)
}

/// The rows of steps with their kinds, and those that remain, in the order in which they came. Of equal rows, the first is
/// retracted first.
fn played(steps: &[Step]) -> (Vec<RowKind>, Vec<Row>, Vec<Row>) {
    let (mut kinds, mut rows, mut standing) = (Vec::new(), Vec::new(), Vec::<Row>::new());
    let take_back = |standing: &mut Vec<Row>, index: &prop::sample::Index| {
        let row = (!standing.is_empty()).then(|| standing[index.index(standing.len())])?;
        let first = standing.iter().position(|other| *other == row)?;
        Some(standing.remove(first))
    };
    for step in steps {
        match step {
            Step::Add(row) => {
                kinds.push(ADD);
                rows.push(*row);
                standing.push(*row);
            }
            Step::Remove(index) => {
                if let Some(row) = take_back(&mut standing, index) {
                    kinds.push(DELETE);
                    rows.push(row);
                }
            }
            Step::Replace(index, row) => {
                if let Some(old) = take_back(&mut standing, index) {
                    kinds.extend([OLD, NEW]);
                    rows.extend([old, *row]);
                    standing.push(*row);
                }
            }
        }
    }
    (kinds, rows, standing)
}

fn records_of(rows: &[Row]) -> RecordBatch {
    let over = |of: fn(i8) -> i64| integers(rows.iter().map(|row| row.2.map(of)));
    let float = |of: fn(i8) -> f64| floats(rows.iter().map(|row| row.2.map(of)));
    let keys: Vec<String> = rows.iter().map(|row| format!("key{}", row.0)).collect();
    let names: Vec<Option<String>> = rows
        .iter()
        .map(|row| row.2.map(|content| format!("{content} is its name")))
        .collect();
    batch(vec![
        ("k", texts(keys.iter().map(String::as_str))),
        ("at", integers(rows.iter().map(|row| row.1 * 1000))),
        ("i", over(|content| i64::from(content) * 3)),
        (
            "d",
            float(|content| match content {
                5 => 1e15,
                -6 => f64::NAN,
                content => f64::from(content) * 0.1,
            }),
        ),
        (
            "m",
            decimals(
                10,
                2,
                rows.iter().map(|row| row.2.map(|content| i128::from(content) * 111)),
            ),
        ),
        ("s", texts(names.iter().map(Option::as_deref))),
        // One content for each value, so that the time and the value of a row tell which it is.
        (
            "b",
            booleans(rows.iter().map(|row| match row.2 {
                Some(content @ 0..2) => Some(content == 0),
                _ => None,
            })),
        ),
        (
            "t",
            dates(rows.iter().map(|row| row.2.map(|content| i32::from(content) * 1000))),
        ),
        ("y", float(|content| f64::from(content) * f64::from(content))),
        ("j", over(i64::from)),
    ])
}

/// The same texts, but for the last digits of numbers.
fn is_close(left: &str, right: &str) -> bool {
    let numbers = |text: &str| text.trim_matches(['[', ']', ',']).parse::<f64>();
    left == right
        || left.split(' ').count() == right.split(' ').count()
            && left.split(' ').zip(right.split(' ')).all(|(left, right)| {
                left == right
                    || matches!((numbers(left), numbers(right)), (Ok(left), Ok(right))
                        if (left - right).abs() <= 1e-12 * right.abs().max(1e-3))
            })
}

fn all_cases() -> Vec<Named> {
    let exact = crate::aggregates::cases().into_iter().map(|(named, _)| named);
    let approximate = crate::aggregates::approximate_cases()
        .into_iter()
        .map(|(named, _)| named);
    let others = [
        (Kind::RegrCount, vec![col("y"), col("d")], SqlType::BigInt),
        (Kind::BitAnd, vec![col("i")], SqlType::BigInt),
        (Kind::BitOr, vec![col("i")], SqlType::BigInt),
        (Kind::BitXor, vec![col("i")], SqlType::BigInt),
        (Kind::Delta, vec![col("d")], SqlType::Double),
        (Kind::StringAgg, vec![col("s"), text(" | ")], SqlType::String),
    ];
    let others = others.map(|(kind, arguments, sql_type)| call("x", kind, arguments, sql_type));
    let distinct = [Kind::ArrayAgg, Kind::StringAgg].map(|kind| {
        let sql_type = match kind {
            Kind::StringAgg => SqlType::String,
            _ => SqlType::Array(Box::new(SqlType::String)),
        };
        call("x", kind, vec![col("s")], sql_type).distinct()
    });
    exact.chain(approximate).chain(others).chain(distinct).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    /// In any batches and across a restart.
    #[test]
    fn values_are_those_of_the_rows_that_remain(steps in steps(), rows_per_batch in 1_usize..20, cut in 0.0..1.0_f64) {
        let (kinds, rows, standing) = played(&steps);
        prop_assume!(!rows.is_empty());
        let (records, remaining) = (records_of(&rows), records_of(&standing));
        for named in all_cases() {
            let what = format!("{:?}", named.call);
            let timed_scan = || timed(scan(&records), "at", 0);
            let growing = by_text("k", vec![named.clone()]).over(timed_scan());
            let mut worker = Worker::new(&growing);
            worker.batches(&[change_batch(&growing, vec![ADD; standing.len()], &remaining)]).push(Event::End);
            let expected = worker.rows();
            let plan = by_text("k", vec![named]).retracting().over(timed_scan());
            let slices = sliced_changes(&change_batch(&plan, kinds.clone(), &records), rows_per_batch);
            let cut = (cut * (slices.len() + 1) as f64) as usize;
            let mut worker = Worker::new(&plan);
            worker.batches(&slices[..cut]).restart().batches(&slices[cut..]).push(Event::End);
            let found = worker.rows();
            prop_assert_eq!(found.len(), expected.len(), "{}", &what);
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!(is_close(found, expected), "{}: {} instead of {}", &what, found, expected);
            }
            prop_assert_eq!(&worker.rejected, &vec![]);
        }
    }

    /// Numbers that the test computes itself; and changes fold to them after every batch.
    #[test]
    fn changes_fold_to_what_stands(steps in steps(), rows_per_batch in 1_usize..20) {
        let (kinds, rows, _) = played(&steps);
        prop_assume!(!rows.is_empty());
        let records = records_of(&rows);
        let over = |name, kind| call(name, kind, vec![col("i")], SqlType::BigInt);
        let grouped = || by_text("k", vec![
            count("rows"),
            over("total", Kind::Sum),
            over("least", Kind::Min),
            over("greatest", Kind::Max),
            over("different", Kind::CountDistinct),
            call("mean", Kind::Avg, vec![col("d")], SqlType::Double),
        ]).retracting().changes();
        for (having, mode) in [
            (false, ChangelogMode::Upsert),
            (true, ChangelogMode::Upsert),
            (false, ChangelogMode::Retract),
            (true, ChangelogMode::Retract),
        ] {
            let grouped = if having { grouped().having(col("rows").gt(lit(1_i64))) } else { grouped() };
            let plan = grouped.giving(mode).over(scan(&records));
            let mut worker = Worker::new(&plan);
            let mut changes = Vec::new();
            let mut standing: Vec<Row> = Vec::new();
            let mut next = 0;
            for slice in sliced_changes(&change_batch(&plan, kinds.clone(), &records), rows_per_batch) {
                for row in 0..slice.num_rows() {
                    if slice.kind(row).is_retraction() {
                        let place = standing.iter().position(|other| *other == rows[next]).unwrap();
                        standing.remove(place);
                    } else {
                        standing.push(rows[next]);
                    }
                    next += 1;
                }
                worker.batches(&[slice]).restart();
                assert_pairs(&worker.output, mode);
                changes.extend(worker.take());
                let folded = fold(&changes, mode, 1);
                let expected = computed(&standing, if having { 2 } else { 1 });
                prop_assert_eq!(folded.len(), expected.len(), "{:?} {:?}", &folded, &expected);
                for (found, expected) in folded.iter().zip(&expected) {
                    prop_assert!(is_close(found, expected), "{} instead of {}", found, expected);
                }
            }
        }
    }
}

/// Key, rows, total, least, greatest, number of different values, mean of `d`: of groups with so many rows.
fn computed(standing: &[Row], rows_min: usize) -> Vec<String> {
    let groups = (0..3).filter_map(|key| {
        let rows: Vec<&Row> = standing.iter().filter(|row| row.0 == key).collect();
        let contents: Vec<i64> = rows.iter().filter_map(|row| row.2).map(i64::from).collect();
        let different: std::collections::BTreeSet<i64> = contents.iter().copied().collect();
        let shown = |value: Option<i64>| value.map_or("NULL".to_owned(), |value| (value * 3).to_string());
        let total = (!contents.is_empty()).then(|| contents.iter().sum());
        let doubles = contents.iter().map(|content| match content {
            5 => 1e15,
            -6 => f64::NAN,
            content => *content as f64 * 0.1,
        });
        let mean = match contents.len() {
            0 => "NULL".to_owned(),
            count => format!("{:?}", doubles.sum::<f64>() / count as f64),
        };
        (rows.len() >= rows_min).then(|| {
            format!(
                "key{key} {} {} {} {} {} {mean}",
                rows.len(),
                shown(total),
                shown(contents.iter().min().copied()),
                shown(contents.iter().max().copied()),
                different.len(),
            )
        })
    });
    groups.collect()
}

fn amounts(rows: &[(&str, i64)]) -> RecordBatch {
    batch(vec![
        ("key", texts(rows.iter().map(|(key, _)| *key))),
        ("value", integers(rows.iter().map(|(_, value)| *value))),
    ])
}

/// Kinds, keys and values.
fn changed(plan: &LogicalPlan, changes: &[(RowKind, &str, i64)]) -> StreamBatch {
    let rows: Vec<(&str, i64)> = changes.iter().map(|(_, key, value)| (*key, *value)).collect();
    change_batch(
        plan,
        changes.iter().map(|(kind, _, _)| *kind).collect(),
        &amounts(&rows),
    )
}

fn totals() -> Grouped {
    by_text("key", vec![count("rows"), sum("total", "value")])
        .retracting()
        .changes()
}

fn source() -> LogicalPlan {
    scan(&amounts(&[]))
}

/// By hand.
#[test]
fn a_group_goes_with_its_last_row() {
    let plan = totals().over(source());
    let mut worker = Worker::new(&plan);
    let changes = [
        (ADD, "a", 1),
        (ADD, "a", 2),
        (DELETE, "a", 1),
        (ADD, "b", 7),
        (DELETE, "a", 2),
        (ADD, "a", 5),
    ];
    worker.batches(&[changed(&plan, &changes)]);
    let expected = [
        "insert: a 1 1",
        "update_after: a 2 3",
        "update_after: a 1 2",
        "insert: b 1 7",
        "delete: a 1 2",
        "insert: a 1 5",
    ];
    assert_eq!(worker.take(), expected);
    // The last values are known although they went out earlier.
    worker
        .restart()
        .batches(&[changed(&plan, &[(DELETE, "b", 7), (DELETE, "a", 5)])]);
    assert_eq!(worker.take(), ["delete: b 1 7", "delete: a 1 5"]);
}

/// By hand. Without keys there is one group, which stays.
#[test]
fn the_only_group_stays_without_rows() {
    let calls = || vec![count("rows"), sum("total", "value")];
    let plan = grouped(vec![], calls()).retracting().changes().over(source());
    let mut worker = Worker::new(&plan);
    worker.batches(&[changed(&plan, &[(ADD, "a", 1), (DELETE, "a", 1), (ADD, "b", 2)])]);
    assert_eq!(
        worker.rows(),
        ["insert: 1 1", "update_after: 0 NULL", "update_after: 1 2"]
    );
    let plan = grouped(vec![], calls()).retracting().over(source());
    let mut worker = Worker::new(&plan);
    worker
        .batches(&[changed(&plan, &[(ADD, "a", 1), (DELETE, "a", 1)])])
        .push(Event::End);
    assert_eq!(worker.rows(), ["0 NULL"]);
}

/// By hand. The old and the new values of a row are one change of its group, even of one that holds nothing else.
#[test]
fn an_update_is_one_change() {
    let plan = totals().over(source());
    let mut worker = Worker::new(&plan);
    worker.batches(&[changed(&plan, &[(ADD, "a", 1), (OLD, "a", 1), (NEW, "a", 5)])]);
    assert_eq!(worker.take(), ["insert: a 1 1", "update_after: a 1 5"]);
    // A row that moves to another group changes two.
    worker.batches(&[changed(&plan, &[(OLD, "a", 5), (NEW, "b", 6)])]);
    assert_eq!(worker.take(), ["delete: a 1 5", "insert: b 1 6"]);
}

/// By hand. Old values come with the new ones; what is as before comes not at all.
#[test]
fn old_values_come_out_before_new_ones() {
    let plan = totals().giving(ChangelogMode::Retract).over(source());
    let mut worker = Worker::new(&plan);
    let changes = [
        (ADD, "a", 1),
        (ADD, "b", 4),
        (ADD, "a", 2),
        (OLD, "b", 4),
        (NEW, "b", 4),
    ];
    worker.batches(&[changed(&plan, &changes)]);
    let expected = [
        "insert: a 1 1",
        "insert: b 1 4",
        "update_before: a 1 1",
        "update_after: a 2 3",
    ];
    assert_eq!(worker.take(), expected);
    worker.restart();
    // Deleted and added again within the batch: nothing has happened.
    worker.batches(&[changed(&plan, &[(DELETE, "b", 4), (ADD, "a", 0), (ADD, "b", 4)])]);
    assert_eq!(worker.take(), ["update_before: a 2 3", "update_after: a 3 3"]);
    worker.batches(&[changed(&plan, &[(DELETE, "b", 4), (ADD, "b", 9)])]);
    assert_eq!(worker.take(), ["delete: b 1 4", "insert: b 1 9"]);
}

/// By hand: a retraction has the time with which the row went out.
#[test]
fn old_values_have_their_own_time() {
    use velo_data::SystemColumn::EventTime;
    let records = |rows: &[(&str, i64, i64)]| {
        batch(vec![
            ("key", texts(rows.iter().map(|(key, _, _)| *key))),
            ("at", integers(rows.iter().map(|(_, at, _)| *at))),
            ("value", integers(rows.iter().map(|(_, _, value)| *value))),
        ])
    };
    let plan = by_text("key", vec![sum("total", "value")])
        .changes()
        .having(col("total").gt(lit(0_i64)))
        .giving(ChangelogMode::Retract)
        .metadata(&[EventTime])
        .over(timed(scan(&records(&[])), "at", 0));
    let mut worker = Worker::new(&plan);
    let batches = [
        &[("a", 1000, 1), ("a", 2000, 2)][..],
        &[("a", 3000, 0)],
        &[("a", 4000, -5), ("a", 5000, 9)],
    ];
    for rows in batches {
        worker
            .batches(&[change_batch(&plan, vec![ADD; rows.len()], &records(rows))])
            .restart();
    }
    let expected = [
        "insert: a 1 1970-01-01T00:00:01",
        "update_before: a 1 1970-01-01T00:00:01",
        "update_after: a 3 1970-01-01T00:00:02",
        // The row at 3 s left the total as it was.
        "delete: a 3 1970-01-01T00:00:02",
        "insert: a 7 1970-01-01T00:00:05",
    ];
    assert_eq!(worker.rows(), expected);
}

#[test]
fn a_row_that_does_not_exist_cannot_be_retracted() {
    for mode in [ChangelogMode::Upsert, ChangelogMode::Retract] {
        let plan = totals().giving(mode).over(source());
        let mut worker = Worker::new(&plan);
        let changes = [
            (DELETE, "a", 1),
            (ADD, "a", 2),
            (DELETE, "a", 2),
            (DELETE, "a", 2),
            (ADD, "a", 3),
        ];
        worker.batches(&[changed(&plan, &changes)]);
        assert_eq!(worker.rows(), ["insert: a 1 2", "delete: a 1 2", "insert: a 1 3"]);
        let causes: Vec<RowErrorCause> = worker.rejected.iter().map(|error| error.cause).collect();
        assert_eq!(causes, [RowErrorCause::UnknownRow; 2]);
        assert_eq!(
            worker.rejected[0].message,
            "it retracts a row that does not exist: group key = 'a'"
        );
    }
}

/// In a group that has other rows, each aggregate ignores what it has not seen.
#[test]
fn an_unknown_value_makes_no_count_negative() {
    let over = |name, kind| call(name, kind, vec![col("value")], SqlType::BigInt);
    let calls = vec![
        over("least", Kind::Min),
        over("greatest", Kind::Max),
        over("different", Kind::CountDistinct),
        over("first", Kind::FirstValue),
        count("positive").filtered(col("value").gt(lit(0_i64))),
    ];
    let plan = by_text("key", calls).retracting().changes().over(source());
    let mut worker = Worker::new(&plan);
    let changes = [(ADD, "a", -1), (ADD, "a", -2), (DELETE, "a", 7), (ADD, "a", 7)];
    worker.batches(&[changed(&plan, &changes)]);
    assert_eq!(worker.rows().last().unwrap(), "update_after: a -2 7 3 -1 1");
}

/// Rows on which an expression fails were never added: they are rejected when they come, and pass by when they go.
#[test]
fn retractions_of_failed_rows_remove_nothing() {
    use velo_functions::{ArithmeticOperator, arithmetic};
    let doubled = arithmetic::udf(ArithmeticOperator::Multiply).call(vec![col("value"), lit(2_i64)]);
    let plan = by_text("key", vec![call("total", Kind::Sum, vec![doubled], SqlType::BigInt)])
        .retracting()
        .changes()
        .over(source());
    let mut worker = Worker::new(&plan);
    let changes = [
        (ADD, "a", 1),
        (ADD, "a", i64::MAX),
        (OLD, "a", i64::MAX),
        (NEW, "a", 3),
        (OLD, "a", 3),
        (NEW, "a", i64::MAX),
        (DELETE, "a", i64::MAX),
    ];
    worker.batches(&[changed(&plan, &changes)]);
    assert_eq!(worker.rows(), ["insert: a 2", "update_after: a 8", "update_after: a 2"]);
    assert_eq!(worker.rejected.len(), 2);
}

/// A value that does not fit is not sent; the next retraction has the values that were sent before it.
#[test]
fn a_value_that_does_not_fit_retracts_nothing() {
    let plan = totals().giving(ChangelogMode::Retract).over(source());
    let mut worker = Worker::new(&plan);
    let changes = [(ADD, "a", i64::MAX), (ADD, "a", 5), (DELETE, "a", i64::MAX)];
    for change in changes {
        worker.batches(&[changed(&plan, &[change])]).restart();
    }
    let expected = [
        "insert: a 1 9223372036854775807",
        "update_before: a 1 9223372036854775807",
        "update_after: a 1 5",
    ];
    assert_eq!(worker.rows(), expected);
    assert_eq!(worker.rejected.len(), 1);
}

/// `-0.0` is `0.0`, and any NaN the only one: of keys and of values.
#[test]
fn equal_floats_are_one_value() {
    let records = |rows: &[(f64, f64)]| {
        batch(vec![
            ("key", floats(rows.iter().map(|(key, _)| *key))),
            ("value", floats(rows.iter().map(|(_, value)| *value))),
        ])
    };
    let over = |name, kind, sql_type| call(name, kind, vec![col("value")], sql_type);
    let calls = vec![
        count("rows"),
        over("different", Kind::CountDistinct, SqlType::BigInt),
        over("greatest", Kind::Max, SqlType::Double),
        over("median", Kind::Median, SqlType::Double),
        call(
            "middle",
            Kind::PercentileCont,
            vec![col("value"), lit(0.5)],
            SqlType::Double,
        ),
        call(
            "some",
            Kind::PercentileDisc,
            vec![col("value"), lit(0.5)],
            SqlType::Double,
        ),
    ];
    let key = vec![("key", SqlType::Double, col("key"))];
    let plan = grouped(key, calls).retracting().changes().over(scan(&records(&[])));
    let mut worker = Worker::new(&plan);
    let rows = [
        (0.0, 0.0),
        (-0.0, f64::NAN),
        (0.0, 1.5),
        (0.0, -0.0),
        (0.0, -f64::NAN),
        (f64::NAN, 1.0),
        (-f64::NAN, 1.0),
    ];
    worker.batches(&[change_batch(
        &plan,
        vec![ADD, ADD, ADD, DELETE, DELETE, ADD, DELETE],
        &records(&rows),
    )]);
    let rows = worker.rows();
    assert_eq!(rows[4], "update_after: 0.0 1 1 1.5 1.5 1.5 1.5");
    assert_eq!(
        rows[5..],
        ["insert: NaN 1 1 1.0 1.0 1.0 1.0", "delete: NaN 1 1 1.0 1.0 1.0 1.0"]
    );
    assert_eq!(worker.rejected, []);
}

/// MIN and MAX of what is left, and NULL when that is nothing.
#[test]
fn extremes_come_back() {
    let least = call("least", Kind::Min, vec![col("value")], SqlType::BigInt);
    let of_key = by_text("key", vec![least.filtered(col("value").lt(lit(100_i64)))]);
    let plan = of_key.retracting().changes().over(source());
    let mut worker = Worker::new(&plan);
    let changes = [
        (ADD, "a", 3),
        (ADD, "a", 9),
        (DELETE, "a", 9),
        (ADD, "a", 5),
        (ADD, "a", 200),
        (DELETE, "a", 3),
        (DELETE, "a", 5),
    ];
    worker.batches(&[changed(&plan, &changes)]);
    let values: Vec<String> = worker
        .rows()
        .iter()
        .map(|row| row.rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(values, ["3", "3", "3", "3", "3", "5", "NULL"]);
}

/// Groups without rows do not stay in memory, and do not count against the limit.
#[test]
fn emptied_groups_make_room_for_others() {
    let settings = StatementSettings {
        groups_max: Some(3000),
        ..StatementSettings::default()
    };
    let records = |key: i64| batch(vec![("key", integers([key])), ("value", integers([key]))]);
    let key = vec![("key", SqlType::BigInt, col("key"))];
    let plan = grouped(
        key,
        vec![
            sum("total", "value"),
            call("least", Kind::Min, vec![col("value")], SqlType::BigInt),
        ],
    )
    .retracting()
    .changes()
    .giving(ChangelogMode::Retract)
    .over(scan(&records(0)));
    let mut worker = Worker::with_settings(&plan, &settings);
    let change = |kind, key| change_batch(&plan, vec![kind], &records(key));
    worker.batches(&[change(ADD, -1)]);
    for key in 0..4000 {
        worker.batches(&[change(ADD, key), change(DELETE, key)]);
    }
    worker.take();
    worker.batches(&[change(ADD, -1), change(DELETE, -1), change(ADD, 17)]);
    let expected = [
        "update_before: -1 -1 -1",
        "update_after: -1 -2 -1",
        "update_before: -1 -2 -1",
        "update_after: -1 -1 -1",
        "insert: 17 17 17",
    ];
    assert_eq!(worker.rows(), expected);
}

/// From one worker to two, to three, and back to one: each group, with what it sent, is with one of them.
#[test]
fn groups_move_between_workers() {
    let plan = totals().giving(ChangelogMode::Retract).over(source());
    let keys: Vec<String> = (0..40).map(|key| format!("key {key}")).collect();
    let rows_of = |kind| keys.iter().map(|key| (kind, key.as_str(), 7)).collect::<Vec<_>>();
    let mut first = Worker::new(&plan);
    first.batches(&[
        changed(&plan, &rows_of(ADD)),
        changed(&plan, &[(ADD, "gone", 1), (DELETE, "gone", 1)]),
    ]);
    let mut workers = vec![first];
    for count in [2, 3, 1] {
        workers = Worker::rescaled(&mut workers, count);
    }
    let mut workers = Worker::rescaled(&mut workers, 2);
    // Every worker sees all rows, and does not know those of the other.
    let mut deleted = Vec::new();
    let mut unknown = 0;
    for worker in &mut workers {
        worker.batches(&[changed(&plan, &rows_of(DELETE))]);
        assert!(!worker.output.is_empty());
        deleted.extend(worker.take());
        unknown += worker.rejected.len();
    }
    let expected = keys.iter().map(|key| format!("delete: {key} 1 7")).collect();
    assert_eq!(sorted(deleted), sorted(expected));
    assert_eq!(unknown, keys.len());
}

#[test]
fn inputs_that_replace_rows_are_refused() {
    let mut grouped = totals();
    grouped.input_mode = ChangelogMode::Upsert;
    let refused = |plan: &LogicalPlan| match chain_of(plan, &StatementSettings::default(), &[].into()) {
        Err(CompileError::Aggregate { message, .. }) => message,
        _ => panic!("it is refused"),
    };
    assert_eq!(
        refused(&grouped.over(source())),
        "its input is an upsert stream, and it needs the old values of rows that change"
    );
    assert_eq!(
        refused(&totals().giving(ChangelogMode::AppendOnly).over(source())),
        "its results change, which an append-only stream cannot say"
    );
}

fn events(rows: &[(&str, i64, i64)]) -> RecordBatch {
    batch(vec![
        ("key", texts(rows.iter().map(|(key, _, _)| *key))),
        ("at", integers(rows.iter().map(|(_, at, _)| *at))),
        ("value", integers(rows.iter().map(|(_, _, value)| *value))),
    ])
}

fn timed_change(plan: &LogicalPlan, changes: &[(RowKind, &str, i64, i64)]) -> StreamBatch {
    let rows: Vec<(&str, i64, i64)> = changes.iter().map(|(_, key, at, value)| (*key, *at, *value)).collect();
    change_batch(plan, changes.iter().map(|(kind, ..)| *kind).collect(), &events(&rows))
}

fn windowed(lateness_ms: u64) -> Grouped {
    by_text("key", vec![count("rows"), sum("total", "value")])
        .retracting()
        .window(tumbling(5000, lateness_ms))
}

/// By hand: a row is removed from the window that its event time is in.
#[test]
fn windows_take_retractions() {
    let plan = windowed(0).over(timed(scan(&events(&[])), "at", 0));
    for rows in [1, 3, 100] {
        let mut worker = Worker::new(&plan);
        let changes = [
            (ADD, "a", 1000, 1),
            (ADD, "b", 2000, 2),
            (ADD, "a", 6000, 4),
            (OLD, "a", 1000, 1),
            (NEW, "a", 3000, 8),
            (DELETE, "b", 2000, 2),
            // It moves from one window to another.
            (OLD, "a", 6000, 4),
            (NEW, "a", 4000, 16),
            (ADD, "c", 7000, 32),
        ];
        let slices = sliced_changes(&timed_change(&plan, &changes), rows);
        worker.batches(&slices[..1]).restart().batches(&slices[1..]);
        worker.push(Event::Watermark(5000)).restart();
        // The window is closed.
        worker.batches(&[timed_change(&plan, &[(DELETE, "a", 3000, 8)])]);
        worker.push(Event::End);
        assert_eq!(worker.rows(), ["a 2 24 0 5000", "c 1 32 5000 10000"], "{rows}");
        assert_eq!(worker.late.rows, 1);
        assert_eq!(worker.rejected, []);
    }
}

/// By hand. Without keys too, a window whose rows are all retracted is none.
#[test]
fn an_emptied_window_does_not_come_out() {
    let plan = grouped(vec![], vec![count("rows")])
        .retracting()
        .window(tumbling(5000, 0))
        .over(timed(scan(&events(&[])), "at", 0));
    let mut worker = Worker::new(&plan);
    let changes = [(ADD, "a", 1000, 1), (ADD, "a", 6000, 2), (DELETE, "a", 1000, 1)];
    worker
        .batches(&[timed_change(&plan, &changes)])
        .restart()
        .push(Event::End);
    assert_eq!(worker.rows(), ["1 5000 10000"]);
}

/// By hand.
#[test]
fn windows_that_are_out_change_within_the_allowed_lateness() {
    let expected = |mode| match mode {
        ChangelogMode::Retract => vec![
            "update_before: a 2 3 0 5000",
            "update_after: a 1 2 0 5000",
            "delete: b 1 4 0 5000",
            "insert: c 1 9 0 5000",
            "delete: a 1 2 0 5000",
        ],
        _ => vec![
            "update_after: a 1 2 0 5000",
            "delete: b 1 4 0 5000",
            "insert: c 1 9 0 5000",
            "delete: a 1 2 0 5000",
        ],
    };
    for mode in [ChangelogMode::Upsert, ChangelogMode::Retract] {
        let plan = windowed(1000).giving(mode).over(timed(scan(&events(&[])), "at", 0));
        let mut worker = Worker::new(&plan);
        let first = [(ADD, "a", 1000, 1), (ADD, "a", 2000, 2), (ADD, "b", 3000, 4)];
        worker
            .batches(&[timed_change(&plan, &first)])
            .push(Event::Watermark(5000));
        assert_eq!(worker.take(), ["insert: a 2 3 0 5000", "insert: b 1 4 0 5000"]);
        worker.restart();
        let late = [
            (DELETE, "a", 1000, 1),
            (DELETE, "b", 3000, 4),
            (ADD, "c", 0, 9),
            (DELETE, "a", 2000, 2),
        ];
        worker.batches(&[timed_change(&plan, &late)]);
        assert_eq!(worker.take(), expected(mode), "{mode}");
        worker.push(Event::End);
        assert_eq!(worker.take(), [""; 0]);
    }
}

/// By hand.
#[test]
fn windows_show_every_change() {
    let plan = windowed(0)
        .changes()
        .giving(ChangelogMode::Retract)
        .over(timed(scan(&events(&[])), "at", 0));
    let mut worker = Worker::new(&plan);
    let changes = [
        (ADD, "a", 1000, 1),
        (ADD, "a", 6000, 4),
        (OLD, "a", 1000, 1),
        (NEW, "a", 2000, 2),
        (OLD, "a", 2000, 2),
        (NEW, "a", 7000, 2),
    ];
    worker.batches(&[timed_change(&plan, &changes)]);
    let expected = [
        "insert: a 1 1 0 5000",
        "insert: a 1 4 5000 10000",
        "update_before: a 1 1 0 5000",
        "update_after: a 1 2 0 5000",
        "delete: a 1 2 0 5000",
        "update_before: a 1 4 5000 10000",
        "update_after: a 2 6 5000 10000",
    ];
    assert_eq!(worker.rows(), expected);
    worker.push(Event::End);
    assert_eq!(worker.rows().len(), expected.len());
}

/// The times of groups without windows are the highest of the rows that are left.
#[test]
fn the_time_of_a_group_goes_back() {
    let plan = by_text("key", vec![count("rows")])
        .retracting()
        .metadata(&[velo_data::SystemColumn::EventTime])
        .over(timed(scan(&events(&[])), "at", 0));
    let mut worker = Worker::new(&plan);
    let changes = [(ADD, "a", 1000, 1), (ADD, "a", 9000, 1), (DELETE, "a", 9000, 1)];
    worker.batches(&[timed_change(&plan, &changes)]).push(Event::End);
    assert_eq!(worker.rows(), ["a 1 1970-01-01T00:00:01"]);
}

/// Sums of floats keep no trace of what was large: by Python's `statistics` over 0.1, 0.2 and 0.4.
#[test]
fn large_values_leave_no_trace() {
    let records = |values: &[f64]| {
        batch(vec![
            ("key", texts(vec!["a"; values.len()])),
            ("value", floats(values.iter().copied())),
        ])
    };
    let over = |name, kind| call(name, kind, vec![col("value")], SqlType::Double);
    let calls = vec![
        over("total", Kind::Sum),
        over("mean", Kind::Avg),
        over("variance", Kind::VarSamp),
    ];
    let plan = by_text("key", calls).retracting().over(scan(&records(&[])));
    let mut worker = Worker::new(&plan);
    let values = [0.1, 1e300, 0.2, f64::MAX, -1e30, 0.4, 1e300, f64::MAX, -1e30];
    let kinds = vec![ADD, ADD, ADD, ADD, ADD, ADD, DELETE, DELETE, DELETE];
    worker
        .batches(&[change_batch(&plan, kinds, &records(&values))])
        .push(Event::End);
    let expected = "a 0.7000000000000001 0.23333333333333336 0.023333333333333338";
    assert!(is_close(&worker.rows()[0], expected), "{:?}", worker.rows());
}

/// By hand.
#[test]
fn casts_and_filters_apply_to_old_values() {
    let total = call(
        "total",
        Kind::Sum,
        vec![cast(col("value"), arrow::datatypes::DataType::Float64)],
        SqlType::Double,
    );
    let plan = by_text("key", vec![total.filtered(col("value").gt(lit(1_i64)))])
        .retracting()
        .changes()
        .over(source());
    let mut worker = Worker::new(&plan);
    worker.batches(&[changed(
        &plan,
        &[(ADD, "a", 1), (ADD, "a", 2), (DELETE, "a", 1), (DELETE, "a", 2)],
    )]);
    let expected = [
        "insert: a NULL",
        "update_after: a 2.0",
        "update_after: a 2.0",
        "delete: a 2.0",
    ];
    assert_eq!(worker.rows(), expected);
}
