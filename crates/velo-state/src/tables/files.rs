//! What is done to files so that it survives being killed, and losing power.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::SnapshotError;
use super::manifest::MANIFEST;

/// A file that is there only until it is persisted or dropped.
pub(super) fn temporary_in(directory: &Path) -> Result<NamedTempFile, SnapshotError> {
    Builder::new()
        .prefix(".unfinished-")
        .tempfile_in(directory)
        .map_err(SnapshotError::io("create a file in", directory))
}

/// Gives a temporary file its name, once its bytes are on disk.
pub(super) fn persist(file: NamedTempFile, path: &Path) -> Result<(), SnapshotError> {
    file.as_file().sync_all().map_err(SnapshotError::io("sync", path))?;
    let persisted = file.persist(path);
    persisted.map_err(|error| SnapshotError::io("create", path)(error.error))?;
    Ok(())
}

/// Has the names in a directory survive a loss of power.
pub(super) fn sync_directory(directory: &Path) -> Result<(), SnapshotError> {
    // Other systems do not open directories.
    if cfg!(unix) {
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(SnapshotError::io("sync", directory))?;
    }
    Ok(())
}

/// Removes everything but the manifest and these files.
pub(super) fn remove_all_but(directory: &Path, kept: &HashSet<&str>) -> Result<(), SnapshotError> {
    for name in names_in(directory)? {
        if name != MANIFEST && !kept.contains(name.as_str()) {
            remove_file(&directory.join(name))?;
        }
    }
    Ok(())
}

/// Removes a file; one that is gone already is as good.
pub(super) fn remove_file(path: &Path) -> Result<(), SnapshotError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SnapshotError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The names in a directory in their order; none when there is no such directory. Names that are no text are not ours.
pub(super) fn names_in(directory: &Path) -> Result<Vec<String>, SnapshotError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(SnapshotError::io("list", directory)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(SnapshotError::io("list", directory))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}
