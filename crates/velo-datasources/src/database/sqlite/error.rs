use std::path::PathBuf;

use rusqlite::{Error, ErrorCode};

use crate::SourceError;

/// What is read, for messages.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// What is read there: `table orders`.
    pub(super) rows: String,
}

impl Place {
    pub(super) fn location(&self) -> String {
        format!("{}, {}", self.path.display(), self.rows)
    }

    /// Says what is the matter with a path that SQLite could not open.
    pub(super) fn check_is_file(&self) -> Result<(), SourceError> {
        match std::fs::metadata(&self.path) {
            Ok(found) if found.is_dir() => Err(SourceError::IsDirectory {
                path: self.path.clone(),
            }),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(SourceError::NotFound {
                path: self.path.clone(),
                near: None,
            }),
            Err(source) => Err(SourceError::Io {
                path: self.path.clone(),
                source,
            }),
        }
    }

    pub(super) fn refused(&self, message: String, is_transient: bool) -> SourceError {
        SourceError::Refused {
            location: self.location(),
            message,
            is_transient,
        }
    }

    /// Tells errors that may pass, such as a lock of somebody else, from those that stay.
    pub(super) fn error(&self, error: &Error) -> SourceError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                let message = "somebody else writes the file and holds it locked; `connect.timeout` sets how long that is waited for";
                self.refused(message.to_owned(), true)
            }
            Some(ErrorCode::NotADatabase) => self.refused("the file is no SQLite database".to_owned(), false),
            Some(ErrorCode::SystemIoFailure) => self.refused(said(error), true),
            _ => self.refused(said(error), false),
        }
    }
}

/// What SQLite says, without the statement that we have sent.
fn said(error: &Error) -> String {
    match error {
        Error::SqlInputError { msg, .. } | Error::SqliteFailure(_, Some(msg)) => msg.clone(),
        other => other.to_string(),
    }
}
