use std::cmp::Ordering;

use arrow::datatypes::{DataType, FieldRef, TimeUnit};
use parquet::basic::SortOrder;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use velo_data::{BoundValue, ColumnBounds};

use super::ParquetFile;
use super::fields::leaves;
use super::file::FileColumn;
use crate::columnar::Conversion;

/// Tells from statistics which row groups cannot hold a wanted row.
///
/// What statistics do not say for sure is taken for possible. They are bounds, which may be wider than the values: texts
/// are cut off in them, and NaN is left out.
#[derive(Debug)]
pub(super) struct Pruner<'a> {
    metadata: &'a ParquetMetaData,
    conditions: Vec<Condition<'a>>,
    /// Leaves of columns that may not be NULL. A row group with NULLs in them has rows to be rejected, none of which may
    /// get lost.
    required: Vec<usize>,
}

#[derive(Debug)]
struct Condition<'a> {
    bounds: &'a ColumnBounds,
    leaf: usize,
    /// The type that the file's column is read as.
    data_type: &'a DataType,
    conversion: &'a Conversion,
}

/// An end of the range of a column's values, in the units of its SQL type.
#[derive(Debug, Clone, Copy)]
enum Extreme<'a> {
    Integer(i64),
    Decimal { unscaled: i128, scale: i8 },
    Double(f64),
    Bytes(&'a [u8]),
}

impl<'a> Pruner<'a> {
    pub(super) fn new(
        file: &'a ParquetFile,
        fields: &[FieldRef],
        columns: &'a [FileColumn],
        bounds: &'a [ColumnBounds],
    ) -> Self {
        let first_leaves = first_leaves(file);
        let condition = |bounds: &'a ColumnBounds| {
            let column = columns.get(bounds.column)?;
            Some(Condition {
                bounds,
                leaf: first_leaves[column.index],
                data_type: file.fields[column.index].data_type(),
                conversion: &column.conversion,
            })
        };
        let required = fields.iter().zip(columns).filter(|(field, _)| !field.is_nullable());
        Self {
            metadata: file.metadata.metadata(),
            conditions: bounds.iter().filter_map(condition).collect(),
            required: required.map(|(_, column)| first_leaves[column.index]).collect(),
        }
    }

    /// Whether a row group may hold a wanted row.
    pub(super) fn may_match(&self, group: usize) -> bool {
        let is_null_free = |leaf: &usize| {
            let is_required = self
                .metadata
                .file_metadata()
                .schema_descr()
                .column(*leaf)
                .max_def_level()
                == 0;
            let nulls = self.statistics(group, *leaf).and_then(Statistics::null_count_opt);
            is_required || nulls == Some(0)
        };
        let excluded = self.conditions.iter().any(|condition| self.excludes(group, condition));
        !(excluded && self.required.iter().all(is_null_free))
    }

    fn statistics(&self, group: usize, leaf: usize) -> Option<&Statistics> {
        self.metadata.row_group(group).column(leaf).statistics()
    }

    /// Whether the statistics say that no row is within the bounds.
    fn excludes(&self, group: usize, condition: &Condition<'_>) -> bool {
        let Some(statistics) = self.statistics(group, condition.leaf) else {
            return false;
        };
        let rows = u64::try_from(self.metadata.row_group(group).num_rows()).ok();
        if statistics.null_count_opt().is_some() && statistics.null_count_opt() == rows {
            // Where there are values all the same, one of the two is wrong.
            let has_values = statistics.min_bytes_opt().is_some() || statistics.max_bytes_opt().is_some();
            return !has_values && (condition.bounds.lower.is_some() || condition.bounds.upper.is_some());
        }
        let Some((least, most)) = self.extremes(condition, statistics) else {
            return false;
        };
        let ColumnBounds { lower, upper, .. } = condition.bounds;
        // NaN is missing in the statistics and lies at an end of the order; a range with two ends never holds it.
        if matches!(least, Extreme::Double(_)) && (lower.is_none() || upper.is_none()) {
            return false;
        }
        let is_below = lower
            .as_ref()
            .is_some_and(|lower| most.compare(lower) == Some(Ordering::Less));
        let is_above = upper
            .as_ref()
            .is_some_and(|upper| least.compare(upper) == Some(Ordering::Greater));
        is_below || is_above
    }

    /// The least and the greatest value, if the statistics tell them in an order that is ours.
    fn extremes<'s>(
        &self,
        condition: &Condition<'_>,
        statistics: &'s Statistics,
    ) -> Option<(Extreme<'s>, Extreme<'s>)> {
        let order = self.metadata.file_metadata().column_order(condition.leaf).sort_order();
        let is_text = matches!(condition.data_type, DataType::Utf8View);
        let wanted = if is_text {
            SortOrder::UNSIGNED
        } else {
            SortOrder::SIGNED
        };
        // The deprecated statistics of bytes were made in an order that nobody knows.
        let is_bytes = matches!(statistics, Statistics::ByteArray(_) | Statistics::FixedLenByteArray(_));
        if order != wanted || (is_bytes && statistics.is_min_max_deprecated()) {
            return None;
        }
        let extreme = |bytes: Option<&'s [u8]>| {
            let extreme = Extreme::read(statistics, bytes?, condition.data_type)?;
            extreme.converted(condition.conversion)
        };
        let least = extreme(statistics.min_bytes_opt())?;
        let most = extreme(statistics.max_bytes_opt())?;
        // Some writers leave them the wrong way round.
        let is_range = least.order(most).is_some_and(Ordering::is_le);
        is_range.then_some((least, most))
    }
}

impl<'a> Extreme<'a> {
    /// The value that statistics hold as `bytes`, for types whose values stand in the file as they are read.
    fn read(statistics: &Statistics, bytes: &'a [u8], data_type: &DataType) -> Option<Self> {
        let integer = || match statistics {
            Statistics::Int32(_) => Some(i64::from(i32::from_le_bytes(bytes.try_into().ok()?))),
            Statistics::Int64(_) => Some(i64::from_le_bytes(bytes.try_into().ok()?)),
            _ => None,
        };
        Some(match data_type {
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Date32
            | DataType::Timestamp(_, _)
            | DataType::Time32(TimeUnit::Millisecond)
            | DataType::Time64(_) => Self::Integer(integer()?),
            DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => Self::Decimal {
                unscaled: match integer() {
                    Some(integer) => i128::from(integer),
                    None => big_endian(bytes)?,
                },
                scale: *scale,
            },
            DataType::Float32 => Self::of_double(f32::from_le_bytes(bytes.try_into().ok()?).into())?,
            DataType::Float64 => Self::of_double(f64::from_le_bytes(bytes.try_into().ok()?))?,
            DataType::Utf8View => Self::Bytes(bytes),
            _ => return None,
        })
    }

    fn of_double(value: f64) -> Option<Self> {
        (!value.is_nan()).then_some(Self::Double(value))
    }

    /// The value in the units of the column's SQL type. Conversions keep the order of values.
    fn converted(self, conversion: &Conversion) -> Option<Self> {
        match (conversion, self) {
            (Conversion::Keep | Conversion::Cast, extreme) => Some(extreme),
            (Conversion::Ticks { multiply, divide }, Self::Integer(count)) => {
                Some(Self::Integer(count.checked_mul(*multiply)?.div_euclid(*divide)))
            }
            _ => None,
        }
    }

    /// The order of two values of one column.
    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(value), Self::Integer(other)) => Some(value.cmp(&other)),
            (Self::Decimal { unscaled: value, .. }, Self::Decimal { unscaled: other, .. }) => Some(value.cmp(&other)),
            (Self::Double(value), Self::Double(other)) => value.partial_cmp(&other),
            (Self::Bytes(value), Self::Bytes(other)) => Some(value.cmp(other)),
            _ => None,
        }
    }

    /// The order of this value and a bound; `None` where they cannot be compared for sure.
    fn compare(self, bound: &BoundValue) -> Option<Ordering> {
        match (self, bound) {
            (Self::Integer(value), BoundValue::Integer(bound)) => Some(value.cmp(bound)),
            (Self::Integer(value), BoundValue::Decimal { unscaled, scale }) => {
                compare_decimals((value.into(), 0), (*unscaled, *scale))
            }
            // A column of whole numbers is read as DOUBLE only where all of them are exact in it.
            (Self::Integer(value), BoundValue::Double(bound)) => (value as f64).partial_cmp(bound),
            (Self::Decimal { unscaled, scale }, BoundValue::Integer(bound)) => {
                compare_decimals((unscaled, scale), ((*bound).into(), 0))
            }
            (
                Self::Decimal { unscaled, scale },
                BoundValue::Decimal {
                    unscaled: bound,
                    scale: bound_scale,
                },
            ) => compare_decimals((unscaled, scale), (*bound, *bound_scale)),
            (Self::Double(value), BoundValue::Double(bound)) => value.partial_cmp(bound),
            (Self::Bytes(value), BoundValue::Text(bound)) => Some(value.cmp(bound.as_bytes())),
            _ => None,
        }
    }
}

/// Compares decimals of different scales; `None` where that takes more digits than there are.
fn compare_decimals((left, left_scale): (i128, i8), (right, right_scale): (i128, i8)) -> Option<Ordering> {
    let raise = |value: i128, by: i16| value.checked_mul(10_i128.checked_pow(u32::try_from(by).ok()?)?);
    let difference = i16::from(right_scale) - i16::from(left_scale);
    let (left, right) = if difference >= 0 {
        (raise(left, difference)?, right)
    } else {
        (left, raise(right, -difference)?)
    };
    Some(left.cmp(&right))
}

/// A number in two's complement, most significant byte first.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    let filling = if first & 0x80 == 0 { 0 } else { 0xFF };
    let mut wide = [filling; size_of::<i128>()];
    let start = wide.len().checked_sub(bytes.len())?;
    wide[start..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(wide))
}

/// For each column of the file the first of its leaves.
fn first_leaves(file: &ParquetFile) -> Vec<usize> {
    let mut next = 0;
    let first = file.fields.iter().map(|field| {
        let first = next;
        leaves(field, None, &mut next, &mut Vec::new());
        first
    });
    first.collect()
}
