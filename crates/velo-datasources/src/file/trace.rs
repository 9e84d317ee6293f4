use std::fs::File;
use std::hash::Hasher as _;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use twox_hash::XxHash64;

use super::buffer::io_error;
use crate::SourceError;

/// Bytes at each end of what has been read that are compared with those of an earlier run.
const TRACE_BYTES: usize = 4 << 10;

/// The first bytes of a file and the last ones before some place of it: what tells whether it still begins like the file that
/// was read up to there.
///
/// It is kept while a file is read, so that it can be told without the file, which may be closed or under another name by then.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    head: Vec<u8>,
    tail: Vec<u8>,
    byte: u64,
}

impl Trace {
    /// That of a file up to `byte`.
    pub(super) fn of_file(path: &Path, mut file: &File, byte: u64) -> Result<Self, SourceError> {
        let wanted = byte.min(TRACE_BYTES as u64);
        let mut read = |start: u64| {
            let mut bytes = Vec::new();
            let read = file.seek(SeekFrom::Start(start));
            let read = read.and_then(|_| file.take(wanted).read_to_end(&mut bytes));
            read.map(|_| bytes).map_err(|error| io_error(path, error))
        };
        Ok(Self {
            head: read(0)?,
            tail: read(byte - wanted)?,
            byte,
        })
    }

    /// Goes on over the bytes that follow in the file.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let missing = TRACE_BYTES - self.head.len().min(TRACE_BYTES);
        self.head.extend_from_slice(&bytes[..missing.min(bytes.len())]);
        let last = &bytes[bytes.len() - bytes.len().min(TRACE_BYTES)..];
        let excess = (self.tail.len() + last.len()).saturating_sub(TRACE_BYTES);
        self.tail.drain(..excess);
        self.tail.extend_from_slice(last);
        self.byte += bytes.len() as u64;
    }

    /// The trace behind the bytes that follow in the file.
    pub(super) fn behind(&self, bytes: &[u8]) -> Self {
        let mut trace = self.clone();
        trace.extend(bytes);
        trace
    }

    /// First byte behind it.
    pub(super) fn byte(&self) -> u64 {
        self.byte
    }

    /// Whether a line ends there, or nothing stands before it.
    pub(super) fn ends_line(&self) -> bool {
        self.tail.last().is_none_or(|last| *last == b'\n')
    }

    /// Its hash.
    ///
    /// It is kept with tables and positions, so that it must stay the same from one version of the program to the next.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = XxHash64::with_seed(self.byte);
        hasher.write(&self.head);
        hasher.write(&self.tail);
        hasher.finish()
    }
}
