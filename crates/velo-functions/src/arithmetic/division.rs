use std::cell::Cell;
use std::sync::Arc;

use arrow::array::{Array, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};

use crate::kernel::Operand;

thread_local! {
    static ZERO_DIVISIONS: Cell<u64> = const { Cell::new(0) };
}

/// How many divisions by zero this thread has turned into NULL since the last call, which sets it back to 0.
///
/// Operators are synchronous, so that whoever evaluates an expression can ask right after it on the same thread.
/// A batch that failed is counted as far as it went, so a caller who evaluates its rows again takes the count first.
///
/// Divisions whose dividend is NULL do not count: their result is NULL anyway.
pub fn take_zero_divisions() -> u64 {
    ZERO_DIVISIONS.take()
}

/// The divisor with NULL in place of every zero, so that the kernels that follow skip those rows.
pub(super) fn without_zeros<T: ArrowPrimitiveType>(dividend: &Operand, divisor: Operand) -> Operand {
    let divisors = divisor.array().as_primitive::<T>();
    let values = divisors.values();
    let not_zero = BooleanBuffer::collect_bool(values.len(), |row| values[row] != T::Native::default());
    if not_zero.count_set_bits() == values.len() {
        return divisor;
    }
    count_zeros(dividend, &divisor, &not_zero);
    let present = NullBuffer::union(divisors.nulls(), Some(&NullBuffer::new(not_zero)));
    let data_type = divisors.data_type().clone();
    let array = Arc::new(PrimitiveArray::<T>::new(values.clone(), present).with_data_type(data_type));
    if divisor.is_scalar() {
        Operand::constant(array)
    } else {
        Operand::column(array)
    }
}

fn count_zeros(dividend: &Operand, divisor: &Operand, not_zero: &BooleanBuffer) {
    let dividends = dividend.array();
    let divisors = divisor.array();
    let zeros = match (dividend.is_scalar(), divisor.is_scalar()) {
        (false, true) if divisors.is_valid(0) => dividends.len() - dividends.null_count(),
        (false, true) => 0,
        (dividend_is_scalar, _) => (0..divisors.len())
            .filter(|&row| !not_zero.value(row) && divisors.is_valid(row))
            .filter(|&row| dividends.is_valid(if dividend_is_scalar { 0 } else { row }))
            .count(),
    };
    ZERO_DIVISIONS.set(ZERO_DIVISIONS.get().saturating_add(zeros as u64));
}
