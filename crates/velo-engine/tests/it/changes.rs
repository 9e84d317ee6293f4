//! Operators over rows that change: what their output folds to is what they make of the rows that stand.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion_expr::{Expr, col, lit};
use proptest::prelude::*;
use velo_data::{ChangelogMode, RowKind, SqlType, StreamBatch, StreamSchema};
use velo_engine::{Chain, CompileError, Event, JoinedTable, KeyGroups, LiveTable, Output, Table, TableBuilder};
use velo_functions::{processing_time, set_processing_time};
use velo_planner::plan::{
    Distinct, DropUpdateBefore, LogicalPlan, Lookup, LookupKey, LookupKind, MissingTable, Relation, Scan,
    StatementSettings,
};

use crate::support::*;

/// A row of the input: a key of few values, and a value.
type Row = (i64, Option<i64>);

/// One change of the rows that stand, by the place of the row among those.
#[derive(Debug, Clone)]
enum Change {
    Insert(Row),
    Update(usize, Row),
    Delete(usize),
}

fn row() -> impl Strategy<Value = Row> {
    (0_i64..4, prop::option::weighted(0.9, 0_i64..5))
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        4 => row().prop_map(Change::Insert),
        3 => (any::<prop::sample::Index>(), row()).prop_map(|(at, row)| Change::Update(at.index(1 << 16), row)),
        2 => any::<prop::sample::Index>().prop_map(|at| Change::Delete(at.index(1 << 16))),
    ];
    prop::collection::vec(change, 0..60)
}

/// A row that stands, and when it came; an update keeps the place, and comes anew.
#[derive(Debug, Clone, PartialEq)]
struct Standing {
    row: Row,
    came: usize,
}

/// Rows that stand, in the order of their places.
#[derive(Debug, Clone, Default)]
struct Model {
    rows: Vec<Standing>,
    steps: usize,
}

impl Model {
    /// Of rows that are equal the one that came last goes.
    fn place_of(&self, row: Row) -> usize {
        let equal = self.rows.iter().enumerate().filter(|(_, standing)| standing.row == row);
        equal
            .max_by_key(|(_, standing)| standing.came)
            .map(|(place, _)| place)
            .unwrap()
    }

    /// Applies a change, and returns its rows in the changelog.
    fn apply(&mut self, change: &Change) -> Vec<(RowKind, Row)> {
        self.steps += 1;
        let came = self.steps;
        let at = |place: &usize| {
            self.rows
                .get(place % self.rows.len().max(1))
                .map(|standing| standing.row)
        };
        match change {
            Change::Insert(row) => {
                self.rows.push(Standing { row: *row, came });
                vec![(RowKind::Insert, *row)]
            }
            Change::Update(place, after) => {
                let Some(before) = at(place) else { return vec![] };
                let place = self.place_of(before);
                self.rows[place] = Standing { row: *after, came };
                vec![(RowKind::UpdateBefore, before), (RowKind::UpdateAfter, *after)]
            }
            Change::Delete(place) => {
                let Some(row) = at(place) else { return vec![] };
                self.rows.remove(self.place_of(row));
                vec![(RowKind::Delete, row)]
            }
        }
    }

    fn values(&self) -> Vec<Row> {
        self.rows.iter().map(|standing| standing.row).collect()
    }
}

fn records(rows: &[(RowKind, Row)]) -> RecordBatch {
    batch(vec![
        ("k", integers(rows.iter().map(|(_, (k, _))| *k))),
        ("v", integers(rows.iter().map(|(_, (_, v))| *v))),
    ])
}

/// A scan whose rows are taken back by their values.
fn changing() -> LogicalPlan {
    let LogicalPlan::Scan(scan) = scan_of(Relation::Statement("input".into()), &records(&[])) else {
        panic!("a scan is one");
    };
    LogicalPlan::Scan(Scan {
        mode: ChangelogMode::Retract,
        ..scan
    })
}

fn chain(plan: &LogicalPlan, tables: &HashMap<String, JoinedTable>) -> Result<Chain, CompileError> {
    chain_of(plan, &StatementSettings::default(), tables)
}

/// An operator that is run, and what its output folds to.
struct Run<'a> {
    plan: &'a LogicalPlan,
    tables: HashMap<String, JoinedTable>,
    chain: Chain,
    folded: BTreeMap<String, i64>,
}

impl<'a> Run<'a> {
    fn new(plan: &'a LogicalPlan, tables: HashMap<String, JoinedTable>) -> Self {
        Self {
            chain: chain(plan, &tables).unwrap(),
            plan,
            tables,
            folded: BTreeMap::new(),
        }
    }

    fn push(&mut self, event: Event) {
        let mut out = Output::default();
        self.chain.push(event, &mut out).unwrap();
        assert_eq!(out.take_rejected(), []);
        for event in out.take_events() {
            if let Event::Batch(batch) = event {
                self.fold(&batch);
            }
        }
    }

    /// Adds and takes away what a batch says. Pairs stand side by side, and no row goes that does not stand.
    fn fold(&mut self, batch: &StreamBatch) {
        let kinds: Vec<RowKind> = (0..batch.num_rows()).map(|row| batch.kind(row)).collect();
        for (at, kind) in kinds.iter().enumerate() {
            match kind {
                RowKind::UpdateBefore => assert_eq!(kinds.get(at + 1), Some(&RowKind::UpdateAfter)),
                RowKind::UpdateAfter => assert_eq!(kinds[at - 1], RowKind::UpdateBefore),
                RowKind::Insert | RowKind::Delete => {}
            }
        }
        for (row, kind) in rows(&[StreamBatch::inserts(batch.records.clone())])
            .into_iter()
            .zip(kinds)
        {
            let count = self.folded.entry(row).or_default();
            *count += if kind.is_retraction() { -1 } else { 1 };
            assert!(*count >= 0, "a row goes that does not stand");
        }
        self.folded.retain(|_, count| *count > 0);
    }

    /// Goes on in fresh operators.
    fn cut(&mut self) {
        let states = states_of([&mut self.chain]);
        self.chain = chain(self.plan, &self.tables).unwrap();
        self.chain.restore(&states, &KeyGroups::all()).unwrap();
    }

    fn rows(&self) -> Vec<String> {
        let rows = self.folded.iter();
        rows.flat_map(|(row, count)| std::iter::repeat_n(row.clone(), *count as usize))
            .collect()
    }
}

/// How the changes of a test are divided, and after which batch the run is cut.
#[derive(Debug, Clone)]
struct Division {
    changes_per_batch: usize,
    cut_after: usize,
}

fn division() -> impl Strategy<Value = Division> {
    (1_usize..9, 0_usize..12).prop_map(|(changes_per_batch, cut_after)| Division {
        changes_per_batch,
        cut_after,
    })
}

/// Runs a plan over changes; after each batch its output folds to what `expected` makes of the rows that stand.
fn check(plan: &LogicalPlan, changes: &[Change], division: &Division, expected: impl Fn(&Model) -> Vec<String>) {
    let mut run = Run::new(plan, HashMap::new());
    let mut model = Model::default();
    for (index, part) in changes.chunks(division.changes_per_batch).enumerate() {
        let rows: Vec<(RowKind, Row)> = part.iter().flat_map(|change| model.apply(change)).collect();
        let kinds = rows.iter().map(|(kind, _)| *kind).collect();
        run.push(Event::Batch(StreamBatch::changes(records(&rows), kinds)));
        assert_eq!(run.rows(), sorted(expected(&model)), "after batch {index}");
        if index == division.cut_after {
            run.cut();
        }
    }
}

fn text(row: Row) -> String {
    format!(
        "{} {}",
        row.0,
        row.1.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
    )
}

fn texts_of(rows: impl IntoIterator<Item = Row>) -> Vec<String> {
    rows.into_iter().map(text).collect()
}

fn limit(limit: Option<u64>, offset: u64) -> LogicalPlan {
    with_limit(changing(), limit, offset)
}

fn distinct(input: LogicalPlan) -> LogicalPlan {
    LogicalPlan::Distinct(Distinct { input: Box::new(input) })
}

fn lookup(by_key: bool) -> LogicalPlan {
    let fields = [SqlType::BigInt.field("key", true), SqlType::BigInt.field("price", true)];
    let input = changing();
    LogicalPlan::Lookup(Lookup {
        schema: Lookup::schema_of(input.schema(), fields.clone()),
        input: Box::new(input),
        table: "prices".into(),
        kind: LookupKind::Left,
        keys: by_key
            .then(|| LookupKey {
                input: col("k"),
                table: col("key"),
            })
            .into_iter()
            .collect(),
        columns: vec![0, 1],
        residual: None,
        table_schema: StreamSchema::of_user_columns(fields),
        missing: MissingTable::default(),
    })
}

fn prices(rows: &[(i64, i64)]) -> Table {
    let records = batch(vec![
        ("key", integers(rows.iter().map(|(key, _)| *key))),
        ("price", integers(rows.iter().map(|(_, price)| *price))),
    ]);
    let schema = StreamSchema::of_user_columns(records.schema().fields().iter().map(|field| field.as_ref().clone()));
    let mut builder = TableBuilder::new(&schema).unwrap();
    builder.add(&StreamBatch::inserts(records)).unwrap();
    builder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_filter_lets_through_what_stands_and_matches(changes in changes(), division in division()) {
        let plan = with_filter(changing(), col("v").gt(lit(2_i64)));
        check(&plan, &changes, &division, |model| {
            texts_of(model.values().into_iter().filter(|(_, v)| v.is_some_and(|v| v > 2)))
        });
    }

    #[test]
    fn a_projection_takes_back_what_it_has_computed(changes in changes(), division in division()) {
        let half = || col("v") / lit(2_i64);
        let plan = project(changing(), vec![("half", SqlType::BigInt, half())]);
        check(&plan, &changes, &division, |model| {
            let halves = model.values().into_iter().map(|(_, v)| v.map(|v| v / 2));
            halves.map(|v| v.map_or_else(|| "NULL".to_owned(), |v| v.to_string())).collect()
        });
    }

    #[test]
    fn distinct_rows_are_out_as_long_as_one_of_them_stands(changes in changes(), division in division()) {
        check(&distinct(changing()), &changes, &division, |model| {
            let mut values = model.values();
            values.sort_unstable();
            values.dedup();
            texts_of(values)
        });
    }

    #[test]
    fn a_limit_counts_the_rows_that_stand(
        changes in changes(),
        division in division(),
        most in prop::option::weighted(0.8, 0_u64..5),
        offset in 0_u64..4,
    ) {
        check(&limit(most, offset), &changes, &division, |model| {
            let most = most.map_or(usize::MAX, |most| most as usize);
            texts_of(model.values().into_iter().skip(offset as usize).take(most))
        });
    }

    #[test]
    fn an_order_is_that_of_the_rows_that_stand_at_the_end(
        changes in changes(),
        division in division(),
        rows_max in prop::option::of(0_u64..6),
    ) {
        let plan = ordered(changing(), &[("v", true, false), ("k", false, false)], rows_max);
        let mut chain = chain(&plan, &HashMap::new()).unwrap();
        let mut model = Model::default();
        let mut out = Output::default();
        for (index, part) in changes.chunks(division.changes_per_batch).enumerate() {
            let rows: Vec<(RowKind, Row)> = part.iter().flat_map(|change| model.apply(change)).collect();
            let kinds = rows.iter().map(|(kind, _)| *kind).collect();
            chain.push(Event::Batch(StreamBatch::changes(records(&rows), kinds)), &mut out).unwrap();
            if index == division.cut_after {
                let states = states_of([&mut chain]);
                chain = self::chain(&plan, &HashMap::new()).unwrap();
                chain.restore(&states, &KeyGroups::all()).unwrap();
            }
        }
        prop_assert_eq!(out.take_events().len(), 0);
        chain.push(Event::End, &mut out).unwrap();
        let batches: Vec<StreamBatch> = out.take_events().into_iter().filter_map(|event| match event {
            Event::Batch(batch) => Some(batch),
            _ => None,
        }).collect();
        prop_assert!(batches.iter().all(|batch| batch.kinds.is_none()));
        let mut expected = model.values();
        // NULL is last, and high values come first.
        expected.sort_by_key(|(k, v)| (v.is_none(), v.map(|v| -v), *k));
        expected.truncate(rows_max.map_or(usize::MAX, |rows| rows as usize));
        prop_assert_eq!(rows(&batches), texts_of(expected));
    }

    /// What came out for a row goes with it, whatever the table is by then.
    #[test]
    fn a_look_up_takes_back_what_it_has_found(
        changes in changes(),
        division in division(),
        tables in prop::collection::vec(prop::collection::vec((0_i64..4, 0_i64..9), 0..5), 1..4),
        by_key in any::<bool>(),
    ) {
        let live = Arc::new(LiveTable::new(Arc::new(prices(&tables[0]))));
        let plan = lookup(by_key);
        let joined = HashMap::from([("prices".to_owned(), JoinedTable::Loaded(Arc::clone(&live)))]);
        let mut run = Run::new(&plan, joined);
        let mut model = Model::default();
        // What was found for the row that came then.
        let mut found: HashMap<usize, Vec<String>> = HashMap::new();
        for (index, part) in changes.chunks(division.changes_per_batch).enumerate() {
            let table = &tables[index % tables.len()];
            live.replace(Arc::new(prices(table)));
            let mut rows = Vec::new();
            for change in part {
                rows.extend(model.apply(change));
                for standing in model.rows.iter().filter(|standing| standing.came == model.steps) {
                    let prices = table.iter().filter(|(key, _)| !by_key || *key == standing.row.0);
                    let mut lines: Vec<String> = prices
                        .map(|(key, price)| format!("{} {key} {price}", text(standing.row)))
                        .collect();
                    if lines.is_empty() {
                        lines.push(format!("{} NULL NULL", text(standing.row)));
                    }
                    found.insert(standing.came, lines);
                }
            }
            let kinds = rows.iter().map(|(kind, _)| *kind).collect();
            run.push(Event::Batch(StreamBatch::changes(records(&rows), kinds)));
            let expected = model.rows.iter().flat_map(|standing| found[&standing.came].clone()).collect();
            prop_assert_eq!(run.rows(), sorted(expected));
            if index == division.cut_after {
                run.cut();
            }
        }
    }

    /// `NOW()` is another time when a row is taken back: what was sent goes all the same.
    #[test]
    fn what_time_has_told_is_remembered(changes in changes(), division in division()) {
        let now = || datafusion_expr::cast(processing_time(), SqlType::BigInt.arrow());
        let plans = [
            project(changing(), vec![("k", SqlType::BigInt, col("k")), ("at", SqlType::BigInt, now())]),
            with_filter(changing(), (now() % lit(3_i64)).eq(col("k") % lit(3_i64))),
        ];
        for (index, plan) in plans.iter().enumerate() {
            let mut run = Run::new(plan, HashMap::new());
            let mut model = Model::default();
            let mut sent: HashMap<usize, Vec<String>> = HashMap::new();
            for (batch, part) in changes.chunks(division.changes_per_batch).enumerate() {
                let time = batch as i64 * 7 + 1;
                set_processing_time(time);
                let mut rows = Vec::new();
                for change in part {
                    rows.extend(model.apply(change));
                    for standing in model.rows.iter().filter(|standing| standing.came == model.steps) {
                        let passes = time % 3 == standing.row.0 % 3;
                        let lines = match index {
                            0 => vec![format!("{} {time}", standing.row.0)],
                            _ if passes => vec![text(standing.row)],
                            _ => vec![],
                        };
                        sent.insert(standing.came, lines);
                    }
                }
                let kinds = rows.iter().map(|(kind, _)| *kind).collect();
                run.push(Event::Batch(StreamBatch::changes(records(&rows), kinds)));
                let expected = model.rows.iter().flat_map(|standing| sent[&standing.came].clone()).collect();
                prop_assert_eq!(run.rows(), sorted(expected), "plan {}", index);
                if batch == division.cut_after {
                    run.cut();
                }
            }
        }
    }

    /// A table keeps rows by its own key, whatever key the changes are told by: of those that stand the last one counts.
    #[test]
    fn a_table_folds_changes_by_its_own_key(
        changes in changes(),
        division in division(),
        chunk_rows in 1_usize..40,
        is_keyed in any::<bool>(),
    ) {
        let key = if is_keyed { vec![0] } else { vec![] };
        let schema = changing().schema().clone().with_key(key);
        let builder = TableBuilder::new(&schema).unwrap().with_chunk_rows(chunk_rows);
        let mut builder = builder.taking(ChangelogMode::Retract).unwrap();
        let mut model = Model::default();
        for part in changes.chunks(division.changes_per_batch) {
            let rows: Vec<(RowKind, Row)> = part.iter().flat_map(|change| model.apply(change)).collect();
            let kinds = rows.iter().map(|(kind, _)| *kind).collect();
            builder.add(&StreamBatch::changes(records(&rows), kinds)).unwrap();
        }
        let found: Vec<StreamBatch> = builder.finish().unwrap().batches(16).map(StreamBatch::inserts).collect();
        let mut standing = model.rows.clone();
        standing.sort_by_key(|standing| standing.came);
        let expected = if is_keyed {
            let last: BTreeMap<i64, Row> = standing.iter().map(|standing| (standing.row.0, standing.row)).collect();
            texts_of(last.into_values())
        } else {
            texts_of(standing.into_iter().map(|standing| standing.row))
        };
        prop_assert_eq!(sorted(rows(&found)), sorted(expected));
    }
}

/// Rows of changes, as text with their kinds.
fn outcome(plan: &LogicalPlan, batches: &[&[(RowKind, Row)]]) -> Vec<String> {
    let mut chain = chain(plan, &HashMap::new()).unwrap();
    let mut out = Output::default();
    for rows in batches {
        let kinds = rows.iter().map(|(kind, _)| *kind).collect();
        let batch = StreamBatch::changes(records(rows), kinds);
        chain.push(Event::Batch(batch), &mut out).unwrap();
    }
    let batches = out.take_events().into_iter().filter_map(|event| match event {
        Event::Batch(batch) => Some(batch),
        _ => None,
    });
    rows(&batches.collect::<Vec<_>>())
}

use RowKind::{Delete as D, Insert as I, UpdateAfter as UA, UpdateBefore as UB};

#[test]
fn an_update_that_a_filter_parts_enters_or_leaves() {
    let plan = with_filter(changing(), col("v").gt(lit(2_i64)));
    let rows = outcome(
        &plan,
        &[&[
            (I, (1, Some(1))),
            (UB, (1, Some(1))),
            (UA, (1, Some(3))),
            (UB, (1, Some(3))),
            (UA, (1, Some(4))),
            (UB, (1, Some(4))),
            (UA, (1, Some(0))),
        ]],
    );
    assert_eq!(
        rows,
        ["insert: 1 3", "update_before: 1 3", "update_after: 1 4", "delete: 1 4"]
    );
}

#[test]
fn an_update_that_a_projection_does_not_show_is_none() {
    let plan = project(changing(), vec![("k", SqlType::BigInt, col("k"))]);
    let changes = [
        (I, (1, Some(1))),
        (UB, (1, Some(1))),
        (UA, (1, Some(2))),
        (UB, (1, Some(2))),
        (UA, (2, Some(2))),
    ];
    assert_eq!(
        outcome(&plan, &[&changes]),
        ["insert: 1", "update_before: 1", "update_after: 2"]
    );
}

#[test]
fn what_comes_and_goes_within_a_batch_is_nothing() {
    let changes = [
        (I, (1, None)),
        (D, (1, None)),
        (I, (2, None)),
        (I, (2, None)),
        (D, (2, None)),
    ];
    assert_eq!(outcome(&distinct(changing()), &[&changes]), ["insert: 2 NULL"]);
    assert_eq!(outcome(&limit(Some(5), 0), &[&changes]), ["insert: 2 NULL"]);
}

/// Of equal rows the last one that came goes, and an update comes anew at the place of the row that it replaces.
#[test]
fn a_cut_keeps_which_of_equal_rows_goes_first() {
    let (replaced, other, equal) = ((0, Some(1)), (1, Some(1)), (2, Some(1)));
    let changes = [
        Change::Insert(replaced),
        Change::Insert(other),
        Change::Insert(equal),
        Change::Update(0, equal),
        Change::Delete(0),
    ];
    let division = Division {
        changes_per_batch: 4,
        cut_after: 0,
    };
    check(&limit(Some(1), 0), &changes, &division, |model| {
        texts_of(model.values().into_iter().take(1))
    });
    let mut model = Model::default();
    for change in &changes {
        model.apply(change);
    }
    assert_eq!(model.values(), [other, equal]);
}

#[test]
fn a_row_that_goes_makes_room_within_a_limit() {
    let rows = outcome(
        &limit(Some(1), 1),
        &[
            &[(I, (1, None)), (I, (2, None)), (I, (3, None))],
            // Behind the limit, at its border, and before the offset.
            &[(D, (3, None)), (I, (4, None))],
            &[(D, (2, None))],
            &[(I, (5, None)), (D, (1, None))],
            &[(UB, (5, None)), (UA, (6, None))],
        ],
    );
    assert_eq!(
        rows,
        [
            "insert: 2 NULL",
            "delete: 2 NULL",
            "insert: 4 NULL",
            "delete: 4 NULL",
            "insert: 5 NULL",
            "update_before: 5 NULL",
            "update_after: 6 NULL",
        ]
    );
}

#[test]
fn old_values_are_dropped_where_rows_are_replaced() {
    let plan = LogicalPlan::DropUpdateBefore(DropUpdateBefore {
        input: Box::new(changing()),
    });
    let rows = outcome(
        &plan,
        &[&[(I, (1, None)), (UB, (1, None)), (UA, (1, Some(2))), (D, (1, Some(2)))]],
    );
    assert_eq!(rows, ["insert: 1 NULL", "update_after: 1 2", "delete: 1 2"]);
}

/// Trap: `UPDATE t SET k = k + 1` within one batch must not lose the rows that move on.
#[test]
fn keys_that_move_on_lose_no_row() {
    let schema = changing().schema().clone().with_key(vec![0]);
    let mut builder = TableBuilder::new(&schema)
        .unwrap()
        .taking(ChangelogMode::Retract)
        .unwrap();
    let rows_of = |rows: &[(RowKind, Row)]| {
        let kinds = rows.iter().map(|(kind, _)| *kind).collect();
        StreamBatch::changes(records(rows), kinds)
    };
    builder.add(&rows_of(&[(I, (1, Some(7))), (I, (2, Some(8)))])).unwrap();
    let moves = [
        (UB, (1, Some(7))),
        (UA, (2, Some(7))),
        (UB, (2, Some(8))),
        (UA, (3, Some(8))),
    ];
    builder.add(&rows_of(&moves)).unwrap();
    let batches: Vec<StreamBatch> = builder.finish().unwrap().batches(8).map(StreamBatch::inserts).collect();
    assert_eq!(sorted(rows(&batches)), ["2 7", "3 8"]);
}

#[test]
fn a_row_that_is_taken_back_without_having_come_is_counted_alone() {
    let tables = HashMap::from([(
        "prices".to_owned(),
        JoinedTable::Loaded(Arc::new(LiveTable::new(Arc::new(prices(&[(1, 1)]))))),
    )]);
    let plans = [
        distinct(changing()),
        limit(Some(1), 0),
        lookup(true),
        ordered(changing(), &[("v", false, false)], None),
    ];
    for plan in plans {
        let mut chain = chain(&plan, &tables).unwrap();
        let mut out = Output::default();
        let rows = [(D, (1, Some(1))), (I, (1, Some(1)))];
        let kinds = rows.iter().map(|(kind, _)| *kind).collect();
        chain
            .push(Event::Batch(StreamBatch::changes(records(&rows), kinds)), &mut out)
            .unwrap();
        chain.push(Event::End, &mut out).unwrap();
        let rejected: Vec<&str> = out.take_rejected().iter().map(|error| error.cause.as_str()).collect();
        assert_eq!(rejected, ["unknown_row"], "{plan:?}");
        let batches = out
            .take_events()
            .into_iter()
            .filter(|event| matches!(event, Event::Batch(_)));
        assert_eq!(batches.count(), 1);
    }
}

#[test]
fn no_operator_ignores_how_rows_change() {
    let replacing = || {
        let LogicalPlan::Scan(scan) = changing() else {
            panic!("a scan is one");
        };
        LogicalPlan::Scan(Scan {
            mode: ChangelogMode::Upsert,
            ..scan
        })
    };
    let over = |plan: LogicalPlan| plan.map_input(&mut |_| replacing());
    let always: Expr = col("v").is_not_null();
    let plans = [
        over(with_filter(changing(), always)),
        over(distinct(changing())),
        over(limit(Some(1), 0)),
        over(lookup(true)),
        over(ordered(changing(), &[("v", false, false)], None)),
        LogicalPlan::DropUpdateBefore(DropUpdateBefore {
            input: Box::new(replacing()),
        }),
    ];
    let tables = HashMap::from([(
        "prices".to_owned(),
        JoinedTable::Loaded(Arc::new(LiveTable::new(Arc::new(prices(&[]))))),
    )]);
    for plan in plans {
        let refused = chain(&plan, &tables)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            refused.ends_with("does not take changes of the mode upsert"),
            "{plan:?}: {refused}"
        );
    }
    let keyless = TableBuilder::new(changing().schema()).unwrap();
    assert!(keyless.taking(ChangelogMode::Upsert).is_err());
}
