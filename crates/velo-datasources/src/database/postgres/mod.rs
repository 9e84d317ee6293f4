//! Tables and queries of PostgreSQL servers.

mod array;
mod decode;
mod error;
mod incremental;
mod scan;
mod session;
mod size;
mod tls;
mod types;

use velo_data::StreamSchema;

use self::error::Place;
use self::incremental::Incremental;
use self::scan::ScanPlan;
use self::session::{Access, Session, Timeouts};
use self::size::expected_size;
pub(super) use self::types::UNBOUNDED_DECIMAL;
use self::types::{WireType, found_column};
use super::columns::{ReadableColumn, bind_columns};
use super::rows::Selection;
use super::scan::{Mark, Scan, ScannedRows, Since, start_scan};
use super::statement::{column_expression, relation, select};
use crate::{
    DatabaseRows, DatabaseSourceConfig, PostgresConnection, ReadRequest, SizeEstimate, SourceError, on_io_runtime,
};

/// A table or query of a PostgreSQL server.
#[derive(Debug, Clone)]
pub(super) struct Postgres {
    place: Place,
    rows: DatabaseRows,
    columns: Vec<ReadableColumn<WireType>>,
    incremental: Option<Incremental>,
    access: Access,
    fetch_size: usize,
}

impl Postgres {
    /// Connects, and asks for the columns.
    pub(super) async fn connect(
        config: &DatabaseSourceConfig,
        server: &PostgresConnection,
        declared: Option<&StreamSchema>,
    ) -> Result<(Self, StreamSchema), SourceError> {
        let (config, server, declared) = (config.clone(), server.clone(), declared.cloned());
        on_io_runtime(async move { Self::describe(config, server, declared.as_ref()).await }).await
    }

    async fn describe(
        config: DatabaseSourceConfig,
        server: PostgresConnection,
        declared: Option<&StreamSchema>,
    ) -> Result<(Self, StreamSchema), SourceError> {
        let place = Place {
            server,
            rows: config.rows.describe(),
        };
        let timeouts = Timeouts {
            connect: config.connect_timeout,
            statement: config.statement_timeout,
        };
        let access = Access::new(&place, timeouts)?;
        let session = Session::open(&place, &access).await?;
        let text = format!("SELECT * FROM {}", relation(&config.rows));
        let statement = session.client().prepare(&text).await;
        let statement = statement.map_err(|error| place.error(&error))?;
        let found: Vec<_> = statement.columns().iter().map(found_column).collect();
        let bound = bind_columns(&found, declared, &place.rows);
        let (columns, schema) = bound.map_err(|problems| place.refused(problems.join("; "), false))?;
        let incremental = match &config.incremental_column {
            Some(name) => Some(Incremental::find(name, &config.rows, &statement, &session, &place).await?),
            None => None,
        };
        let postgres = Self {
            place,
            rows: config.rows,
            columns,
            incremental,
            access,
            fetch_size: config.fetch_size,
        };
        Ok((postgres, schema))
    }

    pub(super) fn location(&self) -> String {
        self.place.location()
    }

    pub(super) fn endpoint(&self) -> String {
        self.place.server.endpoint()
    }

    /// The highest value of the incremental column.
    pub(super) async fn mark(&self) -> Result<Mark, SourceError> {
        let Some(incremental) = self.incremental.clone() else {
            return Ok(Mark::default());
        };
        let (place, rows, access) = (self.place.clone(), self.rows.clone(), self.access.clone());
        on_io_runtime(async move {
            let mut session = Session::open(&place, &access).await?;
            let mark = async {
                let (transaction, cancel) = session.snapshot(access.timeouts).await?;
                let mark = incremental.mark(&transaction, &rows, None).await?;
                cancel.disarm();
                Ok(mark)
            };
            mark.await.map_err(|error| place.error(&error))
        })
        .await
    }

    /// How many rows the server expects, from its statistics.
    pub(super) async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        let readable = self.columns.iter().flatten().map(column_expression);
        let text = format!("EXPLAIN {}", select(&self.rows, readable, None));
        let (place, access) = (self.place.clone(), self.access.clone());
        on_io_runtime(async move {
            let session = Session::open(&place, &access).await?;
            let plan = session.client().query(&text, &[]).await;
            Ok(expected_size(&plan.map_err(|error| place.error(&error))?))
        })
        .await
    }

    /// Reads all rows, or those since a position, as they are in one snapshot.
    pub(super) async fn scan(
        &self,
        schema: &StreamSchema,
        request: &ReadRequest,
        since: Option<Since>,
    ) -> Result<Scan, SourceError> {
        let selection = Selection::new(schema, &self.columns, request, &self.location());
        let selection = selection.map_err(|problem| self.place.refused(problem, false))?;
        let plan = ScanPlan {
            scanned: ScannedRows::new(selection, &self.rows, self.incremental.clone(), since),
            place: self.place.clone(),
            access: self.access.clone(),
            fetch_size: self.fetch_size,
        };
        start_scan(|batches, tell| plan.run(batches, tell)).await
    }
}
