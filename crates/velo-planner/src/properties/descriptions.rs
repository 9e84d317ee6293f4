//! What each property is for, in a sentence: for the reference and for editors.

/// What the property of this canonical key is for; empty for a key that does not exist.
pub fn describe(key: &str) -> &'static str {
    let found = DESCRIPTIONS.iter().find(|(known, _)| *known == key);
    found.map_or("", |(_, description)| description)
}

/// In the order of the registry.
const DESCRIPTIONS: &[(&str, &str)] = &[
    ("type", "What kind of source or sink it is."),
    (
        "config_file",
        "A YAML file with the configuration, relative to the SQL file; what SQL says goes before.",
    ),
    (
        "format",
        "How values are written: csv, csv_no_header, jsonlines, json, parquet or avro; in envelopes json, delimited or kafka.",
    ),
    (
        "key.format",
        "How keys of records are written in envelopes: json, delimited, kafka or none.",
    ),
    ("path", "The file, or a pattern of files."),
    ("delimiter", "What stands between the fields of CSV."),
    ("quote", "What stands around fields of CSV that hold a delimiter."),
    ("has_headers", "Whether the first line of CSV names the columns."),
    (
        "watch",
        "Whether a text file goes on, so that what is appended later belongs to it.",
    ),
    ("polling.interval", "How often a watched file is looked at."),
    ("recursive", "Whether directories below are read, too."),
    ("max_records", "How many records are read at most."),
    ("skip_lines", "How many lines at the start are left out."),
    (
        "encoding",
        "How text is written in bytes, by its name on the web, such as windows-1252 or utf-16le; UTF-8 unless given.",
    ),
    ("append", "Whether rows are added to the file that is there."),
    (
        "envelope",
        "What written envelopes say of rows that change: upsert writes the row and its kind, debezium the row before and after.",
    ),
    ("compression", "How the file is compressed."),
    (
        "file.wait.timeout",
        "How long to wait for a file that is not there yet.",
    ),
    ("file.retry.interval", "How often to look whether the file is there."),
    (
        "connection.url",
        "The database: postgres://host:port/database or sqlite:path. User and password may stand in it.",
    ),
    ("connection.user", "Who connects to the database."),
    (
        "connection.password",
        "The password of the database's user; it belongs into a YAML file as `${VARIABLE}`, not into SQL.",
    ),
    (
        "table",
        "The table or view of the database, `schema.table` if need be; of `nexmark_source` person, auction or bid.",
    ),
    ("query", "A query in the database's own SQL, instead of `table`."),
    (
        "incremental.column",
        "A column that only grows, such as an id or the time of the last change, by which later loads find what is new.",
    ),
    ("connect.timeout", "How long connecting to a server may take."),
    (
        "statement.timeout",
        "How long the database may take for one statement or one fetch of rows.",
    ),
    ("fetch.size", "How many rows the database sends at a time."),
    ("url", "Where a document is on the web: `http://…` or `https://…`."),
    ("method", "How a web server is asked: only `GET` reads."),
    (
        "headers",
        "Headers that go with every request, as a JSON object of names and values, which are never printed.",
    ),
    ("auth.bearer", "A token that says who asks; never printed."),
    ("auth.user", "The user who asks."),
    ("auth.password", "The password of that user; never printed."),
    (
        "request.timeout",
        "How long a server may be silent, before its answer and within it.",
    ),
    (
        "records.path",
        "Members that lead from the top of a JSON document to its array of records, with dots between them.",
    ),
    (
        "paging.style",
        "How one page leads to the next: none, link (the header `Link`), page (numbers) or cursor (a mark in the page).",
    ),
    (
        "paging.parameter",
        "The query parameter that takes the number of the page (`page`) or the cursor (`cursor`).",
    ),
    ("paging.start", "The number of the first page, 1 unless given."),
    ("paging.size", "How many records a page is asked to have."),
    (
        "paging.size.parameter",
        "The query parameter that takes the size of a page, `size` unless given.",
    ),
    (
        "paging.cursor.path",
        "Members that lead from the top of a page to the mark that asks for the next one.",
    ),
    (
        "paging.end",
        "How a server says that there are no more numbered pages: empty (a page without records) unless given, or 404.",
    ),
    (
        "paging.max_pages",
        "How many pages one load reads at most, 10000 unless given; more are an error.",
    ),
    (
        "s3.endpoint",
        "A server that speaks the protocol of S3, if it is not Amazon's.",
    ),
    ("s3.region", "The region of the bucket."),
    (
        "s3.access.key.id",
        "The key that says who asks; else AWS_ACCESS_KEY_ID.",
    ),
    (
        "s3.secret.access.key",
        "The secret that goes with it; else AWS_SECRET_ACCESS_KEY. Never printed.",
    ),
    ("s3.allow.http", "Whether the server may be asked without TLS."),
    (
        "number.of.rows",
        "How many rows are generated. Without it, and without a sequence that has an `end`, the source has no end.",
    ),
    (
        "rows.per.second",
        "How many rows are generated in a second of the clock; as many as are read unless given.",
    ),
    (
        "number.of.events",
        "How many events of all three Nexmark tables are generated. Without it the source has no end.",
    ),
    (
        "events.per.second",
        "How many events of all three Nexmark tables fall into a second of event time, 10000 unless given; if given, they \
         also come at this rate by the clock.",
    ),
    (
        "seed",
        "What the random values follow from: the same seed gives the same rows. 0 unless given.",
    ),
    (
        "splits",
        "How many partitions the generated rows are dealt out to, so that several workers generate them; 1 unless given.",
    ),
    (
        "fields.<column>.kind",
        "How the values of a column are generated; by its type unless given.",
    ),
    (
        "fields.<column>.start",
        "The first value of a sequence, 1 unless given, or the first time of timestamps, 2024-01-01 unless given.",
    ),
    (
        "fields.<column>.end",
        "The last value of a sequence; the source ends behind it.",
    ),
    ("fields.<column>.min", "The lowest random value."),
    ("fields.<column>.max", "The highest random value."),
    (
        "fields.<column>.length",
        "How many characters or bytes a random text has, 10 unless given.",
    ),
    (
        "fields.<column>.values",
        "The values that are chosen from: with commas between them, or a JSON array of texts.",
    ),
    (
        "fields.<column>.interval",
        "The time between two rows; by `rows.per.second` unless given, else 1ms.",
    ),
    (
        "fields.<column>.max_out_of_orderness",
        "How much earlier than in order a time may be.",
    ),
    (
        "fields.<column>.null.rate",
        "How many of the values are NULL: from 0, none, to 1, all.",
    ),
    ("topic", "The Kafka topic."),
    ("bootstrap.servers", "The Kafka brokers to ask first."),
    ("group.id", "The Kafka consumer group."),
    (
        "auto.offset.reset",
        "Where reading starts without a committed position: earliest, latest, none or a time.",
    ),
    ("schema.registry.url", "Where schemas are kept."),
    (
        "value.schema.file",
        "A file with the Avro schema of the values (`.avsc`), relative to the SQL file; it declares the columns.",
    ),
    ("value_schema_id", "The number of the values' schema in the registry."),
    ("key_schema_id", "The number of the keys' schema in the registry."),
    ("partitions", "How many partitions a topic is created with."),
    ("replicas", "How many replicas a topic is created with."),
    (
        "retention_ms",
        "How long a topic that is created keeps its records, in milliseconds.",
    ),
    ("key_delimiter", "What stands between the fields of a key in envelopes."),
    (
        "wrap_single_value",
        "Whether a value of one column is an object in JSON envelopes; if not, it is the value alone.",
    ),
    (
        "topic.wait.timeout",
        "How long to wait for a topic that is not there yet.",
    ),
    ("topic.retry.interval", "How often to look whether the topic is there."),
    ("topic.retry.strategy", "How the time between two looks grows."),
    ("kafka.batch.size", "How many messages are fetched at once."),
    ("event.time.field", "The column that holds the time of the event."),
    (
        "event.time.format",
        "How that time is written: epoch_millis, epoch_seconds, iso8601, or a strftime or Java pattern. Without it, text as casts read it, or epoch milliseconds.",
    ),
    ("watermark.strategy", "Whether times may be out of order."),
    (
        "watermark.max_out_of_orderness",
        "How much later than others a row may come.",
    ),
    (
        "watermark.idle.timeout",
        "How long a partition may bring nothing before it holds nothing back.",
    ),
    ("allowed.lateness", "How long a window is kept past its end."),
    ("late.data.strategy", "What becomes of rows that come later than that."),
    ("retention", "How long rows of a table are kept."),
    (
        "load.priority",
        "Which tables are loaded first: those with the highest number.",
    ),
    ("load.incremental.interval", "How often a table reads what is new."),
    (
        "table.wait.timeout",
        "How long a stream waits for a table to be loaded.",
    ),
    (
        "table.missing.strategy",
        "What a stream does without a table that it joins.",
    ),
    ("table.missing.max_retries", "How often it tries again."),
    ("table.missing.delay", "How long it waits before it tries again."),
    ("error.policy", "What becomes of rows that cannot be read or computed."),
    (
        "dead.letter.queue.enabled",
        "Whether rows that fail are written to the dead-letter queue.",
    ),
    ("dead.letter.queue.topic", "The topic of the dead-letter queue."),
    ("dead.letter.queue.path", "The file of the dead-letter queue."),
    ("failure_strategy", "The older spelling of `error.policy`."),
    (
        "retry.max.attempts",
        "How often input and output that fail are tried again.",
    ),
    ("retry.backoff.strategy", "How the time between two attempts grows."),
    ("retry.initial.delay", "The time before the second attempt."),
    ("retry.max.delay", "The longest time between two attempts."),
    (
        "circuit.breaker.enabled",
        "Whether a sink that keeps failing is left alone for a while.",
    ),
    (
        "circuit.breaker.failure.threshold",
        "After how many failures it is left alone.",
    ),
    ("circuit.breaker.timeout", "How long it is left alone."),
    ("application.id", "What processes that share the work have in common."),
    (
        "checkpoint.interval",
        "How often the job that the statement belongs to takes a checkpoint under `deploy`, 10s unless given. Of several statements the shortest interval counts.",
    ),
    (
        "checkpoint.retained",
        "How many checkpoints of the job are kept, 3 unless given. Of several statements the highest number counts.",
    ),
    ("delivery.profile", "What the connection to Kafka is tuned for."),
    (
        "schema.drift",
        "What becomes of members that no column is for, where the columns were found out from other records: `warn` (default) leaves them out and counts them, `ignore` leaves them out, `fail` ends the statement. `evolve` is not supported yet.",
    ),
    ("restart.policy", "When a job that failed is started again."),
    ("delivery.guarantee", "How often a row may come out."),
    ("max.memory.mb", "How much memory the statement may take."),
    ("max.groups", "How many groups it may keep before the run fails."),
    (
        "spill.to.disk",
        "Whether state that does not fit into memory goes to disk.",
    ),
    ("state.ttl", "How long state is kept that nothing asks for."),
    ("parallelism", "How many workers share the work."),
    ("batch.size", "How many rows are worked on at once."),
    ("batch.timeout", "How long to wait for a full batch."),
    (
        "flush.interval",
        "How long rows may wait under `deploy` until they are written to the sink, 1s unless given.",
    ),
    ("sinks", "Names of sinks, with commas in between."),
];
