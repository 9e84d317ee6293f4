use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryViewBuilder, BooleanArray, Decimal128Array, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{nullif, take};
use arrow::datatypes::{
    Date32Type, Float64Type, Int8Type, Int16Type, Int64Type, Time32MillisecondType, TimestampMillisecondType,
};
use arrow::error::ArrowError;
use velo_data::SqlType;

use crate::generated::{Random, Rows, Spacing, TextColumn, push_letters};

/// Generates the values of one column.
#[derive(Debug)]
pub(super) struct ColumnGenerator {
    pub(super) values: Values,
    /// What random values follow from.
    pub(super) random: Random,
    pub(super) nulls: Nulls,
    /// What the values are, for people.
    pub(super) description: String,
}

/// What the values are before some of them become NULL.
#[derive(Debug)]
pub(super) enum Values {
    /// Whole numbers that follow each other.
    Sequence { start: i64, form: Form },
    /// The same as text.
    TextSequence { start: i64 },
    /// Any of so many whole numbers from the lowest one on; a count of 0 is all that there are.
    Integers { lowest: i64, count: u64, form: Form },
    /// Any double between two, the highest included.
    Doubles { lowest: f64, highest: f64 },
    /// Any of so many decimals from the lowest one on.
    Decimals {
        lowest: i128,
        count: u128,
        precision: u8,
        scale: i8,
    },
    /// True as often as false.
    Booleans,
    /// One of these.
    Choice(ArrayRef),
    /// Letters.
    Text { length: usize },
    /// Bytes of letters.
    Bytes { length: usize },
    /// Times that go on from row to row, each a random time earlier than in order.
    Times {
        start_ms: i64,
        spacing: Spacing,
        max_out_of_orderness_ms: u64,
        form: Form,
    },
}

/// The column that whole numbers are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    TinyInt,
    SmallInt,
    BigInt,
    Date,
    Time,
    Timestamp,
}

/// Which values are NULL.
#[derive(Debug, Clone)]
pub(super) enum Nulls {
    None,
    /// Those whose random number is below this one.
    Below(Random, u64),
    All,
}

impl Form {
    pub(super) fn of(sql_type: &SqlType) -> Option<Self> {
        Some(match sql_type {
            SqlType::TinyInt => Self::TinyInt,
            SqlType::SmallInt => Self::SmallInt,
            SqlType::BigInt => Self::BigInt,
            SqlType::Date => Self::Date,
            SqlType::Time => Self::Time,
            SqlType::Timestamp => Self::Timestamp,
            _ => return None,
        })
    }

    /// A column with a whole number for each row. All of them are known to fit.
    fn column(self, rows: &Rows, value: impl Fn(u64) -> i64) -> ArrayRef {
        match self {
            Self::TinyInt => rows.primitive::<Int8Type>(|row| value(row) as i8),
            Self::SmallInt => rows.primitive::<Int16Type>(|row| value(row) as i16),
            Self::BigInt => rows.primitive::<Int64Type>(value),
            Self::Date => rows.primitive::<Date32Type>(|row| value(row) as i32),
            Self::Time => rows.primitive::<Time32MillisecondType>(|row| value(row) as i32),
            Self::Timestamp => rows.primitive::<TimestampMillisecondType>(value),
        }
    }
}

impl ColumnGenerator {
    /// The values in some rows.
    pub(super) fn generate(&self, rows: &Rows) -> Result<ArrayRef, ArrowError> {
        let values = self.values(rows)?;
        let is_null = match &self.nulls {
            Nulls::None => return Ok(values),
            Nulls::Below(random, bound) => {
                BooleanBuffer::collect_bool(rows.count, |index| random.at(rows.number(index)) < *bound)
            }
            Nulls::All => BooleanBuffer::new_set(rows.count),
        };
        nullif(&values, &BooleanArray::new(is_null, None))
    }

    fn values(&self, rows: &Rows) -> Result<ArrayRef, ArrowError> {
        let random = self.random;
        Ok(match &self.values {
            Values::Sequence { start, form } => {
                let start = *start;
                form.column(rows, |row| start.wrapping_add(row as i64))
            }
            Values::TextSequence { start } => TextColumn::of(rows, |row, text| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{}", start.wrapping_add(row as i64));
            }),
            Values::Integers { lowest, count, form } => {
                let (lowest, count) = (*lowest, *count);
                form.column(rows, |row| lowest.wrapping_add(random.below(row, count) as i64))
            }
            Values::Doubles { lowest, highest } => {
                let (lowest, highest) = (*lowest, *highest);
                rows.primitive::<Float64Type>(|row| {
                    let share = random.fraction(row);
                    // Not `lowest + share * (highest - lowest)`, whose difference may be infinite.
                    (lowest * (1.0 - share) + highest * share).clamp(lowest, highest)
                })
            }
            Values::Decimals {
                lowest,
                count,
                precision,
                scale,
            } => {
                let value = |row| lowest.wrapping_add(random.below_wide(row, *count) as i128);
                let values: Vec<i128> = rows.numbers().map(value).collect();
                let values = Decimal128Array::new(values.into(), None);
                Arc::new(values.with_precision_and_scale(*precision, *scale)?)
            }
            Values::Booleans => {
                let values = BooleanBuffer::collect_bool(rows.count, |index| random.at(rows.number(index)) >> 63 == 1);
                Arc::new(BooleanArray::new(values, None))
            }
            Values::Choice(values) => {
                let count = values.len() as u64;
                let places: Vec<u32> = rows.numbers().map(|row| random.below(row, count) as u32).collect();
                take(values, &UInt32Array::from(places), None)?
            }
            Values::Text { length } => TextColumn::of(rows, |row, text| push_letters(text, random, row, 0, *length)),
            Values::Bytes { length } => {
                let mut builder = BinaryViewBuilder::with_capacity(rows.count);
                let mut letters = String::new();
                for row in rows.numbers() {
                    letters.clear();
                    push_letters(&mut letters, random, row, 0, *length);
                    builder.append_value(letters.as_bytes());
                }
                Arc::new(builder.finish())
            }
            Values::Times {
                start_ms,
                spacing,
                max_out_of_orderness_ms,
                form,
            } => {
                let (start_ms, spacing) = (*start_ms, *spacing);
                let in_order = |row| start_ms.saturating_add(i64::try_from(spacing.ms_of(row)).unwrap_or(i64::MAX));
                match max_out_of_orderness_ms.checked_add(1) {
                    None | Some(1) => form.column(rows, in_order),
                    Some(count) => form.column(rows, |row| {
                        let earlier = i64::try_from(random.below(row, count)).unwrap_or(i64::MAX);
                        in_order(row).saturating_sub(earlier)
                    }),
                }
            }
        })
    }
}

impl Nulls {
    /// A share of all values, from 0 to 1.
    pub(super) fn of_rate(rate: f64, random: Random) -> Self {
        /// As many numbers as there are.
        const NUMBERS: f64 = 18_446_744_073_709_551_616.0;
        if rate <= 0.0 {
            Self::None
        } else if rate >= 1.0 {
            Self::All
        } else {
            Self::Below(random, (rate * NUMBERS) as u64)
        }
    }
}
