use std::path::Path;

use crate::{Compression, SourceError};

/// Bytes by which files that are no text in UTF-8 begin, what they are, and what to do about it.
const SIGNATURES: &[(&[u8], &str, &str)] = &[
    (
        b"\xFF\xFE\0\0",
        "UTF-32 text, which is not supported",
        "convert it: iconv -f UTF-32 -t UTF-8",
    ),
    (b"\xFF\xFE", "UTF-16 text", "say 'encoding' = 'utf-16le'"),
    (b"\xFE\xFF", "UTF-16 text", "say 'encoding' = 'utf-16be'"),
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
    } else if let Some(encoding) = utf16_without_mark(head) {
        format!("it looks like UTF-16 text without a byte order mark; say 'encoding' = '{encoding}'")
    } else {
        return Ok(());
    };
    Err(SourceError::Format {
        path: path.to_owned(),
        message,
    })
}

/// Bytes by which text in UTF-16 is told.
const UTF16_BYTES: usize = 256;

/// The UTF-16 that text is in which has no mark for it. Delimiters, digits and line ends have a zero byte in each of
/// their units, always the upper one; text in UTF-8 has none at all.
fn utf16_without_mark(head: &[u8]) -> Option<&'static str> {
    let units = head[..head.len().min(UTF16_BYTES)].chunks_exact(2);
    let count = units.len();
    let zeros = |place: usize| units.clone().filter(|unit| unit[place] == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // A zero alone may be one of a record.
    let are_many = |zeros: usize| zeros * 4 >= count && (zeros > 1 || zeros == count && count > 0);
    match (even, odd) {
        (0, zeros) if are_many(zeros) => Some("utf-16le"),
        (zeros, 0) if are_many(zeros) => Some("utf-16be"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf16_is_told_without_a_mark() {
        for text in [
            "id,name\n1,Ada\n",
            "a",
            "имя,возраст\nИван,30\nМария,25\n",
            "名前,年齢\n太郎,30\n花子,25\n",
            "{\"id\": 1}",
        ] {
            assert_eq!(
                utf16_without_mark(&units(text, u16::to_le_bytes)),
                Some("utf-16le"),
                "{text}"
            );
            assert_eq!(
                utf16_without_mark(&units(text, u16::to_be_bytes)),
                Some("utf-16be"),
                "{text}"
            );
            assert_eq!(utf16_without_mark(text.as_bytes()), None, "{text}");
        }
        let stray = [b"id,name\n1,A\0da\n".as_slice(), &[b'x'; 200]].concat();
        assert_eq!(utf16_without_mark(&stray), None);
        assert_eq!(utf16_without_mark(b""), None);
        assert_eq!(utf16_without_mark(&[0; 64]), None);
    }
}
