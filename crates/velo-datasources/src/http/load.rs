//! Reading page after page.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::{Response, StatusCode, Url};
use velo_formats::SampledSchema;

use super::client::HttpClient;
use super::content::Content;
use super::document::Document;
use super::failure::{broken_off, location};
use super::fingerprint::{Fingerprint, fingerprinted};
use super::link::next_link;
use super::marks::Marks;
use super::paging::{PageEnd, PageWalk};
use crate::config::Packing;
use crate::file::{Look, RemoteColumns, RemotePlan, SAMPLE_BYTES_MAX, Stream, columns_of_stream, unpacked};
use crate::table::{ByteStream, read_blocking};
use crate::{BatchSender, HttpSourceConfig, Paging, PagingEnd, ReadRequest, SourceError};

/// Largest page that is held in memory whole, which is necessary where records stand within a document.
const DOCUMENT_BYTES_MAX: usize = 64 << 20;

/// Pages that a sample looks at, at most.
const SAMPLE_PAGES_MAX: u64 = 10;

/// Reads the pages of a source, in their order.
pub(super) struct PageReader {
    pub(super) client: HttpClient,
    pub(super) columns: RemoteColumns,
    pub(super) request: Arc<ReadRequest>,
    pub(super) batches: BatchSender,
}

impl PageReader {
    /// Reads on from the first page to the last.
    pub(super) async fn read(self, mut walk: PageWalk, first: Response) -> Result<(), SourceError> {
        let config = self.client.config();
        if first.status() == StatusCode::NO_CONTENT {
            return Ok(()); // It says nothing of how records would stand in it.
        }
        let content = Content::of(config, &first)?;
        let document = content.document;
        let plan = RemotePlan::new(content.file, content.format.into(), &self.columns);
        let records_max = config.records.max_records.unwrap_or(u64::MAX);
        let mut page = first;
        let mut record = 0;
        loop {
            let link = next_link(page.headers());
            let read = self.read_page(&plan, document, &walk, page, record).await?;
            let end = PageEnd {
                records: read.next_record - record,
                link,
                cursor: read.cursor,
                fingerprint: read.fingerprint,
            };
            record = read.next_record;
            if record >= records_max || self.batches.is_closed() || !walk.move_on(config, end)? {
                return Ok(());
            }
            let Some(next) = self.next_page(&walk).await? else {
                return Ok(());
            };
            page = next;
        }
    }

    /// Asks for the page that comes next; `None` where the server says by its status that there is none.
    async fn next_page(&self, walk: &PageWalk) -> Result<Option<Response>, SourceError> {
        let missing = match self.client.find(walk.current()).await? {
            Ok(page) => return Ok(Some(page)),
            Err(missing) => missing,
        };
        match &self.client.config().paging {
            Paging::Number {
                end: PagingEnd::NotFound,
                ..
            } => Ok(None),
            Paging::Number { .. } => Err(with_advice_on_end(missing)),
            _ => Err(missing),
        }
    }

    /// Reads one page.
    async fn read_page(
        &self,
        plan: &RemotePlan,
        document: Packing,
        walk: &PageWalk,
        page: Response,
        first_record: u64,
    ) -> Result<PageRead, SourceError> {
        if page.status() == StatusCode::NO_CONTENT {
            return Ok(PageRead {
                next_record: first_record,
                cursor: None,
                fingerprint: None,
            });
        }
        let Page { bytes, cursor } = open(self.client.config(), document, walk.current(), page).await?;
        let (bytes, fingerprint) = fingerprinted(bytes);
        let name = page_name(walk);
        let (plan, request, batches) = (plan.clone(), Arc::clone(&self.request), self.batches.clone());
        let decode = move |stream: Stream| {
            let mut rows = plan.open(&name, stream, 0, &request, first_record)?;
            while let Some(batch) = rows.next_batch()? {
                if !batches.send_blocking(batch) {
                    break;
                }
            }
            Ok(rows.next_record())
        };
        let next_record = read_blocking(bytes, decode).await?;
        Ok(PageRead {
            next_record,
            cursor,
            fingerprint: Some(fingerprint.value()),
        })
    }
}

/// What a page has brought.
struct PageRead {
    /// Number of the record behind it.
    next_record: u64,
    cursor: Option<String>,
    fingerprint: Option<Fingerprint>,
}

/// Looks at the first pages to tell the columns.
///
/// What is wrong with a page behind the first is for the load to tell, which reads all of them.
pub(super) async fn sample(client: &HttpClient) -> Result<SampledSchema, SourceError> {
    let config = client.config();
    let mut walk = PageWalk::new(config);
    let mut page = client.get(walk.current(), &Marks::default()).await?;
    if page.status() == StatusCode::NO_CONTENT {
        return Ok(SampledSchema::default());
    }
    let content = Content::of(config, &page)?;
    let mut columns = SampledSchema::default();
    let mut bytes_left = SAMPLE_BYTES_MAX;
    loop {
        let link = next_link(page.headers());
        let looked = look(config, &content, &walk, page, bytes_left).await;
        let (look, cursor) = match looked {
            Ok(looked) => looked,
            Err(_) if walk.page() > 1 => break,
            Err(error) => return Err(error),
        };
        let end = PageEnd {
            records: look.columns.records + look.columns.rejected,
            link,
            cursor,
            fingerprint: None, // The load compares pages.
        };
        columns = columns.united_with(look.columns);
        bytes_left = bytes_left.saturating_sub(look.bytes);
        let is_all = columns.records + columns.rejected >= config.records.max_records.unwrap_or(u64::MAX);
        let is_enough = is_all || bytes_left == 0 || walk.page() == SAMPLE_PAGES_MAX;
        if is_enough || !matches!(walk.move_on(config, end), Ok(true)) {
            break;
        }
        page = match client.get(walk.current(), &Marks::default()).await {
            Ok(page) => page,
            Err(_) => break,
        };
    }
    Ok(columns)
}

/// Looks at the first records of a page; tells its cursor, too.
async fn look(
    config: &HttpSourceConfig,
    content: &Content,
    walk: &PageWalk,
    page: Response,
    bytes_max: usize,
) -> Result<(Look, Option<String>), SourceError> {
    if page.status() == StatusCode::NO_CONTENT {
        let columns = SampledSchema::default();
        return Ok((Look { columns, bytes: 0 }, None));
    }
    let Page { bytes, cursor } = open(config, content.document, walk.current(), page).await?;
    let (name, format, file) = (page_name(walk), content.format, content.file.clone());
    let look = move |stream| columns_of_stream(&name, stream, format, &file, bytes_max);
    Ok((read_blocking(bytes, look).await?, cursor))
}

/// A page that is about to be decoded.
struct Page {
    bytes: ByteStream,
    cursor: Option<String>,
}

/// Takes the records out of an answer: all of it, or an array within.
async fn open(config: &HttpSourceConfig, document: Packing, url: &Url, page: Response) -> Result<Page, SourceError> {
    let bytes = body(config, url, page);
    if !config.is_within_document() {
        return Ok(Page { bytes, cursor: None });
    }
    let cursor_path = match &config.paging {
        Paging::Cursor { path, .. } => path.as_slice(),
        _ => &[],
    };
    let name = PathBuf::from(location(url));
    let text = unpacked(&name, whole(url, bytes).await?, document, DOCUMENT_BYTES_MAX)?;
    let document = Document::read(&text, &config.records_path, cursor_path);
    let document = document.map_err(|message| SourceError::Format { path: name, message })?;
    let records = Ok(Bytes::from(document.records));
    Ok(Page {
        bytes: futures_util::stream::iter([records]).boxed(),
        cursor: document.cursor,
    })
}

/// What an answer brings, piece by piece.
fn body(config: &HttpSourceConfig, url: &Url, page: Response) -> ByteStream {
    let (config, url) = (config.clone(), url.clone());
    let pieces = page.bytes_stream();
    pieces.map_err(move |error| broken_off(&config, &url, &error)).boxed()
}

/// All of an answer, unless it is too large.
async fn whole(url: &Url, mut pieces: ByteStream) -> Result<Bytes, SourceError> {
    let mut all = BytesMut::new();
    while let Some(piece) = pieces.try_next().await? {
        all.extend_from_slice(&piece);
        if all.len() > DOCUMENT_BYTES_MAX {
            let mebibytes = DOCUMENT_BYTES_MAX >> 20;
            return Err(SourceError::Format {
                path: PathBuf::from(location(url)),
                message: format!("records within a document of more than {mebibytes} MiB; ask for smaller pages"),
            });
        }
    }
    Ok(all.freeze())
}

/// That there is no page behind the last one may be no mistake.
fn with_advice_on_end(error: SourceError) -> SourceError {
    match error {
        SourceError::Refused {
            location,
            message,
            is_transient,
        } => SourceError::Refused {
            location,
            message: format!("{message}; if the server answers so behind the last page, say 'paging.end' = '404'"),
            is_transient,
        },
        error => error,
    }
}

/// What messages call a page.
fn page_name(walk: &PageWalk) -> PathBuf {
    let location = location(walk.current());
    PathBuf::from(match walk.page() {
        1 => location,
        page => format!("{location} (page {page})"),
    })
}
