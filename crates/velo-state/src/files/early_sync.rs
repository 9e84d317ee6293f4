use std::fs::File;
use std::io;
use std::thread::JoinHandle;

/// Has what is written of a file brought to disk while more of it is made, so that little is left to wait for at its end.
#[derive(Debug)]
pub(super) struct EarlySync {
    step_bytes: u64,
    begun_at_bytes: u64,
    running: Option<JoinHandle<io::Result<()>>>,
}

impl EarlySync {
    /// Brings to disk what was written whenever it is so much more.
    pub(super) fn each(step_bytes: u64) -> Self {
        Self {
            step_bytes: step_bytes.max(1),
            begun_at_bytes: 0,
            running: None,
        }
    }

    /// Takes note of how much has been written.
    ///
    /// # Errors
    ///
    /// When what was written before cannot be brought to disk: a later sync would not tell that again.
    pub(super) fn written(&mut self, file: &File, bytes: u64) -> io::Result<()> {
        if bytes - self.begun_at_bytes < self.step_bytes
            || self.running.as_ref().is_some_and(|thread| !thread.is_finished())
        {
            return Ok(());
        }
        self.finish()?;
        self.begun_at_bytes = bytes;
        let file = file.try_clone()?;
        let thread = std::thread::Builder::new().name("velo-sync".to_owned());
        self.running = Some(thread.spawn(move || file.sync_data())?);
        Ok(())
    }

    /// Waits for the sync that is under way.
    ///
    /// # Errors
    ///
    /// When it failed.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let Some(running) = self.running.take() else {
            return Ok(());
        };
        let ended = running.join();
        ended.unwrap_or_else(|_| Err(io::Error::other("a defect: the thread that syncs panicked")))
    }
}
