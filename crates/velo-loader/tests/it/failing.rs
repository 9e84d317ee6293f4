//! Tables that fail: what is tried again, what is skipped, and what is said.

use std::time::Duration;

use velo_loader::{ParallelLoadingConfig, RetryConfig};

use crate::support::{End, Script, at_once, json, run, table};

/// Each table's end and the message that belongs to it.
fn messages(result: &velo_loader::ParallelLoadingResult) -> String {
    let json: serde_json::Value = serde_json::from_str(&json(result)).unwrap();
    let line = |kind: &str| {
        let entries = json[kind].as_object().unwrap().iter();
        entries
            .map(|(table, message)| format!("{table} {kind}: {}\n", message.as_str().unwrap()))
            .collect::<String>()
    };
    line("failed") + &line("skipped")
}

#[tokio::test(start_paused = true)]
async fn each_way_to_fail_has_its_message() {
    let tables = [
        ("permanent", table().ends([End::Permanent("no such column: `prise`")])),
        ("transient", table().ends([End::Transient("connection refused")])),
        ("panics", table().ends([End::Panic("index out of bounds")])),
        ("hangs", table().ends([End::Never])),
        ("hangs_politely", table().ends([End::UntilCancelled])),
        (
            "recovers",
            table().ends([End::Transient("x"), End::Transient("y"), End::Rows(7)]),
        ),
        (
            "too_slow_to_retry",
            table().takes(299_900).ends([End::Transient("connection lost")]),
        ),
    ];
    let config = ParallelLoadingConfig {
        retry: RetryConfig {
            // Every wait is drawn between nothing and five seconds.
            initial_delay: Duration::from_secs(5),
            ..RetryConfig::default()
        },
        ..ParallelLoadingConfig::default()
    };
    let (result, _) = run(config, tables).await;
    assert_eq!(result.successful["recovers"].attempts, 3);
    insta::assert_snapshot!(messages(&result), @"
    permanent failed: no such column: `prise`
    transient failed: gave up after 3 attempts: connection refused
    panics failed: panicked: index out of bounds
    hangs failed: did not load within 5m
    hangs_politely failed: did not load within 5m
    too_slow_to_retry failed: no further attempt fits into the 5m that a table may take: connection lost
    ");
}

/// Who is busy and says for how long is not asked sooner, however soon the next attempt would come otherwise.
#[tokio::test(start_paused = true)]
async fn whoever_asks_to_be_left_alone_is() {
    let pause = Duration::from_secs(40);
    let tables = [
        ("patient", table().takes(10).ends([End::Busy(pause), End::Rows(7)])),
        ("too_patient", table().ends([End::Busy(Duration::from_secs(301))])),
    ];
    let (result, _) = run(ParallelLoadingConfig::default(), tables).await;
    assert!(result.successful["patient"].duration >= pause);
    insta::assert_snapshot!(messages(&result), @"too_patient failed: no further attempt fits into the 5m that a table may take: busy");
}

#[tokio::test(start_paused = true)]
async fn a_table_whose_time_is_over_is_told_and_ends_at_once() {
    let (result, seen) = run(
        ParallelLoadingConfig::default(),
        [("polite", table().ends([End::UntilCancelled]))],
    )
    .await;
    assert_eq!(
        result.total_duration,
        Duration::from_mins(5),
        "nobody waits for the grace"
    );
    insta::assert_snapshot!(seen.text(), @"
         0 start polite
    300000 told polite
    ");
}

fn chain_below_a_failure() -> [(&'static str, Script); 5] {
    [
        ("a", table().ends([End::Permanent("gone")])),
        ("b", table().needs(["a"])),
        ("c", table().needs(["b"])),
        ("d", table()),
        ("e", table().needs(["c", "d"])),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_failed_table_is_skipped_and_says_why() {
    let (result, seen) = run(ParallelLoadingConfig::default(), chain_below_a_failure()).await;
    insta::assert_snapshot!(messages(&result), @"
    a failed: gone
    b skipped: `a` failed: gone
    c skipped: `b` skipped: `a` failed: gone
    e skipped: `c` skipped: `b` skipped: `a` failed: gone
    ");
    assert_eq!(seen.starts(), ["a", "d"]);
}

#[tokio::test(start_paused = true)]
async fn tables_load_all_the_same_where_that_is_wanted() {
    let config = ParallelLoadingConfig {
        continue_on_dependency_failure: true,
        ..ParallelLoadingConfig::default()
    };
    let (result, _) = run(config, chain_below_a_failure()).await;
    assert_eq!(result.successful.keys().collect::<Vec<_>>(), ["b", "c", "d", "e"]);
    assert_eq!(messages(&result), "a failed: gone\n");
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_ends_the_load_where_that_is_wanted() {
    let tables = [
        ("fails", table().ends([End::Permanent("gone")])),
        ("running", table().ends([End::UntilCancelled])),
        ("needs_it", table().needs(["fails"])),
        ("retrying", table().takes(10).ends([End::Transient("later")])),
        ("waits", table().needs(["running"])),
        ("done", table().takes(10)),
    ];
    let config = ParallelLoadingConfig {
        fail_fast: true,
        retry: RetryConfig {
            initial_delay: Duration::from_secs(20),
            ..RetryConfig::default()
        },
        ..ParallelLoadingConfig::default()
    };
    let (result, _) = run(config, tables).await;
    assert_eq!(result.successful.keys().collect::<Vec<_>>(), ["done"]);
    assert_eq!(result.total_duration, Duration::from_millis(100));
    insta::assert_snapshot!(messages(&result), @"
    fails failed: gone
    running skipped: stopped because `fails` failed: gone
    needs_it skipped: `fails` failed: gone
    retrying skipped: stopped because `fails` failed: gone
    waits skipped: stopped because `fails` failed: gone
    ");
}

#[tokio::test(start_paused = true)]
async fn the_time_for_the_whole_load_ends_it() {
    let tables = [
        ("done", table()),
        ("running", table().takes(900_000_000)),
        ("waits", table().needs(["running"])),
    ];
    let config = ParallelLoadingConfig {
        table_timeout: Duration::from_secs(1_000_000),
        ..ParallelLoadingConfig::default()
    };
    let (result, _) = run(config, tables).await;
    assert_eq!(
        result.total_duration,
        Duration::from_secs(1800 + 5),
        "five seconds of grace"
    );
    assert!(!result.was_cancelled());
    insta::assert_snapshot!(messages(&result), @"
    running failed: was still loading when the 30m for the whole load were over
    waits skipped: not started when the 30m for the whole load were over
    ");
}

#[tokio::test(start_paused = true)]
async fn a_table_that_waits_for_its_next_attempt_takes_no_room() {
    let tables = [
        ("flaky", table().takes(10).ends([End::Transient("later"), End::Rows(1)])),
        ("other", table().takes(10)),
    ];
    let config = ParallelLoadingConfig {
        max_parallel: at_once(1),
        retry: RetryConfig {
            initial_delay: Duration::from_secs(10),
            ..RetryConfig::default()
        },
        ..ParallelLoadingConfig::default()
    };
    let (result, seen) = run(config, tables).await;
    assert!(result.is_complete());
    assert_eq!(seen.starts(), ["flaky", "other", "flaky"]);
}

#[tokio::test(start_paused = true)]
async fn waits_grow_and_are_the_same_for_the_same_seed() {
    let tables = || [("flaky", table().takes(0).ends([End::Transient("later")]))];
    let config = ParallelLoadingConfig {
        retry: RetryConfig {
            max_attempts: 8,
            seed: 3,
            ..RetryConfig::default()
        },
        ..ParallelLoadingConfig::default()
    };
    let (_, first) = run(config.clone(), tables()).await;
    let (_, second) = run(config, tables()).await;
    assert_eq!(first.text(), second.text());
    let starts: Vec<u64> = first.log.lock().unwrap().iter().map(|(at, _)| *at).collect();
    let bounds = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
    for (attempt, (pair, bound)) in starts.windows(2).zip(bounds).enumerate() {
        assert!(pair[1] - pair[0] <= bound + 1, "wait {attempt} of {starts:?}");
    }
    let waits = starts.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(
        waits.zip(bounds).any(|(wait, bound)| wait < bound / 2),
        "drawn, not the bound: {starts:?}"
    );
    assert_eq!(starts.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn times_that_no_clock_can_tell_are_as_good_as_none() {
    let config = ParallelLoadingConfig {
        table_timeout: Duration::MAX,
        total_timeout: Duration::MAX,
        progress_interval: Duration::MAX,
        cancellation_grace: Duration::MAX,
        retry: RetryConfig {
            max_delay: Duration::MAX,
            ..RetryConfig::default()
        },
        ..ParallelLoadingConfig::default()
    };
    let (result, _) = run(config, [("a", table().ends([End::Transient("later"), End::Rows(1)]))]).await;
    assert!(result.is_complete());
}
