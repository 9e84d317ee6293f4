//! What becomes of files while they are followed.

use std::fs::File;
use std::path::Path;

use super::buffer::io_error;
use super::identity::FileStatus;
use crate::config::Packing;
use crate::{Compression, FileFormat, SourceError};

/// Refuses a file that cannot grow by whole records at its end.
pub(crate) fn check_can_grow(format: Option<FileFormat>, packing: Packing) -> Result<(), String> {
    let what = match (format, packing.compression) {
        (_, Compression::Gzip | Compression::Zstd) => format!("a file packed with {}", packing.compression),
        (Some(FileFormat::Json), _) => "a JSON array".to_owned(),
        (Some(format @ (FileFormat::Parquet | FileFormat::Avro)), _) => format!("a file in the format {format}"),
        _ => match packing.encoding {
            Some(encoding) => format!("text in {encoding}"),
            None => return Ok(()),
        },
    };
    Err(format!(
        "only csv, jsonlines and envelopes in UTF-8 that are not compressed can be watched, not {what}"
    ))
}

/// Refuses a pipe: it has one reader, and one end.
pub(super) fn check_is_file(path: &Path) -> Result<(), SourceError> {
    let metadata = std::fs::metadata(path).map_err(|error| io_error(path, error))?;
    if metadata.is_file() {
        return Ok(());
    }
    Err(SourceError::CannotWatch {
        path: path.to_owned(),
        reason: "what is no regular file cannot be watched; leave out 'watch'".to_owned(),
    })
}

/// Refuses to go on when the path leads to another file than the one that is open, or that file lost bytes that have
/// been read.
pub(super) fn check_same_file(path: &Path, open: &File, read_bytes: u64) -> Result<(), SourceError> {
    let there = match FileStatus::of_path(path) {
        Err(SourceError::NotFound { .. }) => return Err(SourceError::Replaced { path: path.to_owned() }),
        there => there?,
    };
    if there.identity != FileStatus::of_open(open, path)?.identity {
        return Err(SourceError::Replaced { path: path.to_owned() });
    }
    if there.bytes < read_bytes {
        return Err(SourceError::Truncated {
            path: path.to_owned(),
            had_bytes: read_bytes,
            file_bytes: there.bytes,
        });
    }
    Ok(())
}
