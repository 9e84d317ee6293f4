use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, NullBufferBuilder, PrimitiveArray};
use arrow::datatypes::DataType;

use super::{AggregateInput, GroupedAggregate, ValueFailure, Values, counts};
use crate::error::OperatorResult;

/// What an aggregate over numbers keeps of the values of one group.
pub(super) trait Fold: Clone + Default + Send + 'static {
    /// What it takes in.
    type Value: Copy;

    /// Takes a value in.
    fn add(&mut self, value: Self::Value);

    /// Removes a value that it has taken in; an empty fold stays empty.
    ///
    /// Only folds over inputs that retract rows are asked; others need not be able to.
    fn remove(&mut self, _value: Self::Value) {
        debug_assert!(false, "the factory makes other folds for inputs that retract rows");
    }

    /// Takes in everything that `other` has taken in.
    fn merge(&mut self, other: &Self);

    /// Columns from which [`Fold::read`] gets the same folds back.
    fn write<'a>(folds: impl Iterator<Item = &'a Self> + Clone) -> Vec<ArrayRef>
    where
        Self: 'a;

    /// The fold that row `row` of the columns holds.
    fn read(columns: &[ArrayRef], row: usize) -> Self;
}

/// How the value of a group follows from its fold.
pub(super) trait Finish<F>: Send + 'static {
    /// The Arrow type of the values, up to its parameters.
    type Output: ArrowPrimitiveType;

    /// The value; `None` is NULL.
    fn finish(&self, fold: &F) -> Result<Option<<Self::Output as ArrowPrimitiveType>::Native>, Overflow>;
}

/// A value exists, but its type cannot hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overflow;

/// An aggregate over one column of numbers: a [`Fold`] per group, and a [`Finish`].
///
/// `Input` is the argument's Arrow type. The loops are compiled per combination; nothing is called through a
/// pointer per row.
#[derive(Debug)]
pub(super) struct Folded<Input, F, Finisher> {
    folds: Vec<F>,
    finisher: Finisher,
    output: DataType,
    input: PhantomData<fn(Input)>,
}

impl<Input, F, Finisher> Folded<Input, F, Finisher> {
    /// `output` is the exact type of the values.
    pub(super) fn new(finisher: Finisher, output: DataType) -> Self {
        Self {
            folds: Vec::new(),
            finisher,
            output,
            input: PhantomData,
        }
    }
}

impl<Input, F, Finisher> Folded<Input, F, Finisher>
where
    F: Fold,
    Finisher: Finish<F>,
{
    fn values<'a>(&self, folds: impl ExactSizeIterator<Item = &'a F>) -> Values {
        let mut builder = ValuesBuilder::<Finisher::Output>::new(folds.len());
        for fold in folds {
            builder.push(self.finisher.finish(fold), &self.output);
        }
        builder.build(&self.output)
    }

    /// The values of groups after each row; compiled for rows with and without retractions.
    fn running(&mut self, input: &AggregateInput<'_>, retracts: impl Fn(usize) -> bool) -> Values
    where
        Input: ArrowPrimitiveType,
        Input::Native: Into<F::Value>,
    {
        let values = input.arguments[0].as_primitive::<Input>().values();
        let counted = input.counted();
        let mut builder = ValuesBuilder::<Finisher::Output>::new(input.groups.len());
        for (row, group) in input.groups.iter().enumerate() {
            let fold = &mut self.folds[*group as usize];
            if counts(counted.as_ref(), row) {
                change(fold, values[row].into(), retracts(row));
            }
            builder.push(self.finisher.finish(fold), &self.output);
        }
        builder.build(&self.output)
    }
}

impl<Input, F, Finisher> GroupedAggregate for Folded<Input, F, Finisher>
where
    Input: ArrowPrimitiveType,
    Input::Native: Into<F::Value>,
    F: Fold,
    Finisher: Finish<F>,
{
    fn resize(&mut self, groups: usize) {
        self.folds.resize(groups, F::default());
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let values = input.arguments[0].as_primitive::<Input>().values();
        let folds = self.folds.as_mut_slice();
        match (input.counted(), input.retractions) {
            (None, None) => {
                for (group, value) in input.groups.iter().zip(values) {
                    folds[*group as usize].add((*value).into());
                }
            }
            (Some(counted), None) => {
                for row in counted.set_indices() {
                    folds[input.groups[row] as usize].add(values[row].into());
                }
            }
            (counted, Some(retractions)) => {
                for (row, (group, value)) in input.groups.iter().zip(values).enumerate() {
                    if counts(counted.as_ref(), row) {
                        change(&mut folds[*group as usize], (*value).into(), retractions.value(row));
                    }
                }
            }
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        Ok(match input.retractions {
            None => self.running(input, |_| false),
            Some(retractions) => self.running(input, |row| retractions.value(row)),
        })
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        Ok(self.values(groups.iter().map(|group| &self.folds[*group as usize])))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        Ok(F::write(groups.iter().map(|group| &self.folds[*group as usize])))
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        for (row, group) in groups.iter().enumerate() {
            self.folds[*group as usize].merge(&F::read(state, row));
        }
        Ok(())
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.folds[*group as usize] = F::default();
        }
        Ok(())
    }
}

/// Adds a value, or takes it away.
#[inline]
fn change<F: Fold>(fold: &mut F, value: F::Value, retracts: bool) {
    if retracts {
        fold.remove(value);
    } else {
        fold.add(value);
    }
}

/// Collects values, NULLs and failures.
struct ValuesBuilder<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
    failures: Vec<ValueFailure>,
}

impl<T: ArrowPrimitiveType> ValuesBuilder<T> {
    fn new(capacity: usize) -> Self {
        Self {
            values: Vec::with_capacity(capacity),
            nulls: NullBufferBuilder::new(capacity),
            failures: Vec::new(),
        }
    }

    #[inline]
    fn push(&mut self, value: Result<Option<T::Native>, Overflow>, data_type: &DataType) {
        if let Ok(Some(value)) = value {
            self.values.push(value);
            self.nulls.append_non_null();
            return;
        }
        if value.is_err() {
            self.failures.push(ValueFailure {
                position: self.values.len(),
                message: overflow_message(data_type),
            });
        }
        self.values.push(T::Native::default());
        self.nulls.append_null();
    }

    fn build(mut self, data_type: &DataType) -> Values {
        let array = PrimitiveArray::<T>::new(self.values.into(), self.nulls.finish());
        Values {
            array: Arc::new(array.with_data_type(data_type.clone())),
            failures: self.failures,
        }
    }
}

#[cold]
fn overflow_message(data_type: &DataType) -> String {
    match velo_data::SqlType::from_arrow(data_type) {
        Some(sql_type) => format!("the value of the group does not fit {sql_type}"),
        None => format!("the value of the group does not fit {data_type}"),
    }
}
