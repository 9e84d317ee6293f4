use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use velo_data::SourceOffset;
use velo_formats::{Decoder, RecordCutter, RecordPosition};

use super::reader::{FileReader, batch_at_hand};
use crate::{SourceBatch, SourceError};

/// Reads the records of one large file in order, and decodes them on several threads.
///
/// The file is read and cut at record ends by whoever asks for batches; the lanes decode the chunks, which takes most of
/// the time, and hand them back in turn. Rows, errors and positions are the same with any number of lanes; only batches
/// may end elsewhere than those of the sequential reader.
pub(super) struct ParallelReader {
    /// Reads the file, and decodes what cannot be cut out of it: malformed quotes, records that are too long.
    sequential: FileReader,
    cutter: RecordCutter,
    lanes: Vec<Lane>,
    /// Chunks that were handed out, and that came back.
    handed_out: usize,
    collected: usize,
    /// Chunks with nothing in them, to be used again.
    spare: Vec<Chunk>,
    /// The chunk that came back last, if it holds more records than a batch takes.
    open: Option<Chunk>,
    /// Bytes of a chunk: about what a batch takes, judged by the chunk that came back last.
    chunk_bytes: usize,
    /// Where the next batch starts.
    byte: u64,
    position: RecordPosition,
    /// What stopped the reading; told when all that was read before has been handed on.
    failure: Option<SourceError>,
}

/// Records on their way through a lane, with the decoder that turns them into columns.
#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    decoder: Decoder,
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

/// A thread that decodes chunks.
#[derive(Debug)]
struct Lane {
    chunks: SyncSender<Chunk>,
    decoded: Receiver<Chunk>,
    thread: Option<JoinHandle<()>>,
}

/// Chunks in a lane: one that is decoded, and enough behind it for the time in which whoever collects them does not run.
const CHUNKS_PER_LANE: usize = 4;

/// The first chunks, from which the length of records is learnt, are this part of what is read at a time otherwise.
const FIRST_CHUNK_PART: usize = 4;

impl Lane {
    fn spawn() -> std::io::Result<Self> {
        let (chunks, to_decode) = sync_channel::<Chunk>(CHUNKS_PER_LANE);
        let (finished, decoded) = sync_channel(CHUNKS_PER_LANE);
        let body = move || {
            for mut chunk in to_decode {
                chunk.decoder.begin_chunk();
                chunk.decode();
                if finished.send(chunk).is_err() {
                    return; // The reader is gone.
                }
            }
        };
        let thread = std::thread::Builder::new().name("velo-decode".to_owned()).spawn(body)?;
        Ok(Self {
            chunks,
            decoded,
            thread: Some(thread),
        })
    }

    /// The chunk that was handed to this lane first. A panic of the lane goes on here.
    fn collect(&mut self) -> Option<Chunk> {
        let chunk = self.decoded.recv().ok();
        if chunk.is_none()
            && let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
        {
            resume_unwind(panic);
        }
        chunk
    }
}

impl ParallelReader {
    /// Decodes on `threads` threads, each with decoders of `decoder`, what `sequential` would read.
    pub(super) fn new(
        sequential: FileReader,
        cutter: RecordCutter,
        threads: usize,
        decoder: impl Fn() -> Result<Decoder, SourceError>,
    ) -> Result<Self, SourceError> {
        let lanes = (0..threads).map(|_| Lane::spawn()).collect::<Result<Vec<_>, _>>();
        let lanes = lanes.map_err(|source| SourceError::Io {
            path: sequential.buffer.path().to_owned(),
            source,
        })?;
        let chunk = |_| {
            Ok(Chunk {
                bytes: Vec::new(),
                decoder: decoder()?,
                rows_max: sequential.batch_rows_max,
                decoded: 0,
            })
        };
        Ok(Self {
            cutter: cutter.with_record_bytes_max(sequential.limits.record_bytes_max),
            spare: (0..threads * CHUNKS_PER_LANE).map(chunk).collect::<Result<_, _>>()?,
            open: None,
            chunk_bytes: sequential.limits.chunk_bytes.div_ceil(FIRST_CHUNK_PART),
            lanes,
            handed_out: 0,
            collected: 0,
            byte: sequential.buffer.position(),
            position: sequential.decoder.position(),
            failure: None,
            sequential,
        })
    }

    /// The next batch; `None` at the end.
    pub(super) fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        if let Some(batch) = self.next_of_chunks()? {
            return Ok(Some(batch));
        }
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => self.next_sequential(),
        }
    }

    /// Where the next batch starts.
    pub(super) fn offset(&self) -> SourceOffset {
        SourceOffset::File {
            byte: self.byte,
            record: self.position.record,
            line: self.position.line,
        }
    }

    /// Takes at most so many rows a batch from now on.
    pub(super) fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        self.sequential.set_batch_rows_max(batch_rows_max);
    }

    /// Gives the lanes all they have room for.
    fn hand_out(&mut self) -> Result<(), SourceError> {
        while !self.spare.is_empty() {
            let bytes = self.next_cut()?;
            let Some(mut chunk) = self.spare.pop_if(|_| bytes > 0) else {
                return Ok(());
            };
            self.sequential.buffer.take(bytes, &mut chunk.bytes);
            chunk.decoded = 0;
            chunk.rows_max = self.sequential.batch_rows_max;
            let lane = self.handed_out % self.lanes.len();
            if self.lanes[lane].chunks.send(chunk).is_err() {
                return Ok(()); // The lane panicked, which comes out when its chunk is collected.
            }
            self.handed_out += 1;
        }
        Ok(())
    }

    /// Reads on until a chunk is at hand and tells its bytes; 0 at the end, and before what cannot be cut out.
    fn next_cut(&mut self) -> Result<usize, SourceError> {
        let FileReader { buffer, limits, .. } = &mut self.sequential;
        let mut wanted = self.chunk_bytes;
        loop {
            buffer.fill_up_to(wanted)?;
            let at_hand = buffer.bytes().len();
            let cut = self.cutter.cut(buffer.bytes(), buffer.is_end());
            if cut.bytes > 0 || cut.is_stuck || buffer.is_end() || at_hand > limits.record_bytes_max {
                return Ok(cut.bytes);
            }
            wanted = 2 * at_hand.max(1);
        }
    }

    /// The next chunk that comes back, at its place in the file.
    fn collect(&mut self) -> Option<Chunk> {
        let lane = self.collected % self.lanes.len();
        let mut chunk = self.lanes[lane].collect()?;
        self.collected += 1;
        chunk.decoder.place_chunk(self.position);
        if let Some(record_bytes) = chunk.decoded.checked_div(chunk.decoder.pending_records()) {
            // A little less than a full batch, so that a chunk of slightly shorter records is one batch, too.
            let bytes = record_bytes.saturating_mul(chunk.rows_max) / 8 * 7;
            let bytes_max = usize::try_from(self.sequential.limits.batch_bytes_max).unwrap_or(usize::MAX);
            self.chunk_bytes = bytes.clamp(1, bytes_max.max(1));
        }
        Some(chunk)
    }

    /// The batch that a chunk has at hand, after `decoded` more of its bytes; none if there were only empty lines.
    fn finish(&mut self, mut chunk: Chunk, decoded: usize) -> Result<Option<SourceBatch>, SourceError> {
        self.position = chunk.decoder.position();
        self.byte += decoded as u64;
        let bytes_read = self.byte - self.sequential.told_bytes;
        let FileReader { buffer, clock, .. } = &self.sequential;
        let batch = batch_at_hand(&mut chunk.decoder, buffer.path(), clock.as_ref(), bytes_read)?;
        if batch.is_some() {
            self.sequential.told_bytes = self.byte;
        }
        if chunk.is_done() {
            self.spare.push(chunk);
        } else {
            self.open = Some(chunk);
        }
        Ok(batch)
    }

    /// The next batch of chunks; none when all that was handed out has come back.
    fn next_of_chunks(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        loop {
            let batch = if let Some(mut chunk) = self.open.take() {
                let decoded = chunk.decode();
                self.finish(chunk, decoded)?
            } else {
                if self.failure.is_none() {
                    self.failure = self.hand_out().err();
                }
                if self.collected == self.handed_out {
                    return Ok(None);
                }
                let Some(chunk) = self.collect() else {
                    return Ok(None);
                };
                let decoded = chunk.decoded;
                self.finish(chunk, decoded)?
            };
            if batch.is_some() {
                return Ok(batch);
            }
        }
    }

    /// Decodes one batch here, which passes over records that are too long bit by bit.
    fn next_sequential(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        self.sequential.decoder.go_to(self.position);
        let batch = self.sequential.next_batch();
        self.byte = self.sequential.buffer.position();
        self.position = self.sequential.decoder.position();
        batch
    }
}
