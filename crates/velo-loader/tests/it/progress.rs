//! What those hear who listen to a load.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;
use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
use velo_loader::{
    CancellationToken, LoadAttempt, LoadError, LoadOutcome, LoadTable, LoadedTable, ParallelLoader,
    ParallelLoadingConfig, ProgressEvent, ProgressMonitor, ProgressStream, RetryConfig, TableLoadState,
};

use crate::support::{End, Loads, load_of, table};

fn lines(events: &mut ProgressStream) -> String {
    std::iter::from_fn(|| events.try_next())
        .map(|event| serde_json::to_string(&event).unwrap() + "\n")
        .collect()
}

#[tokio::test(start_paused = true)]
async fn events_tell_the_whole_story_as_json_lines() {
    let load = load_of([
        ("flaky", table().ends([End::Transient("connection lost"), End::Rows(5)])),
        ("broken", table().takes(300).ends([End::Permanent("wrong password")])),
        ("joined", table().needs(["flaky", "broken"])),
    ]);
    let config = ParallelLoadingConfig {
        retry: RetryConfig {
            initial_delay: Duration::ZERO,
            ..RetryConfig::default()
        },
        ..ParallelLoadingConfig::default()
    };
    let loader = ParallelLoader::new(config).unwrap();
    let mut events = loader.monitor().subscribe();
    loader
        .load_tables(&load.graph, load.loads, &CancellationToken::new())
        .await
        .unwrap();
    insta::assert_snapshot!(lines(&mut events), @r#"
    {"event":"initial_snapshot","tables":[{"table":"flaky","wave":1,"state":"waiting","attempt":0,"rows":0,"bytes":0,"rows_per_second":0.0,"bytes_per_second":0.0,"elapsed_ms":0},{"table":"broken","wave":1,"state":"waiting","attempt":0,"rows":0,"bytes":0,"rows_per_second":0.0,"bytes_per_second":0.0,"elapsed_ms":0},{"table":"joined","wave":2,"state":"waiting","attempt":0,"rows":0,"bytes":0,"rows_per_second":0.0,"bytes_per_second":0.0,"elapsed_ms":0,"waits_for":["flaky","broken"]}],"summary":{"tables":3,"waiting":3,"loading":0,"retrying":0,"completed":0,"failed":0,"skipped":0,"rows":0,"bytes":0,"rows_per_second":0.0,"bytes_per_second":0.0,"percent":0.0,"elapsed_ms":0}}
    {"event":"table_update","table":"flaky","wave":1,"state":"loading","attempt":1,"rows":0,"bytes":0,"rows_per_second":0.0,"bytes_per_second":0.0,"elapsed_ms":0}
    {"event":"table_update","table":"broken","wave":1,"state":"loading","attempt":1,"rows":0,"bytes":0,"rows_per_second":0.0,"bytes_per_second":0.0,"elapsed_ms":0}
    {"event":"table_retrying","table":"flaky","wave":1,"attempt":2,"delay_ms":0,"error":"connection lost"}
    {"event":"table_update","table":"flaky","wave":1,"state":"loading","attempt":2,"rows":0,"bytes":0,"rows_per_second":0.0,"bytes_per_second":0.0,"elapsed_ms":100}
    {"event":"summary_update","tables":3,"waiting":1,"loading":2,"retrying":0,"completed":0,"failed":0,"skipped":0,"rows":0,"bytes":0,"rows_per_second":0.0,"bytes_per_second":0.0,"percent":0.0,"elapsed_ms":200}
    {"event":"table_completed","table":"flaky","wave":1,"rows":5,"bytes":50,"skipped_rows":0,"attempts":2,"duration_ms":200,"outcome":"loaded"}
    {"event":"table_failed","table":"broken","wave":1,"attempts":1,"duration_ms":300,"error":"wrong password"}
    {"event":"table_skipped","table":"joined","wave":2,"needs":"broken","cause":"`broken` failed: wrong password"}
    {"event":"summary_update","tables":3,"waiting":0,"loading":0,"retrying":0,"completed":1,"failed":1,"skipped":1,"rows":5,"bytes":50,"rows_per_second":0.0,"bytes_per_second":0.0,"percent":100.0,"elapsed_ms":300}
    "#);
    assert!(loader.monitor().summary().percent >= 100.0);
}

/// Reads a thousand rows a second, for four seconds.
struct Steady;

#[async_trait]
impl LoadTable for Steady {
    async fn load(&self, attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        attempt.progress.set_total_rows(4_000);
        for _ in 0..40 {
            sleep(Duration::from_millis(100)).await;
            attempt.progress.add(100, 2_000);
        }
        Ok(LoadedTable::new(4_000, 80_000).with_outcome(LoadOutcome::Incremental { rows_read: 4_000 }))
    }

    fn may_block(&self) -> bool {
        false
    }
}

fn steady() -> (TableDependencyGraph, Loads) {
    let mut graph = TableDependencyGraph::new();
    graph
        .add_table("steady", TableMetadata::default(), NO_DEPENDENCIES)
        .unwrap();
    (graph, vec![("steady".to_owned(), Arc::new(Steady))])
}

#[tokio::test(start_paused = true)]
async fn updates_tell_rates_and_when_the_end_is_expected() {
    let monitor = ProgressMonitor::new();
    let loader = ParallelLoader::new(ParallelLoadingConfig::default())
        .unwrap()
        .with_monitor(monitor.clone());
    let (graph, loads) = steady();
    let load = tokio::spawn(async move { loader.load_tables(&graph, loads, &CancellationToken::new()).await });
    sleep(Duration::from_millis(1_050)).await;

    // Who comes late begins with how things are.
    let mut events = monitor.subscribe();
    let Some(ProgressEvent::InitialSnapshot { tables, summary }) = events.next().await else {
        panic!("a snapshot comes first");
    };
    assert_eq!((summary.loading, summary.rows), (1, 1_000));
    assert_eq!(tables[0].state, TableLoadState::Loading);
    assert_eq!(tables[0].percent, Some(25.0));
    assert!((tables[0].rows_per_second - 1_000.0).abs() < 100.0, "{tables:?}");
    assert!((tables[0].bytes_per_second - 20_000.0).abs() < 2_000.0, "{tables:?}");
    assert!(
        tables[0].estimated_remaining_ms.unwrap().abs_diff(3_000) < 300,
        "{tables:?}"
    );
    load.await.unwrap().unwrap();

    let mut percents = Vec::new();
    let mut completed = None;
    while let Some(event) = events.try_next() {
        match event {
            ProgressEvent::TableUpdate(update) => percents.extend(update.percent),
            ProgressEvent::TableCompleted {
                outcome, duration_ms, ..
            } => completed = Some((outcome, duration_ms)),
            _ => {}
        }
    }
    assert!(percents.len() >= 14 && percents.is_sorted(), "{percents:?}");
    assert_eq!(completed, Some((LoadOutcome::Incremental { rows_read: 4_000 }, 4_000)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_says_that_it_is_alive_when_nothing_happens() {
    let monitor = ProgressMonitor::new();
    let mut events = monitor.subscribe();
    assert_eq!(events.next().await, Some(ProgressEvent::KeepAlive));
    drop(monitor);
    assert_eq!(events.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_sleeps_misses_updates_but_no_change_of_state() {
    let mut graph = TableDependencyGraph::new();
    let mut loads: Loads = Vec::new();
    // One after the other: 20 updates of the table and 20 of the summary for each.
    for table in 0..40 {
        let needs = (table > 0).then(|| format!("t{}", table - 1));
        graph
            .add_table(format!("t{table}"), TableMetadata::default(), needs)
            .unwrap();
        loads.push((format!("t{table}"), Arc::new(Steady)));
    }
    let loader = ParallelLoader::new(ParallelLoadingConfig::default()).unwrap();
    let mut events = loader.monitor().subscribe();
    loader
        .load_tables(&graph, loads, &CancellationToken::new())
        .await
        .unwrap();
    let heard: Vec<ProgressEvent> = std::iter::from_fn(|| events.try_next()).collect();
    assert!((1_024..1_200).contains(&heard.len()), "{}", heard.len());
    let is_completed = |event: &&ProgressEvent| matches!(event, ProgressEvent::TableCompleted { .. });
    assert_eq!(heard.iter().filter(is_completed).count(), 40);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_of_a_table_that_does_not_get_further() {
    let load = load_of([("hangs", table().takes(200_000))]);
    let loader = ParallelLoader::new(ParallelLoadingConfig::default()).unwrap();
    let mut events = loader.monitor().subscribe();
    loader
        .load_tables(&load.graph, load.loads, &CancellationToken::new())
        .await
        .unwrap();
    let heard: Vec<ProgressEvent> = std::iter::from_fn(|| events.try_next()).collect();
    // The snapshot, the start, that one is loading, the end, and the last summary.
    assert_eq!(heard.len(), 5, "{heard:?}");
}
