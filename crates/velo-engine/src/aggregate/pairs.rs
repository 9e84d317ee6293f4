use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, UInt64Array};
use arrow::datatypes::{Float64Type, UInt64Type};
use velo_functions::AggregateKind;

use super::two_float::TwoFloat;
use super::{AggregateInput, GroupedAggregate, Values, counts};
use crate::error::OperatorResult;

/// A statistic of pairs of numbers, `(y, x)` as SQL has them. Rows in which one is NULL do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PairStatistic {
    Correlation,
    CovariancePopulation,
    CovarianceSample,
    Slope,
    Intercept,
    Determination,
    MeanX,
    MeanY,
    SquaresX,
    SquaresY,
    Products,
}

impl PairStatistic {
    pub(super) fn of(kind: AggregateKind) -> Option<Self> {
        use AggregateKind as Kind;
        Some(match kind {
            Kind::Corr => Self::Correlation,
            Kind::CovarPop => Self::CovariancePopulation,
            Kind::CovarSamp => Self::CovarianceSample,
            Kind::RegrSlope => Self::Slope,
            Kind::RegrIntercept => Self::Intercept,
            Kind::RegrR2 => Self::Determination,
            Kind::RegrAvgX => Self::MeanX,
            Kind::RegrAvgY => Self::MeanY,
            Kind::RegrSxx => Self::SquaresX,
            Kind::RegrSyy => Self::SquaresY,
            Kind::RegrSxy => Self::Products,
            _ => return None,
        })
    }

    /// The value; `None` where it is not defined: without rows, of one row where two are needed, and where the line that
    /// fits best would be vertical.
    fn value(self, pairs: &PairMoments) -> Option<f64> {
        let count = (pairs.count > 0).then_some(pairs.count as f64)?;
        match self {
            Self::MeanX => Some(pairs.x.sum.value() / count),
            Self::MeanY => Some(pairs.y.sum.value() / count),
            Self::SquaresX => Some(pairs.x.spread(count).value() / count),
            Self::SquaresY => Some(pairs.y.spread(count).value() / count),
            Self::Products => Some(pairs.common_spread(count).value() / count),
            Self::CovariancePopulation => Some(pairs.common_spread(count).value() / count / count),
            Self::CovarianceSample => {
                (pairs.count > 1).then(|| pairs.common_spread(count).value() / count / (count - 1.0))
            }
            _ if pairs.x.is_constant() => None,
            Self::Slope => Some(pairs.common_spread(count).value() / pairs.x.spread(count).value()),
            Self::Intercept if pairs.y.is_constant() => Some(pairs.y.least),
            Self::Intercept => Some(pairs.intercept(count)),
            // A level line through equal values explains them all.
            Self::Determination if pairs.y.is_constant() => Some(1.0),
            Self::Correlation if pairs.y.is_constant() => None,
            Self::Correlation => Some(pairs.correlation(count)),
            Self::Determination => Some(pairs.correlation(count).powi(2)),
        }
    }
}

/// Sum and sum of squares of one side of the pairs, with about 106 bits as in [`Moments`](super::variance::Moments), and
/// its bounds: whether all values are equal must not depend on rounding.
#[derive(Debug, Clone, Copy)]
struct SideMoments {
    sum: TwoFloat,
    squares: TwoFloat,
    least: f64,
    greatest: f64,
}

impl Default for SideMoments {
    fn default() -> Self {
        Self {
            sum: TwoFloat::default(),
            squares: TwoFloat::default(),
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
        }
    }
}

impl SideMoments {
    #[inline]
    fn add(&mut self, value: f64) {
        self.sum.add(value);
        self.squares.add_product(value, value);
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }

    fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }

    fn is_constant(&self) -> bool {
        self.least >= self.greatest
    }

    /// The sum of the squared distances from the mean, times the count.
    fn spread(&self, count: f64) -> TwoFloat {
        if self.is_constant() {
            return TwoFloat::default();
        }
        self.squares.times(count).minus(self.sum.product(self.sum))
    }
}

/// What is kept of the pairs of one group.
#[derive(Debug, Clone, Copy, Default)]
struct PairMoments {
    count: u64,
    x: SideMoments,
    y: SideMoments,
    products: TwoFloat,
}

/// How many floats [`PairMoments`] is, beside its count.
const FLOATS: usize = 14;

impl PairMoments {
    #[inline]
    fn add(&mut self, y: f64, x: f64) {
        self.count += 1;
        self.x.add(x);
        self.y.add(y);
        self.products.add_product(x, y);
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.x.merge(&other.x);
        self.y.merge(&other.y);
        self.products.merge(&other.products);
    }

    /// The sum of the products of both distances from the means, times the count.
    fn common_spread(&self, count: f64) -> TwoFloat {
        if self.x.is_constant() || self.y.is_constant() {
            return TwoFloat::default();
        }
        self.products.times(count).minus(self.x.sum.product(self.y.sum))
    }

    /// `mean(y) - slope * mean(x)` with one division at the end, since both terms may be nearly equal.
    fn intercept(&self, count: f64) -> f64 {
        let spread = self.x.spread(count);
        let above = self.y.sum.product(spread);
        let below = self.x.sum.product(self.common_spread(count));
        above.minus(below).value() / spread.value() / count
    }

    fn correlation(&self, count: f64) -> f64 {
        let spreads = self.x.spread(count).value().sqrt() * self.y.spread(count).value().sqrt();
        (self.common_spread(count).value() / spreads).clamp(-1.0, 1.0)
    }

    fn floats(&self) -> [f64; FLOATS] {
        let Self { x, y, products, .. } = self;
        let sides = [x.sum, x.squares, y.sum, y.squares, *products];
        let mut floats = [0.0; FLOATS];
        for (part, sum) in floats.chunks_exact_mut(2).zip(sides) {
            part.copy_from_slice(&[sum.high, sum.low]);
        }
        floats[10..].copy_from_slice(&[x.least, x.greatest, y.least, y.greatest]);
        floats
    }

    fn of_floats(count: u64, floats: [f64; FLOATS]) -> Self {
        let sum = |index: usize| TwoFloat {
            high: floats[2 * index],
            low: floats[2 * index + 1],
        };
        let side = |index: usize| SideMoments {
            sum: sum(2 * index),
            squares: sum(2 * index + 1),
            least: floats[10 + 2 * index],
            greatest: floats[11 + 2 * index],
        };
        Self {
            count,
            x: side(0),
            y: side(1),
            products: sum(4),
        }
    }
}

/// One [`PairStatistic`] for many groups.
#[derive(Debug)]
pub(super) struct Pairs {
    statistic: PairStatistic,
    groups: Vec<PairMoments>,
}

impl Pairs {
    pub(super) fn new(statistic: PairStatistic) -> Self {
        Self {
            statistic,
            groups: Vec::new(),
        }
    }
}

impl GroupedAggregate for Pairs {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, PairMoments::default());
    }

    fn update(&mut self, input: &AggregateInput<'_>) -> OperatorResult {
        let counted = input.counted();
        let [y, x] = [0, 1].map(|index| input.arguments[index].as_primitive::<Float64Type>().values());
        for (row, group) in input.groups.iter().enumerate() {
            if counts(counted.as_ref(), row) {
                self.groups[*group as usize].add(y[row], x[row]);
            }
        }
        Ok(())
    }

    fn update_each(&mut self, input: &AggregateInput<'_>) -> OperatorResult<Values> {
        let counted = input.counted();
        let [y, x] = [0, 1].map(|index| input.arguments[index].as_primitive::<Float64Type>().values());
        let running = input.groups.iter().enumerate().map(|(row, group)| {
            let pairs = &mut self.groups[*group as usize];
            if counts(counted.as_ref(), row) {
                pairs.add(y[row], x[row]);
            }
            self.statistic.value(pairs)
        });
        Ok(Values::all(Arc::new(running.collect::<Float64Array>())))
    }

    fn peek(&mut self, groups: &[u32]) -> OperatorResult<Values> {
        let value = |group: &u32| self.statistic.value(&self.groups[*group as usize]);
        Ok(Values::all(Arc::new(
            groups.iter().map(value).collect::<Float64Array>(),
        )))
    }

    fn snapshot(&mut self, groups: &[u32]) -> OperatorResult<Vec<ArrayRef>> {
        let pairs = || groups.iter().map(|group| &self.groups[*group as usize]);
        let counts: ArrayRef = Arc::new(UInt64Array::from_iter_values(pairs().map(|pairs| pairs.count)));
        let rows: Vec<[f64; FLOATS]> = pairs().map(PairMoments::floats).collect();
        let column =
            |index: usize| -> ArrayRef { Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row[index]))) };
        Ok(std::iter::once(counts).chain((0..FLOATS).map(column)).collect())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[u32]) -> OperatorResult {
        let counts = state[0].as_primitive::<UInt64Type>();
        for (row, group) in groups.iter().enumerate() {
            let floats = std::array::from_fn(|index| state[1 + index].as_primitive::<Float64Type>().value(row));
            self.groups[*group as usize].merge(&PairMoments::of_floats(counts.value(row), floats));
        }
        Ok(())
    }

    fn clear(&mut self, groups: &[u32]) -> OperatorResult {
        for group in groups {
            self.groups[*group as usize] = PairMoments::default();
        }
        Ok(())
    }
}
