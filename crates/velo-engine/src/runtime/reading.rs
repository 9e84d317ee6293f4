use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use velo_data::{RowError, RowErrorCause};
use velo_datasources::SourceError;

/// What the tasks that share the splits of one source have read of it.
#[derive(Debug)]
pub(super) struct Reading {
    /// What the plan calls the source.
    pub(super) relation: String,
    /// Tasks that have not come to the end of their splits.
    tasks: AtomicUsize,
    records: AtomicU64,
    /// Records that could not be decoded or have no time.
    unusable: AtomicU64,
    /// The first of them.
    first: OnceLock<RowError>,
}

impl Reading {
    /// Of a source that so many tasks read.
    pub(super) fn new(relation: String, tasks: usize) -> Self {
        Self {
            relation,
            tasks: AtomicUsize::new(tasks),
            records: AtomicU64::new(0),
            unusable: AtomicU64::new(0),
            first: OnceLock::new(),
        }
    }

    /// Counts records that were read: those that were decoded, and those that could not be.
    pub(super) fn add_records(&self, decoded: usize, undecoded: &[RowError]) {
        let records = decoded + undecoded.len();
        self.records.fetch_add(records as u64, Ordering::Relaxed);
        self.add_unusable(undecoded.iter());
    }

    /// Counts those of the rows rejected by a scan that have no time.
    pub(super) fn add_rejected(&self, rejected: &[RowError]) {
        let untimed = rejected.iter().filter(|error| error.cause == RowErrorCause::EventTime);
        self.add_unusable(untimed);
    }

    fn add_unusable<'a>(&self, errors: impl Iterator<Item = &'a RowError>) {
        let mut errors = errors.peekable();
        if let Some(first) = errors.peek() {
            self.first.get_or_init(|| (*first).clone());
            self.unusable.fetch_add(errors.count() as u64, Ordering::Relaxed);
        }
    }

    /// A task has come to the end of its splits.
    ///
    /// # Errors
    ///
    /// The last one may find that no record could be read. That is a failure, since it is more likely that they are read in
    /// the wrong way than that all of them are broken.
    pub(super) fn task_ended(&self) -> Result<(), SourceError> {
        // What the others have counted is seen by the last one.
        if self.tasks.fetch_sub(1, Ordering::AcqRel) > 1 {
            return Ok(());
        }
        let records = self.records.load(Ordering::Relaxed);
        match self.first.get() {
            Some(first) if self.unusable.load(Ordering::Relaxed) >= records => Err(SourceError::NothingReadable {
                name: name_of_source(&self.relation).to_owned(),
                records,
                first: Box::new(first.clone()),
            }),
            _ => Ok(()),
        }
    }
}

/// What the program calls a source: one that is read with several configurations has a number behind its name.
fn name_of_source(relation: &str) -> &str {
    match relation.rsplit_once('#') {
        Some((name, number)) if !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => relation,
    }
}
