use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;

use super::checksum::checksum_of_all;
use super::{ArrowFile, Damage, FileError};

/// A file that was found to be what was written. It stays open, so that it stays what it is.
#[derive(Debug)]
pub(crate) struct VerifiedFile {
    path: PathBuf,
    file: File,
}

impl VerifiedFile {
    /// Opens a file and compares its bytes with what a manifest says of them.
    pub(crate) fn open(directory: &Path, expected: &ArrowFile) -> Result<Self, FileError> {
        let path = directory.join(&expected.name);
        let damaged = |damage| Err(FileError::damaged(&path, damage));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return damaged(Damage::Missing),
            Err(error) => return Err(FileError::io("open", &path)(error)),
        };
        let (checksum, bytes) = checksum_of_all(&file).map_err(FileError::io("read", &path))?;
        if bytes != expected.bytes {
            let (expected, found) = (expected.bytes, bytes);
            return damaged(Damage::Size { expected, found });
        }
        if checksum != expected.checksum {
            let (expected, found) = (expected.checksum.clone(), checksum);
            return damaged(Damage::Checksum { expected, found });
        }
        Ok(Self { path, file })
    }

    /// Its batches, in the order in which they were written.
    pub(crate) fn read(self) -> Result<ArrowFileReader, FileError> {
        match FileReader::try_new_buffered(self.file, None) {
            Ok(reader) => Ok(ArrowFileReader {
                path: self.path,
                reader,
            }),
            Err(error) => Err(unreadable(&self.path, &error)),
        }
    }
}

/// The batches of an Arrow file.
#[derive(Debug)]
pub(crate) struct ArrowFileReader {
    path: PathBuf,
    reader: FileReader<BufReader<File>>,
}

impl Iterator for ArrowFileReader {
    type Item = Result<RecordBatch, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(batch.map_err(|error| unreadable(&self.path, &error)))
    }
}

fn unreadable(path: &Path, error: &ArrowError) -> FileError {
    let message = error.to_string();
    FileError::damaged(path, Damage::Rows { message })
}
