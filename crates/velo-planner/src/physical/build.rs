use std::collections::HashMap;

use datafusion_expr::Expr;
use datafusion_expr::utils::conjunction;
use velo_data::ChangelogMode;

use super::identity::Path;
use super::{Edge, Exchange, Identities, JobGraph, Stage, StageOperator};
use crate::plan::{EmitMode, Filter, LogicalPlan, PlannedStatement, Relation, Scan};

/// What the stages of a statement depend on beside its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLayout {
    /// The scans of sources and tables, in the order of [`LogicalPlan::scans`].
    pub scans: Vec<ScanLayout>,
    /// Instances of its keyed operators.
    pub keyed_instances: usize,
    /// Whether one instance has to write its rows, since its sinks take them from one writer or promise their order.
    pub gathers_output: bool,
}

/// How a source or table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLayout {
    /// Instances that share its splits.
    pub instances: usize,
    /// The number of a group of scans that read alike ([`Scan::reads_like`]): one stage reads for all of them.
    pub group: Option<usize>,
}

impl ScanLayout {
    /// Of a scan that reads for itself.
    pub const fn alone(instances: usize) -> Self {
        Self { instances, group: None }
    }
}

impl JobGraph {
    /// The stages of statements, each with its layout. Statements may stand in any order; one that reads a statement which is
    /// not among them, or itself, directly or through others, gets no stages.
    ///
    /// Stateless operators are fused into the stage before them, and where nothing is divided everything is. A keyed operator
    /// starts a stage; operators that count or order rows are one instance.
    pub fn new(statements: &[(&PlannedStatement, StatementLayout)]) -> Self {
        let mut builder = Builder {
            graph: Self::default(),
            outputs: HashMap::new(),
            groups: HashMap::new(),
            identities: Identities::new(statements.iter().map(|(statement, _)| *statement)),
        };
        let mut waiting: Vec<usize> = (0..statements.len()).collect();
        loop {
            let before = waiting.len();
            waiting.retain(|index| {
                let (statement, layout) = &statements[*index];
                let is_ready = statement
                    .plan
                    .statements()
                    .all(|name| builder.outputs.contains_key(name));
                if is_ready {
                    builder.add(*index, statement, layout);
                }
                !is_ready
            });
            if waiting.len() == before {
                return builder.graph;
            }
        }
    }
}

/// Whether a node keeps the rows that stand, apart from aggregates: one instance has them all, since what two instances sent for
/// the old and the new values of a row could arrive in the wrong order.
pub(super) fn keeps_what_stands(node: &LogicalPlan) -> bool {
    let takes_back = |input: &LogicalPlan| input.mode() == ChangelogMode::Retract;
    match node {
        LogicalPlan::Distinct(distinct) => takes_back(&distinct.input),
        LogicalPlan::Lookup(lookup) => takes_back(&lookup.input),
        LogicalPlan::Filter(filter) => takes_back(&filter.input) && filter.predicate.is_volatile(),
        LogicalPlan::Project(project) => {
            takes_back(&project.input) && project.expressions.iter().any(Expr::is_volatile)
        }
        // LIMIT and ORDER BY are gathered in any case.
        LogicalPlan::Limit(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Scan(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::DropUpdateBefore(_) => false,
    }
}

struct Builder {
    graph: JobGraph,
    /// The stage that gives the rows of each statement, by its name.
    outputs: HashMap<String, usize>,
    /// The stage that reads for each group of scans.
    groups: HashMap<usize, usize>,
    identities: Identities,
}

/// The stages of one statement, while its nodes are added from the one that reads on.
struct Statement<'a> {
    index: usize,
    planned: &'a PlannedStatement,
    /// The node at hand.
    path: Path,
    keyed_instances: usize,
    /// Of the sources and tables that are still to come.
    scans: std::slice::Iter<'a, ScanLayout>,
    /// The stage that nodes are added to.
    stage: usize,
}

impl Builder {
    fn add(&mut self, index: usize, planned: &PlannedStatement, layout: &StatementLayout) {
        let mut statement = Statement {
            index,
            planned,
            path: Path::root(),
            keyed_instances: layout.keyed_instances,
            scans: layout.scans.iter(),
            stage: 0,
        };
        self.add_node(&planned.plan, &mut statement);
        if layout.gathers_output || self.has_ordered_results(statement.stage) {
            self.gather(&mut statement);
        }
        self.graph.stages[statement.stage].is_output = true;
        self.outputs.insert(planned.name.clone(), statement.stage);
    }

    /// Adds what a node reads, and the node behind it.
    fn add_node(&mut self, node: &LogicalPlan, statement: &mut Statement<'_>) {
        if matches!(node, LogicalPlan::Union(_)) {
            self.add_union(node, statement);
            return;
        }
        self.add_inputs(node, statement, |_, _| {});
        let keyed = statement.keyed_instances;
        match node {
            _ if keeps_what_stands(node) => self.gather(statement),
            LogicalPlan::Scan(scan) => match &scan.relation {
                Relation::Statement(name) => {
                    // It is there: the statement would not have its turn otherwise.
                    let from = self.outputs.get(name).copied().unwrap_or_default();
                    statement.stage = self.add_stage(statement.index, self.graph.stages[from].instances);
                    self.connect(from, statement.stage, Exchange::Forward);
                }
                Relation::Source(_) | Relation::Table(_) => {
                    let layout = statement.scans.next().copied().unwrap_or(ScanLayout::alone(1));
                    if let Some(group) = layout.group {
                        self.add_shared_scan(scan, group, layout.instances, statement);
                        return;
                    }
                    statement.stage = self.add_stage(statement.index, layout.instances);
                }
            },
            LogicalPlan::Values(_) => statement.stage = self.add_stage(statement.index, 1),
            LogicalPlan::Aggregate(aggregate) if keyed > 1 && !aggregate.keys.is_empty() => {
                self.start_keyed(statement, keyed);
            }
            LogicalPlan::Distinct(_) if keyed > 1 => self.start_keyed(statement, keyed),
            LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) | LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => {
                self.gather(statement);
            }
            LogicalPlan::Filter(_)
            | LogicalPlan::Project(_)
            | LogicalPlan::Lookup(_)
            | LogicalPlan::DropUpdateBefore(_)
            | LogicalPlan::Union(_) => {
                if self.has_ordered_results(statement.stage) {
                    self.gather(statement);
                }
            }
        }
        self.push(node, node.clone(), statement);
    }

    /// Adds an operator to the stage at hand, whose state is kept under the id of `node`.
    fn push(&mut self, node: &LogicalPlan, operator: LogicalPlan, statement: &Statement<'_>) {
        let id = self.identities.id(statement.planned, node, &statement.path);
        let operators = &mut self.graph.stages[statement.stage].operators;
        operators.push(StageOperator { id, node: operator });
    }

    /// Goes on behind a stage that reads for several scans, with what this one filters.
    fn add_shared_scan(&mut self, scan: &Scan, group: usize, instances: usize, statement: &mut Statement<'_>) {
        let node = LogicalPlan::Scan(scan.clone());
        let unfiltered = LogicalPlan::Scan(Scan {
            filters: Vec::new(),
            ..scan.clone()
        });
        let from = match self.groups.get(&group) {
            Some(stage) => *stage,
            None => {
                statement.stage = self.add_stage(statement.index, instances);
                self.push(&node, unfiltered.clone(), statement);
                self.groups.insert(group, statement.stage);
                statement.stage
            }
        };
        statement.stage = self.add_stage(statement.index, self.graph.stages[from].instances);
        self.connect(from, statement.stage, Exchange::Forward);
        if let Some(predicate) = conjunction(scan.filters.iter().cloned()) {
            let filter = LogicalPlan::Filter(Filter {
                input: Box::new(unfiltered),
                predicate,
            });
            self.push(&node, filter, statement);
        }
    }

    /// Adds what a node reads, and has `then` look at each input once it is there.
    fn add_inputs(
        &mut self,
        node: &LogicalPlan,
        statement: &mut Statement<'_>,
        mut then: impl FnMut(&mut Self, &mut Statement<'_>),
    ) {
        for (index, input) in node.inputs().into_iter().enumerate() {
            statement.path.enter(index);
            self.add_node(input, statement);
            statement.path.leave();
            then(self, statement);
        }
    }

    /// Puts the rows of several inputs together, in as many instances as the widest of them has.
    fn add_union(&mut self, union: &LogicalPlan, statement: &mut Statement<'_>) {
        let mut inputs = Vec::new();
        self.add_inputs(union, statement, |builder, statement| {
            if builder.has_ordered_results(statement.stage) {
                builder.gather(statement);
            }
            inputs.push(statement.stage);
        });
        let instances = inputs.iter().map(|stage| self.graph.stages[*stage].instances).max();
        statement.stage = self.add_stage(statement.index, instances.unwrap_or(1));
        for input in inputs {
            self.connect(input, statement.stage, Exchange::Forward);
        }
    }

    /// Whether a stage gives, in several instances, results that come in an order.
    fn has_ordered_results(&self, stage: usize) -> bool {
        let stage = &self.graph.stages[stage];
        stage.instances > 1
            && matches!(stage.last(), Some(LogicalPlan::Aggregate(aggregate)) if aggregate.emit == EmitMode::Final)
    }

    fn start_keyed(&mut self, statement: &mut Statement<'_>, instances: usize) {
        self.start(statement, instances, Exchange::Hash);
    }

    /// Goes on with one instance.
    fn gather(&mut self, statement: &mut Statement<'_>) {
        if self.graph.stages[statement.stage].instances == 1 {
            return;
        }
        let exchange = if self.has_ordered_results(statement.stage) {
            Exchange::GatherInOrder
        } else {
            Exchange::Gather
        };
        self.start(statement, 1, exchange);
    }

    /// Goes on with another stage.
    fn start(&mut self, statement: &mut Statement<'_>, instances: usize, exchange: Exchange) {
        let from = statement.stage;
        statement.stage = self.add_stage(statement.index, instances);
        self.connect(from, statement.stage, exchange);
    }

    fn add_stage(&mut self, statement: usize, instances: usize) -> usize {
        self.graph.stages.push(Stage {
            statement,
            operators: Vec::new(),
            instances,
            is_output: false,
        });
        self.graph.stages.len() - 1
    }

    fn connect(&mut self, from: usize, to: usize, exchange: Exchange) {
        self.graph.edges.push(Edge { from, to, exchange });
    }
}
