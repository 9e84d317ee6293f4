use std::path::Path;

use crate::{Compression, SourceError};

/// Bytes by which files that are no text in UTF-8 begin, what they are, and what to do about it.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (
        b"\xFF\xFE",
        "UTF-16 text, which is not supported",
        "convert it: iconv -f UTF-16 -t UTF-8",
    ),
    (
        b"\xFE\xFF",
        "UTF-16 text, which is not supported",
        "convert it: iconv -f UTF-16 -t UTF-8",
    ),
    (b"PAR1", "a Parquet file", "say 'format' = 'parquet'"),
    (b"Obj\x01", "an Avro file", "say 'format' = 'avro'"),
    (
        b"ARROW1",
        "an Arrow file, which is not supported",
        "write it as Parquet",
    ),
    (
        b"PK\x03\x04",
        "a zip archive, which is not supported",
        "unpack it, or compress with gzip or zstd",
    ),
    (
        b"BZh",
        "bzip2, which is not supported",
        "unpack it, or compress with gzip or zstd",
    ),
    (
        b"\xFD7zXZ\0",
        "xz, which is not supported",
        "unpack it, or compress with gzip or zstd",
    ),
    (b"\x89PNG", "a PNG image", "name a file with records"),
    (b"\xFF\xD8\xFF", "a JPEG image", "name a file with records"),
    (b"%PDF-", "a PDF document", "name a file with records"),
    (b"SQLite format 3\0", "a SQLite database", "name a file with records"),
    (b"\x7FELF", "a program", "name a file with records"),
];

/// The longest of them.
pub(super) const SIGNATURE_BYTES: usize = 16;

/// Refuses a file that is no text, by how it begins: one clear error instead of one for each line.
pub(super) fn check_text(path: &Path, head: &[u8]) -> Result<(), SourceError> {
    let packed = [Compression::Gzip, Compression::Zstd];
    let message = if let Some(packed) = packed.into_iter().find(|packed| head.starts_with(packed.magic())) {
        let extension = packed.extension();
        format!("it is compressed with {packed}; say 'compression' = '{packed}', or let its name end in {extension}")
    } else if let Some((_, what, advice)) = SIGNATURES.iter().find(|(magic, _, _)| head.starts_with(magic)) {
        format!("it is {what}; {advice}")
    } else {
        return Ok(());
    };
    Err(SourceError::Format {
        path: path.to_owned(),
        message,
    })
}
