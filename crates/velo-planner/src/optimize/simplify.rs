use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
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

/// Simplifies the expressions over one schema.
///
/// Each sees the columns that it reads and no others: DataFusion looks for a name among all of them, and there may be ten
/// thousand.
struct Simplifier<'a> {
    schema: &'a StreamSchema,
    /// Index of each column by name, once some expression needs it.
    places: OnceCell<HashMap<&'a str, usize>>,
}

impl<'a> Simplifier<'a> {
    fn over(schema: &'a StreamSchema) -> Self {
        Self {
            schema,
            places: OnceCell::new(),
        }
    }

    /// A simpler expression of the same type, or the expression itself.
    fn simplified(&self, expr: Expr) -> Expr {
        // Most columns of most queries are passed on as they are.
        if matches!(expr, Expr::Column(_) | Expr::Literal(..)) {
            return expr;
        }
        let Some(schema) = self.read_columns(&expr) else {
            return expr;
        };
        let context = SimplifyContext::builder().with_schema(Arc::clone(&schema)).build();
        match ExprSimplifier::new(context).simplify(expr.clone()) {
            Ok(simpler) if same_type(&simpler, &expr, &schema) && !lists_doubles(&simpler, &schema) => simpler,
            _ => expr,
        }
    }

    /// The columns that an expression reads.
    fn read_columns(&self, expr: &Expr) -> Option<DFSchemaRef> {
        let places = self.places.get_or_init(|| {
            let fields = self.schema.arrow().fields().iter().enumerate();
            fields.map(|(index, field)| (field.name().as_str(), index)).collect()
        });
        let read = expr.column_refs();
        let read: BTreeSet<usize> = read
            .iter()
            .filter_map(|column| places.get(column.name.as_str()).copied())
            .collect();
        let read: Vec<usize> = read.into_iter().collect();
        let schema = self.schema.arrow().project(&read).ok()?;
        DFSchema::try_from(schema).ok().map(Arc::new)
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
