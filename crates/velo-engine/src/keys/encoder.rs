use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMillisecondType};
use arrow::row::{RowConverter, Rows, SortField};
use velo_functions::comparable;

use crate::error::{CompileError, OperatorResult};
use crate::keys::hash::{HASH_NULL, hash_bytes, hash_u64, hash_u128};

/// Longest string that a string view holds without pointing to a buffer.
pub(super) const INLINE_LENGTH_MAX: u32 = 12;

/// Brings the key columns of a batch into the form that [`KeyTable`](super::KeyTable) compares.
#[derive(Debug)]
pub(crate) enum KeyEncoder {
    /// No key at all: every row is in the one group.
    Unit,
    /// One column of 64-bit integers or timestamps.
    Integer(DataType),
    /// One column of text.
    Text,
    /// Anything else, in the row format, whose bytes compare like the values do.
    Rows(RowConverter),
}

/// The keys of a batch.
#[derive(Debug)]
pub(crate) struct EncodedKeys {
    /// One hash per row.
    pub(crate) hashes: Vec<u64>,
    pub(super) keys: Keys,
}

#[derive(Debug)]
pub(super) enum Keys {
    Unit,
    Integer(ScalarBuffer<i64>, Option<NullBuffer>),
    Text(StringViewArray),
    Rows(Rows),
}

/// Ascending, NULL last: the order in which final results come out.
const KEY_ORDER: SortOptions = SortOptions {
    descending: false,
    nulls_first: false,
};

impl KeyEncoder {
    pub(crate) fn new(types: &[DataType]) -> Result<Self, CompileError> {
        match types {
            [] => Ok(Self::Unit),
            [DataType::Int64 | DataType::Timestamp(TimeUnit::Millisecond, None)] => Ok(Self::Integer(types[0].clone())),
            [DataType::Utf8View] => Ok(Self::Text),
            _ => Self::rows(types),
        }
    }

    /// The row format even where something faster would do: its order is that of the values.
    pub(crate) fn rows(types: &[DataType]) -> Result<Self, CompileError> {
        let field = |data_type: &DataType| {
            let field = SortField::new_with_options(data_type.clone(), KEY_ORDER);
            if RowConverter::supports_fields(std::slice::from_ref(&field)) {
                Ok(field)
            } else {
                Err(CompileError::KeyType {
                    data_type: data_type.to_string(),
                })
            }
        };
        let fields = types.iter().map(field).collect::<Result<_, _>>()?;
        let converter = RowConverter::new(fields).map_err(|error| CompileError::KeyType {
            data_type: error.to_string(),
        })?;
        Ok(Self::Rows(converter))
    }

    /// Encodes `rows` keys; `columns` are of the encoder's types.
    pub(crate) fn encode(&self, columns: &[ArrayRef], rows: usize) -> OperatorResult<EncodedKeys> {
        Ok(match self {
            Self::Unit => EncodedKeys {
                hashes: vec![0; rows],
                keys: Keys::Unit,
            },
            Self::Integer(data_type) => encode_integers(&columns[0], data_type),
            Self::Text => encode_text(columns[0].as_string_view()),
            Self::Rows(converter) => {
                let columns: Vec<_> = columns.iter().map(comparable).collect::<Result<_, _>>()?;
                let rows = converter.convert_columns(&columns)?;
                EncodedKeys {
                    hashes: rows.iter().map(|row| hash_bytes(row.data())).collect(),
                    keys: Keys::Rows(rows),
                }
            }
        })
    }
}

impl EncodedKeys {
    /// The rows in the order of their keys; equal ones as they came. Only of keys in the row format, which all but
    /// the fast paths are.
    pub(crate) fn sorted_rows(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.hashes.len() as u32).collect();
        if let Keys::Rows(rows) = &self.keys {
            order.sort_by(|a, b| rows.row(*a as usize).cmp(&rows.row(*b as usize)));
        }
        order
    }
}

fn encode_integers(column: &ArrayRef, data_type: &DataType) -> EncodedKeys {
    let values = if *data_type == DataType::Int64 {
        column.as_primitive::<Int64Type>().values().clone()
    } else {
        column.as_primitive::<TimestampMillisecondType>().values().clone()
    };
    let mut hashes: Vec<u64> = values.iter().map(|value| hash_u64(*value as u64)).collect();
    mark_nulls(&mut hashes, column.nulls());
    EncodedKeys {
        hashes,
        keys: Keys::Integer(values, column.nulls().cloned()),
    }
}

fn encode_text(column: &StringViewArray) -> EncodedKeys {
    let hash = |(row, view): (usize, &u128)| {
        if *view as u32 <= INLINE_LENGTH_MAX {
            hash_u128(*view)
        } else {
            hash_bytes(column.value(row).as_bytes())
        }
    };
    let mut hashes: Vec<u64> = column.views().iter().enumerate().map(hash).collect();
    mark_nulls(&mut hashes, column.nulls());
    EncodedKeys {
        hashes,
        keys: Keys::Text(column.clone()),
    }
}

fn mark_nulls(hashes: &mut [u64], nulls: Option<&NullBuffer>) {
    for (hash, valid) in hashes.iter_mut().zip(nulls.into_iter().flatten()) {
        if !valid {
            *hash = HASH_NULL;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, TimestampMillisecondArray};

    use super::*;
    use crate::keys::key_group;

    fn check(columns: &[ArrayRef], expected: &[(u64, u16)]) {
        let types: Vec<_> = columns.iter().map(|column| column.data_type().clone()).collect();
        let encoder = KeyEncoder::new(&types).unwrap();
        let hashes = encoder.encode(columns, expected.len()).unwrap().hashes;
        let found: Vec<_> = hashes.into_iter().map(|hash| (hash, key_group(hash))).collect();
        assert_eq!(found, expected, "{types:?}");
    }

    /// Files of state hold keys by key group, and a key that is read later has to be looked for in the group in which it was
    /// written. So these values, which another implementation of the hash and of Arrow's row format gave, never change.
    #[test]
    fn hashes_and_key_groups_stay_what_they_were() {
        let integers = |values: &[Option<i64>]| Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
        let texts = |values: &[Option<&str>]| Arc::new(StringViewArray::from(values.to_vec())) as ArrayRef;
        check(&[], &[(0, 0)]);
        check(
            &[integers(&[Some(0), Some(1), Some(-1), None])],
            &[
                (0xd79b_0957_4bb4_eca3, 9),
                (0xf9a3_cd51_cb58_59aa, 77),
                (0x93e5_3c9d_2f93_c103, 60),
                (HASH_NULL, 105),
            ],
        );
        check(
            &[Arc::new(TimestampMillisecondArray::from(vec![1_700_000_000_000])) as _],
            &[(0xef53_645a_73fc_082f, 100)],
        );
        check(
            &[texts(&[
                Some(""),
                Some("a"),
                Some("twelve bytes"),
                Some("more than twelve bytes"),
                None,
            ])],
            &[
                (0x1137_509a_84ab_7784, 80),
                (0xb78b_0a1d_6967_8993, 10),
                (0x8a40_6f35_b617_da5b, 111),
                (0xf22b_09d1_8078_c890, 9),
                (HASH_NULL, 105),
            ],
        );
        check(
            &[
                integers(&[Some(-1), Some(1), None]),
                texts(&[Some("ab"), None, Some("")]),
            ],
            &[
                (0x261d_0db6_f532_efc5, 13),
                (0x2399_56bd_509f_e03c, 86),
                (0xbad3_5a82_cbfd_386b, 90),
            ],
        );
        check(
            &[Arc::new(Float64Array::from(vec![0.0, -0.0, 1.5])) as _],
            &[
                (0x4ce2_6b8d_5573_cd8c, 107),
                (0x4ce2_6b8d_5573_cd8c, 107),
                (0xd39c_8c26_f778_1355, 12),
            ],
        );
    }
}
