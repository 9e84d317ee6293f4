use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float64Type, Int8Type, Int16Type, Time32MillisecondType, TimestampMillisecondType,
};
use proptest::prelude::*;
use velo_data::{SqlType, SystemColumn};
use velo_datasources::{GeneratedSource, Source, SplitPosition, SplitPositions, TableDataSource};

use super::{at_rows, datagen, integers, rows, rows_from, texts};
use crate::support::{read_all, readers, request};

const MONEY: SqlType = SqlType::Decimal {
    precision: 10,
    scale: 2,
};

/// Rows with every kind of column.
fn all_kinds(extra: &[(&str, &str)]) -> GeneratedSource {
    let columns = [
        ("id", SqlType::BigInt),
        ("code", SqlType::String),
        ("small", SqlType::SmallInt),
        ("amount", MONEY),
        ("share", SqlType::Double),
        ("currency", SqlType::String),
        ("note", SqlType::String),
        ("raw", SqlType::Bytes),
        ("flag", SqlType::Boolean),
        ("day", SqlType::Date),
        ("at", SqlType::Timestamp),
    ];
    let properties = [
        ("number.of.rows", "997"),
        ("seed", "11"),
        ("fields.id.kind", "sequence"),
        ("fields.code.kind", "sequence"),
        ("fields.currency.values", "EUR,USD,GBP"),
        ("fields.note.length", "30"),
        ("fields.note.null.rate", "0.3"),
        ("fields.raw.null.rate", "1"),
        ("fields.at.interval", "1500us"),
        ("fields.at.max_out_of_orderness", "2s"),
    ];
    datagen(&columns, &[&properties[..], extra].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// A row follows from the seed and its number alone.
    #[test]
    fn rows_depend_neither_on_batches_nor_on_splits_nor_on_where_reading_began(
        batch_rows in 1_usize..400,
        splits in 1_u64..7,
        skipped in prop::collection::vec(0_u64..200, 7),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let splits_text = splits.to_string();
        let (whole, parts) = runtime.block_on(async {
            let split = all_kinds(&[("splits", &splits_text)]);
            let from = at_rows((0..splits).zip(&skipped).map(|(split, skipped)| split + skipped * splits));
            (rows(&all_kinds(&[])).await, rows_from_or_none(&split, batch_rows, &from).await)
        });
        let expected: Vec<usize> = (0..whole.num_rows())
            .filter(|row| (row / splits as usize) as u64 >= skipped[row % splits as usize])
            .collect();
        prop_assert_eq!(parts.as_ref().map_or(0, RecordBatch::num_rows), expected.len());
        if let Some(parts) = parts {
            let expected: Vec<RecordBatch> = expected.into_iter().map(|row| whole.slice(row, 1)).collect();
            prop_assert_eq!(parts, concat_batches(whole.schema_ref(), &expected).unwrap());
        }
    }
}

async fn rows_from_or_none(source: &GeneratedSource, batch_rows: usize, from: &SplitPositions) -> Option<RecordBatch> {
    let begins = from
        .values()
        .any(|position| matches!(position, SplitPosition::Rows { next } if *next < 997));
    if begins {
        Some(rows_from(source, batch_rows, Some(from)).await)
    } else {
        None
    }
}

/// The expected rows were computed by another implementation of `SplitMix64` and XXH64, in Python.
#[tokio::test]
async fn a_seed_stands_for_its_rows() {
    let columns = [
        ("n", SqlType::BigInt),
        ("c", SqlType::String),
        ("t", SqlType::String),
        ("b", SqlType::Boolean),
        ("at", SqlType::Timestamp),
        ("d", MONEY),
    ];
    let source = datagen(
        &columns,
        &[
            ("number.of.rows", "5"),
            ("seed", "42"),
            ("fields.c.values", "EUR, USD, GBP"),
            ("fields.t.length", "4"),
            ("fields.at.interval", "100ms"),
            ("fields.at.max_out_of_orderness", "250ms"),
            ("fields.d.min", "-5.00"),
            ("fields.d.max", "10.00"),
        ],
    );
    let (rows, _) = read_all(&source, &[SystemColumn::Offset, SystemColumn::Partition]).await;
    insta::assert_snapshot!(rows, @r#"
    {"n":197392,"c":"USD","t":"z7e6","b":true,"at":"2023-12-31T23:59:59.952Z","d":-4.13,"_offset":0,"_partition":0}
    {"n":201412,"c":"EUR","t":"3lbj","b":false,"at":"2023-12-31T23:59:59.931Z","d":7.55,"_offset":1,"_partition":0}
    {"n":299037,"c":"EUR","t":"xhuc","b":false,"at":"2024-01-01T00:00:00.004Z","d":-0.57,"_offset":2,"_partition":0}
    {"n":156347,"c":"GBP","t":"o7s2","b":false,"at":"2024-01-01T00:00:00.205Z","d":7.47,"_offset":3,"_partition":0}
    {"n":557019,"c":"USD","t":"oii2","b":true,"at":"2024-01-01T00:00:00.160Z","d":-1.79,"_offset":4,"_partition":0}
    "#);
}

#[tokio::test]
async fn sequences_count_and_end_the_source() {
    let columns = [
        ("id", SqlType::BigInt),
        ("code", SqlType::String),
        ("tiny", SqlType::TinyInt),
    ];
    let source = datagen(
        &columns,
        &[
            ("fields.id.start", "-1"),
            ("fields.code.start", "98"),
            ("fields.code.end", "101"),
            ("fields.tiny.kind", "sequence"),
            ("fields.tiny.end", "127"),
        ],
    );
    assert_eq!(source.describe().rows, Some(4));
    let rows = rows(&source).await;
    assert_eq!(integers(&rows, "id"), [-1, 0, 1, 2]);
    assert_eq!(texts(&rows, "code"), ["98", "99", "100", "101"]);
    assert_eq!(rows.column(2).as_primitive::<Int8Type>().values(), &[1, 2, 3, 4]);
    assert_eq!(integers(&rows, "_offset"), [0, 1, 2, 3]);
}

/// With 10,000 rows, a share of a third has a standard deviation of 47 rows.
#[tokio::test]
async fn random_values_fill_their_range_evenly() {
    let columns = [
        ("n", SqlType::BigInt),
        ("all", SqlType::BigInt),
        ("share", SqlType::Double),
        ("amount", MONEY),
        ("tiny", SqlType::TinyInt),
        ("small", SqlType::SmallInt),
        ("day", SqlType::Date),
        ("time", SqlType::Time),
        ("at", SqlType::Timestamp),
    ];
    let source = datagen(
        &columns,
        &[
            ("number.of.rows", "10000"),
            ("fields.n.min", "-1"),
            ("fields.n.max", "1"),
            ("fields.all.min", "-9223372036854775808"),
            ("fields.all.max", "9223372036854775807"),
            ("fields.share.min", "-0.5"),
            ("fields.share.max", "0.5"),
            ("fields.amount.min", "0.01"),
            ("fields.amount.max", "0.03"),
            ("fields.day.min", "2024-02-28"),
            ("fields.day.max", "2024-03-01"),
            ("fields.at.kind", "random"),
            ("fields.at.min", "2024-01-01T00:00:00Z"),
            ("fields.at.max", "2024-01-01T00:00:00.002Z"),
        ],
    );
    let rows = rows(&source).await;
    let is_third = |count: usize| (3_000..3_700).contains(&count);
    for value in -1..=1 {
        let count = integers(&rows, "n").iter().filter(|number| **number == value).count();
        assert!(is_third(count), "{value}: {count}");
    }
    let all = integers(&rows, "all");
    let negative = all.iter().filter(|number| **number < 0).count();
    assert!((4_700..5_300).contains(&negative), "{negative}");
    let shares = rows
        .column_by_name("share")
        .unwrap()
        .as_primitive::<Float64Type>()
        .values();
    assert!(shares.iter().all(|share| (-0.5..=0.5).contains(share)));
    let mean = shares.iter().sum::<f64>() / 10_000.0;
    assert!(mean.abs() < 0.02, "{mean}");
    let amounts = rows
        .column_by_name("amount")
        .unwrap()
        .as_primitive::<Decimal128Type>()
        .values();
    for value in 1..=3 {
        let count = amounts.iter().filter(|amount| **amount == value).count();
        assert!(is_third(count), "{value}: {count}");
    }
    let tiny = rows.column_by_name("tiny").unwrap().as_primitive::<Int8Type>().values();
    assert_eq!((tiny.iter().min(), tiny.iter().max()), (Some(&0), Some(&99)));
    let small = rows
        .column_by_name("small")
        .unwrap()
        .as_primitive::<Int16Type>()
        .values();
    assert!(small.iter().all(|number| (0..=9999).contains(number)));
    let days = rows
        .column_by_name("day")
        .unwrap()
        .as_primitive::<Date32Type>()
        .values();
    // 2024-02-28 is day 19781.
    for day in 19_781..=19_783 {
        assert!(is_third(days.iter().filter(|other| **other == day).count()));
    }
    let times = rows
        .column_by_name("time")
        .unwrap()
        .as_primitive::<Time32MillisecondType>()
        .values();
    assert!(times.iter().all(|time| (0..86_400_000).contains(time)));
    let instants = rows
        .column_by_name("at")
        .unwrap()
        .as_primitive::<TimestampMillisecondType>()
        .values();
    for instant in 1_704_067_200_000..=1_704_067_200_002 {
        assert!(is_third(instants.iter().filter(|other| **other == instant).count()));
    }
}

#[tokio::test]
async fn values_are_chosen_and_left_out_as_often_as_asked() {
    let columns = [
        ("price", MONEY),
        ("flag", SqlType::Boolean),
        ("doc", SqlType::Json),
        ("note", SqlType::String),
    ];
    let source = datagen(
        &columns,
        &[
            ("number.of.rows", "10000"),
            ("fields.price.values", "1.50, 2"),
            ("fields.doc.values", r#"["{\"a\": 1}", "[2, 3]"]"#),
            ("fields.note.values", r#"["a,b", "c"]"#),
            ("fields.note.null.rate", "0.25"),
        ],
    );
    let rows = rows(&source).await;
    let prices = rows
        .column_by_name("price")
        .unwrap()
        .as_primitive::<Decimal128Type>()
        .values();
    let half = prices.iter().filter(|price| **price == 150).count();
    assert!((4_700..5_300).contains(&half), "{half}");
    assert_eq!(half + prices.iter().filter(|price| **price == 200).count(), 10_000);
    let flags = rows.column_by_name("flag").unwrap().as_boolean().true_count();
    assert!((4_700..5_300).contains(&flags), "{flags}");
    let notes = rows.column_by_name("note").unwrap().as_string_view();
    assert!((2_300..2_700).contains(&notes.null_count()), "{}", notes.null_count());
    assert!(notes.iter().flatten().all(|note| note == "a,b" || note == "c"));
}

#[tokio::test]
async fn times_go_on_and_come_late_within_their_bound() {
    let columns = [
        ("at", SqlType::Timestamp),
        ("ms", SqlType::BigInt),
        ("due", SqlType::Timestamp),
    ];
    let source = datagen(
        &columns,
        &[
            ("number.of.rows", "5000"),
            ("rows.per.second", "3"),
            ("fields.at.start", "2024-05-01T08:00:00Z"),
            ("fields.at.interval", "40ms"),
            ("fields.at.max_out_of_orderness", "1s"),
            ("fields.ms.kind", "timestamp"),
            ("fields.ms.start", "1000"),
            ("fields.ms.interval", "250us"),
        ],
    );
    assert_eq!(source.describe().per_second, Some(3));
    let unpaced = GeneratedSource::datagen(&without_rate(), &crate::support::schema(&columns), super::clock()).unwrap();
    let rows = rows(&unpaced).await;
    let times = rows
        .column_by_name("at")
        .unwrap()
        .as_primitive::<TimestampMillisecondType>()
        .values();
    let mut latest = 0;
    for (row, time) in times.iter().enumerate() {
        let in_order = 1_714_550_400_000 + 40 * row as i64;
        assert!((in_order - 1000..=in_order).contains(time), "row {row}: {time}");
        latest = latest.max(in_order - time);
    }
    assert!(latest > 950, "{latest}");
    assert_eq!(
        integers(&rows, "ms")[..9],
        [1000, 1000, 1000, 1000, 1001, 1001, 1001, 1001, 1002]
    );
    let due = rows
        .column_by_name("due")
        .unwrap()
        .as_primitive::<TimestampMillisecondType>()
        .values();
    assert_eq!(due[..3], [1_704_067_200_000, 1_704_067_200_001, 1_704_067_200_002]);
}

/// The same columns as fast as they are read.
fn without_rate() -> velo_datasources::DatagenSourceConfig {
    let properties = [
        ("number.of.rows", "5000"),
        ("fields.at.start", "2024-05-01T08:00:00Z"),
        ("fields.at.interval", "40ms"),
        ("fields.at.max_out_of_orderness", "1s"),
        ("fields.ms.kind", "timestamp"),
        ("fields.ms.start", "1000"),
        ("fields.ms.interval", "250us"),
    ];
    match super::config("datagen_source", &properties).unwrap() {
        velo_datasources::SourceConfig::Datagen(config) => config,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn other_columns_and_the_case_of_names_change_nothing() {
    let properties = [("number.of.rows", "100"), ("fields.X.max", "9")];
    let one = rows(&datagen(&[("x", SqlType::BigInt)], &properties)).await;
    let two = rows(&datagen(&[("y", SqlType::Double), ("X", SqlType::BigInt)], &properties)).await;
    assert_eq!(integers(&one, "x"), integers(&two, "X"));
    let other = rows(&datagen(
        &[("x", SqlType::BigInt)],
        &[&properties[..], &[("seed", "1")]].concat(),
    ))
    .await;
    assert_ne!(integers(&one, "x"), integers(&other, "x"));
}

#[tokio::test]
async fn rows_without_end_are_for_those_who_follow() {
    let source = datagen(&[("id", SqlType::BigInt)], &[]);
    let request = request(&source, &[], 10);
    let refused = source.open(&request, None).await.err().unwrap();
    assert!(refused.to_string().contains("without end"), "{refused}");
    assert!(source.bulk_load(&request).await.is_err());
    let follow = velo_datasources::ReadRequest {
        follow: true,
        ..request
    };
    let mut readers = readers(&source, &follow, None).await;
    for _ in 0..3 {
        assert_eq!(
            crate::support::batch_of(readers[0].as_mut()).await.records.num_rows(),
            10
        );
    }
    assert_eq!(readers[0].position().unwrap(), SplitPosition::Rows { next: 30 });
}

#[tokio::test]
async fn a_position_of_another_split_is_refused() {
    let source = datagen(&[("id", SqlType::BigInt)], &[("number.of.rows", "10"), ("splits", "2")]);
    let request = request(&source, &[], 10);
    let batches = SplitPositions::from([0_u64, 1].map(|split| (split.into(), SplitPosition::Batches { next: 0 })));
    let mut told = Vec::new();
    for from in [at_rows([3, 1]), batches, at_rows([4]), at_rows([4, 1, 2])] {
        told.push(source.open(&request, Some(&from)).await.err().unwrap().to_string());
    }
    insta::assert_snapshot!(told.join("\n"));
    assert!(source.open(&request, Some(&at_rows([4, 1]))).await.is_ok());
}
