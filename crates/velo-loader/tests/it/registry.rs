//! Tables by name, and waiting for them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
use velo_loader::{
    CancellationToken, LoadAttempt, LoadError, LoadTable, LoadedTable, ParallelLoader, ParallelLoadingConfig,
    RegistryError, TableReadyStatus, TableRegistry, TableStatistics, WaitError,
};

const ROWS: TableStatistics = TableStatistics { rows: 3, bytes: 30 };
const MINUTE: Duration = Duration::from_mins(1);

fn registry() -> Arc<TableRegistry<str>> {
    Arc::new(TableRegistry::new())
}

#[test]
fn a_table_has_a_status_from_registration_to_drop() {
    let registry = registry();
    assert_eq!(registry.status("Orders"), None);
    registry.register_table("Orders").unwrap();
    let again = RegistryError::AlreadyRegistered {
        table: "ORDERS".to_owned(),
    };
    assert_eq!(registry.register_table("ORDERS"), Err(again));
    assert_eq!(registry.status("orders"), Some(TableReadyStatus::Waiting));
    registry.set_loading("orders").unwrap();
    assert_eq!(registry.status("orders"), Some(TableReadyStatus::Loading));
    assert_eq!(registry.table("orders"), None);
    registry.set_ready("orders", "rows".into(), ROWS).unwrap();
    assert_eq!(registry.table("orders").as_deref(), Some("rows"));
    assert_eq!(registry.table_statistics("orders"), Some(ROWS));
    assert_eq!(registry.list(), [("Orders".to_owned(), TableReadyStatus::Ready)]);
    assert_eq!(registry.drop_table("orders").unwrap().as_deref(), Some("rows"));
    let gone = RegistryError::NotRegistered {
        table: "orders".to_owned(),
    };
    assert_eq!(registry.drop_table("orders"), Err(gone.clone()));
    assert_eq!(registry.set_ready("orders", "rows".into(), ROWS), Err(gone));
}

#[test]
fn a_table_that_is_ready_stays_so_when_loading_it_again_fails() {
    let registry = registry();
    registry.register_table("orders").unwrap();
    registry.set_ready("orders", "old".into(), ROWS).unwrap();
    registry.set_loading("orders").unwrap();
    registry.set_failed("orders", "no route to host").unwrap();
    assert_eq!(registry.status("orders"), Some(TableReadyStatus::Ready));
    assert_eq!(registry.table("orders").as_deref(), Some("old"));
}

#[test]
fn statistics_count_all_tables() {
    let registry = registry();
    for name in ["waiting", "loading", "ready", "also_ready", "failed", "skipped"] {
        registry.register_table(name).unwrap();
    }
    registry.set_loading("loading").unwrap();
    registry.set_ready("ready", "rows".into(), ROWS).unwrap();
    registry.set_ready("also_ready", "rows".into(), ROWS).unwrap();
    registry.set_failed("failed", "x").unwrap();
    registry.set_skipped("skipped", "x").unwrap();
    insta::assert_compact_debug_snapshot!(registry.statistics(), @"RegistryStatistics { tables: 6, waiting: 1, loading: 1, ready: 2, failed: 1, skipped: 1, rows: 6, bytes: 60 }");
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_registered_late_can_be_waited_for() {
    let registry = registry();
    let later = Arc::clone(&registry);
    tokio::spawn(async move {
        sleep(Duration::from_secs(5)).await;
        later.register_table("late").unwrap();
        sleep(Duration::from_secs(5)).await;
        later.set_loading("late").unwrap();
        sleep(Duration::from_secs(5)).await;
        later.set_ready("late", "rows".into(), ROWS).unwrap();
    });
    let start = Instant::now();
    let waits = (
        registry.wait_for_table_ready("late", MINUTE),
        registry.wait_for_table_ready("LATE", MINUTE),
    );
    let (one, other) = tokio::join!(waits.0, waits.1);
    assert_eq!((one.as_deref(), other.as_deref()), (Ok("rows"), Ok("rows")));
    assert_eq!(start.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_told_why_a_table_cannot_be_had() {
    let registry = registry();
    for name in ["loading", "failed", "skipped", "dropped"] {
        registry.register_table(name).unwrap();
    }
    registry.set_loading("loading").unwrap();
    let changes = async {
        sleep(Duration::from_secs(1)).await;
        registry.set_failed("failed", "no route to host").unwrap();
        registry
            .set_skipped("skipped", "`failed` failed: no route to host")
            .unwrap();
        registry.drop_table("dropped").unwrap();
    };
    let wait = async |name| {
        registry
            .wait_for_table_ready(name, MINUTE)
            .await
            .unwrap_err()
            .to_string()
    };
    let (never, loading, failed, skipped, dropped, ()) = tokio::join!(
        wait("never"),
        wait("loading"),
        wait("failed"),
        wait("skipped"),
        wait("dropped"),
        changes
    );
    insta::assert_snapshot!([never, loading, failed, skipped, dropped].join("\n"), @"
    there was no table `never` within 1m
    table `loading` was not ready within 1m: it is loading
    table `failed` could not be loaded: no route to host
    table `skipped` was not loaded: `failed` failed: no route to host
    table `dropped` was dropped while it was waited for
    ");
    assert_eq!(registry.list().len(), 3, "waiting alone registers nothing");
}

#[tokio::test(start_paused = true)]
async fn several_tables_are_waited_for_within_one_time() {
    let registry = registry();
    let later = Arc::clone(&registry);
    tokio::spawn(async move {
        for name in ["a", "b", "c"] {
            sleep(Duration::from_secs(10)).await;
            later.register_table(name).unwrap();
            later.set_ready(name, name.into(), ROWS).unwrap();
        }
    });
    let all = registry.wait_for_tables_ready(&["b", "a", "c"], MINUTE).await.unwrap();
    assert_eq!(all.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["b", "a", "c"]);
    let error = registry
        .wait_for_tables_ready(&["a", "x"], Duration::from_secs(5))
        .await;
    assert!(matches!(error, Err(WaitError::NotRegisteredInTime { table, .. }) if table == "x"));
    assert_eq!(
        registry.wait_for_tables_ready::<&str>(&[], Duration::ZERO).await,
        Ok(Vec::new())
    );
}

#[tokio::test(start_paused = true)]
async fn a_table_that_was_dropped_can_come_back() {
    let registry = registry();
    registry.register_table("orders").unwrap();
    registry.set_ready("orders", "first".into(), ROWS).unwrap();
    registry.drop_table("orders").unwrap();
    let later = Arc::clone(&registry);
    tokio::spawn(async move {
        sleep(Duration::from_secs(1)).await;
        later.register_table("orders").unwrap();
        later.set_ready("orders", "second".into(), ROWS).unwrap();
    });
    assert_eq!(
        registry.wait_for_table_ready("orders", MINUTE).await.as_deref(),
        Ok("second")
    );
}

/// What a load does with its registry.
enum Does {
    Publish,
    Forget,
    Fail,
}

struct Registered {
    registry: Arc<TableRegistry<str>>,
    name: &'static str,
    does: Does,
}

#[async_trait]
impl LoadTable for Registered {
    async fn load(&self, _attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        sleep(Duration::from_secs(1)).await;
        let loaded = LoadedTable::new(3, 30);
        match self.does {
            Does::Publish => Ok(loaded.publishing_to(&self.registry, self.name, self.name.into())),
            Does::Forget => Ok(loaded),
            Does::Fail => Err(LoadError::permanent("no route to host")),
        }
    }

    fn may_block(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_keeps_the_status_of_its_tables() {
    let registry = registry();
    let mut graph = TableDependencyGraph::new();
    let mut loads: Vec<(String, Arc<dyn LoadTable>)> = Vec::new();
    let needs_none = NO_DEPENDENCIES.to_vec();
    for (name, does, needs) in [
        ("good", Does::Publish, needs_none.clone()),
        ("forgotten", Does::Forget, needs_none.clone()),
        ("broken", Does::Fail, needs_none),
        ("below", Does::Publish, vec!["broken"]),
    ] {
        graph.add_table(name, TableMetadata::default(), needs).unwrap();
        let registry = Arc::clone(&registry);
        loads.push((name.to_owned(), Arc::new(Registered { registry, name, does })));
    }
    let loader = ParallelLoader::new(ParallelLoadingConfig::default()).unwrap();
    let never = CancellationToken::new();
    let load = registry.load_tables_parallel(&loader, &graph, loads, &never);
    // A stream that needs the table waits for it while it loads.
    let (result, good) = tokio::join!(load, registry.wait_for_table_ready("good", MINUTE));
    assert_eq!(good.as_deref(), Ok("good"));
    assert_eq!(result.unwrap().successful.len(), 2);
    let list: Vec<String> = registry
        .list()
        .iter()
        .map(|(name, status)| format!("{name} is {status}"))
        .collect();
    insta::assert_snapshot!(list.join("\n"), @"
    good is ready
    forgotten is failed: it was loaded, but not published
    broken is failed: no route to host
    below is skipped: `broken` failed: no route to host
    ");
}
