//! Reading what a table is loaded from.

use velo_data::{RowError, StreamSchema};
use velo_datasources::{
    NextBatch, PartitionReader, ReadRequest, SourceBatch, SourceConfig, SourceError, TableDataSource, TableLoad,
    connect_table_source,
};

use crate::support::{errors, rows};

/// What is read of a source: its rows as JSON lines, and what is wrong with the others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) rows: String,
    pub(crate) rejected: String,
}

impl Read {
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.rows.lines().collect()
    }
}

/// Configures a source as `WITH` would.
pub(crate) fn config(properties: &[(&str, &str)]) -> SourceConfig {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    SourceConfig::from_properties(None, &properties.iter().map(owned).collect()).unwrap()
}

pub(crate) fn whole(source: &dyn TableDataSource) -> ReadRequest {
    ReadRequest {
        columns: (0..source.schema().user_columns()).collect(),
        system: vec![],
        bounds: vec![],
        batch_rows_max: 1000,
        decode_threads: 1,
        follow: false,
    }
}

/// Connects and reads everything.
pub(crate) async fn load(config: &SourceConfig, declared: Option<&StreamSchema>) -> Result<Read, SourceError> {
    let source = connect_table_source(config, declared).await?;
    let load = source.bulk_load(&whole(source.as_ref())).await?;
    read_all(load).await
}

pub(crate) async fn read_all(load: TableLoad) -> Result<Read, SourceError> {
    let mut batches = Vec::new();
    for mut partition in load.partitions {
        batches.extend(batches_of(partition.as_mut()).await?);
    }
    let rejected: Vec<RowError> = batches.iter().flat_map(|batch| batch.rejected.clone()).collect();
    Ok(Read {
        rows: rows(batches.into_iter().map(|batch| batch.records)).await,
        rejected: errors(&rejected),
    })
}

pub(crate) async fn batches_of(partition: &mut dyn PartitionReader) -> Result<Vec<SourceBatch>, SourceError> {
    let mut batches = Vec::new();
    while let NextBatch::Batch(batch) = partition.next_batch().await? {
        batches.push(batch);
    }
    Ok(batches)
}
