use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Compression, FileSinkConfig, SinkError};

/// The file that a sink writes to.
#[derive(Debug)]
pub(crate) enum FileTarget {
    /// A new file beside the target, which takes its place at the end. Until then, and for ever if the run
    /// fails, the target is what it was.
    Replacing {
        /// Removed when it is dropped.
        temporary: NamedTempFile,
        /// What it becomes.
        target: PathBuf,
    },
    /// The target itself: to append to it, or because it is a pipe or a device.
    Direct {
        /// The target.
        file: File,
        /// Whether it held anything before.
        is_empty: bool,
    },
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
            return Ok(Self::Direct { file, is_empty: true });
        }
        if config.append {
            return Self::append_to(path, config.compression());
        }
        // Behind a symbolic link, the file it names is replaced, not the link.
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let temporary = temporary_beside(&target).map_err(failed)?;
        Ok(Self::Replacing { temporary, target })
    }

    /// Whether nothing stands in the file before what is written to it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Replacing { .. } => true,
            Self::Direct { is_empty, .. } => *is_empty,
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
            Self::Direct { mut file, .. } => file.flush(),
        }
    }

    fn append_to(path: &Path, compression: Compression) -> Result<Self, SinkError> {
        let failed = |source| io_error(path, source);
        let opened = OpenOptions::new().read(true).append(true).create(true).open(path);
        let mut file = opened.map_err(failed)?;
        let is_empty = file.metadata().map_err(failed)?.len() == 0;
        if !is_empty && compression == Compression::None {
            end_last_line(&mut file).map_err(failed)?;
        } else if !is_empty && !begins_with(&mut file, compression.magic()).map_err(failed)? {
            return Err(SinkError::Format {
                destination: path.display().to_string(),
                message: format!("what it holds is not {compression}, so that nothing can be appended"),
            });
        }
        Ok(Self::Direct { file, is_empty })
    }
}

impl Write for FileTarget {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Replacing { temporary, .. } => temporary.write(bytes),
            Self::Direct { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Replacing { temporary, .. } => temporary.flush(),
            Self::Direct { file, .. } => file.flush(),
        }
    }
}

/// Adds the line end that the last record was not finished with.
fn end_last_line(file: &mut File) -> std::io::Result<()> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(())
}

fn begins_with(file: &mut File, magic: &[u8]) -> std::io::Result<bool> {
    let mut head = Vec::new();
    file.take(magic.len() as u64).read_to_end(&mut head)?;
    Ok(head == magic)
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
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
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
    builder.tempfile_in(directory.unwrap_or(Path::new(".")))
}

pub(super) fn io_error(path: &Path, source: std::io::Error) -> SinkError {
    SinkError::Io {
        destination: path.display().to_string(),
        source,
    }
}
