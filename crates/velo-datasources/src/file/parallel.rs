use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use velo_data::Clock;
use velo_formats::{Decoder, RecordCutter, RecordPosition};

use super::part::FilePlace;
use super::reader::{FileReader, batch_at_hand};
use super::trace::Trace;
use crate::{FileOffset, RecordPlace, SourceBatch, SourceError};

/// Reads the records of one large file in order, and decodes them on several threads.
///
/// The lanes take turns in reading the file and cutting off a chunk at a record's end, which takes little time; each then
/// decodes its chunk while it is still in the cache of its core. Chunks are handed on in the order of the file. Rows,
/// errors and positions are the same with any number of lanes; only batches may end elsewhere than those of the
/// sequential reader.
pub(super) struct ParallelReader {
    input: Arc<Mutex<Input>>,
    /// Whether no chunk can be cut off from here: at the end, before what cannot be cut out, and after a failure. Apart from
    /// the input, which is locked while a lane reads: whoever hands out chunks must not wait for that. A chunk that is handed
    /// out all the same comes back empty.
    is_stuck: Arc<AtomicBool>,
    lanes: Lanes,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    batch_rows_max: usize,
    batch_bytes_max: usize,
    /// Chunks with nothing in them, to be used again.
    spare: Vec<Chunk>,
    /// The chunk that came back last, if it holds more records than a batch takes.
    open: Option<Chunk>,
    /// Bytes of a chunk, judged by the length of the records in the one that came back last.
    chunk_bytes: usize,
    /// Where the next batch starts.
    byte: u64,
    position: RecordPosition,
    /// Place in the file of the records that were read last.
    last_byte: u64,
    /// What stands in the file before the open chunk, or, if there is none, before the next batch.
    trace: Trace,
    /// Place in the file up to which bytes have been told of.
    told_bytes: u64,
}

/// Where the lanes cut their chunks off.
struct Input {
    /// Reads the file, and decodes what cannot be cut out of it: malformed quotes, records that are too long.
    sequential: FileReader,
    cutter: RecordCutter,
    /// Chunks that were cut off so far.
    chunks: usize,
    is_stuck: Arc<AtomicBool>,
    /// What stopped the reading; told when all that was read before has been handed on.
    failure: Option<SourceError>,
}

/// Records on their way through a lane, with the decoder that turns them into columns.
#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    decoder: Decoder,
    /// Bytes that it should have.
    bytes_wanted: usize,
    rows_max: usize,
    /// Bytes that are decoded.
    decoded: usize,
}

impl Chunk {
    fn is_done(&self) -> bool {
        self.decoded == self.bytes.len()
    }

    fn decode(&mut self) -> usize {
        let decoded = self.decoder.decode(&self.bytes[self.decoded..], true, self.rows_max);
        self.decoded += decoded;
        decoded
    }
}

impl Input {
    /// Counts the chunk that is cut off next, and tells its number.
    fn next_number(&mut self) -> usize {
        self.chunks += 1;
        self.chunks - 1
    }

    /// Cuts the next chunk off; an empty one where that cannot be done.
    fn cut(&mut self, chunk: &mut Chunk) {
        chunk.bytes.clear();
        chunk.decoded = 0;
        if !self.is_stuck.load(Ordering::Relaxed) {
            match self.next_cut(chunk.bytes_wanted) {
                Ok(0) => self.is_stuck.store(true, Ordering::Relaxed),
                Ok(bytes) => self.sequential.buffer.take(bytes, &mut chunk.bytes),
                Err(failure) => {
                    self.is_stuck.store(true, Ordering::Relaxed);
                    self.failure = Some(failure);
                }
            }
        }
    }

    /// Reads on until a chunk is at hand and tells its bytes; 0 at the end, and before what cannot be cut out.
    fn next_cut(&mut self, bytes_wanted: usize) -> Result<usize, SourceError> {
        let FileReader { buffer, limits, .. } = &mut self.sequential;
        let mut wanted = bytes_wanted;
        loop {
            buffer.fill_up_to(wanted)?;
            let at_hand = buffer.bytes().len();
            let cut = self.cutter.cut(buffer.bytes(), buffer.is_end());
            let is_all = buffer.is_end() || buffer.is_caught_up();
            if cut.bytes > 0 || cut.is_stuck || is_all || at_hand > limits.record_bytes_max {
                return Ok(cut.bytes);
            }
            wanted = 2 * at_hand.max(1);
        }
    }
}

/// Threads that cut and decode chunks: whichever is free takes the next, since they share their cores with whoever
/// collects.
struct Lanes {
    empty: Sender<Chunk>,
    decoded: Receiver<Numbered>,
    /// Chunks that came back before earlier ones; the first is the next to be collected.
    early: VecDeque<Option<Chunk>>,
    handed_out: usize,
    collected: usize,
}

/// A chunk with its place in the file, or what its lane panicked with.
type Numbered = (usize, std::thread::Result<Chunk>);

/// Chunks for each lane: one that is decoded, and enough behind it for the time in which whoever collects them does not
/// run.
const CHUNKS_PER_LANE: usize = 6;

/// A chunk has this part of the records that a batch takes, so that those of all lanes stay in the caches of their cores.
const CHUNKS_PER_BATCH: usize = 4;

/// The first chunks, from which the length of records is learnt, are this part of what is read at a time otherwise.
const FIRST_CHUNK_PART: usize = 4;

impl Lanes {
    fn spawn(count: usize, input: &Arc<Mutex<Input>>) -> std::io::Result<Self> {
        let (empty, to_fill) = channel();
        let (finished, decoded) = channel();
        let to_fill = Arc::new(Mutex::new(to_fill));
        for _ in 0..count {
            let (input, to_fill, finished) = (Arc::clone(input), Arc::clone(&to_fill), finished.clone());
            let body = move || fill_all(&input, &to_fill, &finished);
            std::thread::Builder::new().name("velo-decode".to_owned()).spawn(body)?;
        }
        Ok(Self {
            empty,
            decoded,
            early: VecDeque::new(),
            handed_out: 0,
            collected: 0,
        })
    }

    fn hand_out(&mut self, chunk: Chunk) {
        if self.empty.send(chunk).is_ok() {
            self.handed_out += 1;
        }
    }

    /// The next chunk of the file; none if all have been collected. A panic of a lane goes on here.
    fn collect(&mut self) -> Option<Chunk> {
        if self.collected == self.handed_out {
            return None;
        }
        loop {
            if let Some(Some(_)) = self.early.front() {
                self.collected += 1;
                return self.early.pop_front().flatten();
            }
            let (number, chunk) = self.decoded.recv().ok()?;
            let chunk = chunk.unwrap_or_else(|panic| resume_unwind(panic));
            let place = number - self.collected;
            if self.early.len() <= place {
                self.early.resize_with(place + 1, || None);
            }
            self.early[place] = Some(chunk);
        }
    }
}

/// What a lane does, until the reader is gone.
fn fill_all(input: &Mutex<Input>, to_fill: &Mutex<Receiver<Chunk>>, finished: &Sender<Numbered>) {
    let next = || to_fill.lock().ok()?.recv().ok();
    while let Some(mut chunk) = next() {
        let mut input = lock(input);
        let number = input.next_number();
        let decoded = catch_unwind(AssertUnwindSafe(move || {
            input.cut(&mut chunk);
            drop(input);
            chunk.decoder.begin_chunk();
            chunk.decode();
            chunk
        }));
        if finished.send((number, decoded)).is_err() {
            return;
        }
    }
}

fn lock(input: &Mutex<Input>) -> MutexGuard<'_, Input> {
    // Reading and cutting have no state that a panic could leave half changed and that is used again.
    input.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ParallelReader {
    /// Decodes on `threads` threads, each with decoders of `decoder`, what `sequential` would read.
    pub(super) fn new(
        sequential: FileReader,
        cutter: RecordCutter,
        threads: usize,
        decoder: impl Fn() -> Result<Decoder, SourceError>,
    ) -> Result<Self, SourceError> {
        let (limits, batch_rows_max) = (sequential.limits, sequential.batch_rows_max);
        let chunk = |_| {
            Ok(Chunk {
                bytes: Vec::new(),
                decoder: decoder()?,
                bytes_wanted: 0,
                rows_max: batch_rows_max,
                decoded: 0,
            })
        };
        let spare = (0..threads * CHUNKS_PER_LANE).map(chunk).collect::<Result<_, _>>()?;
        let path = sequential.buffer.path().to_owned();
        let clock = Arc::clone(&sequential.clock);
        let (byte, position, told_bytes) = (
            sequential.buffer.position(),
            sequential.decoder.position(),
            sequential.told_bytes,
        );
        let trace = sequential.buffer.trace();
        let is_stuck = Arc::new(AtomicBool::new(false));
        let input = Arc::new(Mutex::new(Input {
            sequential,
            cutter: cutter.with_record_bytes_max(limits.record_bytes_max),
            chunks: 0,
            is_stuck: Arc::clone(&is_stuck),
            failure: None,
        }));
        let lanes = Lanes::spawn(threads, &input).map_err(|source| SourceError::Io {
            path: path.clone(),
            source,
        })?;
        Ok(Self {
            path,
            input,
            is_stuck,
            lanes,
            clock,
            batch_rows_max,
            batch_bytes_max: usize::try_from(limits.batch_bytes_max).unwrap_or(usize::MAX).max(1),
            spare,
            open: None,
            chunk_bytes: limits.chunk_bytes.div_ceil(FIRST_CHUNK_PART),
            byte,
            position,
            last_byte: byte,
            trace,
            told_bytes,
        })
    }

    /// The next batch; `None` at the end.
    pub(super) fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        match self.next_of_chunks()? {
            Some(batch) => Ok(Some(batch)),
            None => self.next_sequential(),
        }
    }

    /// Where the next batch starts.
    pub(super) fn place(&self) -> FilePlace {
        FilePlace {
            byte: self.byte,
            next: self.next_record(),
        }
    }

    fn next_record(&self) -> RecordPlace {
        let RecordPosition { record, line } = self.position;
        RecordPlace { record, line }
    }

    /// How far a file that may grow has been handed on, which may be less than has been read of it.
    pub(super) fn file_offset(&self) -> Result<Option<FileOffset>, SourceError> {
        let input = lock(&self.input);
        let buffer = &input.sequential.buffer;
        let is_all = buffer.position() == self.byte;
        if is_all && input.sequential.decoder.is_discarding() {
            return input.sequential.file_offset();
        }
        let trace = match &self.open {
            Some(chunk) => self.trace.behind(&chunk.bytes[..chunk.decoded]),
            None => self.trace.clone(),
        };
        let may_be_open = input.sequential.quotes_line_ends || !trace.ends_line();
        let is_open = is_all && buffer.is_consumed() && may_be_open;
        let status = buffer.status()?;
        Ok(status.map(|status| status.offset_at(&trace, self.next_record(), is_open.then_some(self.last_byte))))
    }

    /// Takes at most so many rows a batch from now on.
    pub(super) fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        self.batch_rows_max = batch_rows_max.max(1);
    }

    /// The next batch of chunks; none when all that could be cut off has come back.
    fn next_of_chunks(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        loop {
            let (chunk, decoded) = if let Some(mut chunk) = self.open.take() {
                let decoded = chunk.decode();
                (chunk, decoded)
            } else {
                self.hand_out();
                let Some(chunk) = self.collect() else {
                    return Ok(None);
                };
                let decoded = chunk.decoded;
                (chunk, decoded)
            };
            if let Some(batch) = self.finish(chunk, decoded)? {
                return Ok(Some(batch));
            }
        }
    }

    /// Gives the lanes all they have room for.
    fn hand_out(&mut self) {
        if self.is_stuck.load(Ordering::Relaxed) {
            return;
        }
        while let Some(mut chunk) = self.spare.pop() {
            chunk.bytes_wanted = self.chunk_bytes;
            chunk.rows_max = self.batch_rows_max;
            self.lanes.hand_out(chunk);
        }
    }

    /// The next chunk that comes back, at its place in the file.
    fn collect(&mut self) -> Option<Chunk> {
        let mut chunk = self.lanes.collect()?;
        chunk.decoder.place_chunk(self.position);
        if let Some(record_bytes) = chunk.decoded.checked_div(chunk.decoder.pending_records()) {
            let bytes = record_bytes.saturating_mul(chunk.rows_max) / CHUNKS_PER_BATCH;
            self.chunk_bytes = bytes.clamp(1, self.batch_bytes_max);
        }
        Some(chunk)
    }

    /// The batch that a chunk has at hand, after `decoded` more of its bytes; none if there were only empty lines.
    fn finish(&mut self, mut chunk: Chunk, decoded: usize) -> Result<Option<SourceBatch>, SourceError> {
        self.position = chunk.decoder.position();
        if decoded > 0 {
            self.last_byte = self.byte;
        }
        self.byte += decoded as u64;
        let bytes_read = self.byte - self.told_bytes;
        let batch = batch_at_hand(&mut chunk.decoder, &self.path, self.clock.as_ref(), bytes_read)?;
        if batch.is_some() {
            self.told_bytes = self.byte;
        }
        if chunk.is_done() {
            self.trace.extend(&chunk.bytes);
            self.spare.push(chunk);
        } else {
            self.open = Some(chunk);
        }
        Ok(batch)
    }

    /// Decodes one batch here, which passes over records that are too long bit by bit. No lane has anything to do then.
    fn next_sequential(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        let mut input = lock(&self.input);
        if let Some(failure) = input.failure.take() {
            return Err(failure);
        }
        let sequential = &mut input.sequential;
        sequential.told_bytes = self.told_bytes;
        sequential.set_batch_rows_max(self.batch_rows_max);
        sequential.decoder.go_to(self.position);
        let batch = sequential.next_batch();
        self.told_bytes = sequential.told_bytes;
        self.byte = sequential.buffer.position();
        self.position = sequential.decoder.position();
        self.last_byte = sequential.last_byte;
        self.trace = sequential.buffer.trace();
        self.is_stuck.store(false, Ordering::Relaxed);
        batch
    }
}
