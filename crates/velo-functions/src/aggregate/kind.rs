use std::sync::Arc;

use datafusion_expr::AggregateUDF;
use datafusion_functions_aggregate::{
    approx_distinct, approx_median, approx_percentile_cont, array_agg, bit_and_or_xor, bool_and_or, median, regr,
    string_agg,
};

macro_rules! aggregates {
    ($($kind:ident = $name:literal $([$($synonym:literal),*])? $usage:literal, $summary:literal;)*) => {
        /// An aggregate function of the dialect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum AggregateKind {
            $(#[doc = concat!("`", $usage, "`: ", $summary)] $kind,)*
        }

        static FUNCTIONS: &[AggregateFunction] = &[$(AggregateFunction {
            kind: AggregateKind::$kind,
            name: $name,
            synonyms: &[$($($synonym),*)?],
            usage: $usage,
            summary: $summary,
        },)*];
    };
}

/// What is known of an aggregate function by name.
#[derive(Debug)]
pub struct AggregateFunction {
    /// Which it is.
    pub kind: AggregateKind,
    /// The name that the documentation uses.
    pub name: &'static str,
    /// Other names that mean the same.
    pub synonyms: &'static [&'static str],
    /// How it is called.
    pub usage: &'static str,
    /// What it gives, in a sentence.
    pub summary: &'static str,
}

aggregates! {
    Count = "COUNT" "COUNT([DISTINCT] x | *)", "How many rows there are, or how many of them where `x` is not NULL.";
    CountDistinct = "COUNT_DISTINCT" "COUNT_DISTINCT(x)", "How many different values there are, as `COUNT(DISTINCT x)`.";
    ApproxCountDistinct = "APPROX_COUNT_DISTINCT" ["APPROX_DISTINCT"] "APPROX_COUNT_DISTINCT(x)", "About how many different values there are, in constant memory.";
    Sum = "SUM" "SUM(x)", "The sum; BIGINT of integers, DECIMAL of decimals. One that does not fit is an error.";
    Avg = "AVG" ["MEAN"] "AVG(x)", "The mean; DOUBLE of integers, DECIMAL with six more digits of decimals.";
    Min = "MIN" "MIN(x)", "The smallest value.";
    Max = "MAX" "MAX(x)", "The largest value.";
    FirstValue = "FIRST_VALUE" ["FIRST"] "FIRST_VALUE(x)", "The value of the earliest row, by event time, then arrival.";
    LastValue = "LAST_VALUE" ["LAST"] "LAST_VALUE(x)", "The value of the latest row, by event time, then arrival.";
    EarliestByOffset = "EARLIEST_BY_OFFSET" "EARLIEST_BY_OFFSET(x)", "The value that is not NULL of the row that arrived first.";
    LatestByOffset = "LATEST_BY_OFFSET" "LATEST_BY_OFFSET(x)", "The value that is not NULL of the row that arrived last.";
    StddevSamp = "STDDEV" ["STDDEV_SAMP"] "STDDEV(x)", "The standard deviation of a sample.";
    StddevPop = "STDDEV_POP" "STDDEV_POP(x)", "The standard deviation of a whole population.";
    VarSamp = "VARIANCE" ["VAR_SAMP"] "VARIANCE(x)", "The variance of a sample.";
    VarPop = "VAR_POP" "VAR_POP(x)", "The variance of a whole population.";
    BoolAnd = "BOOL_AND" ["EVERY"] "BOOL_AND(x)", "Whether all are true.";
    BoolOr = "BOOL_OR" "BOOL_OR(x)", "Whether any is true.";
    StringAgg = "STRING_AGG" ["LISTAGG", "GROUP_CONCAT", "COLLECT"] "STRING_AGG(x [, separator])", "All values as one text, with a separator (`,` if none is given) in between.";
    ArrayAgg = "ARRAY_AGG" ["COLLECT_LIST"] "ARRAY_AGG(x)", "All values as an array.";
    CollectSet = "COLLECT_SET" "COLLECT_SET(x)", "All different values as an array.";
    TopK = "TOPK" "TOPK(x, n)", "The `n` largest values as an array, largest first.";
    TopKDistinct = "TOPKDISTINCT" "TOPKDISTINCT(x, n)", "The `n` largest different values as an array, largest first.";
    Median = "MEDIAN" "MEDIAN(x)", "The middle value, or the mean of the two in the middle.";
    Delta = "DELTA" "DELTA(x)", "The largest value minus the smallest.";
    PercentileCont = "PERCENTILE_CONT" "PERCENTILE_CONT(x, fraction)", "The value below which a fraction of all lie, interpolated.";
    PercentileDisc = "PERCENTILE_DISC" "PERCENTILE_DISC(x, fraction)", "The first value that at least a fraction of all do not exceed.";
    Corr = "CORR" "CORR(y, x)", "The coefficient of correlation.";
    CovarPop = "COVAR_POP" "COVAR_POP(y, x)", "The covariance of a whole population.";
    CovarSamp = "COVAR_SAMP" ["COVAR"] "COVAR_SAMP(y, x)", "The covariance of a sample.";
    RegrSlope = "REGR_SLOPE" "REGR_SLOPE(y, x)", "The slope of the line that fits best.";
    RegrIntercept = "REGR_INTERCEPT" "REGR_INTERCEPT(y, x)", "Where the line that fits best meets the y axis.";
    RegrR2 = "REGR_R2" "REGR_R2(y, x)", "The square of the coefficient of correlation.";
    RegrCount = "REGR_COUNT" "REGR_COUNT(y, x)", "How many rows have both values.";
    RegrAvgX = "REGR_AVGX" "REGR_AVGX(y, x)", "The mean of `x` over the rows that have both values.";
    RegrAvgY = "REGR_AVGY" "REGR_AVGY(y, x)", "The mean of `y` over the rows that have both values.";
    RegrSxx = "REGR_SXX" "REGR_SXX(y, x)", "The sum of the squared distances of `x` from its mean.";
    RegrSyy = "REGR_SYY" "REGR_SYY(y, x)", "The sum of the squared distances of `y` from its mean.";
    RegrSxy = "REGR_SXY" "REGR_SXY(y, x)", "The sum of the products of both distances from the means.";
    BitAnd = "BIT_AND" "BIT_AND(x)", "The bits that are set in all values.";
    BitOr = "BIT_OR" "BIT_OR(x)", "The bits that are set in any value.";
    BitXor = "BIT_XOR" "BIT_XOR(x)", "The bits that are set in an odd number of values.";
    ApproxMedian = "APPROX_MEDIAN" "APPROX_MEDIAN(x)", "About the middle value, in constant memory.";
    ApproxPercentileCont = "APPROX_PERCENTILE_CONT" "APPROX_PERCENTILE_CONT(x, fraction)", "About the value of PERCENTILE_CONT, in constant memory.";
}

/// The aggregate function with this name or synonym, in any case.
pub fn aggregate(name: &str) -> Option<AggregateKind> {
    let is_named = |function: &&AggregateFunction| {
        std::iter::once(&function.name)
            .chain(function.synonyms)
            .any(|known| name.eq_ignore_ascii_case(known))
    };
    FUNCTIONS.iter().find(is_named).map(|function| function.kind)
}

/// All aggregate functions, in the order of [`AggregateKind`].
pub fn aggregate_functions() -> impl Iterator<Item = &'static AggregateFunction> {
    FUNCTIONS.iter()
}

impl AggregateKind {
    /// Name, synonyms and description.
    pub fn function(self) -> &'static AggregateFunction {
        &FUNCTIONS[self as usize]
    }

    /// Whether it is a statistic of pairs of numbers, as DOUBLE.
    pub(crate) const fn is_of_pairs(self) -> bool {
        matches!(
            self,
            Self::Corr
                | Self::CovarPop
                | Self::CovarSamp
                | Self::RegrSlope
                | Self::RegrIntercept
                | Self::RegrR2
                | Self::RegrAvgX
                | Self::RegrAvgY
                | Self::RegrSxx
                | Self::RegrSyy
                | Self::RegrSxy
        )
    }

    /// DataFusion's implementation, for the aggregates that run on its accumulators: each takes the types that
    /// [`resolve_aggregate`](super::resolve_aggregate) asks for, and its result is cast to the canonical type.
    /// [`AggregateKind::CollectSet`] is `array_agg` and must be run as DISTINCT.
    pub fn datafusion(self) -> Option<Arc<AggregateUDF>> {
        Some(match self {
            Self::ApproxCountDistinct => approx_distinct::approx_distinct_udaf(),
            Self::BoolAnd => bool_and_or::bool_and_udaf(),
            Self::BoolOr => bool_and_or::bool_or_udaf(),
            Self::StringAgg => string_agg::string_agg_udaf(),
            Self::ArrayAgg | Self::CollectSet => array_agg::array_agg_udaf(),
            Self::Median => median::median_udaf(),
            Self::RegrCount => regr::regr_count_udaf(),
            Self::BitAnd => bit_and_or_xor::bit_and_udaf(),
            Self::BitOr => bit_and_or_xor::bit_or_udaf(),
            Self::BitXor => bit_and_or_xor::bit_xor_udaf(),
            Self::ApproxMedian => approx_median::approx_median_udaf(),
            Self::ApproxPercentileCont => approx_percentile_cont::approx_percentile_cont_udaf(),
            _ => return None,
        })
    }
}
