//! Tables and queries of SQL databases, read from the real ones.

mod config;
mod errors;
mod incremental;
mod postgres_scan;
mod postgres_tls;
mod postgres_types;
mod sqlite;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use velo_data::{RowError, StreamSchema};
use velo_datasources::{
    DatabaseConnection, DatabaseRows, DatabaseSource, DatabaseSourceConfig, NextBatch, PostgresConnection, ReadRequest,
    SourceConfig, SourceError, SourceOffset, TableDataSource, TableLoad,
};
use velo_testservices::{Database, PostgresServer};

use crate::support::rows;

/// A new database; `None` on a machine without PostgreSQL, where the test is skipped loudly.
fn postgres() -> Option<Database> {
    Some(PostgresServer::shared()?.create_database())
}

fn postgres_config(database: &Database, rows: DatabaseRows) -> DatabaseSourceConfig {
    let server = PostgresConnection::parse(&database.url()).unwrap();
    DatabaseSourceConfig::new(DatabaseConnection::Postgres(server), rows)
}

fn table(name: &str) -> DatabaseRows {
    DatabaseRows::Table(name.to_owned())
}

fn query(text: &str) -> DatabaseRows {
    DatabaseRows::Query(text.to_owned())
}

fn sqlite_config(path: impl Into<PathBuf>, rows: DatabaseRows) -> DatabaseSourceConfig {
    DatabaseSourceConfig::new(DatabaseConnection::Sqlite(path.into()), rows)
}

/// A configuration as users write it.
fn configured(pairs: &[(&str, &str)]) -> DatabaseSourceConfig {
    let properties: BTreeMap<String, String> = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    match SourceConfig::from_properties(Some("sql_source"), &properties).unwrap() {
        SourceConfig::Database(config) => config,
        other => panic!("not {other:?}"),
    }
}

async fn connect(config: &DatabaseSourceConfig) -> Arc<DatabaseSource> {
    DatabaseSource::connect(config, None).await.unwrap()
}

async fn connect_declared(
    config: &DatabaseSourceConfig,
    declared: &StreamSchema,
) -> Result<Arc<DatabaseSource>, SourceError> {
    DatabaseSource::connect(config, Some(declared)).await
}

fn all_columns(source: &DatabaseSource, batch_rows_max: usize) -> ReadRequest {
    ReadRequest {
        columns: (0..source.schema().user_columns()).collect(),
        system: vec![],
        bounds: vec![],
        batch_rows_max,
        decode_threads: 1,
        follow: false,
    }
}

/// What a load brings.
struct Loaded {
    batches: Vec<RecordBatch>,
    rejected: Vec<RowError>,
    reached: SourceOffset,
}

impl Loaded {
    async fn rows(&self) -> String {
        rows(self.batches.clone()).await
    }

    fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn rejections(&self) -> Vec<String> {
        self.rejected.iter().map(ToString::to_string).collect()
    }
}

async fn read(load: TableLoad) -> Loaded {
    let (mut batches, mut rejected) = (Vec::new(), Vec::new());
    for mut partition in load.partitions {
        while let NextBatch::Batch(batch) = partition.next_batch().await.unwrap() {
            batches.push(batch.records);
            rejected.extend(batch.rejected);
        }
    }
    Loaded {
        batches,
        rejected,
        reached: load.reached.offset(),
    }
}

async fn load(source: &DatabaseSource) -> Loaded {
    read(source.bulk_load(&all_columns(source, 1000)).await.unwrap()).await
}
