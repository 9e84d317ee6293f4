use std::sync::Arc;

use velo_data::{RowError, UnknownMembers};

use super::ledger::StatementLedger;
use super::reading::Reading;
use crate::error::EngineError;
use crate::event::Output;

/// The statements that a source is read for at once: what is read of it, and what cannot be, counts for each of them. They have
/// the same error policy.
#[derive(Clone)]
pub(super) struct Readers {
    first: Arc<StatementLedger>,
    others: Vec<Arc<StatementLedger>>,
}

impl Readers {
    pub(super) fn new(first: Arc<StatementLedger>, others: Vec<Arc<StatementLedger>>) -> Self {
        Self { first, others }
    }

    /// The one that errors name.
    pub(super) fn first(&self) -> &StatementLedger {
        &self.first
    }

    fn all(&self) -> impl Iterator<Item = &StatementLedger> {
        std::iter::once(&self.first).chain(&self.others).map(Arc::as_ref)
    }

    pub(super) fn add_read(&self, rows: u64, bytes: u64) {
        self.all().for_each(|ledger| ledger.metrics.add_read(rows, bytes));
    }

    pub(super) fn change_lag(&self, before: u64, now: u64) {
        self.all().for_each(|ledger| ledger.metrics.change_lag(before, now));
    }

    pub(super) fn reject(&self, errors: Vec<RowError>) -> Result<(), EngineError> {
        if !errors.is_empty() {
            self.others
                .iter()
                .try_for_each(|ledger| ledger.reject(errors.clone()))?;
        }
        self.first.reject(errors)
    }

    pub(super) fn leave_out(&self, unknown: UnknownMembers) -> Result<(), EngineError> {
        if !unknown.is_empty() {
            self.others
                .iter()
                .try_for_each(|ledger| ledger.leave_out(unknown.clone()))?;
        }
        self.first.leave_out(unknown)
    }

    /// Accounts for what a scan has put aside.
    pub(super) fn settle(&self, out: &mut Output) -> Result<(), EngineError> {
        let zero_divisions = out.take_zero_divisions();
        self.all()
            .for_each(|ledger| ledger.metrics.add_zero_divisions(zero_divisions));
        self.reject(out.take_rejected())
    }

    /// A task has come to the end of its share of the source.
    pub(super) fn reader_ended(&self, reading: &Reading) -> Result<(), EngineError> {
        self.first.reader_ended(reading)
    }
}
