//! Files as what tables are loaded from.

use async_trait::async_trait;
use velo_data::StreamSchema;

use super::FileSource;
use crate::{Increment, ReadRequest, SizeEstimate, Source, SourceError, SourceOffset, TableDataSource, TableLoad};

#[async_trait]
impl TableDataSource for FileSource {
    fn schema(&self) -> &StreamSchema {
        self.plan.schema()
    }

    fn location(&self) -> String {
        self.config.path.display().to_string()
    }

    fn supports_incremental(&self) -> bool {
        false
    }

    async fn current_offset(&self) -> Result<SourceOffset, SourceError> {
        Ok(SourceOffset::Unknown)
    }

    async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        Ok(SizeEstimate {
            rows: None,
            bytes: self.estimated_bytes(),
        })
    }

    async fn bulk_load(&self, request: &ReadRequest) -> Result<TableLoad, SourceError> {
        let request = ReadRequest {
            follow: false,
            ..request.clone()
        };
        Ok(TableLoad {
            partitions: self.open(&request, &[]).await?,
            reached: SourceOffset::Unknown.into(),
        })
    }

    async fn incremental_load(&self, _request: &ReadRequest, _since: &SourceOffset) -> Result<Increment, SourceError> {
        Ok(Increment::Reload {
            reason: format!("it is not known how far {} was read", self.location()),
        })
    }
}
