use std::sync::Arc;

use velo_data::StreamSchema;
use velo_datasources::{
    FileSample, SourceConfig, SourceError, TableDataSource, connect_sampled_table_source, connect_table_source,
};

/// How a source of the program is reached when a table is loaded from it.
#[derive(Debug, Clone)]
pub struct SourceConnection {
    /// Where its data is, and what it looks like.
    pub config: SourceConfig,
    /// Its columns, where they are declared or were asked for.
    pub schema: Option<StreamSchema>,
    /// What its first records have shown, where that told its columns.
    pub(crate) sample: Option<FileSample>,
    /// The source as it was opened to be asked for its columns, where loads need not ask again.
    pub(crate) asked: Option<Arc<dyn TableDataSource>>,
}

impl SourceConnection {
    /// Opens the source for loading, with the columns that the program was planned with.
    ///
    /// # Errors
    ///
    /// When the source cannot be reached or read.
    pub async fn connect(&self) -> Result<Arc<dyn TableDataSource>, SourceError> {
        match (&self.asked, &self.sample) {
            (Some(asked), _) => Ok(Arc::clone(asked)),
            (None, Some(sample)) => connect_sampled_table_source(&self.config, sample).await,
            (None, None) => connect_table_source(&self.config, self.schema.as_ref()).await,
        }
    }
}
