use std::fmt;
use std::path::Path;

/// How the bytes of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// Gzip, of one member or several.
    Gzip,
    /// Zstandard, of one frame or several.
    Zstd,
}

impl Compression {
    /// The compression that a file's name tells, in any case: `.gz`, `.zst`.
    pub fn of_path(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(extension) if extension.eq_ignore_ascii_case("gz") => Self::Gzip,
            Some(extension) if extension.eq_ignore_ascii_case("zst") => Self::Zstd,
            _ => Self::None,
        }
    }

    /// The word for it in properties.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The bytes that every file so packed begins with.
    pub(crate) const fn magic(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Gzip => &[0x1F, 0x8B],
            Self::Zstd => &[0x28, 0xB5, 0x2F, 0xFD],
        }
    }

    /// The extension that tells it.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads the value of `compression`; `None` leaves it to the names of the files.
pub(super) fn parse_compression(value: &str) -> Result<Option<Compression>, String> {
    match value.to_ascii_lowercase().as_str() {
        "auto" => Ok(None),
        "none" => Ok(Some(Compression::None)),
        "gzip" => Ok(Some(Compression::Gzip)),
        "zstd" => Ok(Some(Compression::Zstd)),
        _ => Err("one of none, gzip, zstd, auto".to_owned()),
    }
}
