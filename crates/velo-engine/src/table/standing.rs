use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::datatypes::DataType;
use velo_data::{StreamBatch, StreamSchema};

use crate::error::{CompileError, OperatorResult};
use crate::keys::{KeyEncoder, KeyTable, RowSet};
use crate::standing::{RowFormat, StandingRows};

/// Nothing that is there.
const NONE: u32 = u32::MAX;

/// Finds the rows of a table that stand, where rows are taken back by their values. Of those with one key the last one counts;
/// when it goes, the one before it does. Without a key all count.
#[derive(Debug)]
pub(super) struct StandingByKey {
    format: RowFormat,
    rows: StandingRows,
    key: Vec<usize>,
    encoder: KeyEncoder,
    keys: KeyTable,
    /// The slot of the last row of each key.
    last: Vec<u32>,
    /// By the slots of rows.
    links: Vec<Link>,
    /// Rows that were added so far.
    rows_added: u32,
    ids: Vec<u32>,
}

/// A row of the table, among the others with its key.
#[derive(Debug, Clone, Copy)]
struct Link {
    /// Its number in the table.
    row: u32,
    key: u32,
    before: u32,
    behind: u32,
}

impl StandingByKey {
    /// Without rows yet; `schema` has the table's columns and its key.
    pub(super) fn new(schema: &StreamSchema) -> Result<Self, CompileError> {
        let key = schema.key().to_vec();
        let types: Vec<DataType> = key
            .iter()
            .map(|index| schema.arrow().field(*index).data_type().clone())
            .collect();
        let encoder = KeyEncoder::new(&types)?;
        Ok(Self {
            format: RowFormat::new(schema)?,
            rows: StandingRows::default(),
            keys: KeyTable::new(&encoder),
            encoder,
            key,
            last: Vec::new(),
            links: Vec::new(),
            rows_added: 0,
            ids: Vec::new(),
        })
    }

    /// Takes in rows that have the table's columns alone. Those that take nothing back get the next numbers.
    pub(super) fn add(&mut self, batch: &StreamBatch) -> OperatorResult {
        let encoded = self.format.encode(&batch.records)?;
        self.intern_keys(&batch.records)?;
        for row in 0..batch.num_rows() {
            let bytes = encoded.row(row);
            if batch.kind(row).is_retraction() {
                // What is taken back without having come is nothing.
                if let Some(slot) = self.rows.find(bytes.hash(), bytes.user) {
                    self.rows.remove(slot);
                    self.unlink(slot);
                }
                continue;
            }
            let slot = self.rows.insert(bytes.hash(), bytes);
            self.link(slot, self.ids[row]);
        }
        Ok(())
    }

    fn intern_keys(&mut self, records: &RecordBatch) -> OperatorResult {
        let columns: Vec<ArrayRef> = self.key.iter().map(|index| records.column(*index).clone()).collect();
        let encoded = self.encoder.encode(&columns, records.num_rows())?;
        self.ids.clear();
        self.keys
            .intern(&encoded, &RowSet::Range(0..records.num_rows()), &mut self.ids);
        self.last.resize(self.keys.len(), NONE);
        Ok(())
    }

    fn link(&mut self, slot: u32, key: u32) {
        let before = std::mem::replace(&mut self.last[key as usize], slot);
        let link = Link {
            row: self.rows_added,
            key,
            before,
            behind: NONE,
        };
        self.rows_added += 1;
        if let Some(before) = self.links.get_mut(before as usize) {
            before.behind = slot;
        }
        match self.links.get_mut(slot as usize) {
            Some(free) => *free = link,
            None => self.links.push(link),
        }
    }

    fn unlink(&mut self, slot: u32) {
        let gone = self.links[slot as usize];
        match self.links.get_mut(gone.behind as usize) {
            Some(behind) => behind.before = gone.before,
            None => self.last[gone.key as usize] = gone.before,
        }
        if let Some(before) = self.links.get_mut(gone.before as usize) {
            before.behind = gone.behind;
        }
    }

    /// The rows that count.
    pub(super) fn selection(&self) -> UInt32Array {
        let row = |slot: &u32| self.links[*slot as usize].row;
        if self.key.is_empty() {
            let mut rows: Vec<u32> = self.rows.taken().iter().map(row).collect();
            rows.sort_unstable();
            return rows.into();
        }
        let last = self.last.iter().filter(|slot| **slot != NONE);
        UInt32Array::from_iter_values(last.map(row))
    }
}
