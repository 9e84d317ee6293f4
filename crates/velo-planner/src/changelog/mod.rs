//! How rows change on their way: what each node of a plan produces, and what each reader requires.
//!
//! Two questions are asked of every plan, and only here:
//!
//! 1. bottom up, what a node *produces* (`produced`): whether its rows are updated or deleted once they are out, and which
//!    columns tell the row that an update replaces;
//! 2. top down, what a reader *requires* (`settle`): a sink replaces rows by their key, a filter or an aggregate must be told
//!    which values no longer hold.
//!
//! A statement produces the strongest [`ChangelogMode`] that any of its readers asks for. `assign_modes` decides that for
//! all statements of a program, consumers first.

mod produced;
mod required;

use std::collections::HashMap;

use velo_data::ChangelogMode;

pub(crate) use self::produced::{Produced, StatementChanges, changed_by, produced};
use self::required::{required_of_scans, settle, told_apart_by, without_update_before, without_update_before_of_scans};
use crate::plan::{EmitMode, LogicalPlan, PlannedStatement};
use crate::program::SinkDescription;

/// Sets the modes of all statements; each stands behind those that it reads.
pub(crate) fn assign_modes(statements: &mut [PlannedStatement], sinks: &HashMap<String, SinkDescription>) {
    let mut known: HashMap<String, StatementChanges> = HashMap::new();
    for statement in statements.iter() {
        let changes = StatementChanges::of(&statement.plan, &|name| known.get(name));
        known.insert(statement.name.clone(), changes);
    }
    let mut asked: HashMap<String, ChangelogMode> = HashMap::new();
    for statement in statements.iter_mut().rev() {
        let changes = |name: &str| known.get(name);
        let of_readers = asked.get(&statement.name).copied().unwrap_or_default();
        let of_sinks = statement.sinks.iter().filter_map(|name| sinks.get(name));
        let of_sinks = of_sinks.map(|sink| sink.takes).max().unwrap_or_default();
        let of_table = if statement.kind.is_table() {
            required_by_table(&statement.plan, &statement.key, &changes)
        } else {
            ChangelogMode::Upsert
        };
        let required = of_readers.max(of_sinks).max(of_table);
        statement.plan = rewritten(statement.plan.clone(), required, &changes);
        for (name, mode) in required_of_scans(&statement.plan) {
            let asked = asked.entry(name.to_owned()).or_default();
            *asked = mode.max(*asked);
        }
    }
    let mut modes: HashMap<String, ChangelogMode> = HashMap::new();
    for statement in statements {
        let given = |name: &str| modes.get(name).copied().unwrap_or_default();
        statement.plan = without_update_before_of_scans(statement.plan.clone(), &given);
        modes.insert(statement.name.clone(), statement.plan.mode());
    }
}

/// What a table has to be told of the changes of its rows, which it keeps by its own key.
fn required_by_table<'a>(
    plan: &LogicalPlan,
    key: &[usize],
    statement: &dyn Fn(&str) -> Option<&'a StatementChanges>,
) -> ChangelogMode {
    let produced = produced(plan, statement);
    if !produced.changes || told_apart_by(plan, &produced, key) {
        ChangelogMode::Upsert
    } else {
        ChangelogMode::Retract
    }
}

/// A plan that produces the required mode, as far as its rows change.
fn rewritten<'a>(
    plan: LogicalPlan,
    required: ChangelogMode,
    statement: &dyn Fn(&str) -> Option<&'a StatementChanges>,
) -> LogicalPlan {
    let plan = settle(plan, required.max(ChangelogMode::Upsert), statement);
    if plan.mode() == ChangelogMode::Retract && required < ChangelogMode::Retract {
        without_update_before(plan)
    } else {
        plan
    }
}

/// The plan of a table that nobody watches while it is loaded: the last values of its groups are enough. `key` are the indexes of
/// the columns that the table keeps its rows by.
pub fn with_final_groups(plan: LogicalPlan, key: &[usize]) -> LogicalPlan {
    let plan = final_groups(plan);
    // What it reads of other statements is as they were planned.
    let scans = plan.scans().into_iter();
    let modes: HashMap<String, ChangelogMode> =
        scans.map(|scan| (scan.relation.name().to_owned(), scan.mode)).collect();
    let changes = modes
        .iter()
        .map(|(name, mode)| (name.as_str(), StatementChanges::of_mode(*mode)));
    let changes: HashMap<&str, StatementChanges> = changes.collect();
    let statement = |name: &str| changes.get(name);
    let required = required_by_table(&plan, key, &statement);
    let given = |name: &str| modes.get(name).copied().unwrap_or_default();
    without_update_before_of_scans(rewritten(plan, required, &statement), &given)
}

fn final_groups(plan: LogicalPlan) -> LogicalPlan {
    match plan.map_input(&mut final_groups) {
        LogicalPlan::Aggregate(mut aggregate) if aggregate.window.is_none() => {
            aggregate.emit = EmitMode::Final;
            LogicalPlan::Aggregate(aggregate)
        }
        // They are put anew where they are needed.
        LogicalPlan::DropUpdateBefore(node) => *node.input,
        other => other,
    }
}
