use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_expr::Expr;
use datafusion_expr::utils::{conjunction, split_conjunction_owned};
use velo_data::StreamSchema;

use crate::bind::Computed;
use crate::plan::{Aggregate, Filter, LogicalPlan};

/// Moves the conjuncts of filters as far towards the scan as they can go.
///
/// A condition passes a projection by being rewritten over its input, an aggregate when it reads group keys alone,
/// and never a LIMIT or an ORDER BY, of which only the first rows may be kept.
pub(crate) fn push_down_filters(plan: LogicalPlan) -> LogicalPlan {
    push(plan, Vec::new())
}

fn push(plan: LogicalPlan, mut conditions: Vec<Expr>) -> LogicalPlan {
    match plan {
        LogicalPlan::Filter(filter) => {
            // Those from below were meant to run first.
            let mut all = split_conjunction_owned(filter.predicate);
            all.append(&mut conditions);
            push(*filter.input, all)
        }
        LogicalPlan::Scan(mut scan) => {
            scan.filters.extend(conditions);
            LogicalPlan::Scan(scan)
        }
        LogicalPlan::Project(project) => {
            let is_stable = !project.expressions.iter().any(Expr::is_volatile);
            let (passing, staying) = if is_stable {
                (conditions, Vec::new())
            } else {
                (Vec::new(), conditions)
            };
            let computed = Computed::by(&project);
            let rewritten: Option<Vec<Expr>> = passing
                .iter()
                .map(|condition| computed.replaced_in(condition.clone()))
                .collect();
            let (below, above) = match rewritten {
                Some(below) => (below, staying),
                None => (Vec::new(), passing),
            };
            let plan = LogicalPlan::Project(project).map_input(&mut |input| push(input, below.clone()));
            filtered(plan, above)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let (below, above): (Vec<Expr>, Vec<Expr>) = conditions
                .into_iter()
                .partition(|condition| reads_keys_alone(condition, &aggregate));
            let below: Vec<Expr> = below
                .into_iter()
                .map(|condition| over_input(condition, &aggregate))
                .collect();
            let plan = LogicalPlan::Aggregate(aggregate).map_input(&mut |input| push(input, below.clone()));
            filtered(plan, above)
        }
        LogicalPlan::Lookup(lookup) => {
            // Rows of the input come out with their columns as they were, matched or not.
            let schema = lookup.input.schema().clone();
            let (below, above): (Vec<Expr>, Vec<Expr>) = conditions
                .into_iter()
                .partition(|condition| reads_columns_of(condition, &schema));
            let plan = LogicalPlan::Lookup(lookup).map_input(&mut |input| push(input, Vec::clone(&below)));
            filtered(plan, above)
        }
        LogicalPlan::Distinct(distinct) => {
            let schema = distinct.input.schema().clone();
            let (below, above) = conditions
                .into_iter()
                .partition(|condition| reads_user_columns_alone(condition, &schema));
            let plan = LogicalPlan::Distinct(distinct).map_input(&mut |input| push(input, Vec::clone(&below)));
            filtered(plan, above)
        }
        LogicalPlan::Union(union) => {
            let schema = union.schema.clone();
            let (below, above) = conditions
                .into_iter()
                .partition(|condition| reads_columns_of(condition, &schema));
            let plan = LogicalPlan::Union(union).map_input(&mut |input| push(input, Vec::clone(&below)));
            filtered(plan, above)
        }
        LogicalPlan::Sort(_) | LogicalPlan::Limit(_) | LogicalPlan::Values(_) | LogicalPlan::DropUpdateBefore(_) => {
            let plan = plan.map_input(&mut push_down_filters);
            filtered(plan, conditions)
        }
    }
}

fn filtered(plan: LogicalPlan, conditions: Vec<Expr>) -> LogicalPlan {
    match conjunction(conditions) {
        Some(predicate) => LogicalPlan::Filter(Filter {
            input: Box::new(plan),
            predicate,
        }),
        None => plan,
    }
}

fn reads_keys_alone(condition: &Expr, aggregate: &Aggregate) -> bool {
    let keys = &aggregate.schema.arrow().fields()[..aggregate.keys.len()];
    let columns = condition.column_refs();
    !columns.is_empty()
        && !condition.is_volatile()
        && columns
            .iter()
            .all(|column| keys.iter().any(|key| *key.name() == column.name))
}

fn reads_columns_of(condition: &Expr, schema: &StreamSchema) -> bool {
    let names = condition.column_refs();
    !condition.is_volatile() && names.iter().all(|column| schema.arrow().index_of(&column.name).is_ok())
}

fn reads_user_columns_alone(condition: &Expr, schema: &StreamSchema) -> bool {
    let is_user = |name: &str| schema.user_fields().iter().any(|field| field.name() == name);
    !condition.is_volatile() && condition.column_refs().iter().all(|column| is_user(&column.name))
}

/// A condition over group keys as one over the aggregate's input.
fn over_input(condition: Expr, aggregate: &Aggregate) -> Expr {
    let schema = aggregate.schema.arrow();
    let original = condition.clone();
    let replaced = condition.transform(|inner| {
        let Expr::Column(named) = &inner else {
            return Ok(Transformed::no(inner));
        };
        let key = schema
            .index_of(&named.name)
            .ok()
            .and_then(|index| aggregate.keys.get(index));
        Ok(key.map_or_else(|| Transformed::no(inner.clone()), |key| Transformed::yes(key.clone())))
    });
    replaced.map_or(original, |transformed| transformed.data)
}
