//! Column chunks whose lengths old writers told too short.

use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use super::footer::page_header;

/// The writer that left the header of the dictionary page out of the length of its chunk, and its first version that did
/// not.
const WRITER: &str = "parquet-mr";
const FIRST_WHOLE: [u32; 3] = [1, 2, 9];

/// Bytes that a page's header takes at most, with the statistics in it.
const HEADER_BYTES_MAX: u64 = 16 << 10;

/// Pages of a chunk that are looked at, at most.
const PAGES_MAX: usize = 100_000;

/// The same metadata with the lengths that chunks have. Only files of old writers are looked at for that.
pub(super) fn with_whole_chunks<R: ChunkReader>(
    input: &R,
    metadata: ParquetMetaData,
) -> Result<ParquetMetaData, ParquetError> {
    let file = metadata.file_metadata();
    if !tells_chunks_too_short(file.created_by()) {
        return Ok(metadata);
    }
    let groups = metadata.row_groups().iter().map(|group| whole_group(input, group));
    Ok(ParquetMetaData::new(file.clone(), groups.collect::<Result<_, _>>()?))
}

fn whole_group<R: ChunkReader>(input: &R, group: &RowGroupMetaData) -> Result<RowGroupMetaData, ParquetError> {
    let columns = group.columns().iter().map(|column| match chunk_bytes(input, column) {
        Some(bytes) if bytes > column.compressed_size() => {
            column.clone().into_builder().set_total_compressed_size(bytes).build()
        }
        _ => Ok(column.clone()),
    });
    let columns = columns.collect::<Result<_, _>>()?;
    group.clone().into_builder().set_column_metadata(columns).build()
}

/// Whether a file is of such a writer: `parquet-mr version 1.2.8 (build …)`, or one that tells no version.
fn tells_chunks_too_short(created_by: Option<&str>) -> bool {
    let Some(behind) = created_by.and_then(|text| text.strip_prefix(WRITER)) else {
        return false;
    };
    let version = behind.split_whitespace().nth(1).unwrap_or_default();
    let mut numbers = version.split(|character: char| !character.is_ascii_digit());
    FIRST_WHOLE.map(|_| numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0)) < FIRST_WHOLE
}

/// Bytes up to the end of the page with the last of a chunk's values; `None` where the pages do not lead there.
fn chunk_bytes<R: ChunkReader>(input: &R, column: &ColumnChunkMetaData) -> Option<i64> {
    let (start, _) = column.byte_range();
    let (mut bytes, mut values) = (0_u64, 0_i64);
    for _ in 0..PAGES_MAX {
        if values >= column.num_values() {
            return i64::try_from(bytes).ok();
        }
        let at = start.checked_add(bytes)?;
        let readable = input.len().checked_sub(at)?.min(HEADER_BYTES_MAX);
        let header = input.get_bytes(at, usize::try_from(readable).ok()?).ok()?;
        let page = page_header(&header)?;
        bytes = bytes.checked_add(page.bytes)?;
        values = values.checked_add(page.values)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_tell_too_little() {
        let cases = [
            ("parquet-mr version 1.2.8 (build 1)", true),
            ("parquet-mr version 1.2.8-SNAPSHOT", true),
            ("parquet-mr version 1.1.11", true),
            ("parquet-mr", true),
            ("parquet-mr version 1.2.9", false),
            ("parquet-mr version 1.10.0 (build 2)", false),
            ("parquet-mr version 1.2.9rc1", false),
            ("parquet-cpp version 1.0.0", false),
        ];
        for (created_by, expected) in cases {
            assert_eq!(tells_chunks_too_short(Some(created_by)), expected, "{created_by}");
        }
        assert!(!tells_chunks_too_short(None));
    }
}
