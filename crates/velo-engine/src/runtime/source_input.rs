use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use velo_datasources::SplitId;

use super::alignment::Aligned;
use super::checkpoint::SplitState;
use super::readers::Readers;
use super::reading::Reading;
use super::split::{Looked, Split};
use crate::chain::Progress;
use crate::error::EngineError;
use crate::event::{Event, Output};
use crate::exchange::Merge;

/// The splits of a source that one task reads, as one stream.
pub(super) struct SourceInput {
    reading: Arc<Reading>,
    readers: Readers,
    splits: Vec<Split>,
    merge: Merge,
    /// Whether the source goes on: then no split may keep the others from being read.
    follows: bool,
    /// Number of looks at splits so far.
    turns: u64,
    /// Since when all splits are idle, and how far event time had come then.
    all_idle: Option<(Instant, i64)>,
    /// Whether it has gone out how far splits were read that are gone on with.
    has_begun: bool,
    /// Whether reading can go on in the middle.
    is_resumable: bool,
    /// Splits that were read to their end before the job was started again.
    ended_before: Vec<(SplitId, SplitState)>,
    /// With the tasks that read what its rows meet.
    aligned: Option<Aligned>,
}

/// What a look at splits brought.
pub(super) enum Polled {
    /// Events, which may be none, and how many rows were read for them. Behind the end nothing follows.
    Events { events: Vec<Event>, rows: usize },
    /// Nothing for the moment: it is worth another look after this time.
    Nothing(Duration),
    /// Nothing before others have come as far: [`SourceInput::others_moved`].
    Ahead,
}

impl SourceInput {
    /// `reading` is shared with the other tasks that read the source.
    pub(super) fn new(
        reading: Arc<Reading>,
        readers: Readers,
        splits: Vec<Split>,
        follows: bool,
        is_resumable: bool,
    ) -> Self {
        Self {
            reading,
            readers,
            merge: Merge::as_they_come(splits.len().max(1)),
            splits,
            follows,
            turns: 0,
            all_idle: None,
            has_begun: false,
            is_resumable,
            ended_before: Vec::new(),
            aligned: None,
        }
    }

    /// The same, which does not run ahead of others in event time.
    pub(super) fn align(&mut self, aligned: Aligned) {
        aligned.tell(self.farthest_behind());
        self.aligned = Some(aligned);
    }

    /// Of a source that was read to its end before the job was started again.
    pub(super) fn ended_before(reading: Arc<Reading>, readers: Readers, splits: BTreeMap<SplitId, SplitState>) -> Self {
        Self {
            ended_before: splits.into_iter().collect(),
            ..Self::new(reading, readers, Vec::new(), false, true)
        }
    }

    /// Splits that were read to their end before the job was started again, and how far they were read.
    pub(super) fn into_ended_before(self) -> Vec<(SplitId, SplitState)> {
        self.ended_before
    }

    /// Whether a barrier may pass: behind it, reading has to go on where it is now, at the beginning, or not at all.
    pub(super) fn takes_barriers(&self) -> bool {
        self.is_resumable || !self.has_begun
    }

    /// Whether it was looked at.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// How far each split has been read.
    pub(super) fn states(&mut self) -> Result<Vec<(SplitId, SplitState)>, EngineError> {
        let is_resumable = self.is_resumable;
        let splits = self.splits.iter_mut();
        let splits = splits.map(|split| split.state(is_resumable, &self.reading, &self.readers));
        let before = self.ended_before.iter().cloned().map(Ok);
        before.chain(splits).collect()
    }

    /// Looks at the split whose turn it is.
    pub(super) async fn poll(&mut self) -> Result<Polled, EngineError> {
        if !std::mem::replace(&mut self.has_begun, true) {
            let events = self.watermarks_before()?;
            return Ok(Polled::Events { events, rows: 0 });
        }
        let port = match self.next_turn(Instant::now()) {
            Some(Turn::Read(port)) => port,
            Some(Turn::Rest(pause)) => return Ok(Polled::Nothing(pause)),
            None => return self.end(0),
        };
        let watermark_ms = self.splits[port].watermark_ms;
        if let Some(aligned) = &mut self.aligned
            && aligned.is_ahead(watermark_ms)
        {
            return Ok(Polled::Ahead);
        }
        self.turns += 1;
        let polled = self.read(port).await;
        if let Some(aligned) = &self.aligned {
            aligned.tell(self.farthest_behind());
        }
        polled
    }

    /// The watermark of the split that is farthest behind, of those that have more to be read.
    fn farthest_behind(&self) -> Option<i64> {
        let open = self
            .splits
            .iter()
            .filter(|split| !split.ended && split.rests_until.is_none());
        open.map(|split| split.watermark_ms).min()
    }

    /// Waits until other sources have come farther, of those that it is aligned with.
    pub(super) async fn others_moved(&mut self) {
        match &mut self.aligned {
            Some(aligned) => aligned.moved().await,
            None => std::future::pending().await,
        }
    }

    /// Looks at a split.
    async fn read(&mut self, port: usize) -> Result<Polled, EngineError> {
        let split = &mut self.splits[port];
        split.last_turn = self.turns;
        let event = match split.look(&self.reading, &self.readers).await? {
            Looked::Rows(batch) => {
                split.idleness.on_rows();
                self.all_idle = None;
                Event::Batch(batch)
            }
            Looked::Nothing => {
                let events = self.notice_idle(port)?;
                return Ok(Polled::Events { events, rows: 0 });
            }
            Looked::End => {
                split.ended = true;
                Event::End
            }
        };
        if matches!(event, Event::End) && self.splits.iter().all(|split| split.ended) {
            return self.end(port);
        }
        let rows = event.rows();
        let events = self.merged(port, event)?;
        Ok(Polled::Events { events, rows })
    }

    /// Learns how long the rows that came last took, all operators of this task included.
    pub(super) fn adapt(&mut self, rows: usize, taken: Duration) {
        let turns = self.turns;
        if let Some(split) = self.splits.iter_mut().find(|split| split.last_turn == turns) {
            split.adapt(rows, taken);
        }
    }

    /// The last split has ended, or there is none.
    fn end(&mut self, port: usize) -> Result<Polled, EngineError> {
        // Before anybody hears of the end, and takes nothing for the result.
        self.readers.reader_ended(&self.reading)?;
        let events = self.merged(port, Event::End)?;
        Ok(Polled::Events { events, rows: 0 })
    }

    /// How far event time had come before the job was started again, so that splits which bring nothing hold nothing back that
    /// they did not hold back before.
    fn watermarks_before(&mut self) -> Result<Vec<Event>, EngineError> {
        let mut events = Vec::new();
        for (port, split) in self.splits.iter().enumerate() {
            if split.watermark_ms > i64::MIN {
                let merged = self.merge.push(port, Event::Watermark(split.watermark_ms));
                events.extend(merged.map_err(|source| EngineError::Operator {
                    statement: self.readers.first().name.clone(),
                    source,
                })?);
            }
        }
        Ok(events)
    }

    /// Says that a split holds nothing back any more, once it has brought nothing for long enough. When none brings anything,
    /// event time goes on as time does, so that windows close.
    fn notice_idle(&mut self, port: usize) -> Result<Vec<Event>, EngineError> {
        let now = Instant::now();
        if !self.splits[port].idleness.on_nothing(now) {
            return Ok(Vec::new());
        }
        let open = || self.splits.iter().filter(|split| !split.ended);
        let mut events = Vec::new();
        if open().all(|split| split.idleness.is_idle()) {
            let reached = open().map(|split| split.watermark_ms).max().unwrap_or(i64::MIN);
            let (since, reached_ms) = *self.all_idle.get_or_insert((now, reached));
            let passed = i64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(i64::MAX);
            // Event time is never ahead of the clock by this, and before the first row nobody knows where it is.
            let watermark_ms = reached_ms
                .saturating_add(passed)
                .min(self.readers.first().clock.now_ms());
            if reached_ms > i64::MIN && watermark_ms > reached_ms {
                events.push(Event::Watermark(watermark_ms));
            }
        }
        events.push(Event::Idle);
        let merged = events.into_iter().map(|event| self.merge.push(port, event));
        let merged = merged.collect::<Result<Vec<_>, _>>();
        let merged = merged.map_err(|source| EngineError::Operator {
            statement: self.readers.first().name.clone(),
            source,
        })?;
        Ok(merged.into_iter().flatten().collect())
    }

    /// Passes an event of a split through its scan, and joins it with those of the other splits.
    fn merged(&mut self, port: usize, event: Event) -> Result<Vec<Event>, EngineError> {
        let failed = |source| EngineError::Operator {
            statement: self.readers.first().name.clone(),
            source,
        };
        let Some(split) = self.splits.get_mut(port) else {
            return self.merge.push(port, event).map_err(failed);
        };
        self.readers.first().set_processing_time();
        let mut out = Output::default();
        let mut events = Vec::new();
        let mut progress = split.scan.push(event, &mut out);
        loop {
            let more = progress.map_err(failed)? == Progress::More;
            self.reading.add_rejected(out.rejected());
            self.readers.settle(&mut out)?;
            for event in out.take_events() {
                if let Event::Watermark(watermark_ms) = event {
                    split.watermark_ms = watermark_ms;
                }
                events.extend(self.merge.push(port, event).map_err(failed)?);
            }
            if !more {
                return Ok(events);
            }
            progress = split.scan.resume(&mut out);
        }
    }

    /// The split to read next, of those that may have something: the one whose event time has come least far, so that
    /// windows can close. Of equals it is the first, so that splits without event time are read one after the other; where
    /// they go on, the one that was looked at least lately. `None` when all have ended.
    fn next_turn(&self, now: Instant) -> Option<Turn> {
        let open = || self.splits.iter().enumerate().filter(|(_, split)| !split.ended);
        let pause = |split: &Split| split.rests_until.map(|until| until.saturating_duration_since(now));
        let ready = open().filter(|(_, split)| pause(split).is_none_or(|pause| pause.is_zero()));
        let next = ready.min_by_key(|(_, split)| (split.watermark_ms, if self.follows { split.last_turn } else { 0 }));
        if let Some((index, _)) = next {
            return Some(Turn::Read(index));
        }
        open().filter_map(|(_, split)| pause(split)).min().map(Turn::Rest)
    }
}

/// What to do with splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Read one of them.
    Read(usize),
    /// None has anything: wait so long.
    Rest(Duration),
}
