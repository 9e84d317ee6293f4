use datafusion_expr::Expr;

use super::{Aggregate, Filter, LogicalPlan, Project, Scan, Values};

impl LogicalPlan {
    /// The expressions of this node itself, for analyses that do not care what they are for.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            Self::Scan(Scan {
                filters, event_time, ..
            }) => {
                let time = event_time.iter().filter_map(|time| time.expression.as_ref());
                time.chain(filters).collect()
            }
            Self::Values(Values { rows, .. }) => rows.iter().flatten().collect(),
            Self::Filter(Filter { predicate, .. }) => vec![predicate],
            Self::Project(Project { expressions, .. }) => expressions.iter().collect(),
            Self::Aggregate(Aggregate { keys, aggregates, .. }) => {
                let calls = aggregates
                    .iter()
                    .flat_map(|call| call.arguments.iter().chain(&call.filter));
                keys.iter().chain(calls).collect()
            }
            Self::Distinct(_) | Self::Limit(_) => vec![],
        }
    }

    /// The same node with other inputs, one for each it has.
    #[must_use]
    pub fn map_input(self, map: &mut dyn FnMut(Self) -> Self) -> Self {
        let mut boxed = |input: Box<Self>| Box::new(map(*input));
        match self {
            Self::Scan(_) | Self::Values(_) => self,
            Self::Filter(node) => Self::Filter(Filter {
                input: boxed(node.input),
                ..node
            }),
            Self::Project(node) => Self::Project(Project {
                input: boxed(node.input),
                ..node
            }),
            Self::Aggregate(node) => Self::Aggregate(Aggregate {
                input: boxed(node.input),
                ..node
            }),
            Self::Distinct(node) => Self::Distinct(super::Distinct {
                input: boxed(node.input),
            }),
            Self::Limit(node) => Self::Limit(super::Limit {
                input: boxed(node.input),
                ..node
            }),
        }
    }
}
