//! From a logical plan to stages of operators.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion_expr::Expr;
use velo_data::{ChangelogMode, StreamSchema, SystemColumn};
use velo_datasources::ReadRequest;
use velo_functions::AggregateKind;
use velo_planner::plan::{
    Aggregate, AggregateCall, EmitMode, LogicalPlan, Relation, Scan, StatementSettings, Values, WindowAssigner,
};

use crate::chain::Chain;
use crate::error::{CompileError, OperatorResult};
use crate::event::Output;
use crate::merge::{Merge, ResultOrder};
use crate::operator::Operator;
use crate::operators::{
    AggregateChanges, AggregateFinal, DistinctRows, DistinctStanding, DropUpdateBeforeRows, FilterRows, GroupBudget,
    Grouping, LimitRows, LimitStanding, LookupRows, ProjectColumns, ScanRows, SortRows, SortStanding, TumblingWindows,
    ValuesRows, WatermarkStep, milliseconds, values_batch,
};
use crate::router::KeyRouter;
use crate::scan_bounds::scan_bounds;
use crate::table::JoinedTable;

/// A part of a plan whose operators are fused, and which several workers may run side by side.
#[derive(Debug)]
pub struct Stage {
    /// How rows come to its workers.
    pub input: StageInput,
    /// Its operators, as nodes of the plan, in the order in which rows pass them.
    nodes: Vec<LogicalPlan>,
    /// One for each node, which the node's workers share.
    budgets: Vec<GroupBudget>,
}

/// How rows come to the workers of a stage.
#[derive(Debug)]
pub enum StageInput {
    /// They read a relation, or the rows of the plan itself.
    Leaf,
    /// From the stage before, each key to its worker.
    Keyed,
    /// From all workers of the stage before to the only one of this.
    Gathered,
}

/// The stages of a plan, the one that reads first.
///
/// Stateless operators are fused into the stage before them, and with one worker everything is. A keyed operator
/// starts a stage; results that come in an order, and operators that count or order rows, are gathered by one worker.
pub fn stages(plan: &LogicalPlan, settings: &StatementSettings, parallelism: usize) -> Vec<Stage> {
    let mut stages = vec![Stage::new(StageInput::Leaf)];
    for node in bottom_up(plan) {
        let divided = parallelism > 1
            && !matches!(
                stages.last(),
                Some(Stage {
                    input: StageInput::Gathered,
                    ..
                })
            );
        let input = match node {
            LogicalPlan::Aggregate(aggregate) if parallelism > 1 && !aggregate.keys.is_empty() => {
                Some(StageInput::Keyed)
            }
            _ if keeps_what_stands(node) => divided.then_some(StageInput::Gathered),
            LogicalPlan::Distinct(_) if parallelism > 1 => Some(StageInput::Keyed),
            LogicalPlan::Aggregate(_) | LogicalPlan::Sort(_) | LogicalPlan::Limit(_) if divided => {
                Some(StageInput::Gathered)
            }
            _ if divided && follows_results(&stages) => Some(StageInput::Gathered),
            _ => None,
        };
        stages.extend(input.map(Stage::new));
        if let Some(stage) = stages.last_mut() {
            stage.nodes.push(node.clone());
            stage.budgets.push(GroupBudget::new(settings.groups_max));
        }
    }
    if parallelism > 1
        && !matches!(
            stages.last(),
            Some(Stage {
                input: StageInput::Gathered,
                ..
            })
        )
    {
        stages.push(Stage::new(StageInput::Gathered));
    }
    stages
}

/// Whether a row costs its groups less than its decoding did: aggregates that keep a few numbers, and are read but once.
pub(crate) fn has_light_aggregates(plan: &LogicalPlan) -> bool {
    bottom_up(plan).into_iter().all(|node| match node {
        LogicalPlan::Aggregate(aggregate) => {
            aggregate.emit == EmitMode::Final && aggregate.aggregates.iter().all(is_light)
        }
        LogicalPlan::Distinct(_) => false,
        _ => true,
    })
}

fn is_light(call: &AggregateCall) -> bool {
    use AggregateKind::{Avg, Count, Max, Min, Sum};
    !call.distinct && matches!(call.kind, Count | Sum | Avg | Min | Max)
}

/// Whether a node keeps the rows that stand, apart from aggregates: one worker has them all, since what two workers sent for the
/// old and the new values of a row could arrive in the wrong order.
fn keeps_what_stands(node: &LogicalPlan) -> bool {
    let takes_back = |input: &LogicalPlan| input.mode() == ChangelogMode::Retract;
    match node {
        LogicalPlan::Distinct(distinct) => takes_back(&distinct.input),
        LogicalPlan::Lookup(lookup) => takes_back(&lookup.input),
        LogicalPlan::Filter(filter) => takes_back(&filter.input) && filter.predicate.is_volatile(),
        LogicalPlan::Project(project) => {
            takes_back(&project.input) && project.expressions.iter().any(Expr::is_volatile)
        }
        LogicalPlan::Limit(_) | LogicalPlan::Sort(_) => false, // They are gathered in any case.
        LogicalPlan::Scan(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::DropUpdateBefore(_) => false,
    }
}

/// Whether the last node is an aggregation whose results come in an order.
fn follows_results(stages: &[Stage]) -> bool {
    let last = stages.last().and_then(|stage| stage.nodes.last());
    matches!(last, Some(LogicalPlan::Aggregate(aggregate)) if aggregate.emit == EmitMode::Final)
}

/// The nodes of a plan, which has no branches, in the order in which rows pass them.
fn bottom_up(plan: &LogicalPlan) -> Vec<&LogicalPlan> {
    let mut nodes = vec![plan];
    let mut node = plan;
    while let Some(input) = node.inputs().first().copied() {
        nodes.push(input);
        node = input;
    }
    nodes.reverse();
    nodes
}

impl Stage {
    fn new(input: StageInput) -> Self {
        Self {
            input,
            nodes: Vec::new(),
            budgets: Vec::new(),
        }
    }

    /// The operators of one worker, which look up `tables` by their names. Those of a leaf stage begin behind the [`Leaf`].
    ///
    /// # Errors
    ///
    /// When a node has no physical form, or a table is not there.
    pub fn chain(&self, tables: &HashMap<String, JoinedTable>) -> Result<Chain, CompileError> {
        let nodes = self.nodes.iter().zip(&self.budgets);
        let operators = nodes.filter_map(|(node, budget)| operator(node, budget, tables).transpose());
        Ok(Chain::new(operators.collect::<Result<_, _>>()?))
    }

    /// What the stage reads, if it is a leaf.
    pub fn leaf(&self) -> Option<Leaf<'_>> {
        self.nodes.iter().find_map(|node| match node {
            LogicalPlan::Scan(scan) => Some(Leaf::Scan(scan)),
            LogicalPlan::Values(values) => Some(Leaf::Values(values)),
            _ => None,
        })
    }

    /// How rows are divided among the stage's workers, if it is keyed.
    ///
    /// # Errors
    ///
    /// When a key has no physical form.
    pub fn router(&self) -> Result<Option<KeyRouter>, CompileError> {
        match (&self.input, self.nodes.first()) {
            (
                StageInput::Keyed,
                Some(LogicalPlan::Aggregate(Aggregate {
                    input, keys, schema, ..
                })),
            ) => KeyRouter::by_keys(keys, input.schema(), schema).map(Some),
            (StageInput::Keyed, Some(node)) => KeyRouter::by_columns(node.schema()).map(Some),
            _ => Ok(None),
        }
    }

    /// Joins the streams of this stage's `workers` for the stage behind it.
    ///
    /// # Errors
    ///
    /// When results cannot be ordered by their keys.
    pub fn merge(&self, workers: usize) -> Result<Merge, CompileError> {
        match self.nodes.last() {
            Some(LogicalPlan::Aggregate(aggregate)) if aggregate.emit == EmitMode::Final => {
                let order = ResultOrder::new(aggregate.schema.arrow(), aggregate.keys.len())?;
                Ok(Merge::ordered(workers, order))
            }
            _ => Ok(Merge::as_they_come(workers)),
        }
    }
}

/// Where the rows of a plan come from.
#[derive(Debug, Clone, Copy)]
pub enum Leaf<'a> {
    /// A relation.
    Scan(&'a Scan),
    /// The plan itself.
    Values(&'a Values),
}

/// The operator of a node, unless the node is a leaf.
fn operator(
    node: &LogicalPlan,
    budget: &GroupBudget,
    tables: &HashMap<String, JoinedTable>,
) -> Result<Option<Box<dyn Operator>>, CompileError> {
    Ok(Some(match node {
        LogicalPlan::Scan(_) | LogicalPlan::Values(_) => return Ok(None),
        LogicalPlan::Filter(filter) => Box::new(FilterRows::new(filter)?),
        LogicalPlan::Project(project) => Box::new(ProjectColumns::new(project)?),
        LogicalPlan::Lookup(lookup) => {
            let table = tables.get(&lookup.table).ok_or_else(|| CompileError::UnknownTable {
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
pub(crate) fn watermark_steps<'a>(plans: impl IntoIterator<Item = &'a LogicalPlan>) -> Vec<WatermarkStep> {
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

/// Reads rows of a relation, given the schema of what it hands over and the plans that its watermark reaches.
///
/// # Errors
///
/// When the relation lacks a column, or an expression has no physical form.
pub fn scan_chain<'a>(
    scan: &Scan,
    input: &StreamSchema,
    plans: impl IntoIterator<Item = &'a LogicalPlan>,
) -> Result<Chain, CompileError> {
    let rows = ScanRows::new(scan, input, watermark_steps(plans))?;
    Ok(Chain::new(vec![Box::new(rows)]))
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

/// The relation that a plan reads.
pub(crate) fn relation(plan: &LogicalPlan) -> Option<&Relation> {
    plan.scan().map(|scan| &scan.relation)
}
