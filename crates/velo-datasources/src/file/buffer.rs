use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::fill::{Wanted, read_more};
use super::follow::check_same_file;
use super::identity::FileStatus;
use super::listing::nearest_entry;
use super::remote::Stream;
use super::trace::Trace;
use super::unpack::{PackedBytes, Unpacked};
use crate::SourceError;
use crate::config::Packing;

/// A window onto a file that moves forward as its bytes are consumed.
pub(super) struct FileBuffer {
    /// Closed when its end has been read: of many files, few are open at a time.
    input: Option<Input>,
    packing: Packing,
    packed_bytes: Option<PackedBytes>,
    path: PathBuf,
    /// What the operating system tells as the file's size, which for a pipe is 0.
    file_bytes: u64,
    bytes: Vec<u8>,
    /// What stands in the file before `bytes`.
    trace: Trace,
    /// First byte of `bytes` that is not consumed.
    start: usize,
    /// Place of that byte in the file.
    position: u64,
    is_end: bool,
    ending: Ending,
    /// Whether all that is to be read now has been read, of a file that may go on behind it.
    is_caught_up: bool,
    /// The file when it was closed.
    closed: Option<FileStatus>,
    chunk_bytes: usize,
}

/// What it means that a file has no more bytes.
enum Ending {
    /// Nothing follows.
    Final,
    /// The file is followed: what is appended will be read.
    Followed,
    /// The file is read as it was at some time, whatever has been appended since.
    Captured(FileStatus),
}

enum Input {
    Plain(File),
    Packed(Unpacked),
    /// Bytes that come but once.
    Streamed(Stream),
}

impl Input {
    fn open(path: &Path, packing: Packing) -> Result<Self, SourceError> {
        Ok(if packing.is_none() {
            Self::Plain(File::open(path).map_err(|error| io_error(path, error))?)
        } else {
            Self::Packed(Unpacked::open(path, packing)?)
        })
    }

    fn packed_bytes(&self) -> Option<PackedBytes> {
        match self {
            Self::Plain(_) | Self::Streamed(_) => None,
            Self::Packed(packed) => Some(packed.packed_bytes()),
        }
    }

    /// Reads on until what is wanted is at hand, or some of what is still on its way; tells whether the end comes before.
    fn read(&mut self, path: &Path, wanted: &Wanted, into: &mut Vec<u8>) -> Result<bool, SourceError> {
        let bytes = wanted.bytes;
        let failed = |error| io_error(path, error);
        let read = match self {
            Self::Plain(file) => read_more(file, wanted, into).map_err(failed)?,
            Self::Packed(packed) => {
                let read = packed.take(bytes as u64).read_to_end(into);
                read.map_err(|error| packed.describe(path, &error))?
            }
            Self::Streamed(stream) => return read_arrived(stream, bytes, into).map_err(failed),
        };
        Ok(read < bytes)
    }

    /// Whether reading on may take long.
    fn waits(&self) -> bool {
        matches!(self, Self::Streamed(stream) if !stream.is_ready())
    }

    /// What stands in a file before a place; nothing where bytes come but in their order.
    fn trace(&self, path: &Path, position: u64) -> Result<Trace, SourceError> {
        match self {
            Self::Plain(file) => Trace::of_file(path, file, position),
            Self::Packed(_) | Self::Streamed(_) => Ok(Trace::default()),
        }
    }

    /// Moves on from the beginning.
    fn skip(&mut self, path: &Path, position: u64) -> Result<(), SourceError> {
        match self {
            Self::Plain(file) => {
                file.seek(SeekFrom::Start(position))
                    .map_err(|error| io_error(path, error))?;
            }
            // What is packed can only be read from its beginning.
            Self::Packed(packed) => {
                let skipped = std::io::copy(&mut packed.take(position), &mut std::io::sink());
                skipped.map_err(|error| packed.describe(path, &error))?;
            }
            Self::Streamed(stream) => {
                let skipped = std::io::copy(&mut stream.take(position), &mut std::io::sink());
                skipped.map_err(|error| io_error(path, error))?;
            }
        }
        Ok(())
    }
}

/// Reads what has arrived, at most `bytes`, and waits only for the first piece; tells whether it is the last.
fn read_arrived(stream: &mut Stream, bytes: usize, into: &mut Vec<u8>) -> io::Result<bool> {
    const PIECE_BYTES: usize = 16 << 10;
    let end = into.len() + bytes;
    loop {
        let start = into.len();
        into.resize(end.min(start + PIECE_BYTES), 0);
        let read = stream.read(&mut into[start..]);
        into.truncate(start + *read.as_ref().unwrap_or(&0));
        if read? == 0 {
            return Ok(true);
        }
        if into.len() == end || !stream.is_ready() {
            return Ok(false);
        }
    }
}

impl FileBuffer {
    /// Opens a file at its beginning; `chunk_bytes` are read at a time.
    pub(super) fn open(path: &Path, packing: Packing, chunk_bytes: usize) -> Result<Self, SourceError> {
        let refused = |error| io_error(path, error);
        let metadata = std::fs::metadata(path).map_err(refused)?;
        if metadata.is_dir() {
            return Err(SourceError::IsDirectory { path: path.to_owned() });
        }
        let input = Input::open(path, packing)?;
        Ok(Self::over(path, input, packing, metadata.len(), chunk_bytes))
    }

    /// Reads what comes but once, as a file of the same bytes would be read; `name` stands for its path in messages.
    /// Such a buffer neither seeks nor follows.
    pub(super) fn of_stream(
        name: &Path,
        stream: Stream,
        packing: Packing,
        chunk_bytes: usize,
    ) -> Result<Self, SourceError> {
        let input = if packing.is_none() {
            Input::Streamed(stream)
        } else {
            Input::Packed(Unpacked::of_stream(name, packing, stream)?)
        };
        Ok(Self::over(name, input, packing, 0, chunk_bytes))
    }

    fn over(path: &Path, input: Input, packing: Packing, file_bytes: u64, chunk_bytes: usize) -> Self {
        Self {
            packed_bytes: input.packed_bytes(),
            input: Some(input),
            packing,
            path: path.to_owned(),
            file_bytes,
            bytes: Vec::new(),
            trace: Trace::default(),
            start: 0,
            position: 0,
            is_end: false,
            ending: Ending::Final,
            is_caught_up: false,
            closed: None,
            chunk_bytes: chunk_bytes.max(1),
        }
    }

    /// The file that is read.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that the file had when it was opened; 0 of a stream.
    pub(super) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Counts what is read of a compressed file as it lies on disk.
    pub(super) fn packed_bytes(&self) -> Option<PackedBytes> {
        self.packed_bytes.clone()
    }

    /// The bytes at hand that are not consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Whether nothing follows the bytes at hand.
    pub(super) fn is_end(&self) -> bool {
        self.is_end
    }

    /// Place in the file of the first byte that is not consumed.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Moves on by `count` of the bytes at hand.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        self.position += count as u64;
    }

    /// Reads so many bytes at a time from now on.
    pub(super) fn read_by(&mut self, chunk_bytes: usize) {
        self.chunk_bytes = chunk_bytes.max(1);
    }

    /// Whether reading on may take long, since what follows is not there yet.
    pub(super) fn waits(&self) -> bool {
        self.input.as_ref().is_some_and(Input::waits)
    }

    /// Reads on. More is read at a time the more is at hand, so that a long record is not looked at over and over.
    pub(super) fn fill(&mut self) -> Result<(), SourceError> {
        self.trace.extend(&self.bytes[..self.start]);
        self.bytes.drain(..self.start);
        self.start = 0;
        if self.bytes.capacity() > 4 * (self.chunk_bytes + self.bytes.len()) {
            self.bytes.shrink_to(self.chunk_bytes + self.bytes.len());
        }
        self.read(self.chunk_bytes.max(self.bytes.len()))
    }

    /// Reads on until `wanted` bytes are at hand, or the file ends.
    pub(super) fn fill_up_to(&mut self, wanted: usize) -> Result<(), SourceError> {
        let missing = wanted.saturating_sub(self.bytes().len());
        if missing == 0 || self.is_end {
            return Ok(());
        }
        self.read(missing)
    }

    /// Moves on by `count` of the bytes at hand, which `into` has then. The bytes change hands, only what is behind them
    /// is copied.
    pub(super) fn take(&mut self, count: usize, into: &mut Vec<u8>) {
        into.clear();
        let end = self.start + count;
        into.extend_from_slice(&self.bytes[end..]);
        std::mem::swap(&mut self.bytes, into);
        into.truncate(end);
        self.trace.extend(into);
        into.drain(..self.start);
        self.start = 0;
        self.position += count as u64;
    }

    fn read(&mut self, bytes: usize) -> Result<(), SourceError> {
        let bytes_max = self.bytes_to_capture();
        let left = self.file_bytes.saturating_sub(self.read_bytes());
        let wanted = Wanted {
            bytes: bytes.min(bytes_max),
            bytes_max,
            bytes_expected: usize::try_from(left).unwrap_or(0),
        };
        let Some(input) = &mut self.input else {
            return Ok(()); // Its end has been read.
        };
        let is_all = input.read(&self.path, &wanted, &mut self.bytes)?;
        match self.ending {
            Ending::Final if is_all => {
                self.is_end = true;
                if let Input::Plain(file) = input {
                    self.closed = Some(FileStatus::of_open(file, &self.path)?);
                }
                self.input = None;
            }
            Ending::Followed if is_all => self.is_caught_up = true,
            Ending::Captured(_) if is_all => return Err(self.truncated()),
            Ending::Captured(_) => self.is_caught_up = self.bytes_to_capture() == 0,
            Ending::Final | Ending::Followed => {}
        }
        Ok(())
    }

    /// Bytes that are not read yet of those that the file had when it was captured.
    fn bytes_to_capture(&self) -> usize {
        let Ending::Captured(status) = self.ending else {
            return usize::MAX;
        };
        usize::try_from(status.bytes.saturating_sub(self.read_bytes())).unwrap_or(usize::MAX)
    }

    /// Place in the file behind the bytes at hand.
    fn read_bytes(&self) -> u64 {
        self.position + self.bytes().len() as u64
    }

    fn truncated(&self) -> SourceError {
        SourceError::Truncated {
            path: self.path.clone(),
            had_bytes: self.file_bytes,
            file_bytes: self.read_bytes(),
        }
    }

    /// From now on the file has no end: what is appended to it will be at hand after [`FileBuffer::look_again`].
    pub(super) fn follow(&mut self) -> Result<(), SourceError> {
        self.seek(self.position)?;
        self.ending = Ending::Followed;
        Ok(())
    }

    /// From now on the file has the bytes that it had when its status was asked.
    ///
    /// # Errors
    ///
    /// When it is not that file any more.
    pub(super) fn capture(&mut self, status: FileStatus) -> Result<(), SourceError> {
        self.seek(self.position)?;
        self.file_bytes = status.bytes;
        if let Some(Input::Plain(file)) = &self.input {
            let opened = FileStatus::of_open(file, &self.path)?;
            if opened.identity != status.identity {
                return Err(SourceError::Replaced {
                    path: self.path.clone(),
                });
            }
        }
        self.ending = Ending::Captured(status);
        Ok(())
    }

    /// Whether what is left of a file that was captured is its last record, since nothing has been appended behind it.
    /// It is at hand as such then. Otherwise it is the beginning of a record.
    pub(super) fn ends_where_captured(&mut self) -> Result<bool, SourceError> {
        let (Ending::Captured(status), Some(Input::Plain(file))) = (&self.ending, &self.input) else {
            return Ok(false);
        };
        if self.is_end || !self.is_caught_up {
            return Ok(false);
        }
        let goes_on = FileStatus::of_open(file, &self.path)?.bytes > status.bytes;
        self.is_end = !goes_on;
        Ok(self.is_end)
    }

    /// What has been consumed of a file that is read as it lies on disk.
    pub(super) fn trace(&self) -> Trace {
        self.trace.behind(&self.bytes[..self.start])
    }

    /// Whether all of the file has been consumed.
    pub(super) fn is_consumed(&self) -> bool {
        self.is_end && self.bytes().is_empty()
    }

    /// A file that is read as it lies on disk: as it was captured, is now, or was when its end was read. `None` of others.
    pub(super) fn status(&self) -> Result<Option<FileStatus>, SourceError> {
        match (&self.ending, &self.input) {
            (Ending::Captured(status), _) => Ok(Some(*status)),
            (_, Some(Input::Plain(file))) => FileStatus::of_open(file, &self.path).map(Some),
            (_, Some(_)) => Ok(None),
            (_, None) => Ok(self.closed),
        }
    }

    /// Whether the file has no end.
    pub(super) fn is_followed(&self) -> bool {
        matches!(self.ending, Ending::Followed)
    }

    /// Bytes of a file without end that are there and not consumed.
    pub(super) fn lag_bytes(&self) -> Option<u64> {
        let Some(Input::Plain(file)) = self.input.as_ref().filter(|_| self.is_followed()) else {
            return None;
        };
        let bytes = file.metadata().ok()?.len();
        Some(bytes.saturating_sub(self.position))
    }

    /// Whether a file that may go on had no more to be read when it was looked at last.
    pub(super) fn is_caught_up(&self) -> bool {
        self.is_caught_up
    }

    /// The file may have grown since it was looked at.
    pub(super) fn look_again(&mut self) {
        self.is_caught_up = false;
    }

    /// Refuses to wait for more of a file that is not the one any more that has been read.
    pub(super) fn check_followed(&self) -> Result<(), SourceError> {
        match &self.input {
            Some(Input::Plain(file)) if self.is_followed() => check_same_file(&self.path, file, self.read_bytes()),
            _ => Ok(()),
        }
    }

    /// Moves to a place in the file.
    pub(super) fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        let mut input = Input::open(&self.path, self.packing)?;
        self.trace = input.trace(&self.path, position)?;
        input.skip(&self.path, position)?;
        self.packed_bytes = input.packed_bytes();
        self.input = Some(input);
        self.bytes.clear();
        self.start = 0;
        self.position = position;
        self.is_end = false;
        self.is_caught_up = false;
        Ok(())
    }
}

/// What went wrong with a path.
pub(super) fn io_error(path: &Path, source: std::io::Error) -> SourceError {
    match source.kind() {
        std::io::ErrorKind::NotFound => SourceError::NotFound {
            path: path.to_owned(),
            near: nearest_entry(path),
        },
        _ => SourceError::Io {
            path: path.to_owned(),
            source,
        },
    }
}
