use arrow::array::{ArrayRef, UInt32Array};
use arrow::datatypes::DataType;

use crate::error::{CompileError, OperatorResult};
use crate::keys::{Ascent, EncodedKeys, KeyEncoder, KeyTable, RowSet};

/// A row that is not there.
const NONE: u32 = u32::MAX;

/// Finds the row that came last of each key.
#[derive(Debug)]
pub(super) struct LatestRows {
    encoder: KeyEncoder,
    found: Found,
}

#[derive(Debug)]
enum Found {
    /// Every row so far, since the keys ascend.
    All(Ascent),
    ByKey(ByKey),
}

#[derive(Debug)]
struct ByKey {
    keys: KeyTable,
    /// For each key the row that came last; [`NONE`] if it was deleted.
    latest: Vec<u32>,
    rows: u32,
    ids: Vec<u32>,
}

impl LatestRows {
    /// Without rows yet, whose keys are of these types.
    pub(super) fn new(key_types: &[DataType]) -> Result<Self, CompileError> {
        Ok(Self {
            encoder: KeyEncoder::new(key_types)?,
            found: Found::All(Ascent::default()),
        })
    }

    /// Takes note of further rows by their key columns; `is_gone` tells of each whether it takes its key away, if any
    /// does. When keys do not ascend any more, `earlier` tells those of all rows before.
    pub(super) fn add(
        &mut self,
        key: &[ArrayRef],
        is_gone: Option<&[bool]>,
        earlier: impl Iterator<Item = Vec<ArrayRef>>,
    ) -> OperatorResult {
        let encoded = self.encoder.encode(key, rows_of(key))?;
        if let Found::All(ascent) = &mut self.found {
            if is_gone.is_none() && ascent.goes_on(&encoded) {
                return Ok(());
            }
            let mut found = ByKey::new(&self.encoder);
            for key in earlier {
                found.add(&self.encoder.encode(&key, rows_of(&key))?, None);
            }
            self.found = Found::ByKey(found);
        }
        if let Found::ByKey(found) = &mut self.found {
            found.add(&encoded, is_gone);
        }
        Ok(())
    }

    /// The rows that count, unless all do.
    pub(super) fn selection(&self) -> Option<UInt32Array> {
        match &self.found {
            Found::All(_) => None,
            Found::ByKey(found) => found.selection(),
        }
    }
}

impl ByKey {
    fn new(encoder: &KeyEncoder) -> Self {
        Self {
            keys: KeyTable::new(encoder),
            latest: Vec::new(),
            rows: 0,
            ids: Vec::new(),
        }
    }

    fn add(&mut self, encoded: &EncodedKeys, is_gone: Option<&[bool]>) {
        let rows = encoded.hashes.len();
        self.ids.clear();
        self.keys.intern(encoded, &RowSet::Range(0..rows), &mut self.ids);
        self.latest.resize(self.keys.len(), NONE);
        for (row, id) in self.ids.iter().enumerate() {
            let is_gone = is_gone.is_some_and(|is_gone| is_gone[row]);
            self.latest[*id as usize] = if is_gone { NONE } else { self.rows + row as u32 };
        }
        self.rows += rows as u32;
    }

    fn selection(&self) -> Option<UInt32Array> {
        let counts = self.latest.iter().filter(|row| **row != NONE);
        if self.latest.len() == self.rows as usize && counts.clone().count() == self.latest.len() {
            return None; // Every row has a key of its own.
        }
        Some(UInt32Array::from_iter_values(counts.copied()))
    }
}

fn rows_of(key: &[ArrayRef]) -> usize {
    key.first().map_or(0, |column| column.len())
}
