use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion_common::tree_node::TreeNode;
use datafusion_common::{DFSchema, DFSchemaRef};
use datafusion_expr::expr::InList;
use datafusion_expr::simplify::SimplifyContext;
use datafusion_expr::{Expr, ExprSchemable, lit};
use datafusion_optimizer::simplify_expressions::ExprSimplifier;
use velo_data::StreamSchema;

use crate::plan::{Aggregate, Filter, LogicalPlan, Project, Scan};

/// Simplifies the conditions and computed columns of a plan.
pub(crate) fn simplify(plan: LogicalPlan) -> LogicalPlan {
    let plan = plan.map_input(&mut simplify);
    match plan {
        LogicalPlan::Scan(scan) => {
            let filters = scan.filters.into_iter().map(|filter| simplified(filter, &scan.schema));
            let filters = filters.filter(|filter| *filter != lit(true)).collect();
            LogicalPlan::Scan(Scan { filters, ..scan })
        }
        LogicalPlan::Filter(filter) => {
            let predicate = simplified(filter.predicate, filter.input.schema());
            LogicalPlan::Filter(Filter { predicate, ..filter })
        }
        LogicalPlan::Project(project) => {
            let schema = project.input.schema();
            let expressions = project
                .expressions
                .into_iter()
                .map(|expr| simplified(expr, schema))
                .collect();
            LogicalPlan::Project(Project { expressions, ..project })
        }
        LogicalPlan::Aggregate(aggregate) => {
            let having = aggregate.having.map(|having| simplified(having, &aggregate.schema));
            LogicalPlan::Aggregate(Aggregate { having, ..aggregate })
        }
        other => other,
    }
}

/// A simpler expression of the same type, or the expression itself.
fn simplified(expr: Expr, schema: &StreamSchema) -> Expr {
    let Ok(schema) = DFSchema::try_from(Arc::clone(schema.arrow())) else {
        return expr;
    };
    let schema: DFSchemaRef = Arc::new(schema);
    let context = SimplifyContext::builder().with_schema(Arc::clone(&schema)).build();
    match ExprSimplifier::new(context).simplify(expr.clone()) {
        Ok(simpler) if same_type(&simpler, &expr, &schema) && !lists_doubles(&simpler, &schema) => simpler,
        _ => expr,
    }
}

fn same_type(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    matches!((left.get_type(schema), right.get_type(schema)), (Ok(left), Ok(right)) if left == right)
}

/// Whether an IN list of DOUBLE was made of equalities: its kernel tells 0 from -0, which `=` does not.
fn lists_doubles(expr: &Expr, schema: &DFSchema) -> bool {
    let is_double = |list: &InList| list.expr.get_type(schema).is_ok_and(|found| found == DataType::Float64);
    expr.exists(|inner| Ok(matches!(inner, Expr::InList(list) if is_double(list))))
        .unwrap_or(true)
}
