use std::fmt::Write;
use std::hash::Hasher;

use twox_hash::XxHash64;
use velo_planner::explain::explain;
use velo_planner::plan::{LogicalPlan, PlannedStatement};

use super::Shared;

impl Shared {
    /// Tells a table's definition from others: its plan and that of the streams that it reads, its columns, and what its
    /// sources are.
    pub(super) fn fingerprint(&self, statement: &PlannedStatement, streams: &[PlannedStatement]) -> String {
        let mut text = String::new();
        for part in std::iter::once(statement).chain(streams) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}{:?}", explain(part), part.output_schema());
            for name in part.plan.sources() {
                let config = self.connections.get(name).map(|connection| &connection.config);
                let _ = writeln!(text, "{config:?}");
            }
        }
        let mut hasher = XxHash64::with_seed(0);
        hasher.write(text.as_bytes());
        format!("{:016x}", hasher.finish())
    }
}

/// Whether every row of the source gives its rows of the table by itself, so that rows that are new can be added to those
/// that are there.
pub(super) fn is_row_wise(plan: &LogicalPlan) -> bool {
    let is_row_wise_here = matches!(
        plan,
        LogicalPlan::Scan(_) | LogicalPlan::Filter(_) | LogicalPlan::Project(_) | LogicalPlan::Lookup(_)
    );
    is_row_wise_here && plan.inputs().into_iter().all(is_row_wise)
}
