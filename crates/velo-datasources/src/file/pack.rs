use std::io::{self, Write};

use flate2::write::GzEncoder;

use super::FileTarget;
use crate::{Compression, FileSinkConfig, SinkError};

/// What compressed sinks spend on size: what `gzip` and `zstd` do when they are not told.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

/// The file that a sink writes to, packed on the way if it is to be.
///
/// What is packed is one stream, which ends with the file or where the sink is prepared: several that follow each other are
/// read as one.
pub(crate) struct PackedTarget {
    compression: Compression,
    packer: Packer,
    /// Whether a stream was begun.
    has_begun: bool,
}

enum Packer {
    /// Bytes go to the file as they are; of what is packed, no stream is open.
    Plain(FileTarget),
    Gzip(Box<GzEncoder<FileTarget>>),
    Zstd(Box<zstd::Encoder<'static, FileTarget>>),
    /// Nothing can be written any more.
    Failed,
}

impl PackedTarget {
    /// Opens the target for writing, behind so many bytes if it is gone on with.
    pub(crate) fn open(config: &FileSinkConfig, from: Option<u64>) -> Result<Self, SinkError> {
        Ok(Self {
            compression: config.compression(),
            packer: Packer::Plain(FileTarget::open(config, from)?),
            has_begun: false,
        })
    }

    /// Whether nothing stands in the file before what is written to it.
    pub(crate) fn is_empty(&self) -> bool {
        self.file().is_some_and(FileTarget::is_empty)
    }

    /// Whether the file is left as it was when this is dropped.
    pub(crate) fn can_be_taken_back(&self) -> bool {
        !matches!(self.file(), Some(FileTarget::Direct(_)))
    }

    fn file(&self) -> Option<&FileTarget> {
        match &self.packer {
            Packer::Plain(target) => Some(target),
            Packer::Gzip(encoder) => Some(encoder.get_ref()),
            Packer::Zstd(encoder) => Some(encoder.get_ref()),
            Packer::Failed => None,
        }
    }

    /// Makes everything written durable in the file, and tells its bytes; `None` of a pipe or a device. A stream ends there.
    pub(crate) fn prepare(&mut self) -> io::Result<Option<u64>> {
        let mut target = self.end_stream()?;
        let bytes = target.prepare()?;
        self.packer = Packer::Plain(target);
        Ok(bytes)
    }

    /// Makes everything written take the target's place, durably.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        // No bytes at all are no stream.
        if self.is_empty() && !self.has_begun {
            self.begin_stream()?;
        }
        self.end_stream()?.finish()
    }

    /// Opens a stream if what is written is packed and none is open.
    fn begin_stream(&mut self) -> io::Result<()> {
        if self.compression == Compression::None || !matches!(self.packer, Packer::Plain(_)) {
            return Ok(());
        }
        let target = self.end_stream()?;
        self.packer = match self.compression {
            Compression::None => Packer::Plain(target),
            Compression::Gzip => Packer::Gzip(Box::new(GzEncoder::new(target, flate2::Compression::new(GZIP_LEVEL)))),
            Compression::Zstd => Packer::Zstd(Box::new(zstd::Encoder::new(target, ZSTD_LEVEL)?)),
        };
        self.has_begun = true;
        Ok(())
    }

    /// Ends the stream that is open, if one is, and takes the file out.
    fn end_stream(&mut self) -> io::Result<FileTarget> {
        match std::mem::replace(&mut self.packer, Packer::Failed) {
            Packer::Plain(target) => Ok(target),
            Packer::Gzip(encoder) => encoder.finish(),
            Packer::Zstd(encoder) => encoder.finish(),
            Packer::Failed => Err(failed()),
        }
    }
}

fn failed() -> io::Error {
    io::Error::other("it was given up when it could not be written before")
}

impl Write for PackedTarget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begin_stream()?;
        match &mut self.packer {
            Packer::Plain(target) => target.write(bytes),
            Packer::Gzip(encoder) => encoder.write(bytes),
            Packer::Zstd(encoder) => encoder.write(bytes),
            Packer::Failed => Err(failed()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.packer {
            Packer::Plain(target) => target.flush(),
            Packer::Gzip(encoder) => encoder.flush(),
            Packer::Zstd(encoder) => encoder.flush(),
            Packer::Failed => Err(failed()),
        }
    }
}
