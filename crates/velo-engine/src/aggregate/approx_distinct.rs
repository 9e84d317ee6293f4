use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryViewArray, Int64Array};
use arrow::datatypes::DataType;
use hashbrown::HashSet;

use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::{CompileError, OperatorResult};
use crate::keys::KeyEncoder;

/// `APPROX_COUNT_DISTINCT`: exact up to [`EXACT_MAX`] values of a group, then a `HyperLogLog` with a standard error of
/// 0.8 %.
pub(super) struct ApproxDistinct {
    encoder: KeyEncoder,
    sketches: Vec<Sketch>,
}

/// Most values of a group that are counted exactly; their hashes take as much room as the registers then will.
const EXACT_MAX: usize = 2048;
const INDEX_BITS: u32 = 14;
const REGISTERS: usize = 1 << INDEX_BITS;

#[derive(Debug, Clone)]
enum Sketch {
    Exact(HashSet<u64>),
    Registers(Registers),
}

/// The registers of a `HyperLogLog`, with what the estimate needs of them kept up to date, so that reading it costs the
/// same however many there are.
#[derive(Debug, Clone)]
struct Registers {
    ranks: Box<[u8]>,
    /// Sum of 2^-rank over all registers, in units of 2^-64: exact, since no rank exceeds 64.
    sum: u128,
    empty: usize,
}

impl Default for Sketch {
    fn default() -> Self {
        Self::Exact(HashSet::new())
    }
}

impl Sketch {
    fn add(&mut self, hash: u64) {
        match self {
            Self::Registers(registers) => registers.add(hash),
            Self::Exact(hashes) => {
                hashes.insert(hash);
                if hashes.len() > EXACT_MAX {
                    let mut registers = Registers::of_ranks(vec![0; REGISTERS]);
                    hashes.iter().for_each(|hash| registers.add(*hash));
                    *self = Self::Registers(registers);
                }
            }
        }
    }

    fn estimate(&self) -> i64 {
        match self {
            Self::Exact(hashes) => hashes.len() as i64,
            Self::Registers(registers) => registers.estimate(),
        }
    }

    /// Registers as they are; hashes as bytes, which are never as many as registers are.
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Registers(registers) => registers.ranks.to_vec(),
            Self::Exact(hashes) => {
                let mut hashes: Vec<u64> = hashes.iter().copied().collect();
                hashes.sort_unstable(); // Equal states give equal snapshots.
                let mut bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
                bytes.push(0); // An odd length tells hashes from registers.
                bytes
            }
        }
    }

    fn merge_bytes(&mut self, bytes: &[u8]) {
        if bytes.len() != REGISTERS {
            let (hashes, _) = bytes.as_chunks::<8>();
            for hash in hashes {
                self.add(u64::from_le_bytes(*hash));
            }
            return;
        }
        let mut merged = Registers::of_ranks(bytes.to_vec());
        match self {
            Self::Exact(hashes) => hashes.iter().for_each(|hash| merged.add(*hash)),
            Self::Registers(registers) => {
                let ranks = registers.ranks.iter().enumerate();
                ranks.for_each(|(index, rank)| merged.raise(index, *rank));
            }
        }
        *self = Self::Registers(merged);
    }
}

impl Registers {
    fn of_ranks(ranks: Vec<u8>) -> Self {
        Self {
            sum: ranks.iter().map(|rank| share(*rank)).sum(),
            empty: ranks.iter().map(|rank| usize::from(*rank == 0)).sum(),
            ranks: ranks.into(),
        }
    }

    fn add(&mut self, hash: u64) {
        let index = (hash >> (64 - INDEX_BITS)) as usize;
        let rank = ((hash << INDEX_BITS) | (1 << (INDEX_BITS - 1))).leading_zeros() + 1;
        self.raise(index, rank as u8);
    }

    fn raise(&mut self, index: usize, rank: u8) {
        let held = self.ranks[index];
        if rank > held {
            self.ranks[index] = rank;
            self.sum = self.sum - share(held) + share(rank);
            self.empty -= usize::from(held == 0);
        }
    }

    /// The estimate of Flajolet et al. (2007), with linear counting while registers are empty.
    fn estimate(&self) -> i64 {
        let count = REGISTERS as f64;
        let sum = self.sum as f64 / share(0) as f64;
        let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
        if raw <= 2.5 * count && self.empty > 0 {
            (count * (count / self.empty as f64).ln()).round() as i64
        } else {
            raw.round() as i64
        }
    }
}

/// 2^-rank in units of 2^-64.
fn share(rank: u8) -> u128 {
    (1 << 64) >> rank
}

impl ApproxDistinct {
    pub(super) fn new(arguments: &[DataType]) -> Result<Self, CompileError> {
        Ok(Self {
            encoder: KeyEncoder::new(arguments)?,
            sketches: Vec::new(),
        })
    }
}

impl GroupedAggregate for ApproxDistinct {
    fn resize(&mut self, groups: usize) {
        self.sketches.resize(groups, Sketch::default());
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let encoded = self.encoder.encode(input.arguments, input.groups.len())?;
        let counted = input.counted();
        for (row, group) in input.groups.iter().enumerate() {
            if counts(counted.as_ref(), row) {
                self.sketches[*group as usize].add(encoded.hashes[row]);
            }
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let encoded = self.encoder.encode(input.arguments, input.groups.len())?;
        let counted = input.counted();
        let running = input.groups.iter().enumerate().map(|(row, group)| {
            let sketch = &mut self.sketches[*group as usize];
            if counts(counted.as_ref(), row) {
                sketch.add(encoded.hashes[row]);
            }
            sketch.estimate()
        });
        Ok(Values::all(Arc::new(running.collect::<Int64Array>())))
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let estimates = groups.iter().map(|group| self.sketches[*group as usize].estimate());
        Ok(Values::all(Arc::new(estimates.collect::<Int64Array>())))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let sketches = groups.iter().map(|group| self.sketches[*group as usize].to_bytes());
        Ok(vec![Arc::new(BinaryViewArray::from_iter_values(sketches))])
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let sketches = state[0].as_binary_view();
        for (row, group) in groups.iter().enumerate() {
            self.sketches[*group as usize].merge_bytes(sketches.value(row));
        }
        Ok(())
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.sketches[*group as usize] = Sketch::default();
        }
        Ok(())
    }
}
