use std::any::Any;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::Builder;
use tokio::task::{JoinSet, LocalSet};

use super::open_sinks::OpenSinks;
use super::stop::Stop;
use super::task::Task;
use crate::error::EngineError;

/// Starts a thread that runs tasks until all have ended, and gives back the sinks that they wrote to.
///
/// Tasks take turns: each goes on until it waits for events or for room. A task that fails, or panics, fails the job and
/// never the process.
pub(super) fn spawn(number: usize, tasks: Vec<Task>, stop: &Arc<Stop>) -> Option<JoinHandle<Vec<OpenSinks>>> {
    let statement = tasks.first()?.statement().to_owned();
    let failed = {
        let statement = statement.clone();
        move |source| EngineError::Thread { statement, source }
    };
    let stop_of_thread = Arc::clone(stop);
    let body = move || match Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => LocalSet::new().block_on(&runtime, run(tasks, &stop_of_thread)),
        Err(source) => {
            stop_of_thread.fail(EngineError::Thread { statement, source });
            Vec::new()
        }
    };
    let thread = std::thread::Builder::new().name(format!("velo-worker-{number}"));
    thread.spawn(body).map_err(|source| stop.fail(failed(source))).ok()
}

async fn run(tasks: Vec<Task>, stop: &Arc<Stop>) -> Vec<OpenSinks> {
    let mut running = JoinSet::new();
    let mut statements = std::collections::HashMap::new();
    for task in tasks {
        let statement = task.statement().to_owned();
        let handle = running.spawn_local(task.run_to_end());
        statements.insert(handle.id(), statement);
    }
    let mut sinks = Vec::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(open) => sinks.extend(open),
            Err(error) => {
                let statement = statements.remove(&error.id()).unwrap_or_default();
                let message = match error.try_into_panic() {
                    Ok(panic) => message_of(panic.as_ref()),
                    Err(error) => error.to_string(),
                };
                stop.fail(EngineError::Panicked { statement, message });
            }
        }
    }
    sinks
}

/// What a panic says.
pub(super) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a worker panicked".to_owned())
}
