use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, PrimitiveArray};

use super::folded::{Finish, Fold, Overflow};
use super::slots::Slots;
use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::OperatorResult;

/// The least or, if `MAX`, the greatest of primitive values. NaN is the greatest of floats.
pub(super) struct PrimitiveExtreme<T: ArrowPrimitiveType, const MAX: bool> {
    value: Option<T::Native>,
}

impl<T: ArrowPrimitiveType, const MAX: bool> Clone for PrimitiveExtreme<T, MAX> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ArrowPrimitiveType, const MAX: bool> Copy for PrimitiveExtreme<T, MAX> {}

impl<T: ArrowPrimitiveType, const MAX: bool> Default for PrimitiveExtreme<T, MAX> {
    fn default() -> Self {
        Self { value: None }
    }
}

impl<T: ArrowPrimitiveType, const MAX: bool> Fold for PrimitiveExtreme<T, MAX> {
    type Value = T::Native;

    #[inline]
    fn add(&mut self, value: T::Native) {
        let better = match self.value {
            None => true,
            Some(held) if MAX => value.is_gt(held),
            Some(held) => value.is_lt(held),
        };
        if better {
            self.value = Some(value);
        }
    }

    fn merge(&mut self, other: &Self) {
        if let Some(value) = other.value {
            self.add(value);
        }
    }

    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef> {
        vec![Arc::new(folds.map(|fold| fold.value).collect::<PrimitiveArray<T>>())]
    }

    fn read(columns: &[ArrayRef], row: usize) -> Self {
        let values = columns[0].as_primitive::<T>();
        Self {
            value: values.is_valid(row).then(|| values.value(row)),
        }
    }
}

/// The value that the fold holds.
#[derive(Debug)]
pub(super) struct Held;

impl<T: ArrowPrimitiveType, const MAX: bool> Finish<PrimitiveExtreme<T, MAX>> for Held {
    type Output = T;

    #[inline]
    fn finish(&self, fold: &PrimitiveExtreme<T, MAX>) -> Result<Option<T::Native>, Overflow> {
        Ok(fold.value)
    }
}

/// The least or greatest of values of any other type.
#[derive(Debug)]
pub(super) struct SlotExtreme<S> {
    slots: S,
    better: Ordering,
}

impl<S: Slots> SlotExtreme<S> {
    pub(super) fn new(slots: S, max: bool) -> Self {
        Self {
            slots,
            better: if max { Ordering::Greater } else { Ordering::Less },
        }
    }

    fn add(&mut self, group: usize, column: &ArrayRef, row: usize) -> OperatorResult {
        let compared = self.slots.compare(group, column, row)?;
        if compared.is_none_or(|ordering| ordering == self.better) {
            self.slots.set(group, column, row)?;
        }
        Ok(())
    }
}

impl<S: Slots> GroupedAggregate for SlotExtreme<S> {
    fn resize(&mut self, groups: usize) {
        self.slots.resize(groups);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let counted = input.counted();
        for (row, group) in input.groups.iter().enumerate() {
            if counts(counted.as_ref(), row) {
                self.add(*group as usize, &input.arguments[0], row)?;
            }
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let counted = input.counted();
        // Each row's value is that of a row of the batch, or what its group held before.
        let mut touched = Touched::new(input.groups);
        let held = self.slots.column(&touched.groups)?;
        let mut picks = Vec::with_capacity(input.groups.len());
        for (row, group) in input.groups.iter().enumerate() {
            let position = touched.position_of(*group);
            if counts(counted.as_ref(), row) {
                let compared = self.slots.compare(*group as usize, &input.arguments[0], row)?;
                if compared.is_none_or(|ordering| ordering == self.better) {
                    self.slots.set(*group as usize, &input.arguments[0], row)?;
                    touched.winners[position] = (1, row);
                }
            }
            picks.push(touched.winners[position]);
        }
        pick(&held, &input.arguments[0], &picks)
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        Ok(Values::all(self.slots.column(groups)?))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        Ok(vec![self.slots.column(groups)?])
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        for (row, group) in groups.iter().enumerate() {
            if state[0].is_valid(row) {
                self.add(*group as usize, &state[0], row)?;
            }
        }
        Ok(())
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.slots.clear(*group as usize);
        }
        Ok(())
    }
}

/// The distinct groups of a batch, and for each where its current value stands: (0, its position) is what it held
/// before the batch, (1, row) a row of the batch.
pub(super) struct Touched {
    pub(super) groups: Vec<u32>,
    pub(super) winners: Vec<(usize, usize)>,
    positions: hashbrown::HashMap<u32, usize>,
}

impl Touched {
    pub(super) fn new(groups: &[u32]) -> Self {
        let mut touched = Self {
            groups: Vec::new(),
            winners: Vec::new(),
            positions: hashbrown::HashMap::new(),
        };
        for group in groups {
            let next = touched.groups.len();
            if *touched.positions.entry(*group).or_insert(next) == next {
                touched.groups.push(*group);
                touched.winners.push((0, next));
            }
        }
        touched
    }

    pub(super) fn position_of(&self, group: u32) -> usize {
        self.positions.get(&group).copied().unwrap_or_default()
    }
}

/// Running values out of the values held before and the rows of the batch.
pub(super) fn pick(held: &ArrayRef, batch: &ArrayRef, picks: &[(usize, usize)]) -> OperatorResult<Values> {
    let sources: [&dyn Array; 2] = [held.as_ref(), batch.as_ref()];
    Ok(Values::all(arrow::compute::interleave(&sources, picks)?))
}
