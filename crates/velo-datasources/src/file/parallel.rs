use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use async_trait::async_trait;
use velo_data::SourceOffset;
use velo_formats::{Decoder, RecordCutter, RecordPosition};

use super::reader::{FileReader, batch_at_hand};
use crate::{PartitionReader, SourceBatch, SourceError};

/// Reads the records of one large file in order, and decodes them on several threads.
///
/// The file is read and cut at record ends by whoever asks for batches; the lanes decode the chunks, which takes most of
/// the time, and hand them back in turn. A chunk is what a batch of the sequential reader would be, so that rows, errors
/// and positions are the same with any number of lanes.
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
    /// Place in the file of the first byte behind it.
    end_byte: u64,
}

/// A thread that decodes chunks.
#[derive(Debug)]
struct Lane {
    chunks: SyncSender<Chunk>,
    decoded: Receiver<Chunk>,
    thread: Option<JoinHandle<()>>,
}

/// Chunks in a lane: one that is decoded, and one that waits, so that the lane does not.
const CHUNKS_PER_LANE: usize = 2;

impl Lane {
    fn spawn() -> std::io::Result<Self> {
        let (chunks, to_decode) = sync_channel::<Chunk>(CHUNKS_PER_LANE);
        let (finished, decoded) = sync_channel(CHUNKS_PER_LANE);
        let body = move || {
            for mut chunk in to_decode {
                chunk.decoder.decode_chunk(&chunk.bytes);
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
            path: sequential.path.clone(),
            source,
        })?;
        let chunk = |_| {
            Ok(Chunk {
                bytes: Vec::new(),
                decoder: decoder()?,
                end_byte: 0,
            })
        };
        Ok(Self {
            cutter: cutter.with_record_bytes_max(sequential.limits.record_bytes_max),
            spare: (0..threads * CHUNKS_PER_LANE).map(chunk).collect::<Result<_, _>>()?,
            lanes,
            handed_out: 0,
            collected: 0,
            byte: sequential.buffer.position(),
            position: sequential.decoder.position(),
            failure: None,
            sequential,
        })
    }

    /// Gives the lanes all they have room for.
    fn hand_out(&mut self) -> Result<(), SourceError> {
        while !self.spare.is_empty() {
            let bytes = self.next_cut()?;
            let Some(mut chunk) = self.spare.pop_if(|_| bytes > 0) else {
                return Ok(());
            };
            let buffer = &mut self.sequential.buffer;
            chunk.bytes.clear();
            chunk.bytes.extend_from_slice(&buffer.bytes()[..bytes]);
            buffer.consume(bytes);
            chunk.end_byte = buffer.position();
            let lane = self.handed_out % self.lanes.len();
            if self.lanes[lane].chunks.send(chunk).is_err() {
                return Ok(()); // The lane panicked, which comes out when its chunk is collected.
            }
            self.handed_out += 1;
        }
        Ok(())
    }

    /// Reads on until a batch is at hand and tells its bytes; 0 at the end, and before what cannot be cut out.
    fn next_cut(&mut self) -> Result<usize, SourceError> {
        let FileReader {
            buffer,
            limits,
            batch_rows_max,
            ..
        } = &mut self.sequential;
        loop {
            let at_hand = buffer.bytes().len();
            let cut = self.cutter.cut(buffer.bytes(), buffer.is_end(), *batch_rows_max);
            let is_full = cut.records == *batch_rows_max || at_hand as u64 >= limits.batch_bytes_max;
            let is_too_long = cut.bytes == 0 && at_hand > limits.record_bytes_max;
            if (cut.bytes > 0 && is_full) || is_too_long || cut.is_stuck || buffer.is_end() {
                return Ok(cut.bytes);
            }
            buffer.fill()?;
        }
    }

    /// The batch of a chunk that came back; none if there was nothing but empty lines in it.
    fn finish(&mut self, mut chunk: Chunk) -> Result<Option<SourceBatch>, SourceError> {
        chunk.decoder.place_chunk(self.position);
        self.position = chunk.decoder.position();
        let bytes_read = chunk.end_byte - self.sequential.told_bytes;
        self.byte = chunk.end_byte;
        let FileReader { path, clock, .. } = &self.sequential;
        let batch = batch_at_hand(&mut chunk.decoder, path, clock.as_ref(), bytes_read)?;
        if batch.is_some() {
            self.sequential.told_bytes = chunk.end_byte;
        }
        self.spare.push(chunk);
        Ok(batch)
    }

    /// Decodes one batch here, which passes over records that are too long bit by bit.
    async fn next_sequential(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        self.sequential.decoder.go_to(self.position);
        let batch = self.sequential.next_batch().await;
        self.byte = self.sequential.buffer.position();
        self.position = self.sequential.decoder.position();
        batch
    }
}

#[async_trait]
impl PartitionReader for ParallelReader {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        loop {
            if self.failure.is_none() {
                self.failure = self.hand_out().err();
            }
            if self.collected == self.handed_out {
                return match self.failure.take() {
                    Some(failure) => Err(failure),
                    None => self.next_sequential().await,
                };
            }
            let lane = self.collected % self.lanes.len();
            let Some(chunk) = self.lanes[lane].collect() else {
                return Ok(None);
            };
            self.collected += 1;
            if let Some(batch) = self.finish(chunk)? {
                return Ok(Some(batch));
            }
        }
    }

    fn offset(&self) -> SourceOffset {
        SourceOffset::File {
            byte: self.byte,
            record: self.position.record,
            line: self.position.line,
        }
    }
}
