use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryViewBuilder, PrimitiveArray, StringViewBuilder,
};
use arrow::datatypes::DataType;
use datafusion_common::ScalarValue;
use velo_functions::comparable_interval;

use crate::error::OperatorResult;

/// One remembered value per group, for aggregates that pick a value out of the rows.
pub(super) trait Slots: Send {
    /// Makes room for `groups` groups; new ones hold NULL.
    fn resize(&mut self, groups: usize);

    /// Remembers the value of a row.
    fn set(&mut self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult;

    /// How the value of a row compares with the remembered one; `None` when NULL is remembered.
    fn compare(&self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult<Option<Ordering>>;

    /// Forgets the value: the group holds NULL again.
    fn clear(&mut self, group: usize);

    /// The remembered values.
    fn column(&self, groups: &[u32]) -> OperatorResult<ArrayRef>;
}

/// Values of a primitive type.
#[derive(Debug)]
pub(super) struct PrimitiveSlots<T: ArrowPrimitiveType> {
    values: Vec<Option<T::Native>>,
    data_type: DataType,
}

impl<T: ArrowPrimitiveType> PrimitiveSlots<T> {
    pub(super) fn new(data_type: DataType) -> Self {
        Self {
            values: Vec::new(),
            data_type,
        }
    }
}

impl<T: ArrowPrimitiveType> Slots for PrimitiveSlots<T> {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups, None);
    }

    fn set(&mut self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult {
        self.values[group] = column.is_valid(row).then(|| column.as_primitive::<T>().value(row));
        Ok(())
    }

    fn compare(&self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult<Option<Ordering>> {
        let value = column.as_primitive::<T>().value(row);
        Ok(self.values[group].and_then(|held| value.partial_cmp(&held)))
    }

    fn clear(&mut self, group: usize) {
        self.values[group] = None;
    }

    fn column(&self, groups: &[u32]) -> OperatorResult<ArrayRef> {
        let values = groups.iter().map(|group| self.values[*group as usize]);
        let array = values.collect::<PrimitiveArray<T>>();
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }
}

/// Texts or byte strings. A group's buffer is reused for its next value.
#[derive(Debug, Default)]
pub(super) struct BytesSlots {
    values: Vec<Option<Vec<u8>>>,
    text: bool,
}

impl BytesSlots {
    pub(super) fn new(data_type: &DataType) -> Self {
        Self {
            values: Vec::new(),
            text: *data_type == DataType::Utf8View,
        }
    }

    fn bytes<'a>(&self, column: &'a ArrayRef, row: usize) -> &'a [u8] {
        if self.text {
            column.as_string_view().value(row).as_bytes()
        } else {
            column.as_binary_view().value(row)
        }
    }
}

impl Slots for BytesSlots {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups, None);
    }

    fn set(&mut self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult {
        if column.is_null(row) {
            self.values[group] = None;
            return Ok(());
        }
        let bytes = self.bytes(column, row);
        let held = self.values[group].get_or_insert_default();
        held.clear();
        held.extend_from_slice(bytes);
        Ok(())
    }

    fn compare(&self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult<Option<Ordering>> {
        let held = self.values[group].as_deref();
        Ok(held.map(|held| self.bytes(column, row).cmp(held)))
    }

    fn clear(&mut self, group: usize) {
        self.values[group] = None;
    }

    fn column(&self, groups: &[u32]) -> OperatorResult<ArrayRef> {
        let values = groups.iter().map(|group| self.values[*group as usize].as_deref());
        if !self.text {
            let mut builder = BinaryViewBuilder::with_capacity(groups.len());
            values.for_each(|value| builder.append_option(value));
            return Ok(Arc::new(builder.finish()));
        }
        let mut builder = StringViewBuilder::with_capacity(groups.len());
        for value in values {
            // The bytes came out of a string, so the check never fails; it costs little per group.
            builder.append_option(value.and_then(|bytes| std::str::from_utf8(bytes).ok()));
        }
        Ok(Arc::new(builder.finish()))
    }
}

/// Values of any type.
#[derive(Debug)]
pub(super) struct ScalarSlots {
    values: Vec<ScalarValue>,
    null: ScalarValue,
}

impl ScalarSlots {
    pub(super) fn new(data_type: &DataType) -> OperatorResult<Self> {
        Ok(Self {
            values: Vec::new(),
            null: ScalarValue::try_from(data_type)?,
        })
    }
}

impl Slots for ScalarSlots {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups, self.null.clone());
    }

    fn set(&mut self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult {
        let mut value = ScalarValue::try_from_array(column, row)?;
        value.compact(); // A slice would keep the whole batch alive.
        self.values[group] = value;
        Ok(())
    }

    fn compare(&self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult<Option<Ordering>> {
        let held = &self.values[group];
        if held.is_null() {
            return Ok(None);
        }
        let value = ScalarValue::try_from_array(column, row)?;
        Ok(match (&value, held) {
            (ScalarValue::IntervalMonthDayNano(Some(value)), ScalarValue::IntervalMonthDayNano(Some(held))) => {
                Some(comparable_interval(*value).cmp(&comparable_interval(*held)))
            }
            _ => value.partial_cmp(held),
        })
    }

    fn clear(&mut self, group: usize) {
        self.values[group] = self.null.clone();
    }

    fn column(&self, groups: &[u32]) -> OperatorResult<ArrayRef> {
        if groups.is_empty() {
            return Ok(arrow::array::new_empty_array(&self.null.data_type()));
        }
        let values = groups.iter().map(|group| self.values[*group as usize].clone());
        Ok(ScalarValue::iter_to_array(values)?)
    }
}
