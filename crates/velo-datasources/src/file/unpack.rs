use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::buffer::io_error;
use super::gzip::GzipMembers;
use super::transcode::Transcoder;
use crate::config::Packing;
use crate::{Compression, SourceError};

/// Largest window of a zstd frame, as a power of two: 128 MiB, which is what its own tools accept. A larger one would
/// let a file of a few bytes take any amount of memory.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Bytes of a file as it lies on disk that have been read so far.
#[derive(Debug, Clone, Default)]
pub(super) struct PackedBytes(Arc<AtomicU64>);

impl PackedBytes {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A file that is compressed or written in another encoding than UTF-8, turned into text as it is read.
pub(super) struct Unpacked {
    compression: Compression,
    bytes: Box<dyn Read + Send>,
    /// Bytes that came out so far.
    unpacked: u64,
    packed: PackedBytes,
    /// What comes out goes through it.
    transcoder: Option<Transcoder>,
}

impl Unpacked {
    /// Opens a file that is not text as it stands.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or begins as no file so compressed does.
    pub(super) fn open(path: &Path, packing: Packing) -> Result<Self, SourceError> {
        let file = File::open(path).map_err(|error| io_error(path, error))?;
        Self::of_stream(path, packing, Box::new(file))
    }

    /// Unpacks bytes as they come; `path` is what errors call them.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or begin as nothing so compressed does.
    pub(super) fn of_stream(path: &Path, packing: Packing, stream: Box<dyn Read + Send>) -> Result<Self, SourceError> {
        let Packing { compression, encoding } = packing;
        let failed = |error| io_error(path, error);
        let packed = PackedBytes::default();
        let mut file = Counted {
            stream,
            bytes: packed.clone(),
        };
        let mut head = Vec::new();
        (&mut file).take(8).read_to_end(&mut head).map_err(failed)?;
        check_magic(path, compression, &head)?;
        let file = BufReader::with_capacity(256 << 10, Cursor::new(head).chain(file));
        let bytes: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(file),
            Compression::Gzip => Box::new(GzipMembers::new(path, file)),
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(file).map_err(failed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(failed)?;
                Box::new(decoder)
            }
        };
        Ok(Self {
            compression,
            bytes,
            unpacked: 0,
            packed,
            transcoder: encoding.map(Transcoder::new),
        })
    }

    /// Counts what has been read of the file as it lies on disk.
    pub(super) fn packed_bytes(&self) -> PackedBytes {
        self.packed.clone()
    }

    /// What is wrong with a stream that cannot be unpacked.
    pub(super) fn describe(&self, path: &Path, error: &io::Error) -> SourceError {
        let Self {
            compression, unpacked, ..
        } = self;
        if *compression == Compression::None {
            return io_error(path, io::Error::new(error.kind(), error.to_string()));
        }
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("the {compression} stream is cut off: it ends in the middle, behind {unpacked} unpacked bytes")
            }
            _ => format!("the {compression} stream is damaged behind {unpacked} unpacked bytes: {error}"),
        };
        SourceError::Format {
            path: path.to_owned(),
            message,
        }
    }
}

impl Read for Unpacked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut unpacked = Unpacking {
            bytes: &mut self.bytes,
            unpacked: &mut self.unpacked,
        };
        match &mut self.transcoder {
            Some(transcoder) => transcoder.read(&mut unpacked, into),
            None => unpacked.read(into),
        }
    }
}

/// Counts the bytes that come out.
struct Unpacking<'a> {
    bytes: &'a mut (dyn Read + Send),
    unpacked: &'a mut u64,
}

impl Read for Unpacking<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        *self.unpacked += read as u64;
        Ok(read)
    }
}

struct Counted {
    stream: Box<dyn Read + Send>,
    bytes: PackedBytes,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(into)?;
        self.bytes.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Bytes as text where they are text.
fn shown(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
    if text.is_empty()
        || text.contains(|character: char| character.is_control() || character == char::REPLACEMENT_CHARACTER)
    {
        return head.escape_ascii().to_string();
    }
    text.to_owned()
}

fn check_magic(path: &Path, compression: Compression, head: &[u8]) -> Result<(), SourceError> {
    // A skippable frame may stand before the others.
    let is_skippable = compression == Compression::Zstd && matches!(head, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..]);
    if head.starts_with(compression.magic()) || is_skippable {
        return Ok(());
    }
    let others = [Compression::Gzip, Compression::Zstd];
    let other = others.into_iter().find(|other| head.starts_with(other.magic()));
    let message = match other {
        Some(other) => format!("it is {other}, not {compression}; say 'compression' = '{other}'"),
        None if head.is_empty() => format!("it is empty, and so no {compression} stream"),
        None => format!(
            "it is not {compression}: it begins with `{}`; say 'compression' = 'none' if it is plain text",
            shown(head)
        ),
    };
    Err(SourceError::Format {
        path: path.to_owned(),
        message,
    })
}
