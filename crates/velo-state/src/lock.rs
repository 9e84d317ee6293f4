use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::FileError;

/// How long a lock is tried for: that of a process which was killed a moment ago comes back once the system has cleaned
/// up after it.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long is waited between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// The right of one process to write. The system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock that a file stands for, which is created if need be; `None` when somebody else has it.
    pub(crate) fn acquire(path: &Path) -> Result<Option<Self>, FileError> {
        let opened = File::options().create(true).truncate(false).write(true).open(path);
        let file = opened.map_err(FileError::io("open", path))?;
        let give_up_at = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if Instant::now() < give_up_at => sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(FileError::io("lock", path)(error)),
            }
        }
    }
}
