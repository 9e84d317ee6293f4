use std::ops::Range;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, StringViewArray, UInt32Array};
use arrow::compute::take;
use arrow::error::ArrowError;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore};
use velo_data::SystemColumn;

use super::failure::{changed, cut_short, vanished};
use super::listing::FoundObject;
use super::outline::outline;
use super::store::answered;
use crate::config::TypedFormat;
use crate::file::{Look, RemotePlan, TypedColumns, columns_of_stream};
use crate::table::{ByteStream, read_blocking};
use crate::{BatchSender, FileSourceConfig, ReadRequest, SourceBatch, SourceError, TextFormat};

/// The objects of one load, and how they are read.
#[derive(Debug)]
pub(super) struct ObjectLoad {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) plan: RemotePlan,
    pub(super) request: ReadRequest,
    /// In the order of their partitions.
    pub(super) objects: Vec<FoundObject>,
}

impl ObjectLoad {
    /// Reads one object to its end.
    pub(super) async fn read(&self, index: usize, batches: BatchSender) -> Result<(), SourceError> {
        let object = &self.objects[index];
        let bytes = open(self.store.as_ref(), object).await?;
        let (plan, request) = (self.plan.clone(), self.request.clone());
        let (key, name) = (object.key.clone(), object.name.clone());
        let partition = i32::try_from(index).unwrap_or(i32::MAX);
        let decode = move |stream| {
            let mut rows = plan.open(&name, stream, partition, &request, 0)?;
            while let Some(batch) = rows.next_batch()? {
                let batch = with_topic(batch, &request, &key)?;
                if !batches.send_blocking(batch) {
                    break;
                }
            }
            Ok(())
        };
        read_blocking(bytes, decode).await
    }
}

/// The records with the object's key as their topic. Messages call the object by its whole name.
fn with_topic(batch: SourceBatch, request: &ReadRequest, key: &str) -> Result<SourceBatch, SourceError> {
    let topic = request.system.iter().position(|column| *column == SystemColumn::Topic);
    let Some(topic) = topic.map(|place| request.columns.len() + place) else {
        return Ok(batch);
    };
    let rows = batch.records.num_rows();
    let failed = |error: ArrowError| SourceError::Task {
        message: error.to_string(),
    };
    let keys = StringViewArray::from_iter_values([key]);
    let keys = take(&keys, &UInt32Array::from_value(0, rows), None).map_err(failed)?;
    let (schema, mut columns, _) = batch.records.into_parts();
    columns[topic] = keys;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let records = RecordBatch::try_new_with_options(schema, columns, &options).map_err(failed)?;
    Ok(SourceBatch { records, ..batch })
}

/// Looks at the first records of an object of text.
pub(super) async fn sample(
    store: &dyn ObjectStore,
    object: &FoundObject,
    format: TextFormat,
    config: &FileSourceConfig,
    bytes_max: usize,
) -> Result<Look, SourceError> {
    let (name, config) = (object.name.clone(), config.clone());
    let bytes = open(store, object).await?;
    let look = move |stream| columns_of_stream(&name, stream, format, &config, bytes_max);
    read_blocking(bytes, look).await
}

/// Reads what a typed object tells of its columns.
pub(super) async fn columns(
    store: &dyn ObjectStore,
    object: &FoundObject,
    format: TypedFormat,
) -> Result<TypedColumns, SourceError> {
    let file = outline(store, object, format).await?;
    TypedColumns::read(format, &file, &object.name)
}

/// The bytes of an object as it was when it was listed.
async fn open(store: &dyn ObjectStore, object: &FoundObject) -> Result<ByteStream, SourceError> {
    let opened = get(store, object, None).await?;
    Ok(counted(object.clone(), opened.into_stream()))
}

/// Asks for an object as it was when it was listed, or for a part of it.
pub(super) async fn get(
    store: &dyn ObjectStore,
    object: &FoundObject,
    range: Option<Range<u64>>,
) -> Result<GetResult, SourceError> {
    let options = GetOptions {
        if_match: object.offset.etag.clone(),
        range: range.map(GetRange::Bounded),
        ..GetOptions::default()
    };
    let get = async {
        match store.get_opts(&object.path, options).await {
            Ok(opened) => Ok(Some(opened)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    };
    match answered(&object.name, get).await? {
        None => Err(vanished(&object.name)),
        Some(opened) if is_still(object, &opened.meta) => Ok(opened),
        Some(_) => Err(changed(&object.name)),
    }
}

/// Whether an answer is about the object that was listed. Listings tell the time of its last change to the millisecond,
/// answers to the second.
fn is_still(object: &FoundObject, now: &ObjectMeta) -> bool {
    let then = &object.offset;
    let is_marked = then.etag.is_some(); // The store has compared it.
    now.size == then.bytes && (is_marked || now.last_modified.timestamp() == then.modified_ms.div_euclid(1000))
}

/// Hands on what comes, as long as it comes; fewer bytes than the object has are an error.
fn counted(object: FoundObject, stream: BoxStream<'static, object_store::Result<Bytes>>) -> ByteStream {
    let pieces = futures_util::stream::try_unfold((stream, 0), move |(mut stream, count)| {
        let (name, expected) = (object.name.clone(), object.offset.bytes);
        async move {
            match answered(&name, stream.try_next()).await? {
                Some(piece) => {
                    let count = count + piece.len() as u64;
                    Ok(Some((piece, (stream, count))))
                }
                None if count < expected => Err(cut_short(&name, count, expected)),
                None => Ok(None),
            }
        }
    });
    pieces.boxed()
}
