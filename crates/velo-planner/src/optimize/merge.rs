use std::collections::HashMap;

use datafusion_common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion_expr::Expr;
use velo_data::SystemColumn;

use crate::bind::Computed;
use crate::plan::{LogicalPlan, Project};

/// Makes one projection of two that follow each other, unless that would compute something twice.
pub(crate) fn merge_projections(plan: LogicalPlan) -> LogicalPlan {
    let plan = plan.map_input(&mut merge_projections);
    let LogicalPlan::Project(outer) = plan else { return plan };
    let LogicalPlan::Project(inner) = *outer.input else {
        return LogicalPlan::Project(outer);
    };
    let computed = Computed::by(&inner);
    let merged = outer.expressions.iter().map(|expr| computed.replaced_in(expr.clone()));
    let merged: Option<Vec<Expr>> = merged.collect();
    match merged.filter(|_| !computes_twice(&outer.expressions, &inner)) {
        Some(expressions) => LogicalPlan::Project(Project {
            input: inner.input,
            expressions,
            // What the inner one computes reaches the outer one, unless it leaves event time out.
            watermark: outer
                .watermark
                .or(inner.watermark)
                .filter(|_| outer.schema.system(SystemColumn::EventTime).is_some()),
            schema: outer.schema,
        }),
        None => LogicalPlan::Project(Project {
            input: Box::new(LogicalPlan::Project(inner)),
            ..outer
        }),
    }
}

/// Whether some expression of `inner` that is more than a column is read twice, or must not move at all.
fn computes_twice(outer: &[Expr], inner: &Project) -> bool {
    let mut reads: HashMap<String, usize> = HashMap::new();
    for expr in outer {
        // The visitor cannot fail.
        let _ = expr.apply(|node| {
            if let Expr::Column(column) = node {
                *reads.entry(column.name.clone()).or_default() += 1;
            }
            Ok(TreeNodeRecursion::Continue)
        });
    }
    let named = inner.expressions.iter().zip(inner.schema.arrow().fields());
    named.into_iter().any(|(expr, field)| {
        let is_cheap = matches!(expr, Expr::Column(_) | Expr::Literal(..));
        let count = reads.get(field.name()).copied().unwrap_or(0);
        expr.is_volatile() || (count > 1 && !is_cheap)
    })
}
