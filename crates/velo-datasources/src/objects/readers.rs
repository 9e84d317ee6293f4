//! Several objects at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::read::ObjectLoad;
use crate::{ChannelReader, NextBatch, PartitionReader, SourceError, SplitPosition, spawn_reader};

/// Objects that are fetched at a time: those that are being read, and the next ones ahead of their reader.
const OBJECTS_AT_A_TIME: usize = 8;

/// The readers of one load. An object is fetched when its partition is read, or ahead of that while there are fewer than
/// [`OBJECTS_AT_A_TIME`]: who reads partitions in any order never waits for one that nobody reads.
#[derive(Debug)]
pub(super) struct ObjectReaders {
    load: Arc<ObjectLoad>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Readers that are ahead of their partitions.
    ahead: HashMap<usize, ChannelReader>,
    /// Whether an object's reader has been started, by partition.
    is_started: Vec<bool>,
    /// First partition that may not have been started.
    next: usize,
    /// Readers that have been started and have not ended.
    open: usize,
}

impl ObjectReaders {
    /// One partition for each object.
    pub(super) fn partitions(load: ObjectLoad) -> Vec<Box<dyn PartitionReader>> {
        let objects = load.objects.len();
        let readers = Arc::new(Self {
            load: Arc::new(load),
            state: Mutex::new(State {
                is_started: vec![false; objects],
                ..State::default()
            }),
        });
        let partition = |index| -> Box<dyn PartitionReader> {
            Box::new(ObjectPartition {
                readers: Arc::clone(&readers),
                index,
                reading: Reading::Waiting,
            })
        };
        (0..objects).map(partition).collect()
    }

    /// The reader of a partition that is to be read now.
    fn take(&self, index: usize) -> Result<ChannelReader, SourceError> {
        let mut state = self.state();
        let reader = match state.ahead.remove(&index) {
            Some(reader) => reader,
            None => self.start(&mut state, index)?,
        };
        self.read_ahead(&mut state)?;
        Ok(reader)
    }

    /// A partition is not read any further.
    fn leave(&self, index: usize) -> Result<(), SourceError> {
        let mut state = self.state();
        if state.is_started[index] {
            state.ahead.remove(&index);
            state.open -= 1;
        }
        state.is_started[index] = true; // It is not worth starting any more.
        self.read_ahead(&mut state)
    }

    fn read_ahead(&self, state: &mut State) -> Result<(), SourceError> {
        while state.open < OBJECTS_AT_A_TIME && state.next < state.is_started.len() {
            let index = state.next;
            if !state.is_started[index] {
                let reader = self.start(state, index)?;
                state.ahead.insert(index, reader);
            }
            state.next += 1;
        }
        Ok(())
    }

    fn start(&self, state: &mut State, index: usize) -> Result<ChannelReader, SourceError> {
        let load = Arc::clone(&self.load);
        let reader = spawn_reader(move |batches| async move { load.read(index, batches).await })?;
        state.is_started[index] = true;
        state.open += 1;
        Ok(reader)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One object of a load.
struct ObjectPartition {
    readers: Arc<ObjectReaders>,
    index: usize,
    reading: Reading,
}

enum Reading {
    Waiting,
    Started(ChannelReader),
    Ended,
}

#[async_trait]
impl PartitionReader for ObjectPartition {
    async fn next_batch(&mut self) -> Result<NextBatch, SourceError> {
        if matches!(self.reading, Reading::Waiting) {
            self.reading = Reading::Started(self.readers.take(self.index)?);
        }
        let Reading::Started(reader) = &mut self.reading else {
            return Ok(NextBatch::End);
        };
        let batch = reader.next_batch().await?;
        if matches!(batch, NextBatch::End) {
            self.reading = Reading::Ended;
            self.readers.leave(self.index)?;
        }
        Ok(batch)
    }

    fn position(&mut self) -> Result<SplitPosition, SourceError> {
        Err(SourceError::NoPosition)
    }
}

impl Drop for ObjectPartition {
    fn drop(&mut self) {
        if !matches!(self.reading, Reading::Ended) {
            // Reading ahead for others failed, which they will find out themselves.
            let _ = self.readers.leave(self.index);
        }
    }
}
