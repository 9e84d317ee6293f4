//! The columns of typed objects, without fetching all of them.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::ops::Range;

use bytes::Bytes;
use object_store::ObjectStore;

use super::listing::FoundObject;
use super::read::get;
use super::store::answered;
use crate::SourceError;
use crate::config::TypedFormat;

/// Bytes at the beginning that tell the columns of an Avro object: its header.
const AVRO_HEADER_BYTES: u64 = 1 << 20;

/// Bytes at the beginning that tell that an object is Parquet.
const PARQUET_MAGIC_BYTES: u64 = 4;

/// Bytes at the end that are fetched of a Parquet object: most footers are smaller.
const PARQUET_TAIL_BYTES: u64 = 64 << 10;

/// Bytes behind a Parquet footer: its length and a mark.
const PARQUET_TRAILER_BYTES: u64 = 8;

/// A file as large as an object that has those of its bytes, at their places, that tell its columns; the others are 0 and
/// take no room.
pub(super) async fn outline(
    store: &dyn ObjectStore,
    object: &FoundObject,
    format: TypedFormat,
) -> Result<File, SourceError> {
    let end = object.offset.bytes;
    let parts = match format {
        TypedFormat::Avro => vec![part(store, object, 0..AVRO_HEADER_BYTES.min(end)).await?],
        TypedFormat::Parquet => {
            let tail = part(store, object, end.saturating_sub(PARQUET_TAIL_BYTES)..end).await?;
            let mut parts = vec![part(store, object, 0..PARQUET_MAGIC_BYTES.min(end)).await?];
            let footer = footer_start(&tail.bytes, end);
            if footer < tail.start {
                parts.push(part(store, object, footer..tail.start).await?);
            }
            parts.push(tail);
            parts
        }
    };
    assembled(end, &parts).map_err(|source| SourceError::Io {
        path: object.name.clone(),
        source,
    })
}

/// Bytes of an object from some place on.
struct Part {
    start: u64,
    bytes: Bytes,
}

async fn part(store: &dyn ObjectStore, object: &FoundObject, range: Range<u64>) -> Result<Part, SourceError> {
    let start = range.start;
    let bytes = if range.is_empty() {
        Bytes::new()
    } else {
        let opened = get(store, object, Some(range)).await?;
        answered(&object.name, opened.bytes()).await?
    };
    Ok(Part { start, bytes })
}

/// Where the footer of a Parquet object of `end` bytes begins, as its last bytes tell.
fn footer_start(tail: &[u8], end: u64) -> u64 {
    let trailer = tail
        .last_chunk()
        .map_or(0, |[a, b, c, d, ..]: &[u8; 8]| u32::from_le_bytes([*a, *b, *c, *d]));
    end.saturating_sub(PARQUET_TRAILER_BYTES + u64::from(trailer))
}

fn assembled(bytes: u64, parts: &[Part]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.set_len(bytes)?;
    for part in parts {
        file.seek(SeekFrom::Start(part.start))?;
        file.write_all(&part.bytes)?;
    }
    file.rewind()?;
    Ok(file)
}
