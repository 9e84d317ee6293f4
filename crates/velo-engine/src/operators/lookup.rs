use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt32Array, new_null_array};
use arrow::buffer::ScalarBuffer;
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{DataType, FieldRef};
use datafusion_common::ScalarValue;
use velo_data::{ChangelogMode, RecordColumns, RowError, RowErrorCause, StreamBatch, StreamSchema, record_batch};
use velo_planner::plan::{Lookup, LookupKind, TableMissingDataStrategy};
use velo_state::OperatorState;

use super::changing::{Computed, SentRows, takes_back};
use crate::error::{CompileError, OperatorError, OperatorResult};
use crate::event::Output;
use crate::expression::{Expressions, trues};
use crate::keys::{KeyEncoder, KeyGroups};
use crate::operator::Operator;
use crate::table::{JoinedTable, LiveTable, Table, TableIndex, TableIndexBuilder};

/// Completes rows with the rows of a table that go with them, in the order of the input and then of the table.
#[derive(Debug)]
pub(crate) struct LookupRows {
    rows: Joined,
    /// What came out for rows that may be taken back: the table may be another one by then.
    sent: Option<SentRows>,
}

/// Finds and completes the rows of an input.
#[derive(Debug)]
struct Joined {
    keys: Expressions,
    matching: Matching,
    kind: LookupKind,
    residual: Option<Expressions>,
    columns: OutputColumns,
    state: State,
    ids: Vec<u32>,
}

/// How the rows of the table are found.
#[derive(Debug)]
struct Matching {
    /// Over all columns of the table.
    keys: Expressions,
    types: Vec<DataType>,
    /// What tells this index from others of the table.
    name: String,
}

/// The columns that come out.
#[derive(Debug)]
struct OutputColumns {
    schema: StreamSchema,
    /// User columns of the input, which stand first.
    input_user: usize,
    /// Columns of the table behind them; metadata of the input follows.
    table: Vec<usize>,
}

#[derive(Debug)]
enum State {
    Loaded {
        live: Arc<LiveTable>,
        /// The table as it was looked up last, and its version.
        seen: Option<(u64, Seen)>,
    },
    Missing {
        rows: MissingRows,
        table: String,
        record: RecordColumns,
    },
}

/// What becomes of rows that come without their table.
#[derive(Debug)]
enum MissingRows {
    /// They are rejected.
    Skip,
    /// They come out with constants in these of the table's user columns, by index, and NULL in the others.
    Complete(Vec<(usize, ScalarValue)>),
}

impl MissingRows {
    fn of(plan: &Lookup) -> Result<Self, CompileError> {
        match &plan.missing.strategy {
            TableMissingDataStrategy::SkipRecord => Ok(Self::Skip),
            TableMissingDataStrategy::EmitWithNulls => Ok(Self::Complete(Vec::new())),
            TableMissingDataStrategy::UseDefaults(values) => Ok(Self::Complete(values.clone())),
            TableMissingDataStrategy::FailFast | TableMissingDataStrategy::WaitAndRetry { .. } => {
                Err(CompileError::UnknownTable {
                    table: plan.table.clone(),
                })
            }
        }
    }
}

#[derive(Debug, Clone)]
struct Seen {
    table: Arc<Table>,
    index: Option<Arc<TableIndex>>,
}

/// Rows of the input, each with a row of the table or none.
#[derive(Default)]
struct Pairs {
    input: Vec<u32>,
    table: Vec<u32>,
}

/// A row of the input that no row of the table goes with.
const NONE: u32 = u32::MAX;

/// Rows that are put together at a time: an input row may match all of a large table.
const PAIRS_MAX: usize = 16_384;

impl LookupRows {
    /// Looks up `table`.
    pub(crate) fn new(plan: &Lookup, table: &JoinedTable) -> Result<Self, CompileError> {
        let (input, mode) = (plan.input.schema(), plan.input.mode());
        takes_back("lookup", mode)?;
        let remembers = mode == ChangelogMode::Retract;
        Ok(Self {
            rows: Joined::new(plan, table)?,
            sent: remembers
                .then(|| SentRows::new("lookup", input, &plan.schema))
                .transpose()?,
        })
    }
}

impl Joined {
    fn new(plan: &Lookup, table: &JoinedTable) -> Result<Self, CompileError> {
        let input = plan.input.schema();
        let types = plan.keys.iter().map(|key| key_type(&key.table, &plan.table_schema));
        let types = types.collect::<Result<Vec<_>, _>>()?;
        let named = |expr, data_type: &DataType| (expr, "ON".to_owned(), data_type.clone());
        let input_keys = plan
            .keys
            .iter()
            .zip(&types)
            .map(|(key, data_type)| named(&key.input, data_type));
        let table_keys = plan
            .keys
            .iter()
            .zip(&types)
            .map(|(key, data_type)| named(&key.table, data_type));
        let keys = Expressions::new(input_keys, input)?;
        let residual = |condition| Expressions::new([(condition, "ON".to_owned(), DataType::Boolean)], &plan.schema);
        let names: Vec<String> = plan.keys.iter().map(|key| key.table.to_string()).collect();
        Ok(Self {
            keys,
            matching: Matching {
                keys: Expressions::new(table_keys, &plan.table_schema)?,
                types,
                name: names.join(", "),
            },
            kind: plan.kind,
            residual: plan.residual.as_ref().map(residual).transpose()?,
            columns: OutputColumns {
                schema: plan.schema.clone(),
                input_user: input.user_columns(),
                table: plan.columns.clone(),
            },
            state: match table {
                JoinedTable::Loaded(live) => State::Loaded {
                    live: Arc::clone(live),
                    seen: None,
                },
                JoinedTable::Missing => State::Missing {
                    rows: MissingRows::of(plan)?,
                    table: plan.table.clone(),
                    record: RecordColumns::of(input),
                },
            },
            ids: Vec::new(),
        })
    }

    /// The table as it is now, with its index.
    fn current(&mut self, out: &mut Output) -> OperatorResult<Option<Seen>> {
        let State::Loaded { live, seen } = &mut self.state else {
            return Ok(None);
        };
        let version = live.version();
        if let Some((_, current)) = seen.as_ref().filter(|(known, _)| *known == version) {
            return Ok(Some(current.clone()));
        }
        let table = live.current();
        let index = if self.matching.types.is_empty() {
            None
        } else {
            Some(table.index(&self.matching.name, || self.matching.build(&table, out))?)
        };
        let current = Seen { table, index };
        *seen = Some((version, current.clone()));
        Ok(Some(current))
    }

    /// Completes the rows of a batch, and hands them to `emit` in pieces, with the row that each was made of.
    fn complete_rows(
        &mut self,
        batch: StreamBatch,
        out: &mut Output,
        mut emit: impl FnMut(RecordBatch, &[u32], &mut Output),
    ) -> OperatorResult {
        if let Some(seen) = self.current(out)? {
            return self.join(batch, &seen, out, emit);
        }
        let State::Missing { rows, table, record } = &self.state else {
            return Ok(());
        };
        match rows {
            MissingRows::Skip => {
                for row in 0..batch.num_rows() {
                    out.reject(RowError {
                        cause: RowErrorCause::MissingTable,
                        message: format!("table `{table}` cannot be had"),
                        column: None,
                        origin: record.origin(&batch.records, row),
                        original: record.original(&batch.records, row),
                    });
                }
            }
            MissingRows::Complete(values) => {
                let inputs: Vec<u32> = (0..batch.num_rows() as u32).collect();
                emit(self.columns.completed(&batch.records, values)?, &inputs, out);
            }
        }
        Ok(())
    }

    fn join(
        &mut self,
        batch: StreamBatch,
        seen: &Seen,
        out: &mut Output,
        mut emit: impl FnMut(RecordBatch, &[u32], &mut Output),
    ) -> OperatorResult {
        let evaluated = self.keys.evaluate(batch, out)?;
        let records = evaluated.batch.records;
        // Rows whose key fails have no place any more.
        let places: Option<Vec<u32>> = evaluated.kept.map(|kept| kept.set_indices_u32().collect());
        let index = seen.index.as_deref();
        if let Some(index) = index {
            let keys = index.encode(&evaluated.columns, records.num_rows())?;
            index.find(&keys, &mut self.ids);
        }
        let all: Vec<u32> = match index {
            Some(_) => Vec::new(),
            None => (0..seen.table.num_rows() as u32).collect(),
        };
        let matches = |row: usize| index.map_or(all.as_slice(), |index| index.rows_of(self.ids[row]));
        let mut first = 0;
        while first < records.num_rows() {
            let (pairs, next) = self.pairs(first, records.num_rows(), matches);
            let pairs = match &self.residual {
                Some(residual) => self.passing(residual, pairs, first..next, &records, &seen.table, out)?,
                None => pairs,
            };
            let (joined, inputs) = self.columns.joined(&records, &seen.table, pairs)?;
            match &places {
                Some(places) => {
                    let inputs: Vec<u32> = inputs.iter().map(|row| places[*row as usize]).collect();
                    emit(joined, &inputs, out);
                }
                None => emit(joined, &inputs, out),
            }
            first = next;
        }
        Ok(())
    }

    /// Pairs of the rows from `first` on, and the row behind the last of them. A row is never divided.
    fn pairs<'t>(&self, first: usize, rows: usize, matches: impl Fn(usize) -> &'t [u32]) -> (Pairs, usize) {
        // Rows without a match come out by themselves, unless a condition has still to be asked.
        let keeps_unmatched = self.kind == LookupKind::Left && self.residual.is_none();
        let mut pairs = Pairs::with_capacity(rows - first);
        let mut row = first;
        while row < rows && pairs.input.len() < PAIRS_MAX {
            match matches(row) {
                [only] => pairs.push(row as u32, *only),
                [] if keeps_unmatched => pairs.push(row as u32, NONE),
                several => several.iter().for_each(|table| pairs.push(row as u32, *table)),
            }
            row += 1;
        }
        (pairs, row)
    }

    /// The pairs for which the condition is true. Of a left join, rows of `range` that have none come out alone.
    fn passing(
        &self,
        residual: &Expressions,
        pairs: Pairs,
        range: Range<usize>,
        records: &RecordBatch,
        table: &Table,
        out: &mut Output,
    ) -> OperatorResult<Pairs> {
        let Pairs { input, table: rows } = pairs;
        let candidates = Pairs {
            input: input.clone(),
            table: rows.clone(),
        };
        let joined = StreamBatch::inserts(self.columns.joined(records, table, candidates)?.0);
        let evaluated = residual.evaluate(joined, out)?;
        let passes = trues(evaluated.columns[0].as_boolean());
        let mut answers = passes.iter();
        let mut passed = Pairs::default();
        let mut settled = range.start;
        for (at, (input, row)) in input.into_iter().zip(rows).enumerate() {
            self.complete(&mut passed, settled, input as usize);
            settled = settled.max(input as usize);
            // A pair on which the condition failed is rejected, and answers nothing.
            let is_kept = evaluated.kept.as_ref().is_none_or(|kept| kept.value(at));
            if is_kept && answers.next() == Some(true) {
                passed.push(input, row);
                settled = input as usize + 1;
            }
        }
        self.complete(&mut passed, settled, range.end);
        Ok(passed)
    }

    /// Rows from `settled` up to `next` have no match.
    fn complete(&self, pairs: &mut Pairs, settled: usize, next: usize) {
        if self.kind == LookupKind::Left {
            (settled..next).for_each(|row| pairs.push(row as u32, NONE));
        }
    }
}

impl Matching {
    fn build(&self, table: &Table, out: &mut Output) -> OperatorResult<TableIndex> {
        let encoder = KeyEncoder::new(&self.types).map_err(|error| OperatorError::Snapshot {
            operator: "lookup",
            message: error.to_string(),
        })?;
        let mut index = TableIndexBuilder::new(encoder);
        let mut first = 0;
        for chunk in table.chunks() {
            let evaluated = self.keys.evaluate(StreamBatch::inserts(chunk.clone()), out)?;
            let rows = first..first + chunk.num_rows() as u32;
            let numbers: Vec<u32> = match &evaluated.kept {
                Some(kept) => kept.set_indices().map(|row| first + row as u32).collect(),
                None => rows.clone().collect(),
            };
            index.add(&evaluated.columns, &numbers)?;
            first = rows.end;
        }
        Ok(index.finish())
    }
}

impl Pairs {
    fn with_capacity(pairs: usize) -> Self {
        Self {
            input: Vec::with_capacity(pairs),
            table: Vec::with_capacity(pairs),
        }
    }

    #[inline]
    fn push(&mut self, input: u32, table: u32) {
        self.input.push(input);
        self.table.push(table);
    }

    /// Whether the pairs are the rows of the input, one after the other.
    fn are_all_of(&self, rows: usize) -> bool {
        self.input.len() == rows && self.input.iter().zip(0..).all(|(row, place)| *row == place)
    }
}

impl OutputColumns {
    /// The rows of pairs, and the row of the input in each.
    fn joined(
        &self,
        records: &RecordBatch,
        table: &Table,
        pairs: Pairs,
    ) -> OperatorResult<(RecordBatch, ScalarBuffer<u32>)> {
        let rows = pairs.input.len();
        let is_identity = pairs.are_all_of(records.num_rows());
        let input = UInt32Array::from(pairs.input);
        let nulls = pairs
            .table
            .contains(&NONE)
            .then(|| pairs.table.iter().map(|row| *row != NONE).collect());
        let table_rows = table.places(UInt32Array::new(pairs.table.into(), nulls));
        let of_input = |column: &ArrayRef| {
            if is_identity {
                Ok(Arc::clone(column))
            } else {
                Ok(take(column, &input, None)?)
            }
        };
        let of_table = |index: &usize| table.take(*index, &table_rows);
        let joined = self.assemble(records, rows, of_input, self.table.iter().map(of_table))?;
        Ok((joined, input.values().clone()))
    }

    /// The rows as they are, with constants in the columns of the table.
    fn completed(&self, records: &RecordBatch, values: &[(usize, ScalarValue)]) -> OperatorResult<RecordBatch> {
        let rows = records.num_rows();
        let fields = &self.schema.user_fields()[self.input_user..];
        let constant = |(index, field): (&usize, &FieldRef)| match values.iter().find(|(column, _)| column == index) {
            Some((_, value)) => Ok(value.to_array_of_size(rows)?),
            None => Ok(new_null_array(field.data_type(), rows)),
        };
        let columns: Vec<ArrayRef> = self
            .table
            .iter()
            .zip(fields)
            .map(constant)
            .collect::<OperatorResult<_>>()?;
        self.assemble(
            records,
            rows,
            |column| Ok(Arc::clone(column)),
            columns.into_iter().map(Ok),
        )
    }

    fn assemble(
        &self,
        records: &RecordBatch,
        rows: usize,
        of_input: impl Fn(&ArrayRef) -> OperatorResult<ArrayRef>,
        of_table: impl Iterator<Item = OperatorResult<ArrayRef>>,
    ) -> OperatorResult<RecordBatch> {
        let (user, system) = records.columns().split_at(self.input_user);
        let columns = user
            .iter()
            .map(&of_input)
            .chain(of_table)
            .chain(system.iter().map(&of_input));
        let columns = columns.collect::<OperatorResult<Vec<_>>>()?;
        Ok(record_batch(self.schema.arrow(), columns, rows)?)
    }
}

/// The type that both sides of a key have.
fn key_type(key: &datafusion_expr::Expr, table: &StreamSchema) -> Result<DataType, CompileError> {
    use datafusion_expr::ExprSchemable;
    let failed = |source| CompileError::Expression {
        expression: key.to_string(),
        source: Box::new(source),
    };
    let schema = datafusion_common::DFSchema::try_from(table.arrow().as_ref().clone()).map_err(failed)?;
    key.get_type(&schema).map_err(failed)
}

impl Operator for LookupRows {
    fn name(&self) -> &'static str {
        "lookup"
    }

    fn schema(&self) -> &StreamSchema {
        &self.rows.columns.schema
    }

    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult {
        let Self { rows, sent } = self;
        let Some(sent) = sent else {
            return rows.complete_rows(batch, out, |records, _, out| out.emit(StreamBatch::inserts(records)));
        };
        let compute = |batch, out: &mut Output| {
            let (mut pieces, mut inputs) = (Vec::new(), Vec::new());
            rows.complete_rows(batch, out, |records, of_piece, _| {
                pieces.push(records);
                inputs.extend_from_slice(of_piece);
            })?;
            let records = concat_batches(rows.columns.schema.arrow(), &pieces)?;
            Ok(Computed { records, inputs })
        };
        let passed = sent.pass(&batch, out, compute)?;
        out.emit(passed.batch);
        Ok(())
    }

    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        let mut state = OperatorState::default();
        if let Some(sent) = &self.sent {
            sent.snapshot(&mut state)?;
        }
        Ok(state)
    }

    fn restore(&mut self, state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        self.sent.as_mut().map_or(Ok(()), |sent| sent.restore(state))
    }
}
