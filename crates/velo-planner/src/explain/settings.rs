use velo_common::format_duration;

use crate::plan::{
    ErrorPolicy, LoadSettings, PlannedStatement, SchemaDrift, StatementSettings, TableMissingDataStrategy,
};

/// How a statement runs, as properties and their values; what has its default is left out.
pub fn explain_settings(statement: &PlannedStatement) -> Vec<(&'static str, String)> {
    let StatementSettings {
        error_policy,
        schema_drift,
        batch_rows,
        flush_interval,
        groups_max,
        load,
        checkpoint_interval,
        checkpoints_retained,
        state_id,
    } = &statement.settings;
    let LoadSettings {
        priority,
        incremental_interval,
    } = load;
    let mut told = Vec::new();
    match error_policy {
        ErrorPolicy::SkipSome => {}
        ErrorPolicy::Skip => told.push(("error.policy", "skip".to_owned())),
        ErrorPolicy::Fail => told.push(("error.policy", "fail".to_owned())),
        ErrorPolicy::DeadLetter { path } => told.push(("dead.letter.queue.path", path.display().to_string())),
    }
    match schema_drift {
        SchemaDrift::Warn => {}
        SchemaDrift::Ignore => told.push(("schema.drift", "ignore".to_owned())),
        SchemaDrift::Fail => told.push(("schema.drift", "fail".to_owned())),
    }
    told.extend(batch_rows.map(|rows| ("batch.size", rows.to_string())));
    told.extend(flush_interval.map(|interval| ("flush.interval", format_duration(interval))));
    told.extend(groups_max.map(|groups| ("max.groups", groups.to_string())));
    told.extend((*priority != 0).then(|| ("load.priority", priority.to_string())));
    told.extend(incremental_interval.map(|interval| ("load.incremental.interval", format_duration(interval))));
    told.extend(checkpoint_interval.map(|interval| ("checkpoint.interval", format_duration(interval))));
    told.extend(checkpoints_retained.map(|checkpoints| ("checkpoint.retained", checkpoints.to_string())));
    told.extend(state_id.as_ref().map(|id| ("@id", id.clone())));
    // All joins of a statement have the same.
    let missing = statement.plan.table_uses().into_iter().find_map(|used| used.missing);
    if let Some(missing) = missing {
        told.extend(
            missing
                .wait_timeout
                .map(|timeout| ("table.wait.timeout", format_duration(timeout))),
        );
        if missing.strategy != TableMissingDataStrategy::default() {
            told.push(("table.missing.strategy", missing.strategy.to_string()));
        }
        if let TableMissingDataStrategy::WaitAndRetry { max_retries, delay } = &missing.strategy {
            told.push(("table.missing.max_retries", max_retries.to_string()));
            told.push(("table.missing.delay", format_duration(*delay)));
        }
    }
    told
}
