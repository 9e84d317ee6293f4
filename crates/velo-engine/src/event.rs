use velo_data::{RowError, StreamBatch};

/// What moves between operators.
#[derive(Debug, Clone)]
pub enum Event {
    /// Rows.
    Batch(StreamBatch),
    /// Nothing with an event time before this many milliseconds will follow.
    Watermark(i64),
    /// Nothing is expected for the moment: until the next batch or watermark, nobody is to be held back.
    Idle,
    /// Everything before it belongs to the checkpoint of this number, everything behind it does not.
    Barrier(u64),
    /// Nothing follows: the input was bounded, and whatever waited for more is due.
    End,
}

impl Event {
    /// Rows in it.
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.num_rows(),
            Self::Watermark(_) | Self::Idle | Self::Barrier(_) | Self::End => 0,
        }
    }
}

/// Rows that came after their window was closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LateRows {
    /// How many.
    pub rows: u64,
    /// The farthest that one of them was behind the watermark, in milliseconds.
    pub behind_watermark_ms_max: i64,
    /// The rows themselves when they go to a dead-letter queue, else the first few.
    pub errors: Vec<RowError>,
    /// Whether `errors` are to be written to the dead-letter queue.
    pub dead_letter: bool,
}

/// Where an operator puts what it produces.
#[derive(Debug, Default)]
pub struct Output {
    events: Vec<Event>,
    /// Rows of `events`.
    rows: usize,
    rejected: Vec<RowError>,
    late: LateRows,
    zero_divisions: u64,
    done: bool,
    has_more: bool,
}

impl Output {
    /// Hands rows on. Empty batches are dropped.
    pub fn emit(&mut self, batch: StreamBatch) {
        if batch.num_rows() > 0 {
            self.push(Event::Batch(batch));
        }
    }

    /// Hands a watermark on.
    pub fn forward(&mut self, watermark_ms: i64) {
        self.events.push(Event::Watermark(watermark_ms));
    }

    /// Gives up a row. The statement's error policy decides what becomes of it.
    pub fn reject(&mut self, error: RowError) {
        self.rejected.push(error);
    }

    /// Accounts for late rows.
    pub fn late(&mut self, late: LateRows) {
        self.late.add(late);
    }

    /// Counts divisions by zero, which gave NULL.
    pub fn count_zero_divisions(&mut self, count: u64) {
        self.zero_divisions += count;
    }

    /// Says that this operator wants no more input, as a LIMIT that is reached.
    pub fn finish(&mut self) {
        self.done = true;
    }

    /// Says that the operator has more to put out of what it has taken in. It is resumed, before anything else reaches it, once
    /// there is room.
    pub fn hold_more(&mut self) {
        self.has_more = true;
    }

    /// Whether [`Output::hold_more`] was called.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more
    }

    /// Whether [`Output::finish`] was called.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// What was handed on, in order.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.rows = 0;
        std::mem::take(&mut self.events)
    }

    /// Rows handed on so far that were not taken.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The rows given up that were not taken.
    pub(crate) fn rejected(&self) -> &[RowError] {
        &self.rejected
    }

    /// The rows given up.
    pub fn take_rejected(&mut self) -> Vec<RowError> {
        std::mem::take(&mut self.rejected)
    }

    /// The late rows.
    pub fn take_late(&mut self) -> LateRows {
        std::mem::take(&mut self.late)
    }

    /// Divisions by zero since the last call.
    pub fn take_zero_divisions(&mut self) -> u64 {
        std::mem::take(&mut self.zero_divisions)
    }

    /// Puts an event that is already one, such as the end, behind the others.
    pub(crate) fn push(&mut self, event: Event) {
        self.rows += event.rows();
        self.events.push(event);
    }

    /// Takes over what `other` accounts for, but not its events.
    pub(crate) fn absorb_accounts(&mut self, other: &mut Self) {
        self.rejected.append(&mut other.rejected);
        self.late.add(other.take_late());
        self.zero_divisions += other.take_zero_divisions();
    }
}

impl LateRows {
    /// Adds `other` to these.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.behind_watermark_ms_max = self.behind_watermark_ms_max.max(other.behind_watermark_ms_max);
        self.errors.extend(other.errors);
        self.dead_letter |= other.dead_letter;
    }
}
