use std::sync::Arc;

use async_trait::async_trait;
use velo_data::{PartitionOffset, StreamSchema, SystemColumn};

use crate::{PartitionReader, ReadRequest, Source, SourceError, TableDataSource};

/// Reads what a table would be loaded from as a bounded source.
#[derive(Debug)]
pub struct BulkSource {
    table: Arc<dyn TableDataSource>,
}

impl BulkSource {
    /// A source whose partitions are those of a bulk load.
    pub fn new(table: Arc<dyn TableDataSource>) -> Self {
        Self { table }
    }
}

#[async_trait]
impl Source for BulkSource {
    fn schema(&self) -> &StreamSchema {
        self.table.schema()
    }

    fn system_columns(&self) -> &[SystemColumn] {
        self.table.system_columns()
    }

    fn estimated_bytes(&self) -> Option<u64> {
        None
    }

    /// A load begins at its beginning: rows that come over a network have no positions to take up.
    async fn open(
        &self,
        request: &ReadRequest,
        from: &[Option<PartitionOffset>],
    ) -> Result<Vec<Box<dyn PartitionReader>>, SourceError> {
        if from.iter().any(Option::is_some) {
            return Err(SourceError::Refused {
                location: self.table.location(),
                message: "it can only be read from its beginning".to_owned(),
                is_transient: false,
            });
        }
        Ok(self.table.bulk_load(request).await?.partitions)
    }
}
