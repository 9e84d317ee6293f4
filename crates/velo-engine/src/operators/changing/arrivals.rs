use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use velo_data::{StreamBatch, StreamSchema};

use crate::error::{CompileError, OperatorError, OperatorResult};
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

    /// All rows that stand with their places, which are the last column; equal rows in the order in which they came, since the
    /// last one of them goes first.
    pub(super) fn snapshot(&self) -> OperatorResult<RecordBatch> {
        let slots = self.rows.taken();
        let rows: Vec<RowBytes<'_>> = slots.iter().map(|slot| self.rows.row(*slot)).collect();
        let records = self.format.decode(&rows)?;
        let places = slots.iter().map(|slot| self.places.get(*slot as usize).copied());
        with_places(&records, places.collect())
    }

    /// Takes in what [`Arrivals::snapshot`] gave, and returns the slots of the rows by their places.
    pub(super) fn restore(&mut self, snapshot: &RecordBatch) -> OperatorResult<BTreeMap<u64, u32>> {
        let (records, places) = split_places(snapshot)?;
        let encoded = self.format.encode(&records)?;
        let mut slots = BTreeMap::new();
        for (row, place) in places.values().iter().enumerate() {
            slots.insert(*place, self.stand_at(*place, encoded.row(row)));
            self.next_place = self.next_place.max(place + 1);
        }
        Ok(slots)
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

/// Rows with one column more: the place of each, or NULL for rows that do not stand.
pub(super) fn with_places(records: &RecordBatch, places: UInt64Array) -> OperatorResult<RecordBatch> {
    let fields = records.schema_ref().fields().iter().cloned();
    let fields = fields.chain([Arc::new(Field::new("place", DataType::UInt64, true))]);
    let columns = records.columns().iter().cloned().chain([Arc::new(places) as _]);
    let schema = Schema::new(fields.collect::<Vec<_>>());
    Ok(RecordBatch::try_new(Arc::new(schema), columns.collect())?)
}

/// What [`with_places`] put together.
pub(super) fn split_places(records: &RecordBatch) -> OperatorResult<(RecordBatch, UInt64Array)> {
    let misfit = || OperatorError::Snapshot {
        operator: "standing rows",
        message: "it does not tell the places of rows".to_owned(),
    };
    let last = records.num_columns().checked_sub(1).ok_or_else(misfit)?;
    let places = records
        .column(last)
        .as_primitive_opt::<UInt64Type>()
        .ok_or_else(misfit)?;
    Ok((records.project(&(0..last).collect::<Vec<_>>())?, places.clone()))
}
