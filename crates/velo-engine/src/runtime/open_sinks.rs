use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use velo_datasources::Sink;

use super::ledger::StatementLedger;
use super::sink_output::sink_error;
use super::worker::message_of;
use crate::error::EngineError;

/// Sinks that a statement has written to and that are still open.
pub(super) struct OpenSinks {
    pub(super) ledger: Arc<StatementLedger>,
    pub(super) sinks: Vec<Box<dyn Sink>>,
}

/// What becomes of what sinks were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It is kept.
    Finish,
    /// Destinations stay as they were before, where that is possible.
    Abandon,
}

impl Ending {
    /// Closes the sinks of all statements, several at the same time. Errors are those of the first statement that has one.
    ///
    /// That happens when all statements have ended, so that either all outputs of a job are replaced or none.
    pub(super) fn close(self, mut statements: Vec<OpenSinks>) -> Result<(), EngineError> {
        statements.retain(|statement| !statement.sinks.is_empty());
        let threads = statements.len().min(CLOSING_THREADS_MAX);
        let waiting = Mutex::new(statements.into_iter().enumerate());
        // A function, so that the lock is free again before anything is closed.
        let next = || lock(&waiting).next();
        let close_some = || {
            let mut failed = Vec::new();
            while let Some((place, statement)) = next() {
                failed.extend(statement.close(self).err().map(|error| (place, error)));
            }
            failed
        };
        let failed = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(close_some)).collect();
            let mut failed = close_some();
            // Panics are caught where statements are closed.
            failed.extend(others.into_iter().flat_map(thread::ScopedJoinHandle::join).flatten());
            failed
        });
        let first = failed.into_iter().min_by_key(|(place, _)| *place);
        first.map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// Threads that close sinks: closing waits for disks, not for processors.
const CLOSING_THREADS_MAX: usize = 8;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves the list valid: taking an entry is one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OpenSinks {
    fn close(self, ending: Ending) -> Result<(), EngineError> {
        let name = self.ledger.name.clone();
        catch_unwind(AssertUnwindSafe(|| self.close_each(ending))).unwrap_or_else(|panic| {
            Err(EngineError::Panicked {
                statement: name,
                message: message_of(panic.as_ref()),
            })
        })
    }

    fn close_each(mut self, ending: Ending) -> Result<(), EngineError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|source| EngineError::Thread {
            statement: self.ledger.name.clone(),
            source,
        })?;
        let mut closed = Ok(());
        for sink in &mut self.sinks {
            let result = runtime.block_on(async {
                match ending {
                    Ending::Finish => sink.finish().await,
                    Ending::Abandon => sink.abandon().await,
                }
            });
            match result {
                Ok(summary) => self.ledger.add_sink(summary),
                Err(error) if error.is_closed_pipe() => {}
                Err(source) => closed = closed.and(Err(sink_error(source, &self.ledger))),
            }
        }
        closed
    }
}
