use arrow::array::{Array, ArrayRef, make_comparator};
use arrow::buffer::BooleanBuffer;
use arrow::compute::SortOptions;
use arrow::compute::kernels::cmp::not_distinct;
use velo_functions::comparable;

use crate::error::OperatorResult;

/// Where two columns of one type and length have the same value; NULL is the same as NULL.
///
/// Values that cannot be compared are never the same.
pub(super) fn same_rows(left: &ArrayRef, right: &ArrayRef) -> OperatorResult<BooleanBuffer> {
    let (left, right) = (comparable(left)?, comparable(right)?);
    if !left.data_type().is_nested() {
        return Ok(not_distinct(&left, &right)?.values().clone());
    }
    Ok(match make_comparator(&left, &right, SortOptions::default()) {
        Ok(compare) => BooleanBuffer::collect_bool(left.len(), |row| compare(row, row).is_eq()),
        Err(_) => BooleanBuffer::new_unset(left.len()),
    })
}
