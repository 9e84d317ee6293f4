use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::FileError;

/// Creates a directory and those above it, where they are missing.
pub(crate) fn create_directory(directory: &Path) -> Result<(), FileError> {
    fs::create_dir_all(directory).map_err(FileError::io("create", directory))
}

/// A file that is there only until it is persisted or dropped.
pub(crate) fn temporary_in(directory: &Path) -> Result<NamedTempFile, FileError> {
    Builder::new()
        .prefix(".unfinished-")
        .tempfile_in(directory)
        .map_err(FileError::io("create a file in", directory))
}

/// Gives a temporary file its name, once its bytes are on disk.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> Result<(), FileError> {
    file.as_file().sync_all().map_err(FileError::io("sync", path))?;
    let persisted = file.persist(path);
    persisted.map_err(|error| FileError::io("create", path)(error.error))?;
    Ok(())
}

/// Has the names in a directory survive a loss of power.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), FileError> {
    // Other systems do not open directories.
    if cfg!(unix) {
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(FileError::io("sync", directory))?;
    }
    Ok(())
}

/// Removes a file; one that is gone already is as good.
pub(crate) fn remove_file(path: &Path) -> Result<(), FileError> {
    unless_gone(fs::remove_file(path), path)
}

/// Removes a directory with all that is in it; one that is gone already is as good.
pub(crate) fn remove_directory(directory: &Path) -> Result<(), FileError> {
    unless_gone(fs::remove_dir_all(directory), directory)
}

fn unless_gone(removed: io::Result<()>, path: &Path) -> Result<(), FileError> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The names in a directory in their order; none when there is no such directory. Names that are no text are not ours.
pub(crate) fn names_in(directory: &Path) -> Result<Vec<String>, FileError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::io("list", directory)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(FileError::io("list", directory))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}
