//! What holds for any tables, however they fail and however many load at once.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;
use velo_loader::{
    CancellationToken, LoadSchedule, ParallelLoader, ParallelLoadingConfig, ParallelLoadingResult, RetryConfig,
};

use crate::support::{End, Load, Script, Seen, at_once, load_of, run, table};

const NAMES: [&str; 16] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p",
];

/// A table by its place: which of those before it it needs, as bits, how it ends, and how long it takes.
fn scripts() -> impl Strategy<Value = Vec<(&'static str, Script)>> {
    let end = prop_oneof![
        6 => Just(vec![End::Rows(1)]),
        1 => Just(vec![End::Permanent("broken")]),
        1 => Just(vec![End::Transient("busy")]),
        1 => Just(vec![End::Transient("busy"), End::Rows(2)]),
        1 => Just(vec![End::Panic("defect")]),
    ];
    let script = (
        any::<u16>(),
        any::<u16>(),
        end,
        0u64..500,
        -1i32..2,
        proptest::option::of(0u64..200),
    );
    proptest::collection::vec(script, 0..NAMES.len()).prop_map(|scripts| {
        let tables = scripts.into_iter().enumerate();
        tables
            .map(|(place, (needs, also, ends, takes, priority, bytes))| {
                // Both bits set: about a quarter of all possible edges.
                let needs = (0..place)
                    .filter(|other| needs & also & (1 << other) != 0)
                    .map(|other| NAMES[other]);
                let script = table().needs(needs).ends(ends).takes(takes).priority(priority);
                (
                    NAMES[place],
                    match bytes {
                        Some(bytes) => script.bytes(bytes),
                        None => script,
                    },
                )
            })
            .collect()
    })
}

fn config(parallel: usize, schedule: LoadSchedule, seed: u64) -> ParallelLoadingConfig {
    ParallelLoadingConfig {
        max_parallel: at_once(parallel),
        schedule,
        max_memory_bytes: Some(300),
        retry: RetryConfig {
            max_attempts: 2,
            seed,
            ..RetryConfig::default()
        },
        total_timeout: Duration::from_secs(1_000_000),
        ..ParallelLoadingConfig::default()
    }
}

fn load(
    config: ParallelLoadingConfig,
    tables: &[(&'static str, Script)],
) -> (ParallelLoadingResult, std::sync::Arc<Seen>) {
    runtime().block_on(run(config, tables.to_vec()))
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

/// What the result must be, told from the tables alone: a table is there if its script ends well and all that it needs
/// is there.
fn expected(tables: &[(&'static str, Script)]) -> HashMap<&'static str, &'static str> {
    let mut ends = HashMap::new();
    for (name, script) in tables {
        let all_there = script.needs.iter().all(|needed| ends[needed] == "successful");
        let ends_well = matches!(script.ends.last(), Some(End::Rows(_)));
        let end = match (all_there, ends_well) {
            (false, _) => "skipped",
            (true, true) => "successful",
            (true, false) => "failed",
        };
        ends.insert(*name, end);
    }
    ends
}

fn outcomes(result: &ParallelLoadingResult) -> HashMap<&str, &'static str> {
    let successful = result.successful.keys().map(|name| (name.as_str(), "successful"));
    let failed = result.failed.keys().map(|name| (name.as_str(), "failed"));
    let skipped = result.skipped.keys().map(|name| (name.as_str(), "skipped"));
    let all: Vec<_> = successful.chain(failed).chain(skipped).collect();
    let by_name: HashMap<_, _> = all.iter().copied().collect();
    assert_eq!(by_name.len(), all.len(), "a table has two verdicts");
    by_name
}

/// The parts of a result that must not depend on who was faster.
fn timeless(result: &ParallelLoadingResult) -> serde_json::Value {
    let mut json = serde_json::to_value(result).unwrap();
    json.as_object_mut().unwrap().remove("total_duration_ms");
    for wave in json["waves"].as_array_mut().unwrap() {
        wave.as_object_mut().unwrap().remove("duration_ms");
    }
    json
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_table_has_the_one_verdict_that_its_script_and_needs_give_it(
        tables in scripts(), parallel in 1usize..6, waves in any::<bool>(), seed in any::<u64>(),
    ) {
        let schedule = if waves { LoadSchedule::Waves } else { LoadSchedule::Eager };
        let (result, seen) = load(config(parallel, schedule, seed), &tables);
        prop_assert_eq!(outcomes(&result), expected(&tables));
        prop_assert!(seen.running_max.load(Ordering::SeqCst) <= parallel);
        prop_assert_eq!(seen.published.lock().unwrap().len(), result.successful.len());
    }

    #[test]
    fn no_table_starts_before_what_it_needs_has_ended(tables in scripts(), parallel in 1usize..6) {
        let (_, seen) = load(config(parallel, LoadSchedule::Eager, 0), &tables);
        let log = seen.log.lock().unwrap();
        let place = |what: String| log.iter().position(|(_, seen)| *seen == what);
        for (name, script) in &tables {
            let Some(start) = place(format!("start {name}")) else { continue };
            for needed in &script.needs {
                prop_assert!(place(format!("end {needed}")).is_some_and(|end| end < start), "{name} before {needed}");
            }
        }
    }

    #[test]
    fn the_result_depends_neither_on_schedule_nor_parallelism(tables in scripts(), parallel in 2usize..6) {
        let (one_by_one, _) = load(config(1, LoadSchedule::Eager, 0), &tables);
        let (eager, _) = load(config(parallel, LoadSchedule::Eager, 1), &tables);
        let (waves, _) = load(config(parallel, LoadSchedule::Waves, 2), &tables);
        prop_assert_eq!(timeless(&one_by_one), timeless(&eager));
        prop_assert_eq!(timeless(&eager), timeless(&waves));
    }

    /// With room for all, an eager load takes as long as its longest path, which waves may exceed.
    #[test]
    fn eager_takes_as_long_as_the_critical_path(tables in scripts()) {
        let tables: Vec<_> = tables.into_iter().map(|(name, script)| (name, script.ends([End::Rows(1)]))).collect();
        let mut config = config(NAMES.len(), LoadSchedule::Eager, 0);
        config.max_memory_bytes = None;
        let mut path_ms: HashMap<&str, u128> = HashMap::new();
        for (name, script) in &tables {
            let before = script.needs.iter().map(|needed| path_ms[needed]).max().unwrap_or(0);
            path_ms.insert(name, before + script.takes.as_millis());
        }
        let (result, _) = load(config, &tables);
        let critical = path_ms.values().copied().max().unwrap_or(0);
        // The runtime's timers are good to a millisecond, for each table on the path.
        let took = result.total_duration.as_millis();
        prop_assert!(took >= critical && took <= critical + NAMES.len() as u128, "{} ms for {} ms", took, critical);
    }

    /// A load that is cancelled at any moment, or ends with its first failure, still gives every table one verdict, and
    /// what is visible is what is said to be.
    #[test]
    fn a_load_that_ends_early_is_consistent(
        tables in scripts(), parallel in 1usize..6, cancel_at in 0u64..1_500, fail_fast in any::<bool>(),
    ) {
        let config = ParallelLoadingConfig { fail_fast, ..config(parallel, LoadSchedule::Eager, 0) };
        let (result, seen) = runtime().block_on(async {
            let Load { graph, loads, seen } = load_of(tables.clone());
            let cancellation = CancellationToken::new();
            let cancel = cancellation.clone();
            tokio::spawn(async move {
                sleep(Duration::from_millis(cancel_at)).await;
                cancel.cancel();
            });
            let loader = ParallelLoader::new(config).unwrap();
            (loader.load_tables(&graph, loads, &cancellation).await.unwrap(), seen)
        });
        prop_assert_eq!(outcomes(&result).len(), tables.len());
        let published = seen.published.lock().unwrap();
        prop_assert_eq!(published.len(), result.successful.len());
        prop_assert!(result.successful.keys().all(|table| published.contains(table)));
        prop_assert_eq!(seen.running.load(Ordering::SeqCst), 0);
        for (name, script) in &tables {
            let is_loaded = result.successful.contains_key(*name);
            prop_assert!(!is_loaded || script.needs.iter().all(|needed| published.contains(*needed)));
        }
    }
}
