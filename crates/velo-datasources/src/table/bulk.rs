use std::sync::Arc;

use async_trait::async_trait;
use velo_data::{StreamSchema, SystemColumn};

use crate::{OpenSplit, ReadRequest, Source, SourceError, SplitPositions, TableDataSource};

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

    /// Rows that come over a network have no positions to take up.
    fn is_resumable(&self) -> bool {
        false
    }

    async fn open(&self, request: &ReadRequest, from: Option<&SplitPositions>) -> Result<Vec<OpenSplit>, SourceError> {
        if from.is_some_and(|positions| !positions.is_empty()) {
            return Err(SourceError::CannotResume {
                reason: format!("`{}` can only be read from its beginning", self.table.location()),
            });
        }
        Ok(OpenSplit::numbered(self.table.bulk_load(request).await?.partitions))
    }
}
