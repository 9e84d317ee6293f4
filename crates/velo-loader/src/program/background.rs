use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use velo_engine::{Cancel, JoinedTable};
use velo_planner::plan::PlannedStatement;

use super::{ProgramLoadError, ProgramLoader, TableChoice, TableMissing};
use crate::{CancellationToken, ParallelLoader, ParallelLoadingResult};

/// A load that goes on beside whoever started it, who needs no event loop for it.
pub struct BackgroundLoad {
    runtime: Runtime,
    program: Arc<ProgramLoader>,
    loader: Arc<ParallelLoader>,
    cancellation: CancellationToken,
    load: JoinHandle<Result<ParallelLoadingResult, ProgramLoadError>>,
}

/// How often it is looked whether somebody wants the load to end.
const TICK: Duration = Duration::from_millis(20);

impl BackgroundLoad {
    /// Starts to load the tables of a program, or some of them, until `cancel` is turned.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn start(
        program: ProgramLoader,
        loader: ParallelLoader,
        choice: TableChoice,
        cancel: &Cancel,
    ) -> io::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(1)
            .thread_name("velo-load")
            .enable_time()
            .build()?;
        let (program, loader) = (Arc::new(program), Arc::new(loader));
        let cancellation = CancellationToken::new();
        let load = {
            let (program, loader, token) = (Arc::clone(&program), Arc::clone(&loader), cancellation.clone());
            runtime.spawn(async move { program.load(&loader, &choice, &token).await })
        };
        let (cancel, token) = (cancel.clone(), cancellation.clone());
        runtime.spawn(async move {
            while !cancel.is_cancelled() {
                tokio::time::sleep(TICK).await;
            }
            token.cancel();
        });
        Ok(Self {
            runtime,
            program,
            loader,
            cancellation,
            load,
        })
    }

    /// The program whose tables are loaded.
    pub fn program(&self) -> &ProgramLoader {
        &self.program
    }

    /// Waits for the tables that statements read and look up: see [`ProgramLoader::wait_for_tables`].
    ///
    /// # Errors
    ///
    /// When a table cannot be had, and its statement does not go on without.
    pub fn wait_for_tables(
        &self,
        statements: &[PlannedStatement],
    ) -> Result<HashMap<String, JoinedTable>, TableMissing> {
        let waiting = self
            .program
            .wait_for_tables(statements, &self.loader, &self.cancellation);
        self.runtime.block_on(waiting)
    }

    /// Waits until all is loaded that can be.
    ///
    /// # Errors
    ///
    /// When nothing could be loaded at all.
    pub fn finish(&mut self) -> Result<ParallelLoadingResult, ProgramLoadError> {
        let joined = self.runtime.block_on(&mut self.load);
        joined.unwrap_or_else(|error| Err(ProgramLoadError::Ended(error.to_string())))
    }

    /// Reads what is new in tables that ask for it, each as often as it says, until [`BackgroundLoad::stop`]. Tables that
    /// read one that has changed are loaded again behind it.
    pub fn keep_fresh(&self) {
        for (name, interval) in self.program.refreshed_tables() {
            let (program, loader, token) = (
                Arc::clone(&self.program),
                Arc::clone(&self.loader),
                self.cancellation.clone(),
            );
            self.runtime.spawn(async move {
                loop {
                    tokio::select! {
                        () = tokio::time::sleep(interval) => {}
                        () = token.cancelled() => return,
                    }
                    program.refresh(&name, &loader, &token).await;
                }
            });
        }
    }

    /// Ends what is still being loaded.
    pub fn stop(self) {
        self.cancellation.cancel();
        // Threads that read are told, and whatever they have read is nobody's.
        self.runtime.shutdown_background();
    }
}
