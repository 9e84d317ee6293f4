use std::io::{self, Write};

use flate2::write::GzEncoder;

use super::FileTarget;
use crate::{Compression, FileSinkConfig, SinkError};

/// What compressed sinks spend on size: what `gzip` and `zstd` do when they are not told.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

/// The file that a sink writes to, packed on the way if it is to be.
pub(crate) enum PackedTarget {
    Plain(FileTarget),
    Gzip(Box<GzEncoder<FileTarget>>),
    Zstd(Box<zstd::Encoder<'static, FileTarget>>),
}

impl PackedTarget {
    /// Opens the target for writing.
    pub(crate) fn open(config: &FileSinkConfig) -> Result<Self, SinkError> {
        let target = FileTarget::open(config)?;
        Ok(match config.compression() {
            Compression::None => Self::Plain(target),
            Compression::Gzip => Self::Gzip(Box::new(GzEncoder::new(target, flate2::Compression::new(GZIP_LEVEL)))),
            Compression::Zstd => {
                let encoder = zstd::Encoder::new(target, ZSTD_LEVEL);
                Self::Zstd(Box::new(
                    encoder.map_err(|source| super::target::io_error(&config.path, source))?,
                ))
            }
        })
    }

    /// Whether nothing stands in the file before what is written to it.
    pub(crate) fn is_empty(&self) -> bool {
        self.file().is_empty()
    }

    /// Whether the file is left as it was when this is dropped.
    pub(crate) fn can_be_taken_back(&self) -> bool {
        !matches!(self.file(), FileTarget::Direct(_))
    }

    fn file(&self) -> &FileTarget {
        match self {
            Self::Plain(target) => target,
            Self::Gzip(encoder) => encoder.get_ref(),
            Self::Zstd(encoder) => encoder.get_ref(),
        }
    }

    /// Makes everything written take the target's place, durably.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(target) => target.finish(),
            Self::Gzip(encoder) => encoder.finish()?.finish(),
            Self::Zstd(encoder) => encoder.finish()?.finish(),
        }
    }
}

impl Write for PackedTarget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(target) => target.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(target) => target.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
