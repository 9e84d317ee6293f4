use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteViewArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::Buffer;
use arrow::datatypes::{BinaryViewType, ByteViewType, DataType, SchemaRef, StringViewType};
use arrow::error::ArrowError;

/// A batch of so many rows, which columns alone do not tell where there are none.
///
/// # Errors
///
/// When the columns are not those of the schema, or have another number of rows.
pub fn record_batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// The same values without bytes that nobody points to, if those are more than a quarter of what is used.
///
/// A view keeps the whole buffer that its text was decoded from, of which it may be a small part.
pub fn compact_views(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => compact_views_of::<StringViewType>(column),
        DataType::BinaryView => compact_views_of::<BinaryViewType>(column),
        _ => Arc::clone(column),
    }
}

fn compact_views_of<T: ByteViewType>(column: &ArrayRef) -> ArrayRef {
    /// Not worth the copy, however few are used.
    const BYTES_SPARED: usize = 1024;
    let views: &GenericByteViewArray<T> = column.as_byte_view();
    let held: usize = views.data_buffers().iter().map(Buffer::capacity).sum();
    let used = views.total_buffer_bytes_used();
    if held <= used + used / 4 + BYTES_SPARED {
        return Arc::clone(column);
    }
    Arc::new(views.gc())
}
