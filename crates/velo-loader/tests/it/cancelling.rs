//! Loads that end early, and what is left of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;
use velo_graph::{NO_DEPENDENCIES, TableDependencyGraph, TableMetadata};
use velo_loader::{
    CancellationToken, LoadAttempt, LoadError, LoadTable, LoadedTable, ParallelLoader, ParallelLoadingConfig,
};

use crate::support::{End, Load, json, load_of, table};

fn loader() -> ParallelLoader {
    ParallelLoader::new(ParallelLoadingConfig::default()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn running_tables_are_told_and_the_others_do_not_start() {
    let Load { graph, loads, seen } = load_of([
        ("done", table()),
        ("polite", table().ends([End::UntilCancelled])),
        ("deaf", table().ends([End::Never])),
        ("almost", table().takes(600)),
        ("waits", table().needs(["polite"])),
    ]);
    let cancellation = CancellationToken::new();
    let loader = loader();
    let cancel = async {
        sleep(Duration::from_millis(500)).await;
        cancellation.cancel();
    };
    let (result, ()) = tokio::join!(loader.load_tables(&graph, loads, &cancellation), cancel);
    let result = result.unwrap();
    assert!(result.was_cancelled());
    insta::assert_snapshot!(json(&result), @r#"
    {
      "event": "result",
      "successful": [
        "done",
        "almost"
      ],
      "failed": {},
      "skipped": {
        "polite": "cancelled while it was loading",
        "deaf": "cancelled while it was loading",
        "waits": "cancelled before it started"
      },
      "total_duration_ms": 5500,
      "waves": [
        {
          "wave": 1,
          "tables": [
            "done",
            "polite",
            "deaf",
            "almost"
          ],
          "duration_ms": 5500,
          "successful": 2,
          "failed": 0
        },
        {
          "wave": 2,
          "tables": [
            "waits"
          ],
          "duration_ms": 0,
          "successful": 0,
          "failed": 0
        }
      ]
    }
    "#);
    // What is done within the grace is done; what is told to stop never becomes visible.
    let mut published: Vec<String> = seen.published.lock().unwrap().iter().cloned().collect();
    published.sort();
    assert_eq!(published, ["almost", "done"]);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_dropped_tells_its_tables() {
    let Load { graph, loads, seen } = load_of([("polite", table().ends([End::UntilCancelled]))]);
    let cancellation = CancellationToken::new();
    let loader = loader();
    tokio::select! {
        _ = loader.load_tables(&graph, loads, &cancellation) => panic!("nothing ends it"),
        () = sleep(Duration::from_secs(1)) => {}
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(seen.running.load(Ordering::SeqCst), 0);
    assert!(!cancellation.is_cancelled(), "the caller's own token is not touched");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_cancelled_before_it_begins_starts_nothing() {
    let Load { graph, loads, seen } =
        load_of([("a", table().ends([End::UntilCancelled])), ("b", table().needs(["a"]))]);
    let cancellation = CancellationToken::new();
    cancellation.cancel();
    let result = loader().load_tables(&graph, loads, &cancellation).await.unwrap();
    assert_eq!(result.skipped.len(), 2);
    assert!(seen.starts().is_empty());
    assert!(seen.published.lock().unwrap().is_empty());
}

/// Blocks its thread until the other table has run, or until it is cancelled.
struct Blocking {
    other_ran: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
}

#[async_trait]
impl LoadTable for Blocking {
    async fn load(&self, _attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        let other_ran = self.other_ran.lock().unwrap();
        other_ran
            .recv_timeout(Duration::from_mins(1))
            .map_err(|_| LoadError::permanent("starved"))?;
        Ok(LoadedTable::new(0, 0))
    }
}

struct Sends(std::sync::Mutex<std::sync::mpsc::Sender<()>>);

#[async_trait]
impl LoadTable for Sends {
    async fn load(&self, _attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        sleep(Duration::from_millis(20)).await;
        self.0.lock().unwrap().send(()).unwrap();
        Ok(LoadedTable::new(0, 0))
    }

    fn may_block(&self) -> bool {
        false
    }
}

fn graph_of(names: &[&str]) -> TableDependencyGraph {
    let mut graph = TableDependencyGraph::new();
    for name in names {
        graph
            .add_table(*name, TableMetadata::default(), NO_DEPENDENCIES)
            .unwrap();
    }
    graph
}

/// In real time, on one thread: a table that blocks holds back neither timers nor other tables.
#[tokio::test]
async fn a_table_may_block_its_thread() {
    let (sender, receiver) = channel();
    let loads: [(String, Arc<dyn LoadTable>); 2] = [
        (
            "blocks".to_owned(),
            Arc::new(Blocking {
                other_ran: receiver.into(),
            }),
        ),
        ("sends".to_owned(), Arc::new(Sends(sender.into()))),
    ];
    let result = loader()
        .load_tables(&graph_of(&["blocks", "sends"]), loads, &CancellationToken::new())
        .await;
    assert!(result.unwrap().is_complete());
}

/// Keeps its thread until it is told to stop.
struct Stubborn(std::sync::Mutex<std::sync::mpsc::Sender<()>>);

#[async_trait]
impl LoadTable for Stubborn {
    async fn load(&self, attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        while !attempt.cancellation.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.0.lock().unwrap().send(()).unwrap();
        Err(LoadError::permanent("told to stop"))
    }
}

/// In real time: a thread cannot be ended, and so has to be told.
#[tokio::test]
async fn a_load_that_is_dropped_tells_its_threads() {
    let (sender, told) = channel();
    let loads: [(String, Arc<dyn LoadTable>); 1] = [("stubborn".to_owned(), Arc::new(Stubborn(sender.into())))];
    let graph = graph_of(&["stubborn"]);
    let never = CancellationToken::new();
    let loader = loader();
    tokio::select! {
        _ = loader.load_tables(&graph, loads, &never) => panic!("nothing ends it"),
        () = sleep(Duration::from_millis(50)) => {}
    }
    let told = tokio::task::spawn_blocking(move || told.recv_timeout(Duration::from_mins(1)));
    told.await.unwrap().unwrap();
}

struct PanicsOnItsThread;

#[async_trait]
impl LoadTable for PanicsOnItsThread {
    async fn load(&self, _attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        panic!("a defect")
    }
}

struct PanicsWhenPublished;

#[async_trait]
impl LoadTable for PanicsWhenPublished {
    async fn load(&self, _attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        Ok(LoadedTable::new(1, 1).publishing(|| panic!("another defect")))
    }
}

#[tokio::test]
async fn panics_fail_their_table_alone() {
    let loads: [(String, Arc<dyn LoadTable>); 2] = [
        ("load".to_owned(), Arc::new(PanicsOnItsThread)),
        ("publish".to_owned(), Arc::new(PanicsWhenPublished)),
    ];
    let result = loader()
        .load_tables(&graph_of(&["load", "publish"]), loads, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(result.failed["load"].to_string(), "panicked: a defect");
    assert_eq!(result.failed["publish"].to_string(), "panicked: another defect");
}

/// Finishes long after it was given up.
struct Late {
    released: AtomicBool,
    published: Arc<AtomicBool>,
}

#[async_trait]
impl LoadTable for Late {
    async fn load(&self, attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        while !attempt.cancellation.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(100));
        self.released.store(true, Ordering::SeqCst);
        let published = Arc::clone(&self.published);
        Ok(LoadedTable::new(1, 1).publishing(move || published.store(true, Ordering::SeqCst)))
    }
}

/// In real time: a thread cannot be ended, but what it makes after it was given up never becomes visible.
#[tokio::test]
async fn what_comes_too_late_never_becomes_visible() {
    let published = Arc::new(AtomicBool::new(false));
    let late = Arc::new(Late {
        released: AtomicBool::new(false),
        published: Arc::clone(&published),
    });
    let loads: [(String, Arc<dyn LoadTable>); 1] = [("late".to_owned(), Arc::clone(&late) as Arc<dyn LoadTable>)];
    let config = ParallelLoadingConfig {
        table_timeout: Duration::from_millis(10),
        cancellation_grace: Duration::from_millis(10),
        ..ParallelLoadingConfig::default()
    };
    let loader = ParallelLoader::new(config).unwrap();
    let result = loader
        .load_tables(&graph_of(&["late"]), loads, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(result.failed["late"].to_string(), "did not load within 10ms");
    while !late.released.load(Ordering::SeqCst) {
        sleep(Duration::from_millis(1)).await;
    }
    sleep(Duration::from_millis(20)).await;
    assert!(!published.load(Ordering::SeqCst));
}
