use std::sync::Arc;

use async_trait::async_trait;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use velo_data::StreamSchema;

use super::client::HttpClient;
use super::load::{PageReader, sample};
use super::marks::Marks;
use super::paging::PageWalk;
use crate::file::RemoteColumns;
use crate::{
    HttpSourceConfig, Increment, Paging, ReadRequest, SizeEstimate, SourceError, SourceOffset, TableDataSource,
    TableLoad, on_io_runtime, spawn_reader,
};

/// A document on the web, or the pages of one: one partition.
///
/// It is read again when its server says, by `ETag` or `Last-Modified`, that it has changed. The first of several pages
/// does not tell whether another one has changed, so that pages are read anew each time.
#[derive(Debug)]
pub struct HttpSource {
    client: HttpClient,
    columns: RemoteColumns,
}

impl HttpSource {
    /// A source with the declared columns; without any, the first records are looked at.
    ///
    /// # Errors
    ///
    /// When the server has to be asked and does not answer, or its answer cannot be read.
    pub async fn connect(config: &HttpSourceConfig, declared: Option<&StreamSchema>) -> Result<Self, SourceError> {
        let client = HttpClient::new(Arc::new(config.clone()))?;
        let columns = match declared {
            Some(schema) => RemoteColumns {
                schema: schema.clone(),
                are_declared: true,
            },
            None => {
                let asked = client.clone();
                let sampled = on_io_runtime(async move { sample(&asked).await }).await?;
                RemoteColumns {
                    schema: sampled.schema,
                    are_declared: false,
                }
            }
        };
        Ok(Self { client, columns })
    }

    fn config(&self) -> &HttpSourceConfig {
        self.client.config()
    }

    fn is_one_document(&self) -> bool {
        self.config().paging == Paging::None
    }
}

/// How long an answer is, where all of it is records.
fn size_of(config: &HttpSourceConfig, headers: &HeaderMap) -> SizeEstimate {
    let is_all = config.paging == Paging::None && !config.is_within_document();
    let length = headers.get(CONTENT_LENGTH).filter(|_| is_all);
    SizeEstimate {
        rows: None,
        bytes: length.and_then(|length| length.to_str().ok()?.parse().ok()),
    }
}

#[async_trait]
impl TableDataSource for HttpSource {
    fn schema(&self) -> &StreamSchema {
        &self.columns.schema
    }

    fn location(&self) -> String {
        self.config().location()
    }

    fn endpoint(&self) -> Option<String> {
        Some(self.config().endpoint())
    }

    fn supports_incremental(&self) -> bool {
        self.is_one_document()
    }

    async fn current_offset(&self) -> Result<SourceOffset, SourceError> {
        if !self.is_one_document() {
            return Ok(SourceOffset::Unknown);
        }
        let client = self.client.clone();
        on_io_runtime(async move {
            let url = &client.config().url;
            let answer = match client.head(url).await? {
                Some(answer) => answer,
                None => client.get(url, &Marks::default()).await?, // Its body is not waited for.
            };
            Ok(Marks::of(answer.headers()).into_offset())
        })
        .await
    }

    async fn size_estimate(&self) -> Result<SizeEstimate, SourceError> {
        if !self.is_one_document() {
            return Ok(SizeEstimate::default());
        }
        let client = self.client.clone();
        on_io_runtime(async move {
            let config = client.config();
            let answer = client.head(&config.url).await?;
            Ok(answer.map_or_else(SizeEstimate::default, |answer| size_of(config, answer.headers())))
        })
        .await
    }

    async fn bulk_load(&self, request: &ReadRequest) -> Result<TableLoad, SourceError> {
        let (client, columns) = (self.client.clone(), self.columns.clone());
        let request = Arc::new(request.clone());
        let is_one_document = self.is_one_document();
        on_io_runtime(async move {
            let walk = PageWalk::new(client.config());
            let first = client.get(walk.current(), &Marks::default()).await?;
            let reached = if is_one_document {
                Marks::of(first.headers()).into_offset()
            } else {
                SourceOffset::Unknown
            };
            let size = size_of(client.config(), first.headers());
            let read = |batches| {
                let reader = PageReader {
                    client,
                    columns,
                    request,
                    batches,
                };
                reader.read(walk, first)
            };
            Ok(TableLoad {
                partitions: vec![Box::new(spawn_reader(read)?)],
                size,
                reached: reached.into(),
            })
        })
        .await
    }

    async fn incremental_load(&self, _request: &ReadRequest, since: &SourceOffset) -> Result<Increment, SourceError> {
        let location = self.location();
        if !self.is_one_document() {
            let reason = format!("pages of {location} may have changed without telling");
            return Ok(Increment::Reload { reason });
        }
        let Some(marks) = Marks::of_offset(since) else {
            let reason = format!("the server of {location} gives neither ETag nor Last-Modified");
            return Ok(Increment::Reload { reason });
        };
        let client = self.client.clone();
        let since = since.clone();
        on_io_runtime(async move {
            let answer = client.get(&client.config().url, &marks).await?;
            if answer.status() == reqwest::StatusCode::NOT_MODIFIED {
                return Ok(Increment::Rows(TableLoad {
                    partitions: Vec::new(),
                    size: SizeEstimate {
                        rows: Some(0),
                        bytes: Some(0),
                    },
                    reached: since.into(),
                }));
            }
            Ok(Increment::Reload {
                reason: format!("{location} has changed"),
            })
        })
        .await
    }
}
