use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::CheckpointError;
use super::directory::JobDirectory;
use super::manifest::{CheckpointManifest, OperatorEntry};
use super::reader::read_states;
use super::writer::CheckpointWriter;
use crate::OperatorState;
use crate::files::{FileError, create_directory, directory_name, sync_directory};
use crate::lock::Lock;
use crate::manifest::{MANIFEST, read_manifest};

/// The checkpoints of a job below a state directory.
///
/// Who writes holds a lock on the job; the system gives it back when the process ends, however it ends. Jobs whose names
/// differ in case alone are one.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{Int64Array, RecordBatch};
/// use velo_state::{CheckpointDetails, CheckpointStore, OperatorDescriptor, OperatorState};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let state = tempfile::tempdir()?;
/// let store = CheckpointStore::open(state.path(), "clicks")?;
/// assert!(store.latest()?.is_none(), "the job begins");
///
/// let watermark = RecordBatch::try_from_iter([("at_ms", Arc::new(Int64Array::from(vec![1_000])) as _)])?;
/// let descriptor = OperatorDescriptor {
///     id: "7f3a".to_owned(),
///     statement: "per_minute".to_owned(),
///     operator: "windowed aggregate".to_owned(),
///     ended: false,
/// };
/// let states = [OperatorState { shared: Some(watermark), ..OperatorState::default() }];
///
/// let mut writer = store.begin(1)?;
/// writer.write_operator(descriptor, &states)?;
/// writer.commit(CheckpointDetails { taken_at_ms: 1_700_000_000_000, parallelism: 1, ..Default::default() }, 3)?;
///
/// // After the job was killed, say.
/// let manifest = store.latest()?.ok_or("there is one")?;
/// assert_eq!(manifest.number, 1);
/// assert_eq!(store.read_operator(&manifest, &manifest.operators[0])?, states);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CheckpointStore {
    job: String,
    checkpoints: JobDirectory,
    /// Held by those who may write, and by their writers.
    lock: Option<Arc<Lock>>,
}

impl CheckpointStore {
    /// Opens the checkpoints of a job for writing, creates their directory if need be, and removes what was left by
    /// processes that were killed.
    ///
    /// # Errors
    ///
    /// When another process has opened them for writing, or the directory cannot be used.
    pub fn open(state_directory: impl Into<PathBuf>, job: &str) -> Result<Self, CheckpointError> {
        let state_directory = state_directory.into();
        let mut store = Self::open_read_only(&state_directory, job);
        let directory = store.checkpoints.path();
        create_directory(directory)?;
        let lock = Lock::acquire(&directory.join("lock"))?;
        let in_use = || CheckpointError::InUse {
            job: job.to_owned(),
            directory: directory.to_owned(),
        };
        let lock = lock.ok_or_else(in_use)?;
        store.checkpoints.remove_unfinished()?;
        sync_directory(&jobs_below(&state_directory))?;
        sync_directory(&state_directory)?;
        store.lock = Some(Arc::new(lock));
        Ok(store)
    }

    /// The checkpoints of a job for reading, as for telling where it would go on. A directory that does not exist has none.
    pub fn open_read_only(state_directory: impl Into<PathBuf>, job: &str) -> Self {
        let directory = jobs_below(&state_directory.into()).join(directory_name(job));
        Self {
            job: job.to_owned(),
            checkpoints: JobDirectory::new(directory),
            lock: None,
        }
    }

    /// The newest checkpoint; `None` when there is none. The files that it names are looked at by
    /// [`CheckpointStore::read_operator`].
    ///
    /// # Errors
    ///
    /// When its manifest is damaged or cannot be read. An older checkpoint never takes its place by itself: sinks may have
    /// committed what came after that one.
    pub fn latest(&self) -> Result<Option<CheckpointManifest>, CheckpointError> {
        loop {
            let Some(number) = self.checkpoints.numbers()?.pop() else {
                return Ok(None);
            };
            let manifest = self.manifest(number).map_err(|error| self.unusable(number, error))?;
            // The process that writes may have replaced it by a newer one since.
            if manifest.is_some() {
                return Ok(manifest);
            }
        }
    }

    /// Begins to write a checkpoint, whose number is above those of all that are there.
    ///
    /// # Errors
    ///
    /// When it is not, when that checkpoint is being written already, or when nothing can be written.
    pub fn begin(&self, number: u64) -> Result<CheckpointWriter, CheckpointError> {
        let lock = Arc::clone(self.lock()?);
        if let Some(newest) = self.checkpoints.numbers()?.pop().filter(|newest| *newest >= number) {
            return Err(CheckpointError::NotNewer { number, newest });
        }
        if !self.checkpoints.create(number)? {
            return Err(CheckpointError::BeingWritten { number });
        }
        let (job, checkpoints) = (self.job.clone(), self.checkpoints.clone());
        Ok(CheckpointWriter::new(lock, job, checkpoints, number))
    }

    /// The state of an operator of a checkpoint: one for each instance that wrote any, in the order of the instances. All
    /// files are compared with their checksums.
    ///
    /// # Errors
    ///
    /// When a file is missing or damaged, or cannot be read.
    pub fn read_operator(
        &self,
        manifest: &CheckpointManifest,
        operator: &OperatorEntry,
    ) -> Result<Vec<OperatorState>, CheckpointError> {
        let directory = self.checkpoints.checkpoint(manifest.number);
        read_states(&directory, &operator.files).map_err(|error| self.unusable(manifest.number, error))
    }

    /// Removes all checkpoints, the oldest first, so that the job starts anew. Those that are being written stay.
    ///
    /// # Errors
    ///
    /// When one of them cannot be removed; those that are newer are then still there.
    pub fn forget(&self) -> Result<(), CheckpointError> {
        self.lock()?;
        self.checkpoints.retain_newest(0)?;
        Ok(())
    }

    fn lock(&self) -> Result<&Arc<Lock>, CheckpointError> {
        let read_only = || CheckpointError::ReadOnly {
            directory: self.checkpoints.path().to_owned(),
        };
        self.lock.as_ref().ok_or_else(read_only)
    }

    fn manifest(&self, number: u64) -> Result<Option<CheckpointManifest>, FileError> {
        let directory = self.checkpoints.checkpoint(number);
        let manifest = read_manifest::<CheckpointManifest>(&directory)?;
        if let Some(manifest) = &manifest {
            manifest.check(&self.job, number, &directory.join(MANIFEST))?;
        }
        Ok(manifest)
    }

    /// Puts the way out to an error, where there is one.
    fn unusable(&self, number: u64, error: FileError) -> CheckpointError {
        if !error.is_damage() {
            return error.into();
        }
        let numbers = match self.checkpoints.numbers() {
            Ok(numbers) => numbers,
            Err(error) => return error.into(),
        };
        CheckpointError::Unusable {
            job: self.job.clone(),
            number,
            directory: self.checkpoints.path().to_owned(),
            older: numbers.into_iter().rfind(|older| *older < number),
            cause: Box::new(error),
        }
    }
}

/// The directory below which each job has one.
fn jobs_below(state_directory: &Path) -> PathBuf {
    state_directory.join("checkpoints")
}
