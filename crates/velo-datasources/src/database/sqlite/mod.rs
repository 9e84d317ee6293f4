//! Tables and queries of SQLite files.

mod builder;
mod describe;
mod error;
mod incremental;
mod scan;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use velo_data::StreamSchema;

use self::describe::found_columns;
use self::error::Place;
use self::incremental::Incremental;
use self::scan::ScanPlan;
use super::columns::{ReadableColumn, bind_columns};
use super::rows::Selection;
use super::scan::{Mark, Scan, ScannedRows, Since, start_scan};
use super::statement::relation;
use crate::{DatabaseRows, DatabaseSourceConfig, ReadRequest, SizeEstimate, SourceError, on_io_runtime};

/// Rows are counted in files up to this size; in larger ones that would take as long as a part of the load.
const COUNTED_BYTES_MAX: u64 = 64 << 20;

/// A table or query of a SQLite file.
#[derive(Debug, Clone)]
pub(super) struct Sqlite {
    file: SqliteFile,
    rows: DatabaseRows,
    columns: Vec<ReadableColumn<()>>,
    incremental: Option<Incremental>,
}

/// A SQLite file, not open.
#[derive(Debug, Clone)]
struct SqliteFile {
    place: Place,
    /// How long a lock of somebody else is waited for.
    lock_timeout: Duration,
}

impl SqliteFile {
    /// Opens it for reading.
    fn open(&self) -> Result<Connection, SourceError> {
        self.place.check_is_file()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.place.path, flags);
        let connection = connection.map_err(|error| self.place.error(&error))?;
        let waiting = connection.busy_timeout(self.lock_timeout);
        waiting.map_err(|error| self.place.error(&error))?;
        Ok(connection)
    }

    /// The number of rows of a table, if the file is not large.
    fn count(
        &self,
        connection: &Connection,
        rows: &DatabaseRows,
        condition: Option<&str>,
        parameter: Option<&Value>,
    ) -> Result<SizeEstimate, SourceError> {
        let is_small = std::fs::metadata(&self.place.path).is_ok_and(|found| found.len() <= COUNTED_BYTES_MAX);
        if !is_small || matches!(rows, DatabaseRows::Query(_)) {
            return Ok(SizeEstimate::default());
        }
        let condition = condition.map_or(String::new(), |condition| format!(" WHERE {condition}"));
        let text = format!("SELECT count(*) FROM {}{condition}", relation(rows));
        let counted = connection.query_row(&text, params_from_iter(parameter), |row| row.get::<_, i64>(0));
        let counted = counted.map_err(|error| self.place.error(&error))?;
        Ok(SizeEstimate {
            rows: u64::try_from(counted).ok(),
            bytes: None,
        })
    }
}

impl Sqlite {
    /// Opens the file, and asks for the columns.
    pub(super) async fn connect(
        config: &DatabaseSourceConfig,
        path: &Path,
        declared: Option<&StreamSchema>,
    ) -> Result<(Self, StreamSchema), SourceError> {
        let (config, path, declared) = (config.clone(), path.to_owned(), declared.cloned());
        blocking(move || Self::describe(config, path, declared.as_ref())).await
    }

    fn describe(
        config: DatabaseSourceConfig,
        path: PathBuf,
        declared: Option<&StreamSchema>,
    ) -> Result<(Self, StreamSchema), SourceError> {
        let file = SqliteFile {
            place: Place {
                path,
                rows: config.rows.describe(),
            },
            lock_timeout: config.connect_timeout,
        };
        let connection = file.open()?;
        let found = found_columns(&connection, &config.rows, declared);
        let found = found.map_err(|error| file.place.error(&error))?;
        let bound = bind_columns(&found, declared, &file.place.rows);
        let (columns, schema) = bound.map_err(|problems| file.place.refused(problems.join("; "), false))?;
        let incremental = match &config.incremental_column {
            Some(name) => Some(Incremental::find(name, &found, &config.rows, &connection, &file.place)?),
            None => None,
        };
        let sqlite = Self {
            file,
            rows: config.rows,
            columns,
            incremental,
        };
        Ok((sqlite, schema))
    }

    pub(super) fn location(&self) -> String {
        self.file.place.location()
    }

    /// The highest value of the incremental column.
    pub(super) async fn mark(&self) -> Result<Mark, SourceError> {
        let Some(incremental) = self.incremental.clone() else {
            return Ok(Mark::default());
        };
        let (file, rows) = (self.file.clone(), self.rows.clone());
        blocking(move || {
            let connection = file.open()?;
            let highest = incremental.highest(&connection, &rows, &file.place)?;
            Ok(highest.mark(None))
        })
        .await
    }

    /// The number of rows of a table in a file that is not large.
    pub(super) async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        let (file, rows) = (self.file.clone(), self.rows.clone());
        blocking(move || file.count(&file.open()?, &rows, None, None)).await
    }

    /// Reads all rows, or those since a position, as they are in one snapshot.
    pub(super) async fn scan(
        &self,
        schema: &StreamSchema,
        request: &ReadRequest,
        since: Option<Since>,
    ) -> Result<Scan, SourceError> {
        let selection = Selection::new(schema, &self.columns, request, &self.location());
        let selection = selection.map_err(|problem| self.file.place.refused(problem, false))?;
        let plan = ScanPlan {
            scanned: ScannedRows::new(selection, &self.rows, self.incremental.clone(), since),
            file: self.file.clone(),
        };
        start_scan(|batches, tell| plan.run(batches, tell)).await
    }
}

/// Runs what waits for a disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    on_io_runtime(async move {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(scan::failed(&error)))
    })
    .await
}
