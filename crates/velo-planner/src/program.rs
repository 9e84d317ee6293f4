//! The second half of planning: every statement of an outline bound, checked and optimized.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use arrow::datatypes::FieldRef;
use datafusion_common::ScalarValue;
use datafusion_expr::Expr;
use velo_common::{Diagnostic, Span, code};
use velo_data::{ChangelogMode, RecordColumns, SqlType, StreamSchema, SystemColumn, unreadable_reason};
use velo_functions::key_value;

use crate::bind::{Nesting, QueryBinder, RecordKey, WindowDefaults, column, timed_by_records};
use crate::catalog::{Catalog, SourceDescription, StatementOutput, TableDescription};
use crate::changelog::{StatementChanges, assign_modes, changed_by};
use crate::metrics::check_output;
use crate::optimize::{merge_projections, prune_columns, push_down_filters, required_metadata, simplify};
use crate::outline::{DeclaredAs, Outline, QueryOutline, SourceOutline, table_without_key};
use crate::plan::{
    Aggregate, EmitMode, ErrorPolicy, LogicalPlan, PlannedStatement, Project, Relation, Scan, SchemaDrift,
    StatementKind, StatementSettings, Values, WatermarkPace,
};
use crate::properties::{Properties, Scope, definition, late_policy, missing_table, settings, window_lateness};
use crate::target::fit_target;

/// What is known of a sink.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkDescription {
    /// Metadata that it writes along with the rows.
    pub metadata: Vec<SystemColumn>,
    /// What it is told of changes: it writes rows alone, replaces and deletes them by their key, or writes old values along
    /// with the new ones.
    pub takes: ChangelogMode,
}

/// The statements of a program, ready to run, and what is wrong with those that are not.
#[derive(Debug, Default)]
pub struct PlannedProgram {
    /// Each statement behind those it reads.
    pub statements: Vec<PlannedStatement>,
    /// Problems found while planning.
    pub diagnostics: Vec<Diagnostic>,
    /// Some statement could be checked only in part, because the columns of a source are unknown.
    pub columns_unknown: bool,
}

/// Plans the statements of a program over sources and sinks that are known by now.
///
/// `sources` is by [`SourceOutline::id`](crate::SourceOutline), `sinks` by name. Statements with problems are left
/// out of the result.
#[expect(clippy::implicit_hasher, reason = "callers have no use for another hasher")]
pub fn plan_program(
    outline: &Outline<'_>,
    sources: &HashMap<String, SourceDescription>,
    sinks: &HashMap<String, SinkDescription>,
) -> PlannedProgram {
    let mut program = PlannedProgram::default();
    let mut catalog = Catalog::new(outline, sources);
    for query in &outline.queries {
        let planned = plan_statement(query, outline, &catalog, &mut program);
        let output = match &planned {
            Some(Planned {
                statement,
                columns_unknown,
                key,
            }) => StatementOutput {
                schema: Some(statement.plan.schema().clone()),
                columns_unknown: *columns_unknown,
                changes: catalog.changes(&statement.plan),
                unbounded: catalog.is_unbounded(&statement.plan),
                pace: catalog.pace(&statement.plan),
                timed_by_records: timed_by_records(&statement.plan, &catalog).map(str::to_owned),
                key: key.clone(),
            },
            None => StatementOutput {
                schema: None,
                columns_unknown: true,
                changes: StatementChanges::default(),
                unbounded: false,
                pace: WatermarkPace::Rows,
                timed_by_records: None,
                key: RecordKey::none(),
            },
        };
        catalog.add_output(&query.name, output);
        if let Some(Planned {
            statement,
            columns_unknown,
            ..
        }) = planned
        {
            program.diagnostics.extend(without_key(&statement, query, &catalog));
            check_sinks(&statement, query, &catalog, sinks, &mut program.diagnostics);
            program.columns_unknown |= columns_unknown;
            program.statements.push(statement);
        }
    }
    for view in &outline.unread_views {
        if let Some(planned) = plan_statement(view, outline, &catalog, &mut program) {
            program.columns_unknown |= planned.columns_unknown;
        }
    }
    let tables = source_tables(outline, &catalog, &program.statements, &mut program.diagnostics);
    program.statements.splice(0..0, tables);
    check_shared_sinks(outline, &catalog, &program.statements, &mut program.diagnostics);
    if !outline.looks_like_ksqldb {
        program
            .diagnostics
            .retain(|diagnostic| diagnostic.code != &code::LINT_KSQLDB);
    }
    prune(&mut program.statements, sinks);
    assign_modes(&mut program.statements, sinks);
    let idle = times_without_effect(outline, &program.statements);
    program.diagnostics.extend(idle);
    program
}

/// Says which properties of event time do nothing, since nothing asks for the time of the rows. What a stream is declared with
/// describes it, whether a program makes use of it or not.
fn times_without_effect(outline: &Outline<'_>, statements: &[PlannedStatement]) -> Vec<Diagnostic> {
    let scans = || statements.iter().flat_map(|statement| statement.plan.scans());
    let timed: HashSet<&str> = scans()
        .filter(|scan| scan.event_time.is_some())
        .map(|scan| scan.relation.name())
        .collect();
    let looked_up = statements.iter().flat_map(|statement| statement.plan.tables());
    let read: HashSet<&str> = scans().map(|scan| scan.relation.name()).chain(looked_up).collect();
    let is_checked = |source: &&SourceOutline| {
        let id = source.id.as_str();
        let is_unknown = statements.iter().any(|statement| {
            let scanned = statement.plan.scans().into_iter().map(|scan| scan.relation.name());
            statement.columns_unknown && scanned.chain(statement.plan.tables()).any(|name| name == id)
        });
        read.contains(id) && !timed.contains(id) && !is_unknown
    };
    let describes = |source: &SourceOutline, span: Span| {
        let in_query = outline
            .queries
            .iter()
            .any(|query| query.span.start <= span.start && span.end <= query.span.end);
        source.declared_as == DeclaredAs::Stream && !in_query
    };
    let mut found = Vec::new();
    for source in outline.sources.iter().filter(is_checked) {
        let of_time = source.properties.iter().filter(|(key, _)| is_of_time(key));
        for (key, value) in of_time {
            let reason = "nothing asks for the time of its rows: there is neither a WINDOW nor `_event_time`";
            let name = &source.name;
            found.extend(match value.span {
                Some(span) if describes(source, span) => None,
                Some(span) => {
                    let message = format!("`{key}` has no effect on `{name}`: {reason}");
                    Some(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message))
                }
                None => {
                    let message = format!("--set: `{key}` has no effect on `{name}`: {reason}");
                    Some(Diagnostic::global(&code::PROPERTY_WITHOUT_EFFECT, message))
                }
            });
        }
    }
    found
}

fn is_of_time(key: &str) -> bool {
    definition(key).is_some_and(|definition| definition.scope == Scope::Time)
}

/// A statement's plan, and what readers of its rows must know.
struct Planned {
    statement: PlannedStatement,
    /// It was checked only in part.
    columns_unknown: bool,
    /// What tells its rows apart.
    key: RecordKey<usize>,
}

fn plan_statement(
    query: &QueryOutline<'_>,
    outline: &Outline<'_>,
    catalog: &Catalog<'_>,
    program: &mut PlannedProgram,
) -> Option<Planned> {
    if query.broken {
        return None;
    }
    let diagnostics = &mut program.diagnostics;
    let errors_before = diagnostics.len();
    let settings = StatementSettings {
        state_id: query.state_id.clone(),
        ..settings(&query.properties, query.span, diagnostics)
    };
    let window_defaults = WindowDefaults {
        allowed_lateness: window_lateness(&query.properties),
        late: late_policy(&query.properties, &settings, query.span, diagnostics),
    };
    let mut binder = QueryBinder {
        catalog,
        reads: &query.reads,
        times: &query.times,
        views: &outline.views,
        ctes: Vec::new(),
        read_ctes: HashSet::new(),
        open_views: Vec::new(),
        window_defaults,
        groups_limited: settings.groups_max.is_some(),
        state_expires: query.properties.contains_key("state.ttl"),
        emit: query.query.emit.as_ref(),
        missing_table: missing_table(&query.properties),
        missing_defaults: &query.missing_defaults,
        used_defaults: HashSet::new(),
        nesting: Nesting::default(),
        reads_once: outline.reads_once,
        diagnostics,
    };
    let bound = binder.query(query.query)?;
    binder.unused_defaults();
    let columns_unknown = bound.columns_unknown;
    let bound = fit_target(bound, query, outline, diagnostics)?;
    if velo_common::has_errors(&diagnostics[errors_before..]) {
        return None;
    }
    diagnostics.extend(check_output(
        &query.metrics,
        &query.name,
        bound.plan.schema(),
        columns_unknown,
    ));
    diagnostics.extend(idle_group_limit(query, &bound.plan));
    if !columns_unknown {
        diagnostics.extend(idle_times(query, &bound.plan));
    }
    diagnostics.extend(idle_alone(&query.properties));
    // A table is found by its key, which therefore is always there.
    let key = RecordKey {
        required: bound.key.required || query.kind == StatementKind::Table,
        ..bound.key
    };
    let mut plan = simplify(merge_projections(push_down_filters(bound.plan)));
    require_key(&mut plan, &key.columns_without_null());
    let statement = PlannedStatement {
        name: query.name.clone(),
        kind: query.kind,
        reads: statements_read(query, &plan),
        plan,
        sinks: query.sinks.clone(),
        key: key.columns.clone(),
        depends_on: query.depends_on.clone(),
        tags: query.tags.clone(),
        columns_unknown,
        settings,
        span: query.span,
    };
    Some(Planned {
        statement,
        columns_unknown,
        key,
    })
}

/// The tables that are loaded from a source as they are: declared with a key, or joined without being declared as a
/// stream.
fn source_tables(
    outline: &Outline<'_>,
    catalog: &Catalog<'_>,
    statements: &[PlannedStatement],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<PlannedStatement> {
    let read: HashSet<&str> = statements
        .iter()
        .flat_map(|statement| statement.plan.tables())
        .collect();
    let sources = outline
        .sources
        .iter()
        .filter(|source| source.is_table_of_its_own || read.contains(source.id.as_str()));
    let table = |source: &SourceOutline| {
        let mut settings = settings(&source.properties, source.span, diagnostics);
        diagnostics.extend(idle_alone(&source.properties));
        if source.declared_as == DeclaredAs::Nothing
            && !ErrorPolicy::KEYS.iter().any(|key| source.properties.contains_key(*key))
        {
            settings.error_policy = policy_of_readers(source, outline, statements, diagnostics);
        }
        if source.declared_as == DeclaredAs::Nothing && !source.properties.contains_key("schema.drift") {
            settings.schema_drift = drift_of_readers(source, statements);
        }
        source_table(source, settings, catalog)
    };
    sources.filter_map(table).collect()
}

/// What becomes of values that no column is for in a source that is not declared: what the strictest of its readers says.
fn drift_of_readers(source: &SourceOutline, statements: &[PlannedStatement]) -> SchemaDrift {
    let reads = |statement: &&PlannedStatement| statement.plan.tables().any(|table| table == source.id);
    let readers = statements.iter().filter(reads);
    let strictest = readers.map(|reader| reader.settings.schema_drift).max();
    strictest.unwrap_or_default()
}

/// A source that is not declared is read for the statements that join it, and what they say of rows that fail holds for its
/// rows, too.
fn policy_of_readers(
    source: &SourceOutline,
    outline: &Outline<'_>,
    statements: &[PlannedStatement],
    diagnostics: &mut Vec<Diagnostic>,
) -> ErrorPolicy {
    let reads = |statement: &&PlannedStatement| statement.plan.tables().any(|table| table == source.id);
    let mut readers = statements.iter().filter(reads);
    let Some(first) = readers.next() else {
        return ErrorPolicy::default();
    };
    let policy = &first.settings.error_policy;
    if let Some(other) = readers.find(|reader| reader.settings.error_policy != *policy) {
        let headline = |statement: &PlannedStatement| {
            let query = outline.queries.iter().find(|query| query.span == statement.span);
            query.map(|query| query.headline)
        };
        let (name, first, other) = (&source.name, headline(first), headline(other));
        let message = format!("`{name}` is loaded once for statements that differ in what becomes of rows that fail");
        diagnostics.push(
            Diagnostic::new(&code::CONFLICTING_PROPERTY, other.unwrap_or(source.span), message)
                .with_related(first, "the other statement")
                .with_help(format!("say it for `{name}` itself: '{name}.error.policy' = '…'")),
        );
    }
    policy.clone()
}

fn source_table(
    source: &SourceOutline,
    settings: StatementSettings,
    catalog: &Catalog<'_>,
) -> Option<PlannedStatement> {
    let TableDescription {
        schema,
        columns_unknown,
        key,
    } = catalog.table(&source.id)?;
    let value = |field: &FieldRef| match unreadable_reason(field) {
        // It keeps its place, so that whoever names it is told why it cannot be read.
        Some(_) => Expr::Literal(ScalarValue::Null, None),
        None => column(field.name()),
    };
    let expressions = schema.user_fields().iter().map(value).collect();
    let scan = Scan::of_all(Relation::Source(source.id.clone()), schema.clone());
    let mut plan = LogicalPlan::Project(Project {
        input: Box::new(LogicalPlan::Scan(scan)),
        expressions,
        schema,
        watermark: None,
    });
    require_key(&mut plan, &key.columns_without_null());
    Some(PlannedStatement {
        name: source.id.clone(),
        kind: StatementKind::SourceTable,
        plan,
        sinks: Vec::new(),
        key: key.columns,
        reads: Vec::new(),
        depends_on: source.depends_on.clone(),
        tags: source.tags.clone(),
        columns_unknown,
        settings,
        span: source.span,
    })
}

/// Makes a NULL in some columns of the record key an error of its row. They come out of a projection, behind which rows are
/// at most left out.
fn require_key(plan: &mut LogicalPlan, key: &[usize]) {
    match plan {
        LogicalPlan::Filter(filter) => require_key(&mut filter.input, key),
        LogicalPlan::Sort(sort) => require_key(&mut sort.input, key),
        LogicalPlan::Limit(limit) => require_key(&mut limit.input, key),
        LogicalPlan::Distinct(distinct) => require_key(&mut distinct.input, key),
        LogicalPlan::DropUpdateBefore(node) => require_key(&mut node.input, key),
        LogicalPlan::Project(project) => {
            for index in key {
                if let Some(expression) = project.expressions.get_mut(*index) {
                    *expression = key_value(std::mem::take(expression));
                }
            }
        }
        LogicalPlan::Union(union) => union.inputs.iter_mut().for_each(|input| require_key(input, key)),
        LogicalPlan::Scan(_) | LogicalPlan::Values(_) | LogicalPlan::Aggregate(_) | LogicalPlan::Lookup(_) => {}
    }
}

/// Properties that do something only beside others, which are not there.
fn idle_alone(properties: &Properties) -> Vec<Diagnostic> {
    let value = |key: &str| properties.get(key).map(|value| value.text.to_ascii_lowercase());
    let retries = value("table.missing.strategy").as_deref() == Some("wait_and_retry");
    let policy = value("error.policy").or_else(|| value("failure_strategy"));
    let has_letters = matches!(policy.as_deref(), None | Some("dead_letter" | "sendtodlq"));
    let found = [
        (
            "table.missing.max_retries",
            retries,
            "only `table.missing.strategy` = `wait_and_retry` tries again",
        ),
        (
            "table.missing.delay",
            retries,
            "only `table.missing.strategy` = `wait_and_retry` tries again",
        ),
        (
            "dead.letter.queue.path",
            has_letters,
            "`error.policy` does something else with rows that fail; leave it out, or write `dead_letter`",
        ),
        (
            "event.time.format",
            properties.contains_key("event.time.field"),
            "there is no `event.time.field` whose format it could be",
        ),
    ];
    let idle = found.into_iter().filter(|(_, acts, _)| !acts);
    idle.filter_map(|(key, _, reason)| {
        let span = properties.get(key)?.span?;
        let message = format!("`{key}` has no effect here: {reason}");
        Some(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message))
    })
    .collect()
}

/// What is said of the time of rows that bring it along, with its watermark, as other statements' do.
fn idle_times(query: &QueryOutline<'_>, plan: &LogicalPlan) -> Vec<Diagnostic> {
    let reads_source = query.reads.values().any(|read| matches!(read, Relation::Source(_)));
    if reads_source || plan.scans().iter().any(|scan| scan.event_time.is_some()) {
        return Vec::new();
    }
    let given = query.times.values().flatten();
    let mut given: Vec<_> = given
        .filter_map(|(key, value)| Some((value.span?, key.as_ref())))
        .collect();
    given.sort_unstable_by_key(|(span, _)| span.start);
    given.dedup();
    let describe = |(span, key)| {
        let message = format!("`{key}` has no effect here: the rows bring their event time and watermark along");
        Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message)
            .with_help("name the column of their time: 'event.time.field' = 'column', or WINDOW TUMBLING(column, size)")
    };
    given.into_iter().map(describe).collect()
}

/// `max.groups` of a query that keeps no groups.
fn idle_group_limit(query: &QueryOutline<'_>, plan: &LogicalPlan) -> Option<Diagnostic> {
    let span = query.properties.get("max.groups")?.span?;
    let found = plan.walk(&mut |node| match node {
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let message = "`max.groups` has no effect here: the query has neither GROUP BY nor WINDOW nor DISTINCT";
    found
        .is_continue()
        .then(|| Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, span, message))
}

/// Says which statements give a sink other columns or another key than the first that feeds it.
fn check_shared_sinks(
    outline: &Outline<'_>,
    catalog: &Catalog<'_>,
    statements: &[PlannedStatement],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let is_known = |statement: &&PlannedStatement| {
        let output = catalog.output(&statement.name);
        output.is_some_and(|output| !output.columns_unknown)
    };
    for sink in &outline.sinks {
        let feeds = |statement: &&PlannedStatement| {
            let mut names = statement.sinks.iter();
            names.any(|name| name.eq_ignore_ascii_case(&sink.name))
        };
        // In the order of the text: the first decides.
        let mut feeding: Vec<&PlannedStatement> = statements.iter().filter(is_known).filter(feeds).collect();
        feeding.sort_by_key(|statement| statement.span.start);
        let Some((first, others)) = feeding.split_first() else {
            continue;
        };
        let headline = |statement: &PlannedStatement| {
            let query = outline.queries.iter().find(|query| query.span == statement.span);
            query.map_or(statement.span, |query| query.headline)
        };
        for other in others {
            let (columns, expected) = (columns_of(other), columns_of(first));
            let message = if columns != expected {
                format!(
                    "`{}` gets the columns ({columns}) here, and ({expected}) from another statement",
                    sink.name
                )
            } else if first.key != other.key {
                format!(
                    "`{}` gets another record key here than from another statement",
                    sink.name
                )
            } else {
                continue;
            };
            diagnostics.push(
                Diagnostic::new(&code::COLUMN_COUNT, headline(other), message)
                    .with_related(Some(headline(first)), "the other statement")
                    .with_help(format!(
                        "select the same columns in both, or declare them: CREATE STREAM {} (column TYPE, …)",
                        sink.name
                    )),
            );
        }
    }
}

/// Names and types of a statement's columns, as in a declaration.
fn columns_of(statement: &PlannedStatement) -> String {
    let schema = statement.plan.schema();
    let columns = schema.user_fields().iter().enumerate().map(|(index, field)| {
        let sql_type = schema.sql_type(index).unwrap_or(SqlType::Null);
        format!("{} {sql_type}", field.name())
    });
    columns.collect::<Vec<_>>().join(", ")
}

/// Names of the streams and tables that a statement reads, implied ones included.
fn statements_read(query: &QueryOutline<'_>, plan: &LogicalPlan) -> Vec<String> {
    let statement = |relation: &Relation| match relation {
        Relation::Statement(name) | Relation::Table(name) => Some(name.clone()),
        Relation::Source(_) => None,
    };
    let names = query.reads.values().filter_map(statement);
    let mut names: Vec<String> = names.chain(plan.tables().map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

/// Says that a created table has no key: nothing of its query makes one, nor do the records of a topic.
fn without_key(statement: &PlannedStatement, query: &QueryOutline<'_>, catalog: &Catalog<'_>) -> Option<Diagnostic> {
    let is_keyless_table = statement.kind == StatementKind::Table && statement.key.is_empty();
    if !is_keyless_table || catalog.is_unbounded(&statement.plan) {
        return None;
    }
    let groups = first_aggregate(&statement.plan).map(Aggregate::grouped_by);
    let help = match groups.as_deref() {
        // One row in all, or one for each window.
        Some([]) => return None,
        Some(names) => format!("select what the rows are grouped by: {}", names.join(", ")),
        None => "mark the column that tells rows apart: SELECT … PRIMARY KEY, …; or GROUP BY it".to_owned(),
    };
    Some(table_without_key(&statement.name, query.headline, &help))
}

/// Says where sinks cannot express what a statement puts out. Without a sink rows go to the standard output.
fn check_sinks(
    statement: &PlannedStatement,
    query: &QueryOutline<'_>,
    catalog: &Catalog<'_>,
    sinks: &HashMap<String, SinkDescription>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    // A table without a sink is loaded: its rows are changed and deleted where they are kept.
    if statement.kind == StatementKind::Table && statement.sinks.is_empty() {
        return;
    }
    let takes_changes = |name: &String| {
        sinks
            .get(name)
            .is_some_and(|sink| sink.takes > ChangelogMode::AppendOnly)
    };
    if !statement.sinks.is_empty() && statement.sinks.iter().all(takes_changes) {
        return;
    }
    let produced = catalog.produced(&statement.plan);
    let by_lateness = changed_by(&statement.plan).is_some_and(|aggregate| aggregate.emit == EmitMode::Final);
    if produced.changes && by_lateness {
        let lateness = query.properties.get("allowed.lateness").and_then(|value| value.span);
        diagnostics.push(
            Diagnostic::new(
                &code::UPDATES_INTO_APPEND_ONLY,
                lateness.unwrap_or(query.headline),
                "allowed lateness updates windows that are out already, which this output cannot express",
            )
            .with_help("write to an envelope file (path ending in .envelope.jsonl), or leave the lateness out"),
        );
    } else if produced.deletes {
        diagnostics.push(
            Diagnostic::new(
                &code::LINT_DELETES_SKIPPED,
                query.having_span().unwrap_or(query.headline),
                "rows that stop to match are deleted, which this output cannot express: deletes are counted and skipped",
            )
            .with_help("write to an envelope file (path ending in .envelope.jsonl) to keep them"),
        );
    }
}

fn first_aggregate(plan: &LogicalPlan) -> Option<&Aggregate> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => Some(aggregate),
        other => other.inputs().into_iter().find_map(first_aggregate),
    }
}

/// Prunes all plans, consumers first, so that a statement keeps just the metadata that somebody reads.
fn prune(statements: &mut [PlannedStatement], sinks: &HashMap<String, SinkDescription>) {
    let timed = statements_with_event_time(statements);
    let mut wanted: HashMap<String, Vec<SystemColumn>> = HashMap::new();
    for statement in statements.iter_mut().rev() {
        let mut metadata = wanted.remove(&statement.name).unwrap_or_default();
        let of_sinks = statement.sinks.iter().filter_map(|name| sinks.get(name));
        let of_sinks = of_sinks.flat_map(|sink| &sink.metadata).copied();
        metadata
            .extend(of_sinks.filter(|column| *column != SystemColumn::EventTime || timed.contains(&statement.name)));
        let nothing = LogicalPlan::Values(Values {
            rows: Vec::new(),
            schema: StreamSchema::of_user_columns([]),
        });
        let plan = std::mem::replace(&mut statement.plan, nothing);
        let carried: &[SystemColumn] = match statement.settings.error_policy {
            ErrorPolicy::DeadLetter { .. } => &RecordColumns::WANTED,
            ErrorPolicy::SkipSome | ErrorPolicy::Skip | ErrorPolicy::Fail => &[],
        };
        statement.plan = prune_columns(plan, &metadata, carried);
        for (name, metadata) in required_metadata(&statement.plan) {
            wanted.entry(name.to_owned()).or_default().extend(metadata);
        }
    }
}

/// Names of the statements whose rows have an event time that the program asks for: by a window, a field, or
/// `AS _event_time`.
///
/// A sink writes it along with the rows then. It does not ask for it by itself: a row without a timestamp would fail
/// for the want of something that nobody needs.
fn statements_with_event_time(statements: &[PlannedStatement]) -> HashSet<String> {
    let mut timed: HashSet<String> = HashSet::new();
    for statement in statements {
        let windowed = first_aggregate(&statement.plan).is_some_and(|aggregate| aggregate.window.is_some());
        let by_scan = statement.plan.scans().into_iter().any(|scan| match &scan.relation {
            Relation::Source(_) => scan.event_time.as_ref().is_some_and(|time| time.expression.is_some()),
            Relation::Statement(name) => timed.contains(name),
            Relation::Table(_) => false,
        });
        if windowed || by_scan {
            timed.insert(statement.name.clone());
        }
    }
    timed
}
