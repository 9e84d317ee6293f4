use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, ListArray, StructArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Field, UInt64Type};

use super::row_bytes::RowBytes;
use crate::error::OperatorResult;

/// The values of one group in order, each with how many rows have it.
#[derive(Debug, Clone, Default)]
pub(super) struct CountedValues {
    values: BTreeMap<Box<[u8]>, Counted>,
}

#[derive(Debug, Clone)]
struct Counted {
    count: u64,
    /// The value as its first row has it, where that differs from the key.
    value: Option<Box<[u8]>>,
}

impl CountedValues {
    /// Adds rows that have a value, and returns whether there was none.
    pub(super) fn add(&mut self, key: &[u8], value: Option<&[u8]>, count: u64) -> bool {
        if let Some(counted) = self.values.get_mut(key) {
            counted.count += count;
            return false;
        }
        let value = value.map(Into::into);
        self.values.insert(key.into(), Counted { count, value });
        true
    }

    /// Takes one row with a value away, and returns whether it was the last. Nothing happens where there is none.
    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        let Some(counted) = self.values.get_mut(key) else {
            return false;
        };
        counted.count -= 1;
        let is_gone = counted.count == 0;
        if is_gone {
            self.values.remove(key);
        }
        is_gone
    }

    pub(super) fn least(&self) -> Option<&[u8]> {
        self.values.first_key_value().map(|(key, counted)| counted.value(key))
    }

    pub(super) fn greatest(&self) -> Option<&[u8]> {
        self.values.last_key_value().map(|(key, counted)| counted.value(key))
    }

    pub(super) fn clear(&mut self) {
        self.values.clear();
    }

    /// The state of groups, as a list of values with their counts for each.
    pub(super) fn snapshot<'a>(
        rows: &RowBytes,
        groups: impl Iterator<Item = &'a Self> + Clone,
    ) -> OperatorResult<Vec<ArrayRef>> {
        let all = || groups.clone().flat_map(|group| &group.values);
        let mut columns = rows.decode(all().map(|(key, counted)| counted.value(key)))?;
        columns.push(Arc::new(UInt64Array::from_iter_values(
            all().map(|(_, counted)| counted.count),
        )));
        Ok(vec![lists(columns, groups.map(|group| group.values.len()))?])
    }

    /// Adds what [`CountedValues::snapshot`] wrote: row `i` to the group of number `groups[i]` of `all`. `added` is told
    /// the columns of each group.
    pub(super) fn merge(
        all: &mut [Self],
        rows: &RowBytes,
        state: &[ArrayRef],
        groups: &[u32],
        mut added: impl FnMut(u32, &[ArrayRef]) -> OperatorResult,
    ) -> OperatorResult {
        let lists = state[0].as_list::<i32>();
        for (row, group) in groups.iter().enumerate() {
            let members = lists.value(row);
            let Some((counts, columns)) = members.as_struct().columns().split_last() else {
                continue;
            };
            let encoded = rows.encode(columns)?;
            for (member, count) in counts.as_primitive::<UInt64Type>().values().iter().enumerate() {
                all[*group as usize].add(encoded.key(member), encoded.own_value(member), *count);
            }
            added(*group, columns)?;
        }
        Ok(())
    }
}

impl Counted {
    fn value<'a>(&'a self, key: &'a [u8]) -> &'a [u8] {
        self.value.as_deref().unwrap_or(key)
    }
}

/// Rows of `columns` as lists of these lengths.
pub(super) fn lists(columns: Vec<ArrayRef>, lengths: impl Iterator<Item = usize>) -> OperatorResult<ArrayRef> {
    let fields = columns.iter().enumerate();
    let fields = fields.map(|(index, column)| Field::new(format!("column_{index}"), column.data_type().clone(), true));
    let members = StructArray::try_new(fields.collect(), columns, None)?;
    let item = Arc::new(Field::new_list_field(
        arrow::array::Array::data_type(&members).clone(),
        false,
    ));
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(item, offsets, Arc::new(members), None)?))
}
