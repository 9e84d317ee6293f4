use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::append::{AppendedFile, directory_of, sync_directory_of};
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
    InPlace {
        /// The target.
        file: File,
        /// Whether it held nothing before.
        is_empty: bool,
    },
    /// A pipe or a device.
    Direct(File),
}

impl FileTarget {
    /// Opens the target for writing: behind so many bytes of it, where it is gone on with, otherwise as it is configured.
    pub(crate) fn open(config: &FileSinkConfig, from: Option<u64>) -> Result<Self, SinkError> {
        let path = config.path.as_path();
        check_place(path)?;
        if let Some(bytes) = from.filter(|bytes| *bytes > 0 || config.append) {
            return Self::open_behind(config, bytes);
        }
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
            let file = File::create(path).map_err(failed)?;
            sync_directory_of(path).map_err(failed)?;
            return Ok(Self::InPlace { file, is_empty: true });
        }
        // Behind a symbolic link, the file it names is replaced, not the link.
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let temporary = temporary_beside(&target).map_err(failed)?;
        Ok(Self::Replacing { temporary, target })
    }

    /// Goes on behind so many bytes of a file that an earlier run has written; what stands there is cut off.
    fn open_behind(config: &FileSinkConfig, bytes: u64) -> Result<Self, SinkError> {
        let path = config.path.as_path();
        let failed = |source| io_error(path, source);
        config.resumes().map_err(|reason| SinkError::CannotResume {
            destination: path.display().to_string(),
            reason,
        })?;
        if let Some(mut file) = open_with(path, bytes)? {
            file.set_len(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
            if !config.append {
                file.seek(SeekFrom::Start(bytes)).map_err(failed)?;
                return Ok(Self::InPlace { file, is_empty: false });
            }
        }
        Self::append_to(path, config.compression())
    }

    /// Makes everything written durable in the file, and tells its bytes; `None` of a pipe or a device.
    pub(crate) fn prepare(&mut self) -> std::io::Result<Option<u64>> {
        match self {
            Self::Replacing { .. } => Err(ErrorKind::Unsupported.into()), // It becomes the file at the end.
            Self::Appending { file, .. } => file.prepare().map(Some),
            Self::InPlace { file, .. } => {
                file.sync_data()?;
                file.stream_position().map(Some)
            }
            Self::Direct(file) => file.flush().map(|()| None),
        }
    }

    /// Whether nothing stands in the file before what is written to it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Replacing { .. } | Self::Direct(_) => true,
            Self::Appending { is_empty, .. } | Self::InPlace { is_empty, .. } => *is_empty,
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
            Self::InPlace { file, .. } => file.sync_all(),
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
            Self::InPlace { file, .. } | Self::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Replacing { temporary, .. } => temporary.flush(),
            Self::Appending { file, .. } => file.flush(),
            Self::InPlace { file, .. } => file.sync_data(),
            Self::Direct(file) => file.flush(),
        }
    }
}

/// Opens a file that has at least so many bytes; `None` of one that is not there and need not have any.
fn open_with(path: &Path, bytes: u64) -> Result<Option<File>, SinkError> {
    let lost = |found_bytes| SinkError::Lost {
        path: path.to_owned(),
        expected_bytes: bytes,
        found_bytes,
    };
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound && bytes == 0 => return Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(lost(None)),
        Err(error) => return Err(io_error(path, error)),
    };
    if !metadata.is_file() {
        return Err(lost(None)); // A pipe would wait for a reader when it is opened.
    }
    if metadata.len() < bytes {
        return Err(lost(Some(metadata.len())));
    }
    let opened = OpenOptions::new().write(true).open(path);
    opened.map(Some).map_err(|error| io_error(path, error))
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
