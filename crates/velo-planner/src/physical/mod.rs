//! The physical plan: how the statements of a program run, as stages of fused operators and the edges between them.
//!
//! A stage runs as one or several instances side by side, all of which do the same to different rows. Rows go from the
//! instances of one stage to those of the next by an [`Exchange`]. A statement that reads another is an edge like any other.

mod build;
mod identity;

use crate::plan::LogicalPlan;

pub use build::StatementLayout;
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

    /// The stages whose rows are those of a statement.
    pub fn output_stages(&self, statement: usize) -> impl Iterator<Item = usize> {
        let stages = self.stages.iter().enumerate();
        let outputs = stages.filter(move |(_, stage)| stage.is_output && stage.statement == statement);
        outputs.map(|(index, _)| index)
    }
}
