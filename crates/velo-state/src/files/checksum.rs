use std::hash::Hasher;
use std::io::{self, Read, Write};

use twox_hash::XxHash64;

/// Bytes that are read at once to work out a checksum.
const READ_BYTES: usize = 1 << 20;

/// The checksum of some bytes, as manifests write it.
pub(crate) fn checksum_of(bytes: &[u8]) -> String {
    text(XxHash64::oneshot(0, bytes))
}

/// The checksum of all that can be read, and how many bytes that is.
pub(super) fn checksum_of_all(mut reader: impl Read) -> io::Result<(String, u64)> {
    let mut hasher = XxHash64::with_seed(0);
    let mut buffer = vec![0; READ_BYTES];
    let mut bytes = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok((text(hasher.finish()), bytes)),
            read => {
                hasher.write(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

fn text(hash: u64) -> String {
    format!("xxh64:{hash:016x}")
}

/// Works out the checksum of what is written through it.
#[derive(Debug)]
pub(super) struct ChecksumWriter<W> {
    writer: W,
    hasher: XxHash64,
    bytes: u64,
}

impl<W: Write> ChecksumWriter<W> {
    pub(super) fn new(writer: W) -> Self {
        Self {
            writer,
            hasher: XxHash64::with_seed(0),
            bytes: 0,
        }
    }

    /// Bytes written so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is written to.
    pub(super) fn writer(&self) -> &W {
        &self.writer
    }

    /// What was written to, and the checksum.
    pub(super) fn into_parts(self) -> (W, String) {
        (self.writer, text(self.hasher.finish()))
    }
}

impl<W: Write> Write for ChecksumWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(buffer)?;
        self.hasher.write(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the reference implementation: `printf '' | xxhsum -H64` and `printf abc | xxhsum -H64`.
    #[test]
    fn checksums_are_those_of_the_reference() {
        assert_eq!(checksum_of(b""), "xxh64:ef46db3751d8e999");
        assert_eq!(checksum_of(b"abc"), "xxh64:44bc2cf5ad770999");
    }

    #[test]
    fn reading_and_writing_in_pieces_make_no_difference() {
        let bytes: Vec<u8> = (0..3_000_000u32).map(|number| (number % 251) as u8).collect();
        let mut writer = ChecksumWriter::new(Vec::new());
        for piece in bytes.chunks(7_777) {
            writer.write_all(piece).unwrap();
        }
        assert_eq!(writer.bytes(), 3_000_000);
        let (written, checksum) = writer.into_parts();
        assert_eq!(checksum, checksum_of(&bytes));
        assert_eq!(checksum_of_all(written.as_slice()).unwrap(), (checksum, 3_000_000));
    }
}
