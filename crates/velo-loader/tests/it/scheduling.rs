//! What starts when.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
use velo_loader::{
    CancellationToken, LoadPlanError, LoadSchedule, MaxParallel, ParallelLoader, ParallelLoadingConfig, SystemResources,
};

use crate::support::{End, Script, at_once, json, load_of, run, table};

/// `slow` takes long; `b` needs only `a`, `c` needs both.
fn skewed() -> [(&'static str, Script); 4] {
    [
        ("a", table()),
        ("slow", table().takes(1000)),
        ("b", table().needs(["a"])),
        ("c", table().needs(["a", "slow"])),
    ]
}

fn with_schedule(schedule: LoadSchedule) -> ParallelLoadingConfig {
    ParallelLoadingConfig {
        schedule,
        ..ParallelLoadingConfig::default()
    }
}

#[tokio::test(start_paused = true)]
async fn eager_tables_start_as_soon_as_what_they_need_is_there() {
    let (result, seen) = run(with_schedule(LoadSchedule::Eager), skewed()).await;
    assert!(result.is_complete());
    insta::assert_snapshot!(seen.text(), @"
       0 start a
       0 start slow
     100 end a
     100 start b
     200 end b
    1000 end slow
    1000 start c
    1100 end c
    ");
}

#[tokio::test(start_paused = true)]
async fn waves_wait_for_the_wave_before() {
    let (result, seen) = run(with_schedule(LoadSchedule::Waves), skewed()).await;
    assert!(result.is_complete());
    insta::assert_snapshot!(seen.text(), @"
       0 start a
       0 start slow
     100 end a
    1000 end slow
    1000 start b
    1000 start c
    1100 end b
    1100 end c
    ");
}

#[tokio::test(start_paused = true)]
async fn the_result_has_the_documented_form() {
    let tables = [
        ("a", table()),
        ("broken", table().takes(30).ends([End::Permanent("wrong password")])),
        ("b", table().needs(["a"])),
        ("c", table().needs(["broken", "a"])),
        ("d", table().needs(["c"])),
    ];
    let (result, _) = run(ParallelLoadingConfig::default(), tables).await;
    insta::assert_snapshot!(json(&result), @r#"
    {
      "event": "result",
      "successful": [
        "a",
        "b"
      ],
      "failed": {
        "broken": "wrong password"
      },
      "skipped": {
        "c": "`broken` failed: wrong password",
        "d": "`c` skipped: `broken` failed: wrong password"
      },
      "total_duration_ms": 200,
      "waves": [
        {
          "wave": 1,
          "tables": [
            "a",
            "broken"
          ],
          "duration_ms": 100,
          "successful": 1,
          "failed": 1
        },
        {
          "wave": 2,
          "tables": [
            "b",
            "c"
          ],
          "duration_ms": 100,
          "successful": 1,
          "failed": 0
        },
        {
          "wave": 3,
          "tables": [
            "d"
          ],
          "duration_ms": 0,
          "successful": 0,
          "failed": 0
        }
      ]
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn higher_priority_comes_first_then_the_order_of_addition() {
    let tables = [
        ("first", table()),
        ("second", table()),
        ("urgent", table().priority(5)),
        ("late", table().priority(-1)),
        ("third", table()),
    ];
    let config = ParallelLoadingConfig {
        max_parallel: at_once(1),
        ..ParallelLoadingConfig::default()
    };
    let (_, seen) = run(config, tables).await;
    assert_eq!(seen.starts(), ["urgent", "first", "second", "third", "late"]);
}

#[tokio::test(start_paused = true)]
async fn twelve_tables_of_fifty_milliseconds_take_three_rounds_of_four() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let (result, seen) = run(
        ParallelLoadingConfig::default(),
        names.map(|name| (name, table().takes(50))),
    )
    .await;
    assert_eq!(result.total_duration, Duration::from_millis(150));
    assert_eq!(seen.running_max.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn memory_bounds_what_loads_at_once() {
    let tables = [
        ("half", table().bytes(50)),
        ("large", table().bytes(1000)),
        ("small", table().bytes(10)),
        ("unknown", table()),
    ];
    let config = ParallelLoadingConfig {
        max_memory_bytes: Some(100),
        ..ParallelLoadingConfig::default()
    };
    let (result, seen) = run(config, tables).await;
    assert!(result.is_complete());
    // `large` loads alone, and nothing overtakes it; `unknown` gets an equal share of a fourth.
    insta::assert_snapshot!(seen.text(), @"
      0 start half
    100 end half
    100 start large
    200 end large
    200 start small
    200 start unknown
    300 end small
    300 end unknown
    ");
    insta::assert_compact_debug_snapshot!(seen.memory.lock().unwrap(), @r#"{"half": Some(50), "large": Some(100), "small": Some(10), "unknown": Some(25)}"#);
}

#[tokio::test(start_paused = true)]
async fn parallelism_follows_the_machine_while_tables_load() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let load = load_of(names.map(|name| (name, table().takes(1000))));
    let config = ParallelLoadingConfig {
        max_parallel: MaxParallel::Auto,
        ..ParallelLoadingConfig::default()
    };
    let asked = Arc::new(AtomicUsize::new(0));
    // One processor allows two tables; memory runs short for all but one while the first two load.
    let read = move || SystemResources {
        cpus: 1,
        available_memory_bytes: Some(if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            1 << 40
        } else {
            0
        }),
    };
    let loader = ParallelLoader::new(config).unwrap().with_resources(read);
    let result = loader
        .load_tables(&load.graph, load.loads, &CancellationToken::new())
        .await
        .unwrap();
    assert!(result.is_complete());
    insta::assert_snapshot!(load.seen.text(), @"
       0 start a
       0 start b
    1000 end a
    1000 end b
    1000 start c
    2000 end c
    2000 start d
    3000 end d
    3000 start e
    4000 end e
    4000 start f
    5000 end f
    ");
}

#[tokio::test(start_paused = true)]
async fn only_the_tables_asked_for_are_loaded() {
    let mut load = load_of([("a", table()), ("b", table().needs(["a"])), ("c", table().needs(["b"]))]);
    load.loads.remove(0);
    let loader = ParallelLoader::new(ParallelLoadingConfig::default()).unwrap();
    let result = loader
        .load_tables(&load.graph, load.loads, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(result.successful.keys().collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(result.waves.len(), 2);
}

#[tokio::test]
async fn a_load_without_an_order_does_not_begin() {
    let circle = load_of([("a", table().needs(["b"])), ("b", table().needs(["a"]))]);
    let missing = load_of([("a", table().needs(["orders"]))]);
    let mut unknown = load_of([("a", table())]);
    unknown.graph = TableDependencyGraph::new();
    unknown
        .graph
        .add_table("other", TableMetadata::default(), NO_DEPENDENCIES)
        .unwrap();
    let loader = ParallelLoader::new(ParallelLoadingConfig::default()).unwrap();
    for load in [circle, missing] {
        let error = loader
            .load_tables(&load.graph, load.loads, &CancellationToken::new())
            .await;
        assert!(matches!(error, Err(LoadPlanError::Dependencies(_))), "{error:?}");
    }
    let error = loader
        .load_tables(&unknown.graph, unknown.loads, &CancellationToken::new())
        .await;
    assert!(matches!(error, Err(LoadPlanError::NotInGraph { table }) if table == "a"));
    let mut twice = load_of([("a", table())]);
    twice.loads.push(("A".to_owned(), Arc::clone(&twice.loads[0].1)));
    let error = loader
        .load_tables(&twice.graph, twice.loads, &CancellationToken::new())
        .await;
    assert!(matches!(error, Err(LoadPlanError::Twice { table }) if table == "A"));
}

#[tokio::test]
async fn nothing_to_load_is_a_complete_load() {
    let load = load_of([]);
    let loader = ParallelLoader::new(ParallelLoadingConfig::default()).unwrap();
    let result = loader
        .load_tables(&load.graph, load.loads, &CancellationToken::new())
        .await
        .unwrap();
    assert!(result.is_complete() && result.waves.is_empty());
}
