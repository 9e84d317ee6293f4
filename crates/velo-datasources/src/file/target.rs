use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::append::{AppendedFile, directory_of};
use crate::{Compression, FileSinkConfig, SinkError};

/// The file that a sink writes to. Dropped without [`FileTarget::finish`], it leaves a file as it was, but for rows
/// that were flushed to one that is appended to or written in place.
#[derive(Debug)]
pub(crate) enum FileTarget {
    /// A new file beside the target, which takes its place at the end.
    Replacing {
        /// Removed when it is dropped.
        temporary: NamedTempFile,
        /// What it becomes.
        target: PathBuf,
    },
    /// A file that rows are added to.
    Appending {
        /// The target; boxed, since the other variants are small.
        file: Box<AppendedFile>,
        /// Whether it held nothing before.
        is_empty: bool,
    },
    /// A file whose rows are seen while it is written.
    InPlace(File),
    /// A pipe or a device.
    Direct(File),
}

impl FileTarget {
    /// Opens the target for writing.
    pub(crate) fn open(config: &FileSinkConfig) -> Result<Self, SinkError> {
        let path = config.path.as_path();
        check_place(path)?;
        let failed = |source| io_error(path, source);
        let is_special = std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        if is_special {
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            return Ok(Self::Direct(file));
        }
        if config.append {
            return Self::append_to(path, config.compression());
        }
        if config.in_place {
            return Ok(Self::InPlace(File::create(path).map_err(failed)?));
        }
        // Behind a symbolic link, the file it names is replaced, not the link.
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let temporary = temporary_beside(&target).map_err(failed)?;
        Ok(Self::Replacing { temporary, target })
    }

    /// Whether nothing stands in the file before what is written to it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Replacing { .. } | Self::InPlace(_) | Self::Direct(_) => true,
            Self::Appending { is_empty, .. } => *is_empty,
        }
    }

    /// Makes everything written take the target's place, durably.
    pub(crate) fn finish(self) -> std::io::Result<()> {
        match self {
            Self::Replacing { temporary, target } => {
                temporary.as_file().sync_all()?;
                temporary.persist(target).map_err(|error| error.error)?;
                Ok(())
            }
            Self::Appending { mut file, .. } => file.publish(),
            Self::InPlace(file) => file.sync_all(),
            Self::Direct(mut file) => file.flush(),
        }
    }

    fn append_to(path: &Path, compression: Compression) -> Result<Self, SinkError> {
        let failed = |source| io_error(path, source);
        let mut file = AppendedFile::open(path).map_err(failed)?;
        let is_empty = file.is_empty().map_err(failed)?;
        if compression == Compression::None {
            file.begin_line();
        } else if !is_empty && !file.begins_with(compression.magic()).map_err(failed)? {
            return Err(SinkError::Format {
                destination: path.display().to_string(),
                message: format!("what it holds is not {compression}, so that nothing can be appended"),
            });
        }
        Ok(Self::Appending {
            file: Box::new(file),
            is_empty,
        })
    }
}

impl Write for FileTarget {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Replacing { temporary, .. } => temporary.write(bytes),
            Self::Appending { file, .. } => file.write(bytes),
            Self::InPlace(file) | Self::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Replacing { temporary, .. } => temporary.flush(),
            Self::Appending { file, .. } => file.flush(),
            Self::InPlace(file) => file.sync_data(),
            Self::Direct(file) => file.flush(),
        }
    }
}

/// Says in plain words what the operating system would say less well.
pub(super) fn check_place(path: &Path) -> Result<(), SinkError> {
    if path.is_dir() {
        return Err(SinkError::IsDirectory { path: path.to_owned() });
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match directory {
        Some(directory) if !directory.is_dir() => Err(SinkError::NoDirectory {
            path: path.to_owned(),
            directory: directory.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn temporary_beside(target: &Path) -> std::io::Result<NamedTempFile> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        // As for any new file: the user's mask decides, not the caution that temporary files are made with.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory_of(target))
}

pub(super) fn io_error(path: &Path, source: std::io::Error) -> SinkError {
    SinkError::Io {
        destination: path.display().to_string(),
        source,
    }
}
