use std::cell::OnceCell;
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
            let simplifier = Simplifier::over(&scan.schema);
            let filters = scan.filters.into_iter().map(|filter| simplifier.simplified(filter));
            let filters = filters.filter(|filter| *filter != lit(true)).collect();
            LogicalPlan::Scan(Scan { filters, ..scan })
        }
        LogicalPlan::Filter(filter) => {
            let predicate = Simplifier::over(filter.input.schema()).simplified(filter.predicate);
            LogicalPlan::Filter(Filter { predicate, ..filter })
        }
        LogicalPlan::Project(project) => {
            let simplifier = Simplifier::over(project.input.schema());
            let expressions = project.expressions.into_iter();
            let expressions = expressions.map(|expr| simplifier.simplified(expr)).collect();
            LogicalPlan::Project(Project { expressions, ..project })
        }
        LogicalPlan::Aggregate(aggregate) => {
            let simplifier = Simplifier::over(&aggregate.schema);
            let having = aggregate.having.map(|having| simplifier.simplified(having));
            LogicalPlan::Aggregate(Aggregate { having, ..aggregate })
        }
        other => other,
    }
}

/// Simplifies the expressions over one schema, which is made ready for that when the first of them needs it.
struct Simplifier<'a> {
    schema: &'a StreamSchema,
    ready: OnceCell<Option<(DFSchemaRef, ExprSimplifier)>>,
}

impl<'a> Simplifier<'a> {
    fn over(schema: &'a StreamSchema) -> Self {
        Self {
            schema,
            ready: OnceCell::new(),
        }
    }

    /// A simpler expression of the same type, or the expression itself.
    fn simplified(&self, expr: Expr) -> Expr {
        // Most columns of most queries are passed on as they are.
        if matches!(expr, Expr::Column(_) | Expr::Literal(..)) {
            return expr;
        }
        let Some((schema, simplifier)) = self.ready.get_or_init(|| self.prepare()) else {
            return expr;
        };
        match simplifier.simplify(expr.clone()) {
            Ok(simpler) if same_type(&simpler, &expr, schema) && !lists_doubles(&simpler, schema) => simpler,
            _ => expr,
        }
    }

    fn prepare(&self) -> Option<(DFSchemaRef, ExprSimplifier)> {
        let schema = DFSchema::try_from(Arc::clone(self.schema.arrow())).ok()?;
        let schema: DFSchemaRef = Arc::new(schema);
        let context = SimplifyContext::builder().with_schema(Arc::clone(&schema)).build();
        Some((schema, ExprSimplifier::new(context)))
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
