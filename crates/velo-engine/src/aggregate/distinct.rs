use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanBufferBuilder, ListArray, StructArray, UInt32Array};
use arrow::buffer::{BooleanBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields, UInt32Type};
use hashbrown::HashSet;

use super::{AggregateInput, GroupedAggregate, Values};
use crate::error::{CompileError, OperatorResult};
use crate::keys::{KeyEncoder, KeyTable, RowSet};

/// Shows an aggregate each combination of arguments once per group.
///
/// The state is the set of combinations, from which the aggregate's own state follows.
pub(super) struct Distinct {
    inner: Box<dyn GroupedAggregate>,
    encoder: KeyEncoder,
    /// Group number and arguments, as one key.
    seen: KeyTable,
    arguments: Fields,
}

impl Distinct {
    pub(super) fn new(inner: Box<dyn GroupedAggregate>, arguments: &[DataType]) -> Result<Self, CompileError> {
        let mut types = vec![DataType::UInt32];
        types.extend_from_slice(arguments);
        let encoder = KeyEncoder::new(&types)?;
        let fields = arguments.iter().enumerate();
        Ok(Self {
            inner,
            seen: KeyTable::new(&encoder),
            encoder,
            arguments: fields
                .map(|(index, data_type)| Field::new(format!("argument_{index}"), data_type.clone(), true))
                .collect(),
        })
    }

    /// The rows that bring a combination that was not there.
    fn first_seen(&mut self, input: &AggregateInput<'_>) -> OperatorResult<BooleanBuffer> {
        let groups: ArrayRef = Arc::new(UInt32Array::from(input.groups.to_vec()));
        let columns: Vec<ArrayRef> = std::iter::once(groups).chain(input.arguments.iter().cloned()).collect();
        let encoded = self.encoder.encode(&columns, input.groups.len())?;
        let rows: Vec<u32> = match input.filter {
            None => (0..input.groups.len() as u32).collect(),
            Some(filter) => filter.set_indices_u32().collect(),
        };
        let mut next = self.seen.len() as u32;
        let mut ids = Vec::new();
        self.seen.intern(&encoded, &RowSet::Indices(&rows), &mut ids);
        let mut first = BooleanBufferBuilder::new(input.groups.len());
        first.append_n(input.groups.len(), false);
        for (row, id) in rows.iter().zip(ids) {
            if id == next {
                first.set_bit(*row as usize, true);
                next += 1;
            }
        }
        Ok(first.finish())
    }
}

impl GroupedAggregate for Distinct {
    fn resize(&mut self, groups: usize) {
        self.inner.resize(groups);
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let first = self.first_seen(input)?;
        self.inner.update(&AggregateInput {
            filter: Some(&first),
            ..*input
        })
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let first = self.first_seen(input)?;
        self.inner.update_each(&AggregateInput {
            filter: Some(&first),
            ..*input
        })
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        self.inner.peek(groups)
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let ids: Vec<u32> = (0..self.seen.len() as u32).collect();
        let columns = self.seen.columns(&self.encoder, &ids)?;
        let group_of = columns[0].as_primitive::<UInt32Type>().values();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); group_of.iter().max().map_or(0, |last| *last as usize + 1)];
        for (group, id) in group_of.iter().zip(&ids) {
            members[*group as usize].push(*id);
        }
        let members_of = |group: &u32| members.get(*group as usize).map_or(&[][..], Vec::as_slice);
        let lengths = groups.iter().map(|group| members_of(group).len());
        let offsets = OffsetBuffer::from_lengths(lengths);
        let order = UInt32Array::from_iter_values(groups.iter().flat_map(members_of).copied());
        let arguments = columns[1..].iter().map(|column| take(column, &order, None));
        let combinations = StructArray::try_new(self.arguments.clone(), arguments.collect::<Result<_, _>>()?, None)?;
        let item = Arc::new(Field::new_list_field(combinations.data_type().clone(), false));
        Ok(vec![Arc::new(ListArray::try_new(
            item,
            offsets,
            Arc::new(combinations),
            None,
        )?)])
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let lists = state[0].as_list::<i32>();
        for (row, group) in groups.iter().enumerate() {
            let combinations = lists.value(row);
            self.update(&AggregateInput {
                arguments: combinations.as_struct().columns(),
                filter: None,
                retractions: None,
                times: None,
                groups: &vec![*group; combinations.len()],
            })?;
        }
        Ok(())
    }

    /// Goes through the combinations of all groups.
    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        let ids: Vec<u32> = (0..self.seen.len() as u32).collect();
        let columns = self.seen.columns(&self.encoder, &ids)?;
        let cleared: HashSet<u32> = groups.iter().copied().collect();
        let group_of = columns[0].as_primitive::<UInt32Type>();
        let kept = |id: &u32| !cleared.contains(&group_of.value(*id as usize));
        let kept: Vec<u32> = ids.iter().copied().filter(kept).collect();
        let encoded = self.encoder.encode(&columns, ids.len())?;
        self.seen = KeyTable::new(&self.encoder);
        self.seen.intern(&encoded, &RowSet::Indices(&kept), &mut Vec::new());
        self.inner.clear(groups)
    }
}
