//! Exit codes: the one place that says what a process tells its caller. Codes are added, never reused.

use std::process::ExitCode;

use velo_common::{Diagnostic, code};
use velo_engine::EngineError;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done. Rows that were skipped under a statement's error policy are part of being done.
    Success,
    /// The SQL or its configuration is invalid, or cannot be read.
    Invalid,
    /// The command line makes no sense.
    Usage,
    /// A run failed or was incomplete.
    Failed,
    /// The person at the keyboard stopped it.
    Interrupted,
}

impl Exit {
    /// The number for the operating system.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Invalid => 1,
            Self::Usage => 2,
            Self::Failed => 3,
            Self::Interrupted => 130,
        }
    }

    /// The exit of a program with these diagnostics that was to be run.
    ///
    /// Data that cannot be read is no fault of the SQL: the run failed.
    pub(crate) fn of_refused_run(diagnostics: &[Diagnostic]) -> Self {
        let mut errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        let about_data = [&code::FILE_NOT_FOUND, &code::SOURCE_REFUSED, &code::UNREADABLE_RECORDS];
        let is_about_data = |code| about_data.contains(&code);
        if errors.all(|error| is_about_data(error.code)) {
            Self::Failed
        } else {
            Self::Invalid
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<&EngineError> for Exit {
    fn from(error: &EngineError) -> Self {
        match error {
            EngineError::Compile { .. }
            | EngineError::ColumnsUnknown { .. }
            | EngineError::SchemaDrift { .. }
            | EngineError::UnknownRelation { .. }
            | EngineError::Cycle { .. }
            | EngineError::Restore { .. }
            | EngineError::Checkpoint { .. }
            | EngineError::CoordinatorPanicked { .. }
            | EngineError::Source { .. }
            | EngineError::Sink { .. }
            | EngineError::Row { .. }
            | EngineError::DeadLetter { .. }
            | EngineError::Operator { .. }
            | EngineError::Interrupted { .. }
            | EngineError::Panicked { .. }
            | EngineError::Thread { .. } => Self::Failed,
        }
    }
}
