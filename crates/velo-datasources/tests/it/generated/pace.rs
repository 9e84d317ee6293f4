use std::sync::Arc;
use std::time::Duration;

use velo_data::{ManualClock, SqlType};
use velo_datasources::{GeneratedSource, NextBatch, PartitionReader, SourceConfig, SplitPosition};

use super::{at_rows, config};
use crate::support::{NOW_MS, readers, request, schema};

/// What a look brings: so many rows, or how long to wait.
#[derive(Debug, PartialEq, Eq)]
enum Brought {
    Rows(usize),
    Pause(u64),
    End,
}

async fn look(reader: &mut dyn PartitionReader) -> Brought {
    match reader.next_batch().await.unwrap() {
        NextBatch::Batch(batch) => Brought::Rows(batch.records.num_rows()),
        NextBatch::NotYet(pause) => Brought::Pause(u64::try_from(pause.as_millis()).unwrap()),
        NextBatch::End => Brought::End,
    }
}

fn paced(kind: &str, properties: &[(&str, &str)]) -> (GeneratedSource, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(NOW_MS));
    let source = match config(kind, properties).unwrap() {
        SourceConfig::Datagen(config) => {
            GeneratedSource::datagen(&config, &schema(&[("id", SqlType::BigInt)]), Arc::clone(&clock) as _)
        }
        SourceConfig::Nexmark(config) => GeneratedSource::nexmark(&config, None, Arc::clone(&clock) as _),
        other => panic!("{other:?}"),
    };
    (source.unwrap(), clock)
}

#[tokio::test]
async fn rows_come_when_they_are_due() {
    let (source, clock) = paced("datagen_source", &[("number.of.rows", "20"), ("rows.per.second", "10")]);
    let mut readers = readers(&source, &request(&source, &[], 4), None).await;
    let reader = readers[0].as_mut();
    assert_eq!(look(reader).await, Brought::Rows(1));
    assert_eq!(look(reader).await, Brought::Pause(100));
    clock.set(NOW_MS + 99);
    // A look again at once would bring single rows of fast sources.
    assert_eq!(look(reader).await, Brought::Pause(10));
    clock.set(NOW_MS + 250);
    assert_eq!(look(reader).await, Brought::Rows(2));
    assert_eq!(look(reader).await, Brought::Pause(50));
    // Whoever comes late finds all that is due, in batches of the size that was asked for.
    clock.set(NOW_MS + 1_000);
    assert_eq!(look(reader).await, Brought::Rows(4));
    assert_eq!(look(reader).await, Brought::Rows(4));
    assert_eq!(look(reader).await, Brought::Pause(100));
    // A clock that is set back makes nothing wait for longer than until it was.
    clock.set(NOW_MS - 5_000);
    assert_eq!(look(reader).await, Brought::Pause(1_100));
    clock.set(NOW_MS + 60_000);
    assert_eq!(look(reader).await, Brought::Rows(4));
    assert_eq!(look(reader).await, Brought::Rows(4));
    assert_eq!(look(reader).await, Brought::Rows(1));
    assert_eq!(look(reader).await, Brought::End);
}

#[tokio::test]
async fn splits_share_one_rate_and_go_on_where_they_were() {
    let properties = [("rows.per.second", "10"), ("splits", "2"), ("number.of.rows", "100")];
    let (source, clock) = paced("datagen_source", &properties);
    let mut readers = readers(&source, &request(&source, &[], 100), Some(&at_rows([10, 13]))).await;
    assert_eq!(look(readers[0].as_mut()).await, Brought::Rows(1));
    // Row 13 is the third behind row 10.
    assert_eq!(look(readers[1].as_mut()).await, Brought::Pause(300));
    clock.set(NOW_MS + 500);
    assert_eq!(look(readers[0].as_mut()).await, Brought::Rows(2)); // 12, 14
    assert_eq!(look(readers[1].as_mut()).await, Brought::Rows(2)); // 13, 15
    assert_eq!(
        readers
            .iter_mut()
            .map(|reader| reader.position().unwrap())
            .collect::<Vec<_>>(),
        [16, 17].map(|next| SplitPosition::Rows { next })
    );
}

/// Of 50 events the first is a person, the next three are auctions.
#[tokio::test]
async fn the_tables_of_nexmark_keep_step() {
    let open = async |table: &str| {
        let (source, clock) = paced(
            "nexmark_source",
            &[
                ("table", table),
                ("number.of.events", "100"),
                ("events.per.second", "50"),
            ],
        );
        let readers = readers(&source, &request(&source, &[], 1000), None).await;
        (readers, clock)
    };
    let (mut persons, _) = open("person").await;
    assert_eq!(look(persons[0].as_mut()).await, Brought::Rows(1));
    assert_eq!(look(persons[0].as_mut()).await, Brought::Pause(1_000));
    let (mut auctions, clock) = open("auction").await;
    assert_eq!(look(auctions[0].as_mut()).await, Brought::Pause(20));
    clock.set(NOW_MS + 40);
    assert_eq!(look(auctions[0].as_mut()).await, Brought::Rows(2));
    let (mut bids, clock) = open("bid").await;
    assert_eq!(look(bids[0].as_mut()).await, Brought::Pause(80));
    clock.set(NOW_MS + Duration::from_secs(5).as_millis() as i64);
    assert_eq!(look(bids[0].as_mut()).await, Brought::Rows(92));
    assert_eq!(look(bids[0].as_mut()).await, Brought::End);
}
