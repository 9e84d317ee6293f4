use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{FileError, names_in, remove_directory, remove_file, sync_directory};
use crate::manifest::MANIFEST;

/// The directory of a job, with a directory for each checkpoint.
#[derive(Debug, Clone)]
pub(super) struct JobDirectory {
    path: PathBuf,
}

impl JobDirectory {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of a checkpoint.
    pub(super) fn checkpoint(&self, number: u64) -> PathBuf {
        self.path.join(number.to_string())
    }

    /// The numbers of the checkpoints that are there, ascending.
    pub(super) fn numbers(&self) -> Result<Vec<u64>, FileError> {
        self.numbers_where(true)
    }

    /// Removes what checkpoints that were never finished, or not removed to the end, have left.
    pub(super) fn remove_unfinished(&self) -> Result<(), FileError> {
        for number in self.numbers_where(false)? {
            remove_directory(&self.checkpoint(number))?;
        }
        Ok(())
    }

    /// Removes a checkpoint: from the first step on it is not there any more, also if the others do not follow.
    pub(super) fn remove(&self, number: u64) -> Result<(), FileError> {
        let directory = self.checkpoint(number);
        remove_file(&directory.join(MANIFEST))?;
        sync_directory(&directory)?;
        remove_directory(&directory)
    }

    /// Removes all checkpoints but the newest ones.
    pub(super) fn retain_newest(&self, retained: usize) -> Result<(), FileError> {
        let numbers = self.numbers()?;
        let surplus = numbers.len().saturating_sub(retained);
        for number in numbers.into_iter().take(surplus) {
            self.remove(number)?;
        }
        Ok(())
    }

    /// Creates the directory of a checkpoint; `false` when there is one already.
    pub(super) fn create(&self, number: u64) -> Result<bool, FileError> {
        let directory = self.checkpoint(number);
        match fs::create_dir(&directory) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(FileError::io("create", &directory)(error)),
        }
    }

    fn numbers_where(&self, has_manifest: bool) -> Result<Vec<u64>, FileError> {
        let mut numbers = Vec::new();
        for name in names_in(&self.path)? {
            // Anything else, such as `007` or a file, is none of ours.
            let Some(number) = name.parse().ok().filter(|number: &u64| number.to_string() == name) else {
                continue;
            };
            let directory = self.checkpoint(number);
            if !directory.is_dir() {
                continue;
            }
            let manifest = directory.join(MANIFEST);
            if manifest.try_exists().map_err(FileError::io("look for", &manifest))? == has_manifest {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}
