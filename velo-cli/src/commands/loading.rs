//! Starting to load the tables of a program and showing how it goes: what `load` and `deploy` share.

use std::io;
use std::path::Path;

use velo_engine::Cancel;
use velo_loader::{
    BackgroundLoad, LoadingConfigError, ParallelLoader, ParallelLoadingConfig, ProgramLoadError, ProgramLoadOptions,
    ProgramLoader, TableChoice,
};
use velo_planner::plan::PlannedStatement;
use velo_session::CheckedProgram;
use velo_state::{SnapshotError, SnapshotStore};

use crate::args::LoadingArgs;
use crate::exit::Exit;
use crate::progress::{LoadProgress, LoadProgressStyle};
use crate::terminal::Terminal;

/// Why tables could not be loaded at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadingError {
    #[error("cannot load with these options")]
    Options(#[from] LoadingConfigError),
    #[error("cannot use the state directory")]
    State(#[from] SnapshotError),
    #[error(transparent)]
    Load(#[from] ProgramLoadError),
    #[error("cannot start to load")]
    Thread(#[source] io::Error),
}

impl From<&LoadingError> for Exit {
    fn from(error: &LoadingError) -> Self {
        match error {
            LoadingError::Options(_)
            | LoadingError::Load(ProgramLoadError::Selection(_) | ProgramLoadError::AllExcluded) => Self::Usage,
            LoadingError::Load(ProgramLoadError::Plan(_) | ProgramLoadError::Ended(_))
            | LoadingError::State(_)
            | LoadingError::Thread(_) => Self::Failed,
        }
    }
}

/// A load that is about to begin.
pub(crate) struct Loading<'a> {
    pub(crate) program: &'a CheckedProgram,
    pub(crate) tables: &'a [PlannedStatement],
    /// The tables that are meant.
    pub(crate) choice: TableChoice,
    /// Whether what is kept is left aside, and everything read anew.
    pub(crate) full_refresh: bool,
    pub(crate) style: LoadProgressStyle,
}

/// What loads tables as the command line says.
pub(crate) fn loader(args: &LoadingArgs) -> Result<ParallelLoader, LoadingError> {
    Ok(ParallelLoader::new(ParallelLoadingConfig::from(args))?)
}

impl Loading<'_> {
    /// Starts to load into a state directory, and to show how far it is.
    pub(crate) fn start(
        self,
        loader: ParallelLoader,
        state_directory: &Path,
        cancel: &Cancel,
        terminal: Terminal,
    ) -> Result<(BackgroundLoad, LoadProgress), LoadingError> {
        let options = ProgramLoadOptions {
            store: Some(SnapshotStore::open(state_directory)?),
            full_refresh: self.full_refresh,
            reads_kept_of_failed: loader.config().continue_on_dependency_failure,
            ..ProgramLoadOptions::default()
        };
        let progress = LoadProgress::show(loader.monitor(), self.style, terminal);
        let tables = ProgramLoader::new(self.program, self.tables, options);
        let loading = BackgroundLoad::start(tables, loader, self.choice, cancel).map_err(LoadingError::Thread)?;
        Ok((loading, progress))
    }
}
