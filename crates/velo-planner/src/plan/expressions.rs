use datafusion_expr::Expr;

use super::{Aggregate, Filter, LogicalPlan, Project, Scan, Values};

impl LogicalPlan {
    /// The expressions of this node itself, for analyses that do not care what they are for.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            Self::Scan(Scan { filters, event_time, .. }) => {
                let time = event_time.iter().filter_map(|time| time.expression.as_ref());
                time.chain(filters).collect()
            }
            Self::Values(Values { rows, .. }) => rows.iter().flatten().collect(),
            Self::Filter(Filter { predicate, .. }) => vec![predicate],
            Self::Project(Project { expressions, .. }) => expressions.iter().collect(),
            Self::Aggregate(Aggregate { keys, aggregates, .. }) => {
                let calls = aggregates.iter().flat_map(|call| call.arguments.iter().chain(&call.filter));
                keys.iter().chain(calls).collect()
            }
            Self::Distinct(_) | Self::Limit(_) => vec![],
        }
    }
}
