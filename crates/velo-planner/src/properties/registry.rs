use std::collections::HashMap;
use std::sync::LazyLock;

use super::ValueKind;
use super::field_keys::field_definition;
use crate::plan::TableMissingDataStrategy;
use ValueKind::{Boolean, Character, Choice, DataPath, DatabaseUrl, Duration, Integer, ProgramPath, Text};

/// What a property belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A source or a sink.
    Object,
    /// A source.
    Source,
    /// A sink.
    Sink,
    /// The event time and watermark of a source.
    Time,
    /// A statement with windows.
    Window,
    /// A table.
    Table,
    /// A statement that joins tables.
    Join,
    /// Any running statement.
    Statement,
    /// A running statement that is no table.
    Stream,
}

/// One property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropertyDefinition {
    /// The canonical key. One with `<column>` in it stands for the keys of all columns.
    pub key: &'static str,
    /// Other spellings that mean the same.
    pub aliases: &'static [&'static str],
    /// What it belongs to.
    pub scope: Scope,
    /// What it takes.
    pub value: ValueKind,
    /// Whether this version honours it. What is not honoured is refused.
    pub supported: bool,
}

const fn yes(key: &'static str, scope: Scope, value: ValueKind) -> PropertyDefinition {
    PropertyDefinition {
        key,
        aliases: &[],
        scope,
        value,
        supported: true,
    }
}

const fn not_yet(key: &'static str, scope: Scope, value: ValueKind) -> PropertyDefinition {
    PropertyDefinition {
        key,
        aliases: &[],
        scope,
        value,
        supported: false,
    }
}

const fn also(definition: PropertyDefinition, aliases: &'static [&'static str]) -> PropertyDefinition {
    PropertyDefinition { aliases, ..definition }
}

const WATERMARKS: &[&str] = &["bounded_out_of_orderness", "ascending"];
const LATE: &[&str] = &["drop", "dead_letter", "update_previous", "include_in_next"];
const ERROR_POLICIES: &[&str] = &["skip", "fail", "dead_letter"];
const FAILURE_STRATEGIES: &[&str] = &["LogAndContinue", "FailBatch", "SendToDLQ", "RetryWithBackoff"];
const PROFILES: &[&str] = &["high_throughput", "low_latency", "durable", "balanced"];
const BACKOFFS: &[&str] = &["fixed", "linear", "exponential"];
const PAGING_STYLES: &[&str] = &["none", "link", "page", "cursor"];
const PAGING_ENDS: &[&str] = &["empty", "404"];
const FIELD_KINDS: &[&str] = &["sequence", "random", "choice", "text", "timestamp"];
const DRIFTS: &[&str] = &["ignore", "warn", "fail", "evolve"];
const GUARANTEES: &[&str] = &["at_least_once", "exactly_once"];

static DEFINITIONS: &[PropertyDefinition] = &[
    // Sources and sinks of any kind.
    yes("type", Scope::Object, Text),
    yes("config_file", Scope::Object, Text),
    also(
        yes("format", Scope::Object, Text),
        &["value.format", "value.serializer", "value_format"],
    ),
    also(yes("key.format", Scope::Object, Text), &["key_format"]),
    // Files.
    yes("path", Scope::Object, DataPath),
    also(yes("delimiter", Scope::Object, Character), &["value_delimiter"]),
    yes("quote", Scope::Object, Character),
    yes("has_headers", Scope::Object, Boolean),
    yes("watch", Scope::Source, Boolean),
    yes("polling.interval", Scope::Source, Duration),
    yes("recursive", Scope::Source, Boolean),
    yes("max_records", Scope::Source, Integer(0)),
    yes("skip_lines", Scope::Source, Integer(0)),
    yes("encoding", Scope::Source, Text),
    yes("append", Scope::Sink, Boolean),
    yes("envelope", Scope::Sink, Choice(&["upsert", "debezium"])),
    yes("compression", Scope::Object, Choice(&["none", "gzip", "zstd", "auto"])),
    yes("file.wait.timeout", Scope::Source, Duration),
    yes("file.retry.interval", Scope::Source, Duration),
    // SQL databases.
    yes("connection.url", Scope::Source, DatabaseUrl),
    yes("connection.user", Scope::Source, Text),
    yes("connection.password", Scope::Source, Text),
    yes("table", Scope::Source, Text),
    yes("query", Scope::Source, Text),
    yes("incremental.column", Scope::Source, Text),
    yes("connect.timeout", Scope::Source, Duration),
    yes("statement.timeout", Scope::Source, Duration),
    yes("fetch.size", Scope::Source, Integer(1)),
    // The web.
    yes("url", Scope::Source, Text),
    yes("method", Scope::Source, Text),
    yes("headers", Scope::Source, Text),
    yes("auth.bearer", Scope::Source, Text),
    yes("auth.user", Scope::Source, Text),
    yes("auth.password", Scope::Source, Text),
    yes("request.timeout", Scope::Source, Duration),
    yes("records.path", Scope::Source, Text),
    yes("paging.style", Scope::Source, Choice(PAGING_STYLES)),
    yes("paging.parameter", Scope::Source, Text),
    yes("paging.start", Scope::Source, Integer(0)),
    yes("paging.size", Scope::Source, Integer(1)),
    yes("paging.size.parameter", Scope::Source, Text),
    yes("paging.cursor.path", Scope::Source, Text),
    also(
        yes("paging.end", Scope::Source, Choice(PAGING_ENDS)),
        &["http.pages.end"],
    ),
    yes("paging.max_pages", Scope::Source, Integer(1)),
    // Object storage.
    yes("s3.endpoint", Scope::Source, Text),
    yes("s3.region", Scope::Source, Text),
    yes("s3.access.key.id", Scope::Source, Text),
    yes("s3.secret.access.key", Scope::Source, Text),
    yes("s3.allow.http", Scope::Source, Boolean),
    // Generated rows.
    also(yes("number.of.rows", Scope::Source, Integer(0)), &["number-of-rows"]),
    also(yes("rows.per.second", Scope::Source, Integer(1)), &["rows-per-second"]),
    yes("number.of.events", Scope::Source, Integer(0)),
    yes("events.per.second", Scope::Source, Integer(1)),
    yes("seed", Scope::Source, Integer(0)),
    yes("splits", Scope::Source, Integer(1)),
    yes("fields.<column>.kind", Scope::Source, Choice(FIELD_KINDS)),
    yes("fields.<column>.start", Scope::Source, Text),
    yes("fields.<column>.end", Scope::Source, Text),
    yes("fields.<column>.min", Scope::Source, Text),
    yes("fields.<column>.max", Scope::Source, Text),
    yes("fields.<column>.length", Scope::Source, Integer(0)),
    yes("fields.<column>.values", Scope::Source, Text),
    yes("fields.<column>.interval", Scope::Source, Duration),
    yes("fields.<column>.max_out_of_orderness", Scope::Source, Duration),
    yes("fields.<column>.null.rate", Scope::Source, Text),
    // Kafka.
    also(not_yet("topic", Scope::Object, Text), &["topic.name", "kafka_topic"]),
    also(not_yet("bootstrap.servers", Scope::Object, Text), &["brokers"]),
    not_yet("group.id", Scope::Source, Text),
    not_yet("auto.offset.reset", Scope::Source, Text),
    not_yet("schema.registry.url", Scope::Object, Text),
    yes("value.schema.file", Scope::Source, ProgramPath),
    not_yet("value_schema_id", Scope::Object, Integer(0)),
    not_yet("key_schema_id", Scope::Object, Integer(0)),
    not_yet("partitions", Scope::Object, Integer(1)),
    not_yet("replicas", Scope::Object, Integer(1)),
    not_yet("retention_ms", Scope::Object, Integer(0)),
    yes("key_delimiter", Scope::Object, Character),
    yes("wrap_single_value", Scope::Object, Boolean),
    not_yet("topic.wait.timeout", Scope::Source, Duration),
    not_yet("topic.retry.interval", Scope::Source, Duration),
    not_yet("topic.retry.strategy", Scope::Source, Choice(BACKOFFS)),
    not_yet("kafka.batch.size", Scope::Source, Integer(1)),
    // Event time.
    also(yes("event.time.field", Scope::Time, Text), &["timestamp"]),
    also(yes("event.time.format", Scope::Time, Text), &["timestamp_format"]),
    yes("watermark.strategy", Scope::Time, Choice(WATERMARKS)),
    yes("watermark.max_out_of_orderness", Scope::Time, Duration),
    yes("watermark.idle.timeout", Scope::Time, Duration),
    // Windows.
    yes("allowed.lateness", Scope::Window, Duration),
    yes("late.data.strategy", Scope::Window, Choice(LATE)),
    // Tables.
    not_yet("retention", Scope::Table, Duration),
    yes("load.priority", Scope::Table, Integer(0)),
    yes("load.incremental.interval", Scope::Table, Duration),
    // Joins with tables.
    yes("table.wait.timeout", Scope::Join, Duration),
    yes(
        "table.missing.strategy",
        Scope::Join,
        Choice(TableMissingDataStrategy::WORDS),
    ),
    yes("table.missing.max_retries", Scope::Join, Integer(0)),
    yes("table.missing.delay", Scope::Join, Duration),
    // Failures.
    yes("error.policy", Scope::Statement, Choice(ERROR_POLICIES)),
    yes("dead.letter.queue.enabled", Scope::Statement, Boolean),
    not_yet("dead.letter.queue.topic", Scope::Statement, Text),
    yes("dead.letter.queue.path", Scope::Statement, DataPath),
    yes("failure_strategy", Scope::Statement, Choice(FAILURE_STRATEGIES)),
    not_yet("retry.max.attempts", Scope::Statement, Integer(0)),
    not_yet("retry.backoff.strategy", Scope::Statement, Choice(BACKOFFS)),
    not_yet("retry.initial.delay", Scope::Statement, Duration),
    not_yet("retry.max.delay", Scope::Statement, Duration),
    not_yet("circuit.breaker.enabled", Scope::Statement, Boolean),
    not_yet("circuit.breaker.failure.threshold", Scope::Statement, Integer(1)),
    not_yet("circuit.breaker.timeout", Scope::Statement, Duration),
    // Jobs.
    not_yet("application.id", Scope::Statement, Text),
    yes("checkpoint.interval", Scope::Stream, Duration),
    yes("checkpoint.retained", Scope::Stream, Integer(1)),
    not_yet("delivery.profile", Scope::Statement, Choice(PROFILES)),
    yes("schema.drift", Scope::Statement, Choice(DRIFTS)),
    not_yet("restart.policy", Scope::Statement, Text),
    // Resources.
    not_yet("delivery.guarantee", Scope::Statement, Choice(GUARANTEES)),
    not_yet("max.memory.mb", Scope::Statement, Integer(1)),
    yes("max.groups", Scope::Statement, Integer(1)),
    not_yet("spill.to.disk", Scope::Statement, Boolean),
    not_yet("state.ttl", Scope::Statement, Duration),
    not_yet("parallelism", Scope::Statement, Integer(1)),
    yes("batch.size", Scope::Statement, Integer(1)),
    not_yet("batch.timeout", Scope::Statement, Duration),
    yes("flush.interval", Scope::Stream, Duration),
    yes("sinks", Scope::Statement, Text),
];

static BY_SPELLING: LazyLock<HashMap<&'static str, &'static PropertyDefinition>> = LazyLock::new(|| {
    DEFINITIONS
        .iter()
        .flat_map(|definition| {
            let spellings = std::iter::once(&definition.key).chain(definition.aliases);
            spellings.map(move |spelling| (*spelling, definition))
        })
        .collect()
});

/// Every property, by topic.
pub fn definitions() -> &'static [PropertyDefinition] {
    DEFINITIONS
}

/// The property of this key or alias, in any case.
pub fn definition(key: &str) -> Option<&'static PropertyDefinition> {
    let folded = key.to_ascii_lowercase();
    BY_SPELLING
        .get(folded.as_str())
        .copied()
        .or_else(|| field_definition(key))
}
