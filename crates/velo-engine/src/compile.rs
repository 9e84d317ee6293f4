//! From the stages of a physical plan to operators.

use std::collections::HashMap;
use std::ops::ControlFlow;

use velo_data::{ChangelogMode, StreamSchema, SystemColumn};
use velo_datasources::ReadRequest;
use velo_functions::AggregateKind;
use velo_planner::physical::{Exchange, OperatorId, Stage, StageOperator};
use velo_planner::plan::{
    Aggregate, AggregateCall, EmitMode, LogicalPlan, Relation, Scan, StatementSettings, Values, WindowAssigner,
};

use crate::chain::Chain;
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::exchange::{KeyRouter, Merge, ResultOrder};
use crate::operator::Operator;
use crate::operators::{
    AggregateChanges, AggregateFinal, DistinctRows, DistinctStanding, DropUpdateBeforeRows, FilterRows, GroupBudget,
    Grouping, LimitRows, LimitStanding, LookupRows, ProjectColumns, ScanRows, SortRows, SortStanding, TumblingWindows,
    ValuesRows, WatermarkStep, milliseconds, values_batch,
};
use crate::scan_bounds::scan_bounds;
use crate::table::JoinedTable;

/// A stage of a physical plan, ready to make the operators of its instances.
#[derive(Debug)]
pub struct CompiledStage<'a> {
    stage: &'a Stage,
    /// One for each operator, which the instances share.
    budgets: Vec<GroupBudget>,
}

/// What the operators of a stage need beside the plan.
#[derive(Debug, Clone, Copy)]
pub struct StageInput<'a> {
    /// The tables that they look up, by name.
    pub tables: &'a HashMap<String, JoinedTable>,
    /// The columns of the statement that the stage reads, if it reads one.
    pub read: Option<&'a StreamSchema>,
    /// The plans that a watermark of the stage reaches.
    pub reached: &'a [&'a LogicalPlan],
}

impl<'a> CompiledStage<'a> {
    /// A stage of a statement with these settings.
    pub fn new(stage: &'a Stage, settings: &StatementSettings) -> Self {
        let budgets = stage.operators.iter().map(|_| GroupBudget::new(settings.groups_max));
        Self {
            stage,
            budgets: budgets.collect(),
        }
    }

    /// The operators of one instance. Those of a stage that reads a source or a table begin behind the scan of each split
    /// ([`scan_chain`]), those of a stage with rows of its own behind these rows.
    ///
    /// # Errors
    ///
    /// When a node has no physical form, or a table is not there.
    pub fn chain(&self, input: &StageInput<'_>) -> Result<Chain, CompileError> {
        let nodes = self.stage.operators.iter().zip(&self.budgets);
        let operators = nodes.filter_map(|(StageOperator { id, node }, budget)| {
            let operator = operator(node, budget, input).transpose()?;
            Some(operator.map(|operator| (*id, operator)))
        });
        Ok(Chain::new(operators.collect::<Result<_, _>>()?))
    }

    /// How rows are divided among the instances, by the first operator.
    ///
    /// # Errors
    ///
    /// When a key has no physical form.
    pub fn router(&self) -> Result<KeyRouter, CompileError> {
        match self.stage.first() {
            Some(LogicalPlan::Aggregate(Aggregate {
                input, keys, schema, ..
            })) => KeyRouter::by_keys(keys, input.schema(), schema),
            Some(node) => KeyRouter::by_columns(node.schema()),
            None => KeyRouter::by_columns(&StreamSchema::of_user_columns([])),
        }
    }

    /// Joins the rows that so many instances of this stage send by `exchange`.
    ///
    /// # Errors
    ///
    /// When results cannot be ordered by their keys.
    pub fn merge(&self, exchange: Exchange, instances: usize) -> Result<Merge, CompileError> {
        match (exchange, self.stage.last()) {
            (Exchange::GatherInOrder, Some(LogicalPlan::Aggregate(aggregate))) => {
                let order = ResultOrder::new(aggregate.schema.arrow(), aggregate.keys.len())?;
                Ok(Merge::ordered(instances, order))
            }
            _ => Ok(Merge::as_they_come(instances)),
        }
    }
}

/// Whether a row costs its groups less than its decoding did: aggregates that keep a few numbers, and are read but once.
pub(crate) fn has_light_aggregates(plan: &LogicalPlan) -> bool {
    let heavy = plan.walk(&mut |node| {
        let is_light = match node {
            LogicalPlan::Aggregate(aggregate) => {
                aggregate.emit == EmitMode::Final && aggregate.aggregates.iter().all(is_light)
            }
            LogicalPlan::Distinct(_) => false,
            _ => true,
        };
        if is_light {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    heavy.is_continue()
}

fn is_light(call: &AggregateCall) -> bool {
    use AggregateKind::{Avg, Count, Max, Min, Sum};
    !call.distinct && matches!(call.kind, Count | Sum | Avg | Min | Max)
}

/// The operator of a node, unless its rows come from elsewhere.
fn operator(
    node: &LogicalPlan,
    budget: &GroupBudget,
    input: &StageInput<'_>,
) -> Result<Option<Box<dyn Operator>>, CompileError> {
    Ok(Some(match node {
        LogicalPlan::Scan(scan) => match (&scan.relation, input.read) {
            (Relation::Statement(_), Some(read)) => {
                Box::new(ScanRows::new(scan, read, watermark_steps(input.reached))?)
            }
            _ => return Ok(None),
        },
        LogicalPlan::Values(_) | LogicalPlan::Union(_) => return Ok(None),
        LogicalPlan::Filter(filter) => Box::new(FilterRows::new(filter)?),
        LogicalPlan::Project(project) => Box::new(ProjectColumns::new(project)?),
        LogicalPlan::Lookup(lookup) => {
            let table = input
                .tables
                .get(&lookup.table)
                .ok_or_else(|| CompileError::UnknownTable {
                    table: lookup.table.clone(),
                })?;
            Box::new(LookupRows::new(lookup, table)?)
        }
        LogicalPlan::Aggregate(plan) => aggregate(plan, budget)?,
        LogicalPlan::Distinct(distinct) if distinct.input.mode() == ChangelogMode::AppendOnly => {
            Box::new(DistinctRows::new(distinct.input.schema(), budget.clone())?)
        }
        LogicalPlan::Distinct(distinct) => Box::new(DistinctStanding::new(distinct, budget.clone())?),
        LogicalPlan::Sort(sort) if sort.input.mode() == ChangelogMode::AppendOnly => Box::new(SortRows::new(sort)?),
        LogicalPlan::Sort(sort) => Box::new(SortStanding::new(sort)?),
        LogicalPlan::Limit(limit) if limit.input.mode() == ChangelogMode::AppendOnly => {
            Box::new(LimitRows::new(limit.limit, limit.offset, limit.input.schema()))
        }
        LogicalPlan::Limit(limit) => Box::new(LimitStanding::new(limit)?),
        LogicalPlan::DropUpdateBefore(node) => Box::new(DropUpdateBeforeRows::new(node)?),
    }))
}

fn aggregate(plan: &Aggregate, budget: &GroupBudget) -> Result<Box<dyn Operator>, CompileError> {
    let grouping = Grouping::new(plan, budget.clone())?;
    let input = plan.input.schema();
    let refuse = |error: crate::OperatorError| CompileError::Aggregate {
        aggregate: "the aggregation".to_owned(),
        message: error.to_string(),
    };
    match (&plan.window, plan.emit) {
        (Some(window), emit) => {
            if input.system(SystemColumn::EventTime).is_none() {
                return Err(CompileError::MissingColumn {
                    column: SystemColumn::EventTime.name().to_owned(),
                    from: "the input of a window".to_owned(),
                });
            }
            Ok(Box::new(TumblingWindows::new(grouping, window, emit)))
        }
        (None, EmitMode::Changes) => Ok(Box::new(AggregateChanges::new(grouping).map_err(refuse)?)),
        (None, EmitMode::Final) => Ok(Box::new(AggregateFinal::new(grouping, input).map_err(refuse)?)),
    }
}

/// The instants at which a watermark matters to the windows of these plans, which are fed, directly or through each
/// other, by one scan.
fn watermark_steps(plans: &[&LogicalPlan]) -> Vec<WatermarkStep> {
    let mut steps = Vec::new();
    for plan in plans {
        let _ = plan.walk(&mut |node| {
            if let LogicalPlan::Aggregate(Aggregate {
                window: Some(window), ..
            }) = node
            {
                let WindowAssigner::Tumbling { size_ms, offset_ms } = window.assigner;
                let late = offset_ms.saturating_add(milliseconds(window.allowed_lateness) % size_ms.max(1));
                for offset_ms in [offset_ms, late] {
                    let step = WatermarkStep { size_ms, offset_ms };
                    if !steps.contains(&step) {
                        steps.push(step);
                    }
                }
            }
            ControlFlow::<()>::Continue(())
        });
    }
    steps
}

/// Reads rows of a relation, given the id of the scan, the schema of what the relation hands over and the plans that its
/// watermark reaches.
///
/// # Errors
///
/// When the relation lacks a column, or an expression has no physical form.
pub fn scan_chain(
    id: OperatorId,
    scan: &Scan,
    input: &StreamSchema,
    plans: &[&LogicalPlan],
) -> Result<Chain, CompileError> {
    let rows = ScanRows::new(scan, input, watermark_steps(plans))?;
    Ok(Chain::new(vec![(id, Box::new(rows))]))
}

/// What a scan asks of a source that has these metadata columns; it decodes with as many threads as it is given.
pub(crate) fn read_request(
    scan: &Scan,
    provided: &[SystemColumn],
    batch_rows_max: usize,
    decode_threads: usize,
    follow: bool,
) -> ReadRequest {
    let computed = scan
        .event_time
        .as_ref()
        .is_some_and(|event_time| event_time.expression.is_some());
    let reads_event_time = scan
        .event_time
        .as_ref()
        .is_some_and(|event_time| event_time.expression.is_none());
    let wanted = scan.schema.system_columns().iter();
    let mut system: Vec<SystemColumn> = wanted
        .filter(|(_, index)| *index >= scan.columns.len())
        .map(|(column, _)| *column)
        .filter(|column| provided.contains(column) && !(computed && *column == SystemColumn::EventTime))
        .collect();
    if reads_event_time && !system.contains(&SystemColumn::EventTime) {
        system.push(SystemColumn::EventTime);
    }
    ReadRequest {
        columns: scan.columns.clone(),
        system,
        bounds: scan_bounds(scan),
        batch_rows_max,
        decode_threads,
        follow,
    }
}

/// The rows of a plan that has them in itself; those that fail are rejected.
pub(crate) fn values(
    plan: &Values,
) -> Result<impl Fn(&mut Output) -> OperatorResult<velo_data::StreamBatch> + use<>, CompileError> {
    let rows = ValuesRows::new(plan)?;
    Ok(move |out: &mut Output| values_batch(&rows, out))
}
