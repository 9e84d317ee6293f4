use std::path::Path;
use std::sync::Arc;

use velo_data::Clock;
use velo_formats::{Decoder, Fault, RecordPosition};

use super::ReadLimits;
use super::buffer::FileBuffer;
use super::part::FilePlace;
use crate::{FileOffset, RecordPlace, SourceBatch, SourceError};

/// Reads the records of one file in order, with memory that does not depend on the file's size.
pub(super) struct FileReader {
    pub(super) buffer: FileBuffer,
    pub(super) decoder: Decoder,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: ReadLimits,
    pub(super) batch_rows_max: usize,
    /// Number of the first record that is not read any more.
    pub(super) end_record: u64,
    /// Place in the file up to which bytes have been told of.
    pub(super) told_bytes: u64,
    /// Whether a line end may be part of a record, as within the quotes of CSV.
    pub(super) quotes_line_ends: bool,
    /// Place in the file of the records that were read last.
    pub(super) last_byte: u64,
}

impl FileReader {
    /// The next batch; `None` at the end, and when a file that is followed has brought nothing more.
    pub(super) fn next_batch(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        self.buffer.look_again();
        let (start, is_in_record) = (self.buffer.position(), self.decoder.is_discarding());
        self.fill_batch()?;
        if self.buffer.position() > start && !is_in_record {
            self.last_byte = start;
        }
        let bytes_read = self.buffer.position() - self.told_bytes;
        let batch = batch_at_hand(&mut self.decoder, self.buffer.path(), self.clock.as_ref(), bytes_read)?;
        if batch.is_some() {
            self.told_bytes = self.buffer.position();
            return Ok(batch);
        }
        if let Some(fault) = self.decoder.fault() {
            return Err(faulty(self.buffer.path(), &fault, 1));
        }
        if self.buffer.ends_where_captured()? {
            return self.next_batch();
        }
        // Last of all, so that what was written before a file was replaced is read all the same.
        self.buffer.check_followed()?;
        Ok(None)
    }

    /// Where the next batch starts.
    pub(super) fn place(&self) -> FilePlace {
        let RecordPosition { record, line } = self.decoder.position();
        FilePlace {
            byte: self.buffer.position(),
            next: RecordPlace { record, line },
        }
    }

    /// Bytes that are there of a file that is followed and have not been read.
    pub(super) fn lag_bytes(&self) -> Option<u64> {
        self.buffer.lag_bytes()
    }

    /// How far a file that may grow has been read; `None` of what is no file as it lies on disk.
    pub(super) fn file_offset(&self) -> Result<Option<FileOffset>, SourceError> {
        let RecordPosition { record, line } = self.decoder.position();
        let is_discarding = self.decoder.is_discarding();
        // Of a line that is passed over, only the end is counted; it has none yet.
        let line = line + u64::from(is_discarding);
        let trace = self.buffer.trace();
        let open_record = if is_discarding {
            // Who begins in the middle of a record that is passed over could not tell it from a whole one.
            Some(trace.byte())
        } else {
            let may_be_open = self.quotes_line_ends || !trace.ends_line();
            (self.buffer.is_consumed() && may_be_open).then_some(self.last_byte)
        };
        let status = self.buffer.status()?;
        Ok(status.map(|status| status.offset_at(&trace, RecordPlace { record, line }, open_record)))
    }

    /// Takes at most so many rows a batch from now on.
    pub(super) fn set_batch_rows_max(&mut self, batch_rows_max: usize) {
        self.batch_rows_max = batch_rows_max.max(1);
    }

    /// Whether records may come that are not there yet.
    pub(super) fn goes_on(&self) -> bool {
        self.buffer.is_followed() && self.decoder.position().record < self.end_record
    }

    /// Decodes until the batch is full, the file ends or what follows is not there yet.
    fn fill_batch(&mut self) -> Result<(), SourceError> {
        loop {
            let wanted = self.wanted_records();
            if wanted == 0 && !self.decoder.is_discarding() {
                return Ok(());
            }
            let consumed = self.decoder.decode(self.buffer.bytes(), self.buffer.is_end(), wanted);
            self.buffer.consume(consumed);
            if self.wanted_records() == 0 && !self.decoder.is_discarding() {
                return Ok(());
            }
            // What is left, if anything, is the beginning of a record.
            if self.buffer.is_end() || self.buffer.is_caught_up() {
                return Ok(());
            }
            // Nobody should wait for rows that are there because of others that are not.
            if self.buffer.waits() && self.decoder.pending_records() > 0 {
                return Ok(());
            }
            self.buffer.fill()?;
        }
    }

    /// Whether it is known that no batch follows.
    pub(super) fn is_at_end(&self) -> bool {
        self.buffer.is_end()
            && self.buffer.bytes().is_empty()
            && self.decoder.may_end()
            && self.decoder.fault().is_none()
    }

    /// Records that the batch still takes.
    fn wanted_records(&self) -> usize {
        let pending = self.decoder.pending_records();
        let batch_bytes = self.buffer.position() - self.told_bytes;
        if pending > 0 && batch_bytes >= self.limits.batch_bytes_max {
            return 0;
        }
        let left_in_file = self.end_record.saturating_sub(self.decoder.position().record);
        let left_in_batch = self.batch_rows_max.saturating_sub(pending);
        left_in_batch.min(usize::try_from(left_in_file).unwrap_or(usize::MAX))
    }
}

/// A file that is not what it should be from some line on; lines are counted from that on which its text begins.
pub(super) fn faulty(path: &Path, fault: &Fault, first_line: u64) -> SourceError {
    SourceError::Format {
        path: path.to_owned(),
        message: format!("line {}: {}", fault.line + first_line - 1, fault.message),
    }
}

/// The batch that a decoder of a file has at hand, if it is one, with `bytes_read` of the file behind it.
pub(super) fn batch_at_hand(
    decoder: &mut Decoder,
    path: &Path,
    clock: &dyn Clock,
    bytes_read: u64,
) -> Result<Option<SourceBatch>, SourceError> {
    if decoder.pending_records() == 0 {
        return Ok(None);
    }
    let batch = decoder.finish_batch(clock.now_ms());
    let batch = batch.map_err(|error| SourceError::Format {
        path: path.to_owned(),
        message: error.to_string(),
    })?;
    Ok(Some(SourceBatch {
        records: batch.records,
        rejected: batch.rejected,
        unknown: batch.unknown,
        bytes_read,
    }))
}
