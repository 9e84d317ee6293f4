use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::chunks::Chunks;

/// Chunks that rows are put behind. Only the rows of the last chunk stand in pieces as they came, so that little memory is
/// taken beside that of the rows.
#[derive(Debug)]
pub(super) struct GrowingChunks {
    schema: SchemaRef,
    chunk_bits: u32,
    whole: Vec<RecordBatch>,
    pieces: Vec<RecordBatch>,
    piece_rows: usize,
}

impl GrowingChunks {
    /// No rows yet, of which `chunk_rows`, or as many as the next power of two, will stand together.
    pub(super) fn new(schema: SchemaRef, chunk_rows: usize) -> Self {
        Self {
            schema,
            chunk_bits: chunk_rows.next_power_of_two().trailing_zeros(),
            whole: Vec::new(),
            pieces: Vec::new(),
            piece_rows: 0,
        }
    }

    pub(super) fn chunk_rows(&self) -> usize {
        1 << self.chunk_bits
    }

    pub(super) fn num_rows(&self) -> usize {
        self.whole.len() * self.chunk_rows() + self.piece_rows
    }

    /// All rows so far, in batches of any size.
    pub(super) fn batches(&self) -> impl Iterator<Item = &RecordBatch> {
        self.whole.iter().chain(&self.pieces)
    }

    pub(super) fn push(&mut self, mut batch: RecordBatch) -> Result<(), ArrowError> {
        while self.piece_rows + batch.num_rows() >= self.chunk_rows() {
            let fitting = self.chunk_rows() - self.piece_rows;
            let rest = batch.slice(fitting, batch.num_rows() - fitting);
            self.pieces.push(batch.slice(0, fitting));
            self.end_chunk()?;
            batch = rest;
        }
        self.piece_rows += batch.num_rows();
        if batch.num_rows() > 0 {
            self.pieces.push(batch);
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Chunks, ArrowError> {
        if !self.pieces.is_empty() || self.whole.is_empty() {
            self.end_chunk()?;
        }
        Ok(Chunks::new(self.whole, self.chunk_bits))
    }

    fn end_chunk(&mut self) -> Result<(), ArrowError> {
        self.whole.push(concat_batches(&self.schema, &self.pieces)?);
        self.pieces.clear();
        self.piece_rows = 0;
        Ok(())
    }
}
