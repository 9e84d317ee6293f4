//! The state of aggregates over inputs that retract rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Float64Type};

use super::average::FloatAverage;
use super::count::Count;
use super::counted_distinct::CountedDistinct;
use super::counted_extreme::CountedExtreme;
use super::delta::Delta;
use super::exact_folds::{ExactFloatSum, ExactMoments};
use super::factory::{Aggregate, AggregateFactory, Recipe};
use super::folded::Folded;
use super::interpolated::InterpolatedPercentile;
use super::kept_first_last::KeptFirstLast;
use super::ordered::Ordered;
use super::recomputed::Recomputed;
use super::sum::FloatTotal;
use crate::error::OperatorResult;

impl AggregateFactory {
    /// State that rows can be removed from.
    pub(super) fn make_retracting(&self) -> OperatorResult<Aggregate> {
        if self.is_recomputed() {
            let growing = Self {
                retracts: false,
                ..self.clone()
            };
            let recomputed = Recomputed::new(growing, &self.arguments, self.output.clone())?;
            return Ok(Box::new(recomputed));
        }
        let aggregate = self.make_invertible()?;
        if !self.distinct {
            return Ok(aggregate);
        }
        Ok(Box::new(CountedDistinct::new(aggregate, &self.arguments)?))
    }

    /// Whether the aggregate is computed out of all rows that are left.
    ///
    /// Most of DataFusion's accumulators cannot subtract, and some show values in the order of rows, with DISTINCT too.
    /// Statistics of pairs depend on whether all values of a side are equal, which its bounds tell; bounds do not subtract.
    fn is_recomputed(&self) -> bool {
        matches!(self.recipe, Recipe::Pairs(_) | Recipe::Accumulators(_))
    }

    fn make_invertible(&self) -> OperatorResult<Aggregate> {
        let output = || self.output.clone();
        let extreme = |max| -> OperatorResult<Aggregate> { Ok(Box::new(CountedExtreme::new(self.argument()?, max)?)) };
        let is_double = || Ok::<_, crate::OperatorError>(*self.argument()? == DataType::Float64);
        Ok(match &self.recipe {
            Recipe::Sum if is_double()? => Box::new(Folded::<Float64Type, ExactFloatSum, _>::new(FloatTotal, output())),
            Recipe::Average if is_double()? => {
                Box::new(Folded::<Float64Type, ExactFloatSum, _>::new(FloatAverage, output()))
            }
            Recipe::Spread(spread) => Box::new(Folded::<Float64Type, ExactMoments, _>::new(*spread, output())),
            // Values are kept anyway, so that they can be counted exactly.
            Recipe::ApproxDistinct => Box::new(CountedDistinct::new(Box::new(Count::default()), &self.arguments)?),
            Recipe::Extreme { max } => extreme(*max)?,
            Recipe::Delta(difference) => {
                let extremes = [extreme(true)?, extreme(false)?];
                Box::new(Delta::new(extremes, Arc::clone(difference), output()))
            }
            Recipe::FirstLast { order, nulls } => Box::new(KeptFirstLast::new(self.argument()?, *order, *nulls)?),
            Recipe::Interpolated(fraction) => Box::new(InterpolatedPercentile::new(*fraction)),
            Recipe::Ordered(result) => Box::new(Ordered::new(*result, self.argument()?, true)?),
            // Counts and sums of exact numbers subtract; the others are recomputed.
            Recipe::Count | Recipe::Sum | Recipe::Average | Recipe::Pairs(_) | Recipe::Accumulators(_) => {
                self.make_plain()?
            }
        })
    }
}
