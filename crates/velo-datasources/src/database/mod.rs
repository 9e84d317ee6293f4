//! Tables and queries of SQL databases.
//!
//! [`DatabaseSource`] is what both kinds of databases have in common: a scan sees one snapshot, tells the position that
//! it reaches when it begins, and brings batches as somebody takes them. Each database has a module of its own
//! that knows its protocol, its types and its errors.

mod columns;
mod decimal;
mod postgres;
mod rows;
mod scan;
mod sqlite;
mod statement;

use std::sync::Arc;

use async_trait::async_trait;
use velo_data::StreamSchema;

use self::postgres::Postgres;
use self::scan::{Mark, Scan, Since};
use self::sqlite::Sqlite;
use crate::{
    DatabaseConnection, DatabaseSourceConfig, Increment, ReadRequest, SizeEstimate, SourceError, SourceOffset,
    TableDataSource, TableLoad,
};

/// A table, view or query of a SQL database.
///
/// A load reads the rows of one snapshot: what others write meanwhile is for the next one. Rows that were removed from the
/// database are seen by a bulk load alone, unless they had the highest values of the incremental column.
#[derive(Debug)]
pub struct DatabaseSource {
    schema: StreamSchema,
    backend: Backend,
    incremental_column: Option<String>,
}

#[derive(Debug)]
enum Backend {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl DatabaseSource {
    /// Connects, and finds the declared columns, or all that there are.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached, refuses the login or the statement, or has a column that is not there or whose
    /// values the declared type does not hold.
    pub async fn connect(
        config: &DatabaseSourceConfig,
        declared: Option<&StreamSchema>,
    ) -> Result<Arc<Self>, SourceError> {
        let (backend, schema) = match &config.connection {
            DatabaseConnection::Postgres(server) => {
                let (postgres, schema) = Postgres::connect(config, server, declared).await?;
                (Backend::Postgres(postgres), schema)
            }
            DatabaseConnection::Sqlite(path) => {
                let (sqlite, schema) = Sqlite::connect(config, path, declared).await?;
                (Backend::Sqlite(sqlite), schema)
            }
        };
        Ok(Arc::new(Self {
            schema,
            backend,
            incremental_column: config.incremental_column.clone(),
        }))
    }

    async fn scan(&self, request: &ReadRequest, since: Option<Since>) -> Result<Scan, SourceError> {
        match &self.backend {
            Backend::Postgres(postgres) => postgres.scan(&self.schema, request, since).await,
            Backend::Sqlite(sqlite) => sqlite.scan(&self.schema, request, since).await,
        }
    }

    fn offset(&self, mark: Mark) -> SourceOffset {
        match &self.incremental_column {
            Some(column) => SourceOffset::HighWater {
                column: column.clone(),
                value: mark.value,
            },
            None => SourceOffset::Unknown,
        }
    }

    fn table_load(&self, scan: Scan) -> TableLoad {
        TableLoad {
            partitions: vec![Box::new(scan.reader)],
            size: scan.beginning.size,
            reached: self.offset(scan.beginning.mark).into(),
        }
    }

    /// What an earlier load has reached by the column that this one goes by; or why that does not help.
    fn since(&self, reached: &SourceOffset) -> Result<Option<Since>, String> {
        let location = self.location();
        match (&self.incremental_column, reached) {
            (Some(wanted), SourceOffset::HighWater { column, value }) if column == wanted => {
                Ok(value.clone().map(|value| Since { value }))
            }
            (Some(wanted), SourceOffset::HighWater { column, .. }) => Err(format!(
                "{location} was loaded by `{column}` and now goes by `{wanted}`"
            )),
            (Some(wanted), _) => Err(format!("{location} was not loaded by `{wanted}`")),
            (None, _) => Err(format!("{location} has no `incremental.column`")),
        }
    }
}

#[async_trait]
impl TableDataSource for DatabaseSource {
    fn schema(&self) -> &StreamSchema {
        &self.schema
    }

    fn location(&self) -> String {
        match &self.backend {
            Backend::Postgres(postgres) => postgres.location(),
            Backend::Sqlite(sqlite) => sqlite.location(),
        }
    }

    fn endpoint(&self) -> Option<String> {
        match &self.backend {
            Backend::Postgres(postgres) => Some(postgres.endpoint()),
            Backend::Sqlite(_) => None,
        }
    }

    fn supports_incremental(&self) -> bool {
        self.incremental_column.is_some()
    }

    async fn current_offset(&self) -> Result<SourceOffset, SourceError> {
        let mark = match &self.backend {
            Backend::Postgres(postgres) => postgres.mark().await?,
            Backend::Sqlite(sqlite) => sqlite.mark().await?,
        };
        Ok(self.offset(mark))
    }

    async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        match &self.backend {
            Backend::Postgres(postgres) => postgres.size_estimate().await,
            Backend::Sqlite(sqlite) => sqlite.size_estimate().await,
        }
    }

    async fn bulk_load(&self, request: &ReadRequest) -> Result<TableLoad, SourceError> {
        Ok(self.table_load(self.scan(request, None).await?))
    }

    async fn incremental_load(&self, request: &ReadRequest, since: &SourceOffset) -> Result<Increment, SourceError> {
        let since = match self.since(since) {
            Ok(since) => since,
            Err(reason) => return Ok(Increment::Reload { reason }),
        };
        let scan = self.scan(request, since.clone()).await?;
        let mark = &scan.beginning.mark;
        if let (true, Some(since)) = (mark.went_back, since) {
            let highest = mark.value.as_deref().unwrap_or("nothing");
            let column = self.incremental_column.as_deref().unwrap_or_default();
            let reason = format!(
                "the highest `{column}` of {} went back from {} to {highest}",
                self.location(),
                since.value
            );
            return Ok(Increment::Reload { reason });
        }
        Ok(Increment::Rows(self.table_load(scan)))
    }
}
