use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that is appended to in whole steps.
///
/// What is written is kept in an unnamed temporary file, and goes behind the file's content when it is
/// [published](Self::publish). What was not published by then is gone when this is dropped, so that an interrupted run
/// leaves the file as it was, also when other processes append to it.
#[derive(Debug)]
pub(crate) struct AppendedFile {
    path: PathBuf,
    /// `None` until the file exists.
    file: Option<File>,
    pending: File,
    pending_bytes: u64,
    /// Whether a line end is to be written first, since the last record was not finished with one.
    ends_last_line: bool,
}

impl AppendedFile {
    /// Opens the file for writing. One that does not exist is created when something is published.
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let opened = OpenOptions::new().read(true).append(true).open(path);
        let file = match opened {
            Ok(file) => Some(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let pending = match (tempfile::tempfile_in(directory_of(path)), &file) {
            (Ok(pending), _) => pending,
            // A file may be writable in a directory that is not.
            (Err(_), Some(_)) => tempfile::tempfile()?,
            (Err(error), None) => return Err(error),
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            pending,
            pending_bytes: 0,
            ends_last_line: false,
        })
    }

    /// Whether the file holds nothing yet.
    pub(crate) fn is_empty(&self) -> std::io::Result<bool> {
        match &self.file {
            Some(file) => Ok(file.metadata()?.len() == 0),
            None => Ok(true),
        }
    }

    /// Appends everything written since, durably, and tells the bytes of the file.
    pub(crate) fn prepare(&mut self) -> std::io::Result<u64> {
        self.publish()?;
        match &self.file {
            Some(file) => Ok(file.metadata()?.len()),
            None => Ok(0),
        }
    }

    /// Whether the file begins with these bytes.
    pub(crate) fn begins_with(&mut self, magic: &[u8]) -> std::io::Result<bool> {
        let mut head = Vec::new();
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(0))?;
            file.take(magic.len() as u64).read_to_end(&mut head)?;
        }
        Ok(head == magic)
    }

    /// Has what is published first begin on a line of its own.
    pub(crate) fn begin_line(&mut self) {
        self.ends_last_line = true;
    }

    /// Appends everything written since the last call, durably.
    pub(crate) fn publish(&mut self) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            file @ None => {
                let created = OpenOptions::new()
                    .read(true)
                    .append(true)
                    .create(true)
                    .open(&self.path)?;
                sync_directory_of(&self.path)?;
                file.insert(created)
            }
        };
        if self.pending_bytes == 0 {
            return Ok(());
        }
        if std::mem::take(&mut self.ends_last_line) {
            end_last_line(file)?;
        }
        self.pending.seek(SeekFrom::Start(0))?;
        std::io::copy(&mut self.pending, file)?;
        file.sync_data()?;
        self.pending.set_len(0)?;
        self.pending.seek(SeekFrom::Start(0))?;
        self.pending_bytes = 0;
        Ok(())
    }
}

impl Write for AppendedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.pending.write(bytes)?;
        self.pending_bytes += written as u64;
        Ok(written)
    }

    /// Publishes what was written.
    fn flush(&mut self) -> std::io::Result<()> {
        self.publish()
    }
}

/// The directory that a file stands in.
pub(super) fn directory_of(path: &Path) -> &Path {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    directory.unwrap_or(Path::new("."))
}

/// Makes the name of a new file durable.
#[cfg(unix)]
pub(super) fn sync_directory_of(path: &Path) -> std::io::Result<()> {
    let synced = File::open(directory_of(path)).and_then(|directory| directory.sync_all());
    match synced {
        // Files may be made in a directory that may not be read, and so not be opened.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

/// Other systems keep names together with files.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it may fail")]
pub(super) fn sync_directory_of(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Adds the line end that the last record was not finished with.
fn end_last_line(file: &mut File) -> std::io::Result<()> {
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(())
}
