//! The physical plan: how the statements of a program run, as stages of fused operators and the edges between them.
//!
//! A stage runs as one or several instances side by side, all of which do the same to different rows. Rows go from the
//! instances of one stage to those of the next by an [`Exchange`]. A statement that reads another is an edge like any other.

mod build;
mod identity;

use std::collections::{BTreeSet, HashMap};

use crate::plan::{LogicalPlan, Relation};

pub use build::{ScanLayout, StatementLayout};
pub use identity::{Identities, InputIdentity, InvalidOperatorId, OperatorId, OperatorIdentity, StatementIdentity};

/// A job as stages and edges, without cycles. Each stage stands behind those that it gets rows from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobGraph {
    /// The stages.
    pub stages: Vec<Stage>,
    /// How rows move between them, in the order of the stages that they lead to.
    pub edges: Vec<Edge>,
}

/// Operators of one statement that are fused: what one puts out, the next takes in at once. Without operators, rows of several
/// stages are put together and go on as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Index of the statement that its operators belong to.
    pub statement: usize,
    /// In the order in which rows pass them.
    pub operators: Vec<StageOperator>,
    /// How many run side by side. Those of a keyed operator divide the key groups among themselves.
    pub instances: usize,
    /// Whether what comes out are the rows of the statement, which go to its sinks.
    pub is_output: bool,
}

/// An operator of a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageOperator {
    /// What its state is kept under.
    pub id: OperatorId,
    /// The node of the statement's plan.
    pub node: LogicalPlan,
}

/// Rows that go from one stage to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Index of the stage that they come from.
    pub from: usize,
    /// Index of the stage that they go to.
    pub to: usize,
    /// How they are divided among its instances.
    pub exchange: Exchange,
}

/// How rows are divided among the instances of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// Each instance sends to the one of the same number; where there are fewer, several share one.
    Forward,
    /// Each key goes to the instance that owns its key group. The first operator of the stage says what the key is.
    Hash,
    /// All go to the only instance, as they come.
    Gather,
    /// All go to the only instance, in the order of windows and keys: what is sent are the final results of an aggregation.
    GatherInOrder,
}

impl Stage {
    /// Whether it reads a source or a table at rest.
    pub fn reads_source(&self) -> bool {
        matches!(self.first(), Some(LogicalPlan::Scan(scan)) if !matches!(scan.relation, Relation::Statement(_)))
    }

    /// The node that rows pass first, if there is any.
    pub fn first(&self) -> Option<&LogicalPlan> {
        self.operators.first().map(|operator| &operator.node)
    }

    /// The node that rows pass last, if there is any.
    pub fn last(&self) -> Option<&LogicalPlan> {
        self.operators.last().map(|operator| &operator.node)
    }
}

impl JobGraph {
    /// The edges that lead to a stage.
    pub fn inputs(&self, stage: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.to == stage)
    }

    /// The edges that lead away from a stage.
    pub fn outputs(&self, stage: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == stage)
    }

    /// The stages that read sources with event times whose rows meet in a union, each with the number of its group.
    ///
    /// A window behind a union waits for all of them, so that it would keep all that one of them is ahead of the others.
    pub fn meeting_sources(&self) -> HashMap<usize, usize> {
        let takes_event_time = |stage: &usize| match self.stages[*stage].first() {
            Some(LogicalPlan::Scan(scan)) => scan.event_time.is_some(),
            _ => false,
        };
        // The sources behind each stage; stages stand behind those that they get rows from.
        let mut sources: Vec<BTreeSet<usize>> = Vec::with_capacity(self.stages.len());
        let mut groups: HashMap<usize, usize> = HashMap::new();
        for (index, stage) in self.stages.iter().enumerate() {
            let mut of_stage: BTreeSet<usize> = if stage.reads_source() {
                [index].into_iter().filter(takes_event_time).collect()
            } else {
                BTreeSet::new()
            };
            let inputs: Vec<usize> = self.inputs(index).map(|edge| edge.from).collect();
            for input in &inputs {
                of_stage.extend(&sources[*input]);
            }
            if inputs.len() > 1 && of_stage.len() > 1 {
                join_groups(&mut groups, &of_stage);
            }
            sources.push(of_stage);
        }
        groups
    }

    /// The stages whose rows are those of a statement.
    pub fn output_stages(&self, statement: usize) -> impl Iterator<Item = usize> {
        let stages = self.stages.iter().enumerate();
        let outputs = stages.filter(move |(_, stage)| stage.is_output && stage.statement == statement);
        outputs.map(|(index, _)| index)
    }
}

/// Puts sources into one group, with all that are in a group with one of them.
fn join_groups(groups: &mut HashMap<usize, usize>, sources: &BTreeSet<usize>) {
    let known: BTreeSet<usize> = sources
        .iter()
        .filter_map(|source| groups.get(source).copied())
        .collect();
    let Some(group) = known.first().or_else(|| sources.first()).copied() else {
        return;
    };
    for of_source in groups.values_mut().filter(|of_source| known.contains(*of_source)) {
        *of_source = group;
    }
    groups.extend(sources.iter().map(|source| (*source, group)));
}
