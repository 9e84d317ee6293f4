//! Statement properties as typed settings. Values have been checked against their kind before.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use velo_common::{Diagnostic, Span, code, parse_duration};

use super::contradictions::contradictions;
use super::value::parse_boolean;
use super::{Properties, PropertyValue, Scope, definition};
use crate::plan::{
    ErrorPolicy, LatePolicy, LoadSettings, MissingTable, SchemaDrift, StatementSettings, TableMissingDataStrategy,
};

/// The settings of a statement.
pub(crate) fn settings(
    properties: &Properties,
    statement: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> StatementSettings {
    diagnostics.extend(contradictions(&own(properties), statement));
    StatementSettings {
        error_policy: error_policy(properties, statement, diagnostics),
        schema_drift: schema_drift(properties, statement, diagnostics),
        batch_rows: number(properties, "batch.size"),
        flush_interval: duration(properties, "flush.interval"),
        groups_max: number(properties, "max.groups"),
        load: load_settings(properties),
        checkpoint_interval: duration(properties, "checkpoint.interval"),
        checkpoints_retained: number(properties, "checkpoint.retained").and_then(NonZeroUsize::new),
        // An annotation, not a property.
        state_id: None,
    }
}

/// What becomes of values that no column is for.
fn schema_drift(properties: &Properties, statement: Span, diagnostics: &mut Vec<Diagnostic>) -> SchemaDrift {
    let Some(value) = properties.get("schema.drift") else {
        return SchemaDrift::default();
    };
    match value.text.to_ascii_lowercase().as_str() {
        "ignore" => SchemaDrift::Ignore,
        "fail" => SchemaDrift::Fail,
        "evolve" => {
            let message = "`schema.drift` = `evolve` is not supported yet";
            diagnostics.push(
                Diagnostic::new(&code::UNSUPPORTED_PROPERTY, value.span.unwrap_or(statement), message)
                    .with_help("use `warn`, `fail` or `ignore`, or declare the columns"),
            );
            SchemaDrift::Warn
        }
        _ => SchemaDrift::Warn,
    }
}

/// How a table is loaded.
fn load_settings(properties: &Properties) -> LoadSettings {
    let priority = number(properties, "load.priority").unwrap_or_default();
    LoadSettings {
        priority: i32::try_from(priority).unwrap_or(i32::MAX),
        incremental_interval: duration(properties, "load.incremental.interval"),
    }
}

/// What happens to rows whose table cannot be had; constants for its columns are the query's to read.
pub(crate) fn missing_table(properties: &Properties) -> MissingTable {
    let word = properties.get("table.missing.strategy");
    let mut strategy: TableMissingDataStrategy = word.and_then(|word| word.text.parse().ok()).unwrap_or_default();
    if let TableMissingDataStrategy::WaitAndRetry { max_retries, delay } = &mut strategy {
        if let Some(given) = number(properties, "table.missing.max_retries") {
            *max_retries = u32::try_from(given).unwrap_or(u32::MAX);
        }
        if let Some(given) = duration(properties, "table.missing.delay") {
            *delay = given;
        }
    }
    MissingTable {
        wait_timeout: duration(properties, "table.wait.timeout"),
        strategy,
    }
}

fn duration(properties: &Properties, key: &str) -> Option<Duration> {
    properties.get(key).and_then(|value| parse_duration(&value.text).ok())
}

/// How long windows are kept past their end.
pub(crate) fn window_lateness(properties: &Properties) -> Duration {
    duration(properties, "allowed.lateness").unwrap_or_default()
}

/// What becomes of late rows.
pub(crate) fn late_policy(
    properties: &Properties,
    settings: &StatementSettings,
    statement: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> LatePolicy {
    let Some(value) = properties.get("late.data.strategy") else {
        return LatePolicy::default();
    };
    let span = value.span.unwrap_or(statement);
    match value.text.to_ascii_lowercase().as_str() {
        "dead_letter" if matches!(settings.error_policy, ErrorPolicy::DeadLetter { .. }) => LatePolicy::DeadLetter,
        "dead_letter" => {
            diagnostics.push(missing_dead_letter_path(span));
            LatePolicy::Drop
        }
        "drop" => LatePolicy::Drop,
        other => {
            let message = format!("`late.data.strategy` = `{other}` is not supported yet");
            diagnostics.push(
                Diagnostic::new(&code::UNSUPPORTED_PROPERTY, span, message).with_help("use `drop` or `dead_letter`"),
            );
            LatePolicy::Drop
        }
    }
}

/// `error.policy`, or its older spelling `failure_strategy`; without either, naming a dead-letter file asks for it.
fn error_policy(properties: &Properties, statement: Span, diagnostics: &mut Vec<Diagnostic>) -> ErrorPolicy {
    let enabled = properties
        .get("dead.letter.queue.enabled")
        .and_then(|value| parse_boolean(&value.text));
    let path = properties
        .get("dead.letter.queue.path")
        .filter(|_| enabled != Some(false));
    let dead_letter = path.map(|path| ErrorPolicy::DeadLetter {
        path: PathBuf::from(&path.text),
    });
    let named = policy_property(properties);
    let span = named.and_then(|value| value.span).unwrap_or(statement);
    let policy = match named.map(|value| value.text.to_ascii_lowercase()).as_deref() {
        Some("skip" | "logandcontinue") => ErrorPolicy::Skip,
        Some("fail" | "failbatch") => ErrorPolicy::Fail,
        Some("dead_letter" | "sendtodlq") => dead_letter.clone().unwrap_or_else(|| {
            diagnostics.push(missing_dead_letter_path(span));
            ErrorPolicy::SkipSome
        }),
        Some("retrywithbackoff") => {
            diagnostics.push(Diagnostic::new(
                &code::UNSUPPORTED_PROPERTY,
                span,
                "`failure_strategy` = `RetryWithBackoff` is not supported yet",
            ));
            ErrorPolicy::SkipSome
        }
        _ => dead_letter.clone().unwrap_or_default(),
    };
    if enabled == Some(true) && dead_letter.is_none() {
        diagnostics.push(missing_dead_letter_path(statement));
    }
    policy
}

/// The properties of the statement itself; those of its own sink stand beside them.
fn own(properties: &Properties) -> Properties {
    let is_own = |key: &str| {
        definition(key).is_some_and(|definition| matches!(definition.scope, Scope::Statement | Scope::Stream))
    };
    let own = properties.iter().filter(|(key, _)| is_own(key));
    own.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The property that says what becomes of rows that fail: what the command line gives goes before what SQL gives.
fn policy_property(properties: &Properties) -> Option<&PropertyValue> {
    let both = ["error.policy", "failure_strategy"].map(|key| properties.get(key));
    let given = || both.into_iter().flatten();
    given().find(|value| value.span.is_none()).or_else(|| given().next())
}

fn missing_dead_letter_path(span: Span) -> Diagnostic {
    Diagnostic::new(
        &code::MISSING_PROPERTY,
        span,
        "a dead-letter queue is asked for, but none is named",
    )
    .with_help("add `'dead.letter.queue.path' = 'failed.envelope.jsonl'`")
}

fn number(properties: &Properties, key: &str) -> Option<usize> {
    properties.get(key).and_then(|value| value.text.parse().ok())
}
