use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int8Type, Int16Type, Int64Type,
    IntervalMonthDayNanoType, IntervalUnit, Schema, Time32MillisecondType, TimeUnit, TimestampMillisecondType,
};
use datafusion_common::ScalarValue;
use datafusion_expr::{AggregateUDF, Expr, col, lit};
use datafusion_physical_expr::PhysicalExpr;
use velo_functions::{AggregateKind, ArithmeticOperator, arithmetic};
use velo_planner::plan::AggregateCall;

use super::GroupedAggregate;
use super::accumulator::{AccumulatorCall, Accumulators, constant, physical};
use super::approx_distinct::ApproxDistinct;
use super::average::{DecimalAverage, FloatAverage};
use super::count::Count;
use super::delta::Delta;
use super::distinct::Distinct;
use super::extreme::{Held, PrimitiveExtreme, SlotExtreme};
use super::first_last::{FirstLast, Nulls, Order};
use super::folded::Folded;
use super::interpolated::InterpolatedPercentile;
use super::ordered::{Ordered, OrderedResult};
use super::pairs::{PairStatistic, Pairs};
use super::slots::{BytesSlots, PrimitiveSlots, ScalarSlots, Slots};
use super::sum::{
    DecimalSum, DecimalTotal, FloatSum, FloatTotal, IntegerSum, IntegerTotal, IntervalSum, IntervalTotal,
    WideDecimalSum, WideDecimalTotal,
};
use super::variance::{Moments, Spread};
use crate::error::{CompileError, OperatorResult};

pub(super) type Aggregate = Box<dyn GroupedAggregate>;

/// Makes the state of one aggregate call: once per statement without windows, else once per window.
#[derive(Clone)]
pub(crate) struct AggregateFactory {
    pub(super) recipe: Recipe,
    pub(super) distinct: bool,
    /// Whether the input retracts rows.
    pub(super) retracts: bool,
    pub(super) arguments: Vec<DataType>,
    pub(super) output: DataType,
}

/// What to make.
#[derive(Debug, Clone)]
pub(super) enum Recipe {
    Count,
    ApproxDistinct,
    Sum,
    Average,
    Extreme {
        max: bool,
    },
    Spread(Spread),
    FirstLast {
        order: Order,
        nulls: Nulls,
    },
    Delta(Arc<dyn PhysicalExpr>),
    Ordered(OrderedResult),
    Pairs(PairStatistic),
    /// `PERCENTILE_CONT` of this fraction.
    Interpolated(f64),
    Accumulators(AccumulatorCall),
}

impl fmt::Debug for AggregateFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.recipe.fmt(f)
    }
}

impl AggregateFactory {
    /// A factory for `call`, over columns of `schema` with arguments of these types; messages name it `column`. `retracts`
    /// says whether the input retracts rows, which some aggregates need other state for.
    pub(crate) fn new(
        call: &AggregateCall,
        arguments: Vec<DataType>,
        schema: &Schema,
        column: &str,
        retracts: bool,
    ) -> Result<Self, CompileError> {
        let refuse = |message: String| CompileError::Aggregate {
            aggregate: column.to_owned(),
            message,
        };
        let output = call.sql_type.arrow();
        let recipe =
            Recipe::of(call, &arguments, schema, column, retracts).map_err(|error| refuse(error.to_string()))?;
        let factory = Self {
            distinct: is_distinct(call),
            retracts,
            recipe,
            arguments,
            output,
        };
        // Once now, so that types that cannot be aggregated are refused before any row is read.
        let made = factory.make_growing().and_then(|_| factory.make());
        made.map_err(|error| refuse(error.to_string()))?;
        Ok(factory)
    }

    /// The greatest of a column, as metadata columns of groups need it.
    pub(crate) fn greatest(data_type: &DataType, retracts: bool) -> Self {
        Self {
            recipe: Recipe::Extreme { max: true },
            distinct: false,
            retracts,
            arguments: vec![data_type.clone()],
            output: data_type.clone(),
        }
    }

    /// New state, without groups.
    pub(crate) fn make(&self) -> OperatorResult<Aggregate> {
        if self.retracts {
            self.make_retracting()
        } else {
            self.make_growing()
        }
    }

    /// State for rows that stand for good.
    fn make_growing(&self) -> OperatorResult<Aggregate> {
        let aggregate = self.make_plain()?;
        if !self.distinct {
            return Ok(aggregate);
        }
        let distinct = Distinct::new(aggregate, &self.arguments);
        Ok(Box::new(distinct.map_err(|error| unsupported(&error.to_string()))?))
    }

    pub(super) fn make_plain(&self) -> OperatorResult<Aggregate> {
        Ok(match &self.recipe {
            Recipe::Count => Box::new(Count::default()),
            Recipe::ApproxDistinct => {
                let sketch = ApproxDistinct::new(&self.arguments);
                Box::new(sketch.map_err(|error| unsupported(&error.to_string()))?)
            }
            Recipe::Sum => sum(self.argument()?, &self.output)?,
            Recipe::Average => average(self.argument()?, &self.output)?,
            Recipe::Extreme { max: true } => extreme::<true>(self.argument()?)?,
            Recipe::Extreme { max: false } => extreme::<false>(self.argument()?)?,
            Recipe::Spread(_) if *self.argument()? != DataType::Float64 => {
                return Err(unsupported(&format!("it takes a DOUBLE, not {}", self.argument()?)));
            }
            Recipe::Spread(spread) => Box::new(Folded::<Float64Type, Moments, _>::new(*spread, DataType::Float64)),
            Recipe::FirstLast { order, nulls } => Box::new(FirstLast::new(slots(self.argument()?)?, *order, *nulls)),
            Recipe::Delta(difference) => {
                let extremes = [extreme::<true>(self.argument()?)?, extreme::<false>(self.argument()?)?];
                Box::new(Delta::new(extremes, Arc::clone(difference), self.output.clone()))
            }
            Recipe::Interpolated(fraction) => Box::new(InterpolatedPercentile::new(*fraction)),
            Recipe::Pairs(statistic) => Box::new(Pairs::new(*statistic)),
            Recipe::Ordered(result) => Box::new(Ordered::new(*result, self.argument()?, false)?),
            Recipe::Accumulators(call) => Box::new(Accumulators::new(call.clone(), self.output.clone())),
        })
    }

    pub(super) fn argument(&self) -> OperatorResult<&DataType> {
        self.arguments.first().ok_or_else(|| unsupported("it has no argument"))
    }
}

impl Recipe {
    fn of(
        call: &AggregateCall,
        types: &[DataType],
        schema: &Schema,
        column: &str,
        retracts: bool,
    ) -> datafusion_common::Result<Self> {
        use AggregateKind as Kind;
        let spread = |sample, deviation| Self::Spread(Spread { sample, deviation });
        let first_last = |order, nulls| Self::FirstLast { order, nulls };
        if let Some(statistic) = PairStatistic::of(call.kind) {
            return Ok(Self::Pairs(statistic));
        }
        Ok(match call.kind {
            Kind::Count | Kind::CountDistinct | Kind::RegrCount => Self::Count,
            Kind::ApproxCountDistinct => Self::ApproxDistinct,
            Kind::Sum => Self::Sum,
            Kind::Avg => Self::Average,
            Kind::Min => Self::Extreme { max: false },
            Kind::Max => Self::Extreme { max: true },
            // Of truth values, the least is true if all are, and the greatest if any is.
            Kind::BoolAnd if retracts => Self::Extreme { max: false },
            Kind::BoolOr if retracts => Self::Extreme { max: true },
            Kind::FirstValue => first_last(Order::EarliestEvent, Nulls::AreValues),
            Kind::LastValue => first_last(Order::LatestEvent, Nulls::AreValues),
            Kind::EarliestByOffset => first_last(Order::FirstArrival, Nulls::ArePassedOver),
            Kind::LatestByOffset => first_last(Order::LastArrival, Nulls::ArePassedOver),
            Kind::StddevSamp => spread(true, true),
            Kind::StddevPop => spread(false, true),
            Kind::VarSamp => spread(true, false),
            Kind::VarPop => spread(false, false),
            Kind::Delta => Self::Delta(difference(types)?),
            Kind::TopK => Self::Ordered(largest(call, false)?),
            Kind::TopKDistinct => Self::Ordered(largest(call, true)?),
            Kind::PercentileDisc => Self::Ordered(OrderedResult::Percentile(fraction_argument(call)?)),
            Kind::PercentileCont => Self::Interpolated(fraction_argument(call)?),
            kind => match kind.datafusion() {
                Some(function) => Self::Accumulators(accumulators(function, call, schema, column)?),
                None => return Err(refused(format!("{kind:?} has no implementation"))),
            },
        })
    }
}

/// Whether equal arguments count once. For some aggregates it makes no difference.
fn is_distinct(call: &AggregateCall) -> bool {
    use AggregateKind as Kind;
    match call.kind {
        Kind::CountDistinct | Kind::CollectSet => true,
        Kind::Min
        | Kind::Max
        | Kind::Delta
        | Kind::FirstValue
        | Kind::LastValue
        | Kind::EarliestByOffset
        | Kind::LatestByOffset
        | Kind::ApproxCountDistinct
        | Kind::BoolAnd
        | Kind::BoolOr
        | Kind::TopKDistinct => false,
        _ => call.distinct,
    }
}

fn unsupported(message: &str) -> crate::OperatorError {
    refused(message.to_owned()).into()
}

fn refused(message: String) -> datafusion_common::DataFusionError {
    datafusion_common::DataFusionError::NotImplemented(message)
}

/// `max - min`, checked as all arithmetic is.
fn difference(types: &[DataType]) -> datafusion_common::Result<Arc<dyn PhysicalExpr>> {
    let data_type = types
        .first()
        .ok_or_else(|| refused("DELTA has no argument".to_owned()))?;
    let expression = arithmetic::udf(ArithmeticOperator::Subtract).call(vec![col("max"), col("min")]);
    physical(&expression, &Delta::operands(data_type))
}

fn largest(call: &AggregateCall, distinct: bool) -> datafusion_common::Result<OrderedResult> {
    let count = number_argument(call)?;
    if count < 1.0 {
        return Err(refused(format!(
            "the number of values is {count}, and must be positive"
        )));
    }
    Ok(OrderedResult::Largest {
        count: count as usize,
        distinct: distinct || call.distinct,
    })
}

/// The constant second argument, a fraction of all.
fn fraction_argument(call: &AggregateCall) -> datafusion_common::Result<f64> {
    let fraction = number_argument(call)?;
    if (0.0..=1.0).contains(&fraction) {
        Ok(fraction)
    } else {
        Err(refused(format!(
            "a percentile takes a fraction from 0 to 1, not {fraction}"
        )))
    }
}

/// The second argument, which is a constant number.
fn number_argument(call: &AggregateCall) -> datafusion_common::Result<f64> {
    let value = call.arguments.get(1).and_then(constant).transpose()?;
    match value.map(|value| value.cast_to(&DataType::Float64)).transpose()? {
        Some(ScalarValue::Float64(Some(number))) => Ok(number),
        _ => Err(refused("the second argument is not a constant number".to_owned())),
    }
}

fn accumulators(
    function: Arc<AggregateUDF>,
    call: &AggregateCall,
    schema: &Schema,
    column: &str,
) -> datafusion_common::Result<AccumulatorCall> {
    let mut arguments: Vec<Expr> = call.arguments.clone();
    if call.kind == AggregateKind::StringAgg && arguments.len() == 1 {
        arguments.push(lit(","));
    }
    AccumulatorCall::new(function, &arguments, schema, column)
}

fn sum(argument: &DataType, output: &DataType) -> OperatorResult<Aggregate> {
    let exact = output.clone();
    Ok(match (argument, output) {
        (DataType::Int64, _) => Box::new(Folded::<Int64Type, IntegerSum, _>::new(IntegerTotal, exact)),
        (DataType::Float64, _) => Box::new(Folded::<Float64Type, FloatSum, _>::new(FloatTotal, exact)),
        (DataType::Decimal128(..), DataType::Decimal128(precision, _)) => {
            let total = DecimalTotal { precision: *precision };
            Box::new(Folded::<Decimal128Type, DecimalSum, _>::new(total, exact))
        }
        (DataType::Decimal256(..), DataType::Decimal128(precision, _)) => {
            let total = DecimalTotal { precision: *precision };
            Box::new(Folded::<Decimal256Type, WideDecimalSum, _>::new(total, exact))
        }
        (DataType::Decimal256(..), DataType::Decimal256(precision, scale)) => {
            let total = WideDecimalTotal {
                precision: *precision,
                scale: *scale,
            };
            Box::new(Folded::<Decimal256Type, WideDecimalSum, _>::new(total, exact))
        }
        (DataType::Interval(IntervalUnit::MonthDayNano), _) => Box::new(Folded::<
            IntervalMonthDayNanoType,
            IntervalSum,
            _,
        >::new(IntervalTotal, exact)),
        _ => return Err(unsupported(&format!("a sum of {argument} is not a {output}"))),
    })
}

fn average(argument: &DataType, output: &DataType) -> OperatorResult<Aggregate> {
    let exact = output.clone();
    Ok(match (argument, output) {
        (DataType::Int64, _) => Box::new(Folded::<Int64Type, IntegerSum, _>::new(FloatAverage, exact)),
        (DataType::Float64, _) => Box::new(Folded::<Float64Type, FloatSum, _>::new(FloatAverage, exact)),
        (DataType::Decimal128(_, from), DataType::Decimal128(precision, to)) => {
            let average = DecimalAverage {
                total: DecimalTotal { precision: *precision },
                scale_gain: to - from,
            };
            Box::new(Folded::<Decimal128Type, DecimalSum, _>::new(average, exact))
        }
        (DataType::Decimal256(_, from), DataType::Decimal128(precision, to)) => {
            let average = DecimalAverage {
                total: DecimalTotal { precision: *precision },
                scale_gain: to - from,
            };
            Box::new(Folded::<Decimal256Type, WideDecimalSum, _>::new(average, exact))
        }
        (DataType::Decimal256(_, from), DataType::Decimal256(precision, to)) => {
            let average = DecimalAverage {
                total: WideDecimalTotal {
                    precision: *precision,
                    scale: *to,
                },
                scale_gain: to - from,
            };
            Box::new(Folded::<Decimal256Type, WideDecimalSum, _>::new(average, exact))
        }
        _ => return Err(unsupported(&format!("a mean of {argument} is not a {output}"))),
    })
}

/// Calls `$make` with the Arrow type of a primitive column, or `$otherwise`.
macro_rules! for_primitive {
    ($data_type:expr, $make:ident, $otherwise:expr) => {
        match $data_type {
            DataType::Int8 => $make!(Int8Type),
            DataType::Int16 => $make!(Int16Type),
            DataType::Int64 => $make!(Int64Type),
            DataType::Float64 => $make!(Float64Type),
            DataType::Decimal128(..) => $make!(Decimal128Type),
            DataType::Decimal256(..) => $make!(Decimal256Type),
            DataType::Date32 => $make!(Date32Type),
            DataType::Time32(TimeUnit::Millisecond) => $make!(Time32MillisecondType),
            DataType::Timestamp(TimeUnit::Millisecond, _) => $make!(TimestampMillisecondType),
            _ => $otherwise,
        }
    };
}

fn extreme<const MAX: bool>(argument: &DataType) -> OperatorResult<Aggregate> {
    macro_rules! folded {
        ($arrow:ty) => {
            Box::new(Folded::<$arrow, PrimitiveExtreme<$arrow, MAX>, _>::new(
                Held,
                argument.clone(),
            ))
        };
    }
    Ok(for_primitive!(
        argument,
        folded,
        match argument {
            DataType::Utf8View | DataType::BinaryView => Box::new(SlotExtreme::new(BytesSlots::new(argument), MAX)),
            other => Box::new(SlotExtreme::new(ScalarSlots::new(other)?, MAX)),
        }
    ))
}

fn slots(argument: &DataType) -> OperatorResult<Box<dyn Slots>> {
    macro_rules! primitive {
        ($arrow:ty) => {
            Box::new(PrimitiveSlots::<$arrow>::new(argument.clone()))
        };
    }
    Ok(for_primitive!(
        argument,
        primitive,
        match argument {
            DataType::Utf8View | DataType::BinaryView => Box::new(BytesSlots::new(argument)),
            other => Box::new(ScalarSlots::new(other)?),
        }
    ))
}
