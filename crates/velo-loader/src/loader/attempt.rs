use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::{LoadAttempt, LoadError, LoadTable, LoadedTable};

/// How one attempt to load a table ended.
#[derive(Debug)]
pub(crate) enum AttemptEnd {
    Loaded(LoadedTable),
    Failed(LoadError),
    Panicked(String),
    /// The table's time was over.
    TimedOut,
    /// The load as a whole has ended early.
    Stopped,
}

/// Runs an attempt on a thread or task of its own, so that whatever it does, others go on.
///
/// When its time is over or the load is stopped, the attempt is told, and awaited for `grace`; what is not done by then
/// is given up, and nothing of it becomes visible. What is done by then counts.
pub(crate) async fn run_attempt(
    table: &str,
    load: Arc<dyn LoadTable>,
    attempt: LoadAttempt,
    deadline: Instant,
    grace: Duration,
) -> AttemptEnd {
    let cancellation = attempt.cancellation.clone();
    let mut running = match RunningLoad::start(table, load, attempt) {
        Ok(running) => running,
        Err(error) => return AttemptEnd::Failed(error),
    };
    // Who drops this future ends the attempt as well.
    let _tell_on_drop = cancellation.clone().drop_guard();
    let late = tokio::select! {
        biased;
        end = running.end() => return end,
        () = cancellation.cancelled() => AttemptEnd::Stopped,
        () = sleep_until(deadline) => AttemptEnd::TimedOut,
    };
    cancellation.cancel();
    match timeout(grace, running.end()).await {
        Ok(end @ (AttemptEnd::Loaded(_) | AttemptEnd::Panicked(_))) => end,
        Ok(_) => late,
        Err(_) => {
            tracing::warn!("table `{table}` did not stop loading within {grace:?} after it was told to: given up");
            late
        }
    }
}

/// What a load returns; the outer error is a panic.
type Caught = Result<Result<LoadedTable, LoadError>, Box<dyn Any + Send>>;

/// A load under way.
enum RunningLoad {
    /// Ended with this value.
    Task(JoinHandle<Result<LoadedTable, LoadError>>),
    /// A thread cannot be ended: it is left alone. It is none of the runtime's own, which waits for those when it
    /// shuts down.
    Thread(oneshot::Receiver<Caught>),
}

impl RunningLoad {
    fn start(table: &str, load: Arc<dyn LoadTable>, attempt: LoadAttempt) -> Result<Self, LoadError> {
        if !load.may_block() {
            return Ok(Self::Task(tokio::spawn(async move { load.load(attempt).await })));
        }
        let runtime = Handle::current();
        let (sender, receiver) = oneshot::channel();
        let run = move || {
            let caught = catch_unwind(AssertUnwindSafe(|| runtime.block_on(load.load(attempt))));
            // Nobody receives what comes too late.
            let _ = sender.send(caught);
        };
        // A name with a NUL in it is none for a thread.
        let name = format!("load {}", table.replace('\0', " "));
        thread::Builder::new()
            .name(name)
            .spawn(run)
            .map_err(|error| LoadError::transient("cannot start a thread to load on").with_source(error))?;
        Ok(Self::Thread(receiver))
    }

    async fn end(&mut self) -> AttemptEnd {
        let caught = match self {
            Self::Task(task) => match task.await {
                Ok(end) => Ok(end),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => Err(panic),
                    // Only a runtime that shuts down ends tasks of others.
                    Err(_) => return AttemptEnd::Stopped,
                },
            },
            Self::Thread(receiver) => match receiver.await {
                Ok(caught) => caught,
                Err(_) => return AttemptEnd::Stopped,
            },
        };
        match caught {
            Ok(Ok(loaded)) => AttemptEnd::Loaded(loaded),
            Ok(Err(error)) => AttemptEnd::Failed(error),
            Err(panic) => AttemptEnd::Panicked(panic_message(&*panic)),
        }
    }
}

impl Drop for RunningLoad {
    fn drop(&mut self) {
        if let Self::Task(task) = self {
            task.abort();
        }
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}
