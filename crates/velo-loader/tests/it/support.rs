//! Tables that load as a script says, and what was seen while they did.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use velo_graph::{TableDependencyGraph, TableMetadata};
use velo_loader::{
    CancellationToken, LoadAttempt, LoadError, LoadTable, LoadedTable, ParallelLoader, ParallelLoadingConfig,
    ParallelLoadingResult,
};

/// How an attempt ends.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Rows(u64),
    Transient(&'static str),
    /// A transient error of somebody who asks to be left alone for so long.
    Busy(Duration),
    Permanent(&'static str),
    Panic(&'static str),
    /// Does not end by itself, only when it is told to.
    UntilCancelled,
    /// Does not listen either.
    Never,
}

/// A table that takes `takes` for each attempt; attempts end as `ends` says, the last one from then on.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) takes: Duration,
    pub(crate) ends: Vec<End>,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) metadata: TableMetadata,
    pub(crate) endpoints: Vec<&'static str>,
}

/// A table that is loaded after 100 ms.
pub(crate) fn table() -> Script {
    Script {
        takes: Duration::from_millis(100),
        ends: vec![End::Rows(1)],
        needs: Vec::new(),
        metadata: TableMetadata::default(),
        endpoints: Vec::new(),
    }
}

impl Script {
    pub(crate) fn takes(mut self, millis: u64) -> Self {
        self.takes = Duration::from_millis(millis);
        self
    }

    pub(crate) fn ends(mut self, ends: impl IntoIterator<Item = End>) -> Self {
        self.ends = ends.into_iter().collect();
        self
    }

    pub(crate) fn needs(mut self, needs: impl IntoIterator<Item = &'static str>) -> Self {
        self.needs = needs.into_iter().collect();
        self
    }

    pub(crate) fn priority(mut self, priority: i32) -> Self {
        self.metadata = self.metadata.with_priority(priority);
        self
    }

    pub(crate) fn bytes(mut self, bytes: u64) -> Self {
        self.metadata = self.metadata.with_estimated_bytes(bytes);
        self
    }

    pub(crate) fn endpoint(mut self, endpoint: &'static str) -> Self {
        self.endpoints.push(endpoint);
        self
    }
}

/// What was seen of all tables.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// `(time since the start in ms, what happened)`.
    pub(crate) log: Mutex<Vec<(u64, String)>>,
    pub(crate) published: Mutex<HashSet<String>>,
    pub(crate) running: AtomicUsize,
    pub(crate) running_max: AtomicUsize,
    pub(crate) memory: Mutex<BTreeMap<String, Option<u64>>>,
}

impl Seen {
    /// The log as text, one line for each event.
    pub(crate) fn text(&self) -> String {
        let log = self.log.lock().unwrap();
        log.iter().map(|(at, what)| format!("{at:>6} {what}\n")).collect()
    }

    pub(crate) fn starts(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.iter()
            .filter_map(|(_, what)| what.strip_prefix("start ").map(str::to_owned))
            .collect()
    }
}

struct Scripted {
    name: String,
    script: Script,
    seen: Arc<Seen>,
    began: Instant,
}

impl Scripted {
    fn log(&self, what: &str) {
        let at = self.began.elapsed().as_millis() as u64;
        self.seen
            .log
            .lock()
            .unwrap()
            .push((at, format!("{what} {}", self.name)));
    }
}

/// Counts an attempt as running, however it ends.
struct Running<'a>(&'a Seen);

impl<'a> Running<'a> {
    fn new(seen: &'a Seen) -> Self {
        let running = seen.running.fetch_add(1, Ordering::SeqCst) + 1;
        seen.running_max.fetch_max(running, Ordering::SeqCst);
        Self(seen)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl LoadTable for Scripted {
    async fn load(&self, attempt: LoadAttempt) -> Result<LoadedTable, LoadError> {
        self.log("start");
        let _running = Running::new(&self.seen);
        self.seen
            .memory
            .lock()
            .unwrap()
            .insert(self.name.clone(), attempt.memory_bytes);
        let place = (attempt.number as usize - 1).min(self.script.ends.len() - 1);
        sleep(self.script.takes).await;
        match self.script.ends[place].clone() {
            End::Rows(rows) => {
                attempt.progress.add(rows, 10 * rows);
                self.log("end");
                let (seen, name) = (Arc::clone(&self.seen), self.name.clone());
                let publish = move || {
                    seen.published.lock().unwrap().insert(name);
                };
                Ok(LoadedTable::new(rows, 10 * rows).publishing(publish))
            }
            End::Transient(message) => Err(LoadError::transient(message)),
            End::Busy(pause) => Err(LoadError::transient("busy").with_retry_after(pause)),
            End::Permanent(message) => Err(LoadError::permanent(message)),
            End::Panic(message) => panic!("{message}"),
            End::UntilCancelled => {
                attempt.cancellation.cancelled().await;
                self.log("told");
                Err(LoadError::permanent("told to stop"))
            }
            End::Never => std::future::pending().await,
        }
    }

    fn may_block(&self) -> bool {
        false
    }

    fn endpoints(&self) -> Vec<String> {
        self.script
            .endpoints
            .iter()
            .map(|endpoint| (*endpoint).to_owned())
            .collect()
    }
}

/// Tables by name, and how each is loaded.
pub(crate) type Loads = Vec<(String, Arc<dyn LoadTable>)>;

/// A load that is ready to begin.
pub(crate) struct Load {
    pub(crate) graph: TableDependencyGraph,
    pub(crate) loads: Loads,
    pub(crate) seen: Arc<Seen>,
}

pub(crate) fn load_of(tables: impl IntoIterator<Item = (&'static str, Script)>) -> Load {
    let seen = Arc::new(Seen::default());
    let mut graph = TableDependencyGraph::new();
    let mut loads: Loads = Vec::new();
    let began = Instant::now();
    for (name, script) in tables {
        graph
            .add_table(name, script.metadata.clone(), script.needs.clone())
            .unwrap();
        let seen = Arc::clone(&seen);
        let name = name.to_owned();
        loads.push((
            name.clone(),
            Arc::new(Scripted {
                name,
                script,
                seen,
                began,
            }),
        ));
    }
    Load { graph, loads, seen }
}

/// Loads tables, and gives the result and what was seen.
pub(crate) async fn run(
    config: ParallelLoadingConfig,
    tables: impl IntoIterator<Item = (&'static str, Script)>,
) -> (ParallelLoadingResult, Arc<Seen>) {
    let Load { graph, loads, seen } = load_of(tables);
    let loader = ParallelLoader::new(config).unwrap();
    let result = loader
        .load_tables(&graph, loads, &CancellationToken::new())
        .await
        .unwrap();
    (result, seen)
}

/// The result as it is written, over several lines.
pub(crate) fn json(result: &ParallelLoadingResult) -> String {
    serde_json::to_string_pretty(result).unwrap()
}

pub(crate) fn at_once(tables: usize) -> velo_loader::MaxParallel {
    tables.to_string().parse().unwrap()
}
