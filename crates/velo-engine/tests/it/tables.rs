//! Tables: what becomes of rows by key, and rows that look a table up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray};
use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::datatypes::{DataType, Int64Type};
use datafusion_expr::{Expr, cast, col};
use proptest::prelude::*;
use velo_data::{ManualClock, RowErrorCause, RowKind, SqlType, StreamBatch, StreamSchema};
use velo_datasources::{MemorySink, MemorySource};
use velo_engine::{
    Cancel, Job, JobStatement, JoinedTable, LiveTable, Metrics, RestoredJob, RunOptions, Table, TableBuilder, run,
};
use velo_planner::plan::{LogicalPlan, Lookup, LookupKey, LookupKind, MissingTable};

use crate::support::{batch, integers, options, scan, statement};

type Row = (Option<i64>, i64);

fn rows_of(records: &RecordBatch) -> Vec<Vec<Option<i64>>> {
    let columns: Vec<_> = records
        .columns()
        .iter()
        .map(AsArray::as_primitive::<Int64Type>)
        .collect();
    let row = |row: usize| columns.iter().map(|column| column.iter().nth(row).flatten()).collect();
    (0..records.num_rows()).map(row).collect()
}

fn table(rows: &[Row]) -> Table {
    table_in_chunks(rows, usize::MAX)
}

/// A table of which so many rows stand together, or a few more.
fn table_in_chunks(rows: &[Row], chunk_rows: usize) -> Table {
    let records = batch(vec![
        ("key", integers(rows.iter().map(|(key, _)| *key))),
        ("value", integers(rows.iter().map(|(_, value)| *value))),
    ]);
    let schema = StreamSchema::of_user_columns(records.schema().fields().iter().map(|field| field.as_ref().clone()));
    let mut builder = TableBuilder::new(&schema).unwrap().with_chunk_rows(chunk_rows);
    builder.add(&StreamBatch::inserts(records)).unwrap();
    builder.finish().unwrap()
}

/// `left.id = table.key [AND left.limit < table.value]`
fn lookup(left: &RecordBatch, kind: LookupKind, by_key: bool, residual: Option<Expr>) -> LogicalPlan {
    let input = scan(left);
    let fields = [SqlType::BigInt.field("key", true), SqlType::BigInt.field("value", true)];
    LogicalPlan::Lookup(Lookup {
        schema: Lookup::schema_of(input.schema(), fields.clone()),
        input: Box::new(input),
        table: "table".into(),
        kind,
        keys: by_key
            .then(|| LookupKey {
                input: col("id"),
                table: col("key"),
            })
            .into_iter()
            .collect(),
        columns: vec![0, 1],
        residual,
        table_schema: StreamSchema::of_user_columns(fields),
        missing: MissingTable::default(),
    })
}

fn run_lookup(plan: LogicalPlan, batches: Vec<RecordBatch>, table: Table) -> Vec<Vec<Option<i64>>> {
    let schema = StreamSchema::of_user_columns(batches[0].schema().fields().iter().map(|field| field.as_ref().clone()));
    let sink = MemorySink::default();
    let job = Job {
        statements: vec![JobStatement {
            planned: statement("s", plan),
            sinks: vec![sink.writer().into()],
        }],
        sources: HashMap::from([("input".into(), Arc::new(MemorySource::new(schema, vec![batches])) as _)]),
        tables: HashMap::from([(
            "table".into(),
            JoinedTable::Loaded(Arc::new(LiveTable::new(Arc::new(table)))),
        )]),
        restored: RestoredJob::default(),
    };
    let options = RunOptions {
        parallelism: 1,
        follow: false,
        clock: Arc::new(ManualClock::new(0)),
        cancel: Cancel::default(),
        progress: Arc::new(Metrics::default()),
        checkpoints: None,
    };
    run(job, &options).unwrap();
    sink.batches()
        .iter()
        .flat_map(|batch| rows_of(&batch.records))
        .collect()
}

/// What the join is by its definition: every pair is looked at.
fn nested_loops(left: &[Row], table: &[Row], kind: LookupKind, by_key: bool, bounded: bool) -> Vec<Vec<Option<i64>>> {
    let mut joined = Vec::new();
    for (id, limit) in left {
        let is_match = |(key, value): &&Row| (!by_key || (id.is_some() && id == key)) && (!bounded || limit < value);
        let matches: Vec<&Row> = table.iter().filter(is_match).collect();
        for (key, value) in &matches {
            joined.push(vec![*id, Some(*limit), *key, Some(*value)]);
        }
        if matches.is_empty() && kind == LookupKind::Left {
            joined.push(vec![*id, Some(*limit), None, None]);
        }
    }
    joined
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((proptest::option::of(0i64..6), 0i64..5), 0..40)
}

proptest! {
    #[test]
    fn a_lookup_is_the_join_by_its_definition(
        left in rows(),
        right in rows(),
        is_left in any::<bool>(),
        by_key in any::<bool>(),
        bounded in any::<bool>(),
        batch_rows in 1usize..9,
        chunk_rows in 1usize..50,
    ) {
        let kind = if is_left { LookupKind::Left } else { LookupKind::Inner };
        let all = batch(vec![
            ("id", integers(left.iter().map(|(id, _)| *id))),
            ("limit", integers(left.iter().map(|(_, limit)| *limit))),
        ]);
        let starts = (0..left.len()).step_by(batch_rows);
        let mut batches: Vec<RecordBatch> =
            starts.map(|start| all.slice(start, batch_rows.min(left.len() - start))).collect();
        batches.push(all.slice(0, 0));
        let residual = bounded.then(|| col("limit").lt(col("value")));
        let plan = lookup(&all, kind, by_key, residual);
        let found = run_lookup(plan, batches, table_in_chunks(&right, chunk_rows));
        prop_assert_eq!(found, nested_loops(&left, &right, kind, by_key, bounded));
    }

    #[test]
    fn of_rows_with_one_key_the_last_counts(
        changes in proptest::collection::vec((0i64..8, 0i64..100, any::<bool>()), 0..60),
        batch_rows in 1usize..9,
        chunk_rows in 1usize..70,
    ) {
        let schema = StreamSchema::of_user_columns([
            SqlType::BigInt.field("key", true),
            SqlType::BigInt.field("value", true),
        ]);
        let mut builder = TableBuilder::new(&schema.with_key(vec![0])).unwrap().with_chunk_rows(chunk_rows);
        for part in changes.chunks(batch_rows) {
            let records = batch(vec![
                ("key", integers(part.iter().map(|(key, _, _)| *key))),
                ("value", integers(part.iter().map(|(_, value, _)| *value))),
            ]);
            let kind = |is_gone: bool| if is_gone { RowKind::Delete } else { RowKind::UpdateAfter };
            let kinds = part.iter().map(|(_, _, is_gone)| kind(*is_gone)).collect();
            builder.add(&StreamBatch::changes(records, kinds)).unwrap();
        }
        let mut expected = BTreeMap::new();
        for (key, value, is_gone) in &changes {
            if *is_gone { expected.remove(key); } else { expected.insert(*key, *value); }
        }
        let mut found: Vec<_> = builder.finish().unwrap().chunks().iter().flat_map(rows_of).collect();
        found.sort();
        let expected: Vec<_> = expected.into_iter().map(|(key, value)| vec![Some(key), Some(value)]).collect();
        prop_assert_eq!(found, expected);
    }
}

/// Key columns of some rows, which come in the order of `numbers`: as a number, as text, and as two columns.
fn keys_of(numbers: &[i64]) -> [Vec<ArrayRef>; 3] {
    // Text of more and of less than 12 bytes, in the order of the numbers.
    let text = |number: &i64| {
        if number % 2 == 0 {
            format!("{number:03}")
        } else {
            format!("{number:03} is a long one")
        }
    };
    let numbers_only = integers(numbers.iter().copied());
    let halves = integers(numbers.iter().map(|number| number / 2));
    let nullable = integers(numbers.iter().map(|number| (number % 2 == 0).then_some(1)));
    [
        vec![numbers_only],
        vec![Arc::new(
            numbers.iter().map(text).map(Some).collect::<StringViewArray>(),
        )],
        vec![halves, nullable],
    ]
}

proptest! {
    #[test]
    fn keys_that_ascend_for_a_while_count_as_any_others(
        ascending in 0i64..40,
        then in proptest::collection::vec(-2i64..3, 0..6),
        batch_rows in 1usize..9,
        chunk_rows in 1usize..50,
    ) {
        let then = then.iter().map(|behind| (ascending - 1 + behind).max(0));
        let numbers: Vec<i64> = (0..ascending).chain(then).collect();
        let rows: Vec<i64> = (0..numbers.len() as i64).collect();
        let mut last_of = BTreeMap::new();
        for (number, row) in numbers.iter().zip(&rows) {
            last_of.insert(*number, *row);
        }
        let mut expected: Vec<_> = last_of.into_values().collect();
        expected.sort_unstable();
        for (form, _) in keys_of(&numbers).iter().enumerate() {
            let mut builder = None;
            for (numbers, rows) in numbers.chunks(batch_rows).zip(rows.chunks(batch_rows)) {
                let key = keys_of(numbers)[form].clone();
                let names = ["first", "second"].into_iter().zip(key);
                let records = batch(names.chain([("row", integers(rows.iter().copied()))]).collect());
                let key_columns = (0..records.num_columns() - 1).collect();
                let fields = records.schema().fields().iter().map(|field| field.as_ref().clone()).collect::<Vec<_>>();
                let schema = StreamSchema::of_user_columns(fields).with_key(key_columns);
                let builder = builder.get_or_insert_with(|| TableBuilder::new(&schema).unwrap().with_chunk_rows(chunk_rows));
                builder.add(&StreamBatch::inserts(records)).unwrap();
            }
            let found = builder.map(|builder| builder.finish().unwrap());
            let found = found.iter().flat_map(Table::chunks).flat_map(|records| {
                records.column(records.num_columns() - 1).as_primitive::<Int64Type>().values().to_vec()
            });
            let mut found: Vec<i64> = found.collect();
            found.sort_unstable();
            prop_assert_eq!(found, expected.clone());
        }
    }
}

/// What is read of a snapshot comes in one piece of memory for all columns.
#[test]
fn memory_that_columns_share_counts_once() {
    let shared = Buffer::from_vec((0..1_000_i64).collect::<Vec<_>>());
    let column = |rows: usize| {
        let values = ScalarBuffer::<i64>::new(shared.clone(), rows, 500);
        Arc::new(Int64Array::new(values, None)) as ArrayRef
    };
    let records = batch(vec![("a", column(0)), ("b", column(500))]);
    let fields = records
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect::<Vec<_>>();
    let mut builder = TableBuilder::new(&StreamSchema::of_user_columns(fields)).unwrap();
    builder.add(&StreamBatch::inserts(records)).unwrap();
    assert_eq!(builder.finish().unwrap().memory_bytes(), 8_000);
}

#[test]
fn a_table_that_is_replaced_is_seen_from_the_next_row_on() {
    let live = LiveTable::new(Arc::new(table(&[(Some(1), 10)])));
    let before = live.version();
    live.replace(Arc::new(table(&[(Some(1), 11), (Some(2), 20)])));
    assert!(live.version() > before);
    assert_eq!(live.current().num_rows(), 2);
}

/// However many workers look a table up, its index is made once: the table's rows whose key cannot be computed are told once.
#[test]
fn rows_of_a_table_without_a_key_are_rejected_once() {
    const WORKERS: usize = 4;
    /// Many, so that the index takes longer to build than workers to start.
    const ROWS: i64 = 100_000;
    let key = |column: &str| cast(col(column), DataType::Int8);
    // Two of the keys do not fit into a TINYINT.
    let rows: Vec<Row> = (0..ROWS)
        .map(|row| (Some(if row % 50_000 == 7 { 1_000 } else { row % 100 }), row))
        .collect();
    let left = batch(vec![("id", integers([1_i64])), ("limit", integers([0_i64]))]);
    let mut plan = lookup(&left, LookupKind::Left, true, None);
    if let LogicalPlan::Lookup(lookup) = &mut plan {
        lookup.keys = vec![LookupKey {
            input: key("id"),
            table: key("key"),
        }];
    }
    let schema = StreamSchema::of_user_columns(left.schema().fields().iter().map(|field| field.as_ref().clone()));
    let source = MemorySource::new(schema, vec![vec![left]; WORKERS]);
    let live = Arc::new(LiveTable::new(Arc::new(table(&rows))));
    let job = Job {
        statements: vec![JobStatement {
            planned: statement("s", plan),
            sinks: Vec::new(),
        }],
        sources: HashMap::from([("input".into(), Arc::new(source) as _)]),
        tables: HashMap::from([("table".into(), JoinedTable::Loaded(live))]),
        restored: RestoredJob::default(),
    };
    let summary = run(job, &options(WORKERS)).unwrap();
    let rejected: BTreeMap<RowErrorCause, u64> = summary.statements[0]
        .errors
        .iter()
        .map(|(cause, rejected)| (*cause, rejected.rows))
        .collect();
    assert_eq!(rejected, BTreeMap::from([(RowErrorCause::Expression, 2)]));
}
