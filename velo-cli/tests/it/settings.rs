//! A setting that is accepted acts. Each property of the registry, each annotation and each `--set` is tried on every kind of
//! statement: it is refused, or a warning says that it has no effect there, or what comes out is not what comes out
//! without it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use velo_planner::properties::{PropertyDefinition, Scope, ValueKind, definitions};

use crate::support::{Workspace, files_in};

/// How a program is brought to do what it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    Run,
    Load,
}

/// A kind of statement, with a program whose properties stand at `$`.
struct Kind {
    name: &'static str,
    program: &'static str,
    /// What stands before a key.
    prefix: &'static str,
    /// What `--set` puts before a key; without, `--set` gives it for all statements.
    set_prefix: &'static str,
    command: Command,
}

/// Rows with a line that cannot be read, a late one, and a group that is there twice.
const INPUT: &str = "id,k,at,v\n1,a,1704067201000,10\n2,\"x,y\",1704067209000,20\n3,a,1704067209000\n4,'b',1704067202000,40\n5,a,1704067230000,50\n";

const COLUMNS: &str = "(id BIGINT, k STRING, at BIGINT, v BIGINT)";

const fn kind(name: &'static str, command: Command, program: &'static str) -> Kind {
    Kind {
        name,
        program,
        prefix: "",
        set_prefix: "",
        command,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "constants are made of each other")]
const fn under(kind: Kind, prefix: &'static str) -> Kind {
    Kind {
        prefix,
        set_prefix: prefix,
        ..kind
    }
}

#[expect(clippy::needless_pass_by_value, reason = "constants are made of each other")]
const fn set_under(kind: Kind, set_prefix: &'static str) -> Kind {
    Kind { set_prefix, ..kind }
}

/// `COLUMNS` in a program are those of the input.
const KINDS: &[Kind] = &[
    set_under(
        kind(
            "declared stream as source",
            Command::Run,
            "CREATE STREAM s COLUMNS WITH (path = 'in.csv'$); SELECT id, k, v FROM s;",
        ),
        "s.",
    ),
    set_under(
        kind(
            TIMED,
            Command::Run,
            "CREATE STREAM s COLUMNS WITH (path = 'in.csv'$); SELECT id, _event_time AS time FROM s;",
        ),
        "s.",
    ),
    set_under(
        kind(
            "declared stream as sink",
            Command::Run,
            "CREATE STREAM s COLUMNS WITH (path = 'in.csv'); \
             CREATE STREAM o (id BIGINT, k STRING) WITH (path = 'out.csv'$); INSERT INTO o SELECT id, k FROM s;",
        ),
        "o.",
    ),
    set_under(
        kind(
            "declared table",
            Command::Load,
            "CREATE TABLE t (id BIGINT PRIMARY KEY, k STRING, at BIGINT, v BIGINT) WITH (path = 'in.csv'$);",
        ),
        "t.",
    ),
    set_under(
        kind(
            "declared table that is joined",
            Command::Run,
            "CREATE STREAM s COLUMNS WITH (path = 'one.csv'); \
             CREATE TABLE t (id BIGINT PRIMARY KEY, k STRING, at BIGINT, v BIGINT) WITH (path = 'in.csv'$); \
             SELECT s.id, t.k, t.v FROM s JOIN t ON s.k = t.k;",
        ),
        "t.",
    ),
    set_under(
        kind(
            "declared table without a key",
            Command::Load,
            "-- @allow: V0909\n\
             CREATE TABLE t COLUMNS WITH (path = 'in.csv'$); CREATE TABLE u AS SELECT id PRIMARY KEY, k FROM t;",
        ),
        "t.",
    ),
    kind(
        "CREATE STREAM AS",
        Command::Run,
        "CREATE STREAM c AS SELECT id, k, v FROM s WITH ('s.path' = 'in.csv', path = 'out.csv'$);",
    ),
    set_under(
        kind(
            "CREATE STREAM AS over a declared stream",
            Command::Run,
            "CREATE STREAM s COLUMNS WITH (path = 'in.csv'); \
             CREATE STREAM c AS SELECT id, k, v FROM s WITH (path = 'out.csv'$);",
        ),
        "c.",
    ),
    set_under(
        kind(
            "CREATE TABLE AS",
            Command::Load,
            "CREATE STREAM s COLUMNS WITH (path = 'in.csv'); \
             CREATE TABLE c AS SELECT k, SUM(v) AS v FROM s GROUP BY k WITH ('load.priority' = '0'$);",
        ),
        "c.",
    ),
    kind(
        "VIEW",
        Command::Run,
        "CREATE STREAM s COLUMNS WITH (path = 'in.csv'); \
         CREATE VIEW w AS SELECT id, k FROM s WITH ('x.y' = '1'$); SELECT id, k FROM w;",
    ),
    kind(
        "INSERT",
        Command::Run,
        "CREATE STREAM s COLUMNS WITH (path = 'in.csv'); \
         CREATE STREAM o (id BIGINT, k STRING) WITH (path = 'out.csv'); \
         INSERT INTO o SELECT id, k FROM s WITH ('o.append' = 'false'$);",
    ),
    kind(
        "SELECT",
        Command::Run,
        "SELECT id, k, v FROM s WITH ('s.path' = 'in.csv'$);",
    ),
    kind(
        "SELECT over a declared stream",
        Command::Run,
        "CREATE STREAM s COLUMNS WITH (path = 'in.csv'); SELECT id, k, v FROM s WITH ('s.max_records' = '99'$);",
    ),
    kind(
        "SELECT with a window",
        Command::Run,
        "CREATE STREAM s COLUMNS WITH (path = 'in.csv', 'event.time.field' = 'at'); \
         SELECT k, SUM(v) AS v FROM s GROUP BY k WINDOW TUMBLING(5s) WITH ('s.max_records' = '99'$);",
    ),
    kind(
        "SELECT with a join",
        Command::Run,
        "CREATE STREAM s COLUMNS WITH (path = 'one.csv'); \
         CREATE TABLE t (id BIGINT PRIMARY KEY, k STRING, at BIGINT, v BIGINT) WITH (path = 'in.csv'); \
         SELECT s.id, t.k FROM s LEFT JOIN t ON s.id = t.id WITH ('s.max_records' = '99'$);",
    ),
    under(
        kind(
            "implicit table",
            Command::Run,
            "CREATE STREAM s COLUMNS WITH (path = 'one.csv'); \
             SELECT s.id, p.k, p.v FROM s JOIN p ON s.k = p.k WITH ('p.path' = 'in.csv'$);",
        ),
        "p.",
    ),
    under(
        kind(
            "source under its name",
            Command::Run,
            "CREATE STREAM s COLUMNS WITH (path = 'in.csv'); SELECT id, k, v FROM s WITH ('s.max_records' = '99'$);",
        ),
        "s.",
    ),
    under(
        kind(
            "sink under its name",
            Command::Run,
            "CREATE STREAM s COLUMNS WITH (path = 'in.csv'); \
             CREATE STREAM c AS SELECT id, k FROM s WITH ('sinks' = 'o', 'o.path' = 'out.csv'$);",
        ),
        "o.",
    ),
];

/// A value with which a property acts where it can, and properties without which it cannot.
fn value_of(key: &str, kind: ValueKind) -> (&'static str, &'static [(&'static str, &'static str)]) {
    const TIME: &[(&str, &str)] = &[("event.time.field", "at")];
    match (key, kind) {
        // What is looked at is refused.
        ("type", _) => ("no_such_type", &[]),
        ("config_file" | "value.schema.file", _) => ("missing", &[]),
        ("format", _) => ("jsonlines", &[]),
        ("delimiter", _) => (";", &[]),
        ("quote", _) => ("'", &[]),
        ("has_headers", _) => ("false", &[]),
        ("compression", _) => ("gzip", &[]),
        ("sinks", _) => ("elsewhere", &[]),
        ("event.time.field", _) => ("v", &[]),
        ("event.time.format", _) => ("epoch_seconds", TIME),
        ("watermark.max_out_of_orderness", _) => ("7s", TIME),
        // Without a bound, times are taken to be in order anyway.
        ("watermark.strategy", _) => (
            "ascending",
            &[("event.time.field", "at"), ("watermark.max_out_of_orderness", "7s")],
        ),
        ("late.data.strategy", _) => ("dead_letter", &[("dead.letter.queue.path", "late.envelope.jsonl")]),
        ("table.missing.strategy", _) => ("emit_with_nulls", &[]),
        ("table.missing.max_retries" | "table.missing.delay", _) => {
            ("7", &[("table.missing.strategy", "wait_and_retry")])
        }
        ("error.policy" | "schema.drift", _) => ("fail", &[]),
        ("dead.letter.queue.enabled", _) => ("false", &[("dead.letter.queue.path", "dead.envelope.jsonl")]),
        ("dead.letter.queue.path", _) => ("dead.envelope.jsonl", &[]),
        ("failure_strategy", _) => ("FailBatch", &[]),
        ("file.retry.interval", _) => ("7", &[("file.wait.timeout", "1ms")]),
        ("max_records" | "skip_lines" | "max.groups", _) => ("1", &[]),
        (_, ValueKind::Text | ValueKind::DataPath | ValueKind::ProgramPath | ValueKind::DatabaseUrl) => ("text", &[]),
        (_, ValueKind::Boolean) => ("true", &[]),
        (_, ValueKind::Integer(_) | ValueKind::Duration) => ("7", &[]),
        (_, ValueKind::Character) => ("~", &[]),
        (_, ValueKind::Choice(words)) => (words[words.len() - 1], &[]),
    }
}

/// What acts where files are not there yet or grow: other tests wait for files and watch them.
const OF_WAITING: [&str; 3] = ["file.wait.timeout", "file.retry.interval", "watch"];

/// A program that is none without an event time.
const TIMED: &str = "declared stream whose time is asked for";

/// Whether a kind is to be tried with properties of a scope. The time of a declared stream's rows describes them, and acts where a
/// statement asks for it.
fn is_tried(kind: &Kind, scope: Scope) -> bool {
    match kind.name {
        "declared stream as source" => scope != Scope::Time,
        TIMED => scope == Scope::Time,
        _ => true,
    }
}

impl Kind {
    fn sql(&self, properties: &[(&str, &str)]) -> String {
        let mut list = String::new();
        for (key, value) in properties {
            write!(list, ", '{}{key}' = '{}'", self.prefix, value.replace('\'', "''")).unwrap();
        }
        self.program.replace('$', &list).replace("COLUMNS", COLUMNS)
    }
}

fn workspace() -> Workspace {
    let one = "id,k,at,v\n1,a,1704067201000,10\n";
    Workspace::with(&[("in.csv", INPUT), ("one.csv", one), ("out.csv", "id,k\n0,before\n")])
}

/// The diagnostics of many programs, by their names: severity, code, message.
fn diagnostics(programs: &BTreeMap<String, String>) -> BTreeMap<String, Vec<[String; 3]>> {
    let workspace = workspace();
    for (name, sql) in programs {
        workspace.write(name, sql.as_bytes());
    }
    let outcome = workspace.run(&["validate", ".", "--format", "json"]);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let files = report["files"].as_array().unwrap().iter();
    let found = files.map(|file| {
        let name = file["file"].as_str().unwrap().trim_start_matches("./").to_owned();
        let found = file["diagnostics"].as_array().unwrap().iter();
        let told =
            found.map(|found| ["severity", "code", "message"].map(|part| found[part].as_str().unwrap().to_owned()));
        (name, told.collect())
    });
    found.collect()
}

/// Whether a program with settings does anything else than without them.
fn differ(kind: &Kind, without: (&str, &[&str]), with: (&str, &[&str])) -> bool {
    effects(kind, without) != effects(kind, with) || plans(without) != plans(with)
}

/// What a program puts out and leaves behind.
fn effects(kind: &Kind, (sql, set): (&str, &[&str])) -> String {
    let workspace = workspace();
    workspace.write("p.sql", sql.as_bytes());
    let command: &[&str] = match kind.command {
        Command::Run => &["run", "p.sql"],
        Command::Load => &["load", "p.sql", "--format", "json"],
    };
    let done = workspace.run(&[command, set].concat());
    let mut seen = format!("{:?}\n", done.exit);
    for line in done.stdout.lines().chain(done.stderr.lines()).filter_map(without_times) {
        writeln!(seen, "{line}").unwrap();
    }
    for path in files_in(&workspace.path("")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name != "p.sql" {
            write!(
                seen,
                "{name}:\n{}",
                String::from_utf8_lossy(&std::fs::read(&path).unwrap())
            )
            .unwrap();
        }
    }
    seen
}

/// How a program would run.
fn plans((sql, set): (&str, &[&str])) -> String {
    let workspace = workspace();
    workspace.write("p.sql", sql.as_bytes());
    workspace
        .run(&[&["explain", "p.sql", "--format", "json"], set].concat())
        .stdout
}

/// Lines without what stands behind `in`, events of tables without times, and no progress, which is told as often as it is.
fn without_times(line: &str) -> Option<String> {
    let Ok(Value::Object(event)) = serde_json::from_str(line) else {
        let told = line.rsplit_once(" in ").map_or(line, |(before, _)| before);
        return Some(told.to_owned());
    };
    match event.get("event").and_then(Value::as_str) {
        Some("table_completed") => Some(format!("{} {}", event["table"], event["rows"])),
        Some("table_failed") => Some(format!("{} {}", event["table"], event["error"])),
        Some("table_skipped") => Some(format!("{} {}", event["table"], event["cause"])),
        Some(_) => None,
        None => Some(line.to_owned()),
    }
}

/// Tells how a setting that stands in the text is answered: refused, said to have no effect, or accepted.
fn answer(told: &[[String; 3]], key: &str) -> Option<String> {
    let about = |told: &&[String; 3]| told[2].contains(&format!("{key}`")) || told[0] == "error";
    let [severity, code, message] = told.iter().find(about)?;
    (severity == "error" || code == "V0503").then(|| format!("{code} {message}"))
}

#[test]
fn a_property_that_is_accepted_acts_on_every_kind_of_statement() {
    let mut programs = BTreeMap::new();
    let mut cells = Vec::new();
    for (number, kind) in KINDS.iter().enumerate() {
        let is_meant = |definition: &&PropertyDefinition| definition.key != "path" && is_tried(kind, definition.scope);
        for definition in definitions().iter().filter(is_meant) {
            let (value, companions) = value_of(definition.key, definition.value);
            let with = kind.sql(&[companions, &[(definition.key, value)]].concat());
            let name = format!("{number:02}-{}.sql", definition.key);
            programs.insert(name.clone(), with);
            cells.push((kind, definition, name));
        }
    }
    for (number, kind) in KINDS.iter().enumerate() {
        programs.insert(format!("{number:02}.sql"), kind.sql(&[]));
    }
    let told = diagnostics(&programs);
    for (number, kind) in KINDS
        .iter()
        .enumerate()
        .filter(|(_, kind)| !["VIEW", TIMED].contains(&kind.name))
    {
        let told = &told[&format!("{number:02}.sql")];
        // Warnings show the text, which is another one with a property.
        assert!(told.iter().all(|told| told[1] == "V0410"), "{}: {told:?}", kind.name);
    }
    let mut without = BTreeMap::new();
    let (mut ignored, mut acting) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for (kind, definition, name) in cells {
        let key = definition.key;
        if answer(&told[&name], key).is_some() || OF_WAITING.contains(&key) {
            continue;
        }
        let (_, companions) = value_of(key, definition.value);
        let sql = kind.sql(companions);
        let before = without.entry(sql.clone()).or_insert_with(|| effects(kind, (&sql, &[])));
        let with = (programs[&name].as_str(), &[][..]);
        if effects(kind, with) == *before && plans(with) == plans((&sql, &[])) {
            ignored.push(format!("{key} on {}: {:?}", kind.name, told[&name]));
        } else {
            *acting.entry(key).or_default() += 1;
        }
    }
    assert!(
        ignored.is_empty(),
        "{} are ignored:\n{}",
        ignored.len(),
        ignored.join("\n")
    );
    let of_files = definitions()
        .iter()
        .filter(|definition| definition.scope == Scope::Statement && definition.supported);
    for definition in of_files.filter(|definition| definition.key != "sinks") {
        assert!(acting.contains_key(definition.key), "{} acts nowhere", definition.key);
    }
}

#[test]
fn a_setting_of_the_command_line_acts_or_is_answered() {
    /// One property of each scope, and those that say what becomes of rows.
    const KEYS: [&str; 11] = [
        "error.policy",
        "dead.letter.queue.path",
        "batch.size",
        "max.groups",
        "load.priority",
        "allowed.lateness",
        "table.wait.timeout",
        "skip_lines",
        "append",
        "event.time.field",
        "delimiter",
    ];
    let is_meant = |kind: &&Kind| kind.name != "VIEW" && !kind.name.contains("under its name");
    let mut ignored = Vec::new();
    for kind in KINDS.iter().filter(is_meant) {
        let sql = kind.sql(&[]);
        let before = effects(kind, (&sql, &[]));
        for definition in definitions()
            .iter()
            .filter(|definition| KEYS.contains(&definition.key) && is_tried(kind, definition.scope))
        {
            let (value, _) = value_of(definition.key, definition.value);
            let mut prefixes = vec!["", kind.set_prefix];
            prefixes.dedup();
            for prefix in prefixes {
                let set = format!("{prefix}{}={value}", definition.key);
                let arguments = ["--set", &set];
                // A warning is something else, too.
                let acts =
                    effects(kind, (&sql, &arguments)) != before || plans((&sql, &arguments)) != plans((&sql, &[]));
                if !acts {
                    ignored.push(format!("--set {set} on {}", kind.name));
                }
            }
        }
    }
    assert!(
        ignored.is_empty(),
        "{} are ignored:\n{}",
        ignored.len(),
        ignored.join("\n")
    );
}

#[test]
fn an_annotation_that_is_accepted_acts_on_every_kind_of_statement() {
    const ANNOTATIONS: [(&str, &str); 6] = [
        ("tag", "daily"),
        ("depends_on", "other"),
        ("name", "given"),
        ("metric", "rows_total"),
        ("metric_type", "counter"),
        ("allow", "V0900"),
    ];
    const OTHER: &str = "CREATE TABLE other (id BIGINT PRIMARY KEY) WITH (path = 'one.csv', format = 'csv');\n";
    /// The statement of each kind that is meant, as it begins.
    const STATEMENTS: [(&str, &str); 8] = [
        ("declared stream as source", "CREATE STREAM s"),
        ("declared stream as sink", "CREATE STREAM o"),
        ("declared table", "CREATE TABLE t"),
        ("CREATE STREAM AS", "CREATE STREAM c"),
        ("CREATE TABLE AS", "CREATE TABLE c"),
        ("VIEW", "CREATE VIEW w"),
        ("INSERT", "INSERT"),
        ("SELECT", "SELECT"),
    ];
    let mut programs = BTreeMap::new();
    let mut cells = Vec::new();
    for (name, beginning) in STATEMENTS {
        let kind = KINDS.iter().find(|kind| kind.name == name).unwrap();
        let sql = kind.sql(&[]).replace(" WITH ('x.y' = '1')", "").replace("; ", ";\n");
        let sql = format!("{OTHER}{sql}");
        for (annotation, value) in ANNOTATIONS {
            let at = sql.rfind(&format!("\n{beginning}")).unwrap() + 1;
            let with = format!("{}-- @{annotation}: {value}\n{}", &sql[..at], &sql[at..]);
            let name = format!("{}-{annotation}.sql", beginning.replace(' ', "_"));
            programs.insert(name.clone(), with.clone());
            cells.push((kind, annotation, name, sql.clone(), with));
        }
    }
    let told = diagnostics(&programs);
    let mut ignored = Vec::new();
    for (kind, annotation, name, without, with) in cells {
        let told = &told[&name];
        let is_answered = told
            .iter()
            .any(|told| told[2].contains(annotation) || told[2].contains("V0900"));
        if !is_answered && !differ(kind, (&without, &[]), (&with, &[])) {
            ignored.push(format!("@{annotation} on {name}: {told:?}"));
        }
    }
    assert!(
        ignored.is_empty(),
        "{} are ignored:\n{}",
        ignored.len(),
        ignored.join("\n")
    );
}
