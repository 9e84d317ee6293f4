use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use velo_data::{StreamBatch, StreamSchema};

use crate::error::{CompileError, OperatorResult};
use crate::standing::{EncodedRows, RowBytes, RowFormat, StandingRows};

/// Rows that stand, each with a place in the order in which they came. An update keeps the place of the row that it replaces.
#[derive(Debug)]
pub(super) struct Arrivals {
    pub(super) format: RowFormat,
    rows: StandingRows,
    /// The place of the row of each slot.
    places: Vec<u64>,
    next_place: u64,
}

/// A change of the rows that stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// A row has come, and stands behind all others.
    Came { slot: u32, place: u64 },
    /// The row at a place has another slot, and other values.
    Updated { slot: u32, place: u64 },
    /// A row has gone.
    Gone { place: u64 },
}

impl Arrivals {
    pub(super) fn new(schema: &StreamSchema) -> Result<Self, CompileError> {
        Ok(Self {
            format: RowFormat::new(schema)?,
            rows: StandingRows::default(),
            places: Vec::new(),
            next_place: 0,
        })
    }

    pub(super) fn row(&self, slot: u32) -> RowBytes<'_> {
        self.rows.row(slot)
    }

    /// The place of the row that this one takes back, as long as that stands.
    pub(super) fn place_of(&self, row: RowBytes<'_>) -> Option<u64> {
        let slot = self.rows.find(row.hash(), row.user)?;
        self.places.get(slot as usize).copied()
    }

    /// Takes in row `row` of a batch. What an update replaces is at `row`, its new values at the next; the number of rows that
    /// were taken in is returned with the change. What is taken back without having come is nothing.
    pub(super) fn apply(&mut self, batch: &StreamBatch, encoded: &EncodedRows, row: usize) -> (usize, Option<Change>) {
        if batch.kinds.as_ref().is_some_and(|kinds| kinds.is_pair(row)) {
            let change = match self.take_back(encoded.row(row)) {
                Some(place) => Change::Updated {
                    slot: self.stand_at(place, encoded.row(row + 1)),
                    place,
                },
                None => self.come(encoded.row(row + 1)),
            };
            return (2, Some(change));
        }
        if batch.kind(row).is_retraction() {
            let place = self.take_back(encoded.row(row));
            return (1, place.map(|place| Change::Gone { place }));
        }
        (1, Some(self.come(encoded.row(row))))
    }

    fn come(&mut self, row: RowBytes<'_>) -> Change {
        let place = self.next_place;
        self.next_place += 1;
        let slot = self.stand_at(place, row);
        Change::Came { slot, place }
    }

    fn stand_at(&mut self, place: u64, row: RowBytes<'_>) -> u32 {
        let slot = self.rows.insert(row.hash(), row);
        self.places.resize(self.rows.slots(), 0);
        self.places[slot as usize] = place;
        slot
    }

    fn take_back(&mut self, row: RowBytes<'_>) -> Option<u64> {
        let slot = self.rows.find(row.hash(), row.user)?;
        self.rows.remove(slot);
        self.places.get(slot as usize).copied()
    }

    /// All rows that stand, in the order of their places.
    pub(super) fn records(&self) -> OperatorResult<RecordBatch> {
        let places: BTreeMap<u64, u32> = self
            .rows
            .taken()
            .into_iter()
            .filter_map(|slot| Some((*self.places.get(slot as usize)?, slot)))
            .collect();
        let rows: Vec<RowBytes<'_>> = places.into_values().map(|slot| self.rows.row(slot)).collect();
        self.format.decode(&rows)
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        self.rows = StandingRows::default();
        self.places.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}
