use std::collections::{BTreeSet, HashMap};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMillisecondType;
use velo_data::{SqlType, SystemColumn};
use velo_datasources::{GeneratedSource, Source, SourceConfig};

use super::{clock, config, integers, nexmark, rows, rows_from, texts};
use crate::support::{readers, request, schema};

/// The rows of a table among 50,000 events.
async fn table(name: &str, extra: &[(&str, &str)]) -> RecordBatch {
    let properties = [("table", name), ("number.of.events", "50000"), ("seed", "7")];
    rows(&nexmark(&[&properties[..], extra].concat())).await
}

fn times<'a>(records: &'a RecordBatch, column: &str) -> &'a [i64] {
    records
        .column_by_name(column)
        .unwrap()
        .as_primitive::<TimestampMillisecondType>()
        .values()
}

fn share(records: &RecordBatch, column: &str, is_counted: impl Fn(i64) -> bool) -> f64 {
    let numbers = integers(records, column);
    numbers.iter().filter(|number| is_counted(**number)).count() as f64 / numbers.len() as f64
}

#[tokio::test]
async fn events_are_shared_out_in_the_proportions_of_the_benchmark() {
    let (persons, auctions, bids) = (
        table("person", &[]).await,
        table("auction", &[]).await,
        table("bid", &[]).await,
    );
    assert_eq!(
        (persons.num_rows(), auctions.num_rows(), bids.num_rows()),
        (1_000, 3_000, 46_000)
    );
    assert_eq!(integers(&persons, "id"), (1_000..2_000).collect::<Vec<_>>());
    assert_eq!(integers(&auctions, "id"), (1_000..4_000).collect::<Vec<_>>());
    // 10,000 events a second, from 2024 on: person 999 is event 49,950.
    assert_eq!(times(&persons, "dateTime")[999], 1_704_067_200_000 + 4_995);
    assert!(times(&bids, "dateTime").is_sorted());
}

#[tokio::test]
async fn whoever_sells_or_bids_exists_and_so_does_what_is_bid_for() {
    let (persons, auctions, bids) = (
        table("person", &[]).await,
        table("auction", &[]).await,
        table("bid", &[]).await,
    );
    let by_id = |records: &RecordBatch| -> HashMap<i64, i64> {
        let ids = integers(records, "id").iter().copied();
        ids.zip(times(records, "dateTime").iter().copied()).collect()
    };
    let (person_times, auction_times) = (by_id(&persons), by_id(&auctions));
    let exist = |records: &RecordBatch, column: &str, since: &HashMap<i64, i64>| {
        let ids = integers(records, column).iter();
        ids.zip(times(records, "dateTime")).all(|(id, time)| since[id] <= *time)
    };
    assert!(exist(&auctions, "seller", &person_times));
    assert!(exist(&bids, "bidder", &person_times));
    assert!(exist(&bids, "auction", &auction_times));
    // Within the last hundred auctions or so: the hot one is the first of its hundred.
    let bids_of = integers(&bids, "auction").iter().zip(integers(&bids, "_offset"));
    for (auction, row) in bids_of {
        let last = 1_000 + row / 46 * 3 + 2;
        assert!((last - 100..=last).contains(auction), "bid {row} for {auction}");
    }
}

/// By the benchmark's numbers: hot are half of the bids' auctions, and three of four sellers and bidders.
#[tokio::test]
async fn some_are_hot() {
    let (auctions, bids) = (table("auction", &[]).await, table("bid", &[]).await);
    let auctions_hot = share(&bids, "auction", |id| id % 100 == 0);
    assert!((0.49..0.53).contains(&auctions_hot), "{auctions_hot}");
    let bidders_hot = share(&bids, "bidder", |id| id % 100 == 1);
    assert!((0.73..0.78).contains(&bidders_hot), "{bidders_hot}");
    let sellers_hot = share(&auctions, "seller", |id| id % 100 == 0);
    assert!((0.73..0.79).contains(&sellers_hot), "{sellers_hot}");
    let channels = texts(&bids, "channel");
    let others = channels
        .iter()
        .filter(|channel| channel.starts_with("channel-"))
        .count() as f64;
    assert!((0.48..0.52).contains(&(others / 46_000.0)), "{others}");
}

/// A price is 10^u euros, u even from 0 to 6.
#[tokio::test]
async fn prices_are_even_in_their_logarithm() {
    let (auctions, bids) = (table("auction", &[]).await, table("bid", &[]).await);
    for decade in 2..8 {
        let range = 10_i64.pow(decade)..10_i64.pow(decade + 1);
        let share = share(&bids, "price", |price| range.contains(&price));
        assert!((0.155..0.178).contains(&share), "{decade}: {share}");
    }
    let initial = integers(&auctions, "initialBid").iter();
    assert!(
        initial
            .zip(integers(&auctions, "reserve"))
            .all(|(initial, reserve)| reserve - initial >= 100)
    );
    assert!((share(&auctions, "category", |category| (10..15).contains(&category)) - 1.0).abs() < f64::EPSILON);
    let ends = times(&auctions, "expires").iter().zip(times(&auctions, "dateTime"));
    // 1,666 events bring 100 auctions, in 166 or 167 ms; an auction takes twice as long at most.
    assert!(ends.clone().all(|(end, start)| (1..=334).contains(&(end - start))));
    let mean = ends.map(|(end, start)| end - start).sum::<i64>() as f64 / 3_000.0;
    assert!((155.0..180.0).contains(&mean), "{mean}");
}

#[tokio::test]
async fn texts_have_the_forms_of_the_benchmark() {
    let (persons, bids) = (table("person", &[]).await, table("bid", &[]).await);
    let states: BTreeSet<String> = texts(&persons, "state").into_iter().collect();
    assert_eq!(
        states.into_iter().collect::<Vec<_>>(),
        ["AZ", "CA", "ID", "OR", "WA", "WY"]
    );
    for card in texts(&persons, "creditCard") {
        let groups: Vec<&str> = card.split(' ').collect();
        assert!(
            groups.len() == 4
                && groups
                    .iter()
                    .all(|group| group.len() == 4 && group.parse::<u16>().is_ok()),
            "{card}"
        );
    }
    assert!(
        texts(&persons, "emailAddress")
            .iter()
            .all(|email| email.len() == 17 && email.strip_suffix(".com").is_some())
    );
    for (channel, url) in texts(&bids, "channel").iter().zip(texts(&bids, "url")) {
        assert_eq!(url.split('/').count(), 7, "{url}");
        if let Some((_, id)) = url.split_once("channel_id=") {
            assert_eq!(*channel, format!("channel-{id}"));
        }
    }
    let bytes = |column: &str| texts(&bids, column).iter().map(String::len).sum::<usize>() as f64 / 46_000.0;
    assert!((66.0..70.0).contains(&bytes("extra")), "{}", bytes("extra"));
}

#[tokio::test]
async fn rows_depend_neither_on_batches_nor_on_splits() {
    for name in ["person", "auction", "bid"] {
        let whole = table(name, &[]).await;
        let properties = [
            ("table", name),
            ("number.of.events", "50000"),
            ("seed", "7"),
            ("splits", "3"),
        ];
        assert_eq!(rows_from(&nexmark(&properties), 77, None).await, whole, "{name}");
    }
}

#[tokio::test]
async fn event_times_are_there_whatever_columns_are_declared() {
    let properties = [
        ("table", "auction"),
        ("number.of.events", "100"),
        ("events.per.second", "1"),
    ];
    let SourceConfig::Nexmark(config) = config("nexmark_source", &properties).unwrap() else {
        panic!("another source");
    };
    let declared = |columns: &[(&str, SqlType)]| GeneratedSource::nexmark(&config, Some(&schema(columns)), clock());
    let source = declared(&[("SELLER", SqlType::BigInt)]).unwrap();
    assert_eq!(source.system_columns()[0], SystemColumn::EventTime);
    let follow = velo_datasources::ReadRequest {
        follow: true,
        ..request(&source, &[SystemColumn::EventTime], 1)
    };
    let mut readers = readers(&source, &follow, None).await;
    // The first auction is the second event; nothing is due before its second.
    assert!(matches!(
        readers[0].next_batch().await.unwrap(),
        velo_datasources::NextBatch::NotYet(pause) if pause.as_millis() == 1_000
    ));
    let messages = |columns: &[(&str, SqlType)]| {
        let errors = declared(columns).unwrap_err();
        errors
            .into_iter()
            .map(|error| error.message)
            .collect::<Vec<_>>()
            .join("\n")
    };
    insta::assert_snapshot!(
        messages(&[("selle", SqlType::BigInt), ("price", SqlType::BigInt), ("category", SqlType::String)]),
        @r#"
    Nexmark's auction has no column `selle`: did you mean `seller`?
    Nexmark's auction has no column `price`: its columns are id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra
    the column `category` of Nexmark's auction is BIGINT; declare it as that, or leave it out
    "#
    );
}
