use datafusion_expr::Expr;
use datafusion_expr::utils::conjunction;
use velo_data::ChangelogMode;

use super::produced::{KeyPart, Produced, StatementChanges, produced};
use crate::plan::{DropUpdateBefore, Filter, LogicalPlan, Relation, Scan};

/// Asks a plan for a mode, and its nodes for what that takes. Only what changes is asked for anything: the rest is append-only.
/// A scan of another statement has the mode that it asks for.
pub(super) fn settle<'a>(
    plan: LogicalPlan,
    required: ChangelogMode,
    statement: &dyn Fn(&str) -> Option<&'a StatementChanges>,
) -> LogicalPlan {
    let changes = |plan: &LogicalPlan| produced(plan, statement).changes;
    match plan {
        LogicalPlan::Scan(scan) => {
            let mode = match changes(&LogicalPlan::Scan(scan.clone())) {
                false => ChangelogMode::AppendOnly,
                true if scan.filters.is_empty() => required,
                true => ChangelogMode::Retract,
            };
            filtered_apart(Scan { mode, ..scan })
        }
        LogicalPlan::Values(_) => plan,
        LogicalPlan::Project(_) | LogicalPlan::Union(_) => {
            plan.map_input(&mut |input| settle(input, required, statement))
        }
        LogicalPlan::Aggregate(mut aggregate) => {
            let input_mode = mode_of(changes(&aggregate.input), ChangelogMode::Retract);
            aggregate.input_mode = input_mode;
            let plan = LogicalPlan::Aggregate(aggregate);
            let output_mode = mode_of(changes(&plan), required);
            let plan = plan.map_input(&mut |input| settle(input, input_mode, statement));
            match plan {
                LogicalPlan::Aggregate(aggregate) => LogicalPlan::Aggregate(crate::plan::Aggregate {
                    output_mode,
                    ..aggregate
                }),
                other => other,
            }
        }
        LogicalPlan::Filter(_)
        | LogicalPlan::Lookup(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::DropUpdateBefore(_) => {
            plan.map_input(&mut |input| settle(input, ChangelogMode::Retract, statement))
        }
    }
}

fn mode_of(changes: bool, required: ChangelogMode) -> ChangelogMode {
    if changes { required } else { ChangelogMode::AppendOnly }
}

/// Conditions that do not give the same answer twice stand in a node of their own, which remembers its answers: a scan does not.
fn filtered_apart(mut scan: Scan) -> LogicalPlan {
    if scan.mode == ChangelogMode::AppendOnly {
        return LogicalPlan::Scan(scan);
    }
    let (apart, filters): (Vec<Expr>, Vec<Expr>) = scan.filters.into_iter().partition(Expr::is_volatile);
    scan.filters = filters;
    let scan = LogicalPlan::Scan(scan);
    match conjunction(apart) {
        Some(predicate) => LogicalPlan::Filter(Filter {
            input: Box::new(scan),
            predicate,
        }),
        None => scan,
    }
}

/// The statements that a plan reads, and what it asks each for.
pub(super) fn required_of_scans(plan: &LogicalPlan) -> Vec<(&str, ChangelogMode)> {
    let scans = plan.scans().into_iter().filter_map(|scan| match &scan.relation {
        Relation::Statement(name) => Some((name.as_str(), scan.mode)),
        Relation::Source(_) | Relation::Table(_) => None,
    });
    scans.collect()
}

/// Whether the columns of these indexes are those that tell which row an update replaces.
pub(super) fn told_apart_by(plan: &LogicalPlan, produced: &Produced, columns: &[usize]) -> bool {
    let Some(key) = &produced.key else { return false };
    let parts: Option<Vec<KeyPart>> = key.iter().map(|name| KeyPart::of(name, plan.schema())).collect();
    let is_in = |part: &KeyPart| matches!(part, KeyPart::User(index) if columns.contains(index));
    parts.is_some_and(|parts| !parts.is_empty() && parts.len() == columns.len() && parts.iter().all(is_in))
}

/// Leaves out the old values of updates.
pub(super) fn without_update_before(plan: LogicalPlan) -> LogicalPlan {
    LogicalPlan::DropUpdateBefore(DropUpdateBefore { input: Box::new(plan) })
}

/// Has the scans of a plan take what their statements give them, which may be more than they asked for because of other readers.
pub(super) fn without_update_before_of_scans(plan: LogicalPlan, given: &dyn Fn(&str) -> ChangelogMode) -> LogicalPlan {
    match plan {
        LogicalPlan::Scan(scan) if matches!(scan.relation, Relation::Statement(_)) => {
            let given = given(scan.relation.name());
            let drops = scan.mode == ChangelogMode::Upsert && given == ChangelogMode::Retract;
            let scan = LogicalPlan::Scan(Scan { mode: given, ..scan });
            if drops { without_update_before(scan) } else { scan }
        }
        other => other.map_input(&mut |input| without_update_before_of_scans(input, given)),
    }
}
