use arrow::array::RecordBatch;
use datafusion_expr::Expr;
use velo_data::{StreamBatch, StreamSchema};
use velo_state::counting_sort;

use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::expression::Expressions;
use crate::keys::{KeyEncoder, KeyGroups, key_group};

/// Divides rows among the workers of a keyed operator: each key always goes to the worker that owns its key group.
#[derive(Debug)]
pub struct KeyRouter {
    keys: Keys,
    encoder: KeyEncoder,
}

#[derive(Debug)]
enum Keys {
    Computed(Expressions),
    /// The first columns.
    Columns(usize),
}

impl KeyRouter {
    /// Routes by key expressions, whose results are the first fields of `output`.
    pub(crate) fn by_keys(keys: &[Expr], input: &StreamSchema, output: &StreamSchema) -> Result<Self, CompileError> {
        let fields = &output.arrow().fields()[..keys.len()];
        let types: Vec<_> = fields.iter().map(|field| field.data_type().clone()).collect();
        let named = keys.iter().zip(fields);
        let named = named.map(|(key, field)| (key, field.name().clone(), field.data_type().clone()));
        Ok(Self {
            keys: Keys::Computed(Expressions::new(named, input)?),
            encoder: KeyEncoder::new(&types)?,
        })
    }

    /// Routes by all user columns.
    pub(crate) fn by_columns(schema: &StreamSchema) -> Result<Self, CompileError> {
        let types: Vec<_> = schema
            .user_fields()
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        Ok(Self {
            keys: Keys::Columns(schema.user_columns()),
            encoder: KeyEncoder::new(&types)?,
        })
    }

    /// The rows of each of `workers` workers, in the order that they had. Empty batches stand for none.
    ///
    /// # Errors
    ///
    /// When an Arrow kernel fails; rows whose key fails are rejected.
    pub fn route(&self, batch: StreamBatch, workers: usize, out: &mut Output) -> OperatorResult<Vec<StreamBatch>> {
        let (batch, hashes) = match &self.keys {
            Keys::Computed(keys) => {
                let evaluated = keys.evaluate(batch, out)?;
                let rows = evaluated.batch.num_rows();
                (evaluated.batch, self.encoder.encode(&evaluated.columns, rows)?.hashes)
            }
            Keys::Columns(count) => {
                let hashes = self
                    .encoder
                    .encode(&batch.records.columns()[..*count], batch.num_rows())?
                    .hashes;
                (batch, hashes)
            }
        };
        let worker = |hash: u64| KeyGroups::worker_of(key_group(hash), workers) as u16;
        let owners: Vec<u16> = hashes.into_iter().map(worker).collect();
        // The two rows of an update whose key changes go to different workers, each of which sees half of it.
        let kinds = batch
            .kinds
            .map(|kinds| kinds.part_pairs(|row| owners.get(row) != owners.get(row + 1)));
        let batch = StreamBatch { kinds, ..batch };
        let (order, starts) = counting_sort(&owners);
        let part = |worker: usize| {
            let rows = order.slice(starts[worker], starts[worker + 1] - starts[worker]);
            if rows.len() == batch.num_rows() {
                return Ok(batch.clone());
            }
            if rows.is_empty() {
                return Ok(StreamBatch::inserts(RecordBatch::new_empty(batch.records.schema())));
            }
            Ok(batch.take(&rows)?)
        };
        (0..workers).map(part).collect()
    }
}
