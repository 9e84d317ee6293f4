use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use velo_common::{Diagnostic, Name, Severity, SourceText, Span, code};
use velo_data::StreamSchema;
use velo_datasources::{FileSample, GeneratedDescription, SinkConfig, Source};
use velo_parser::ast::{Annotation, ObjectName};
use velo_planner::plan::{LogicalPlan, PlannedStatement, Relation, Scan, StatementKind};
use velo_planner::{JoinOutline, Overrides, outline, plan_program};

use crate::allow::leave_out_allowed;
use crate::config::ConfigDirectory;
use crate::connection::SourceConnection;
use crate::lints::{money_in_double, unreadable_records};
use crate::overrides::unmet_overrides;
use crate::paths::conflicts;
use crate::secrets::{secrets, without_quotation};
use crate::sinks::{columns_without_form, configure_sinks};
use crate::sources::open_sources;
use crate::waiting::{OnWait, WaitCause};

/// What a program is checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To be told what is wrong: data files may be missing.
    Validate,
    /// To be run at once: data files must be there.
    Run,
    /// To have its tables loaded: a source that cannot be read fails its table, and what only streams read is not needed.
    Load,
}

/// What the caller changes about a program.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Why it is checked.
    pub mode: Mode,
    /// Sources, sinks and properties from the command line.
    pub overrides: Overrides,
    /// How often a source that tables are loaded from is asked for its columns again, after an error that may pass.
    pub retries: u32,
}

impl SessionOptions {
    /// Options without overrides.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            overrides: Overrides::default(),
            retries: 0,
        }
    }
}

/// Where the rows of a statement go.
#[derive(Debug, Clone)]
pub enum Output {
    /// To a sink, by its name in the program.
    Sink(String, SinkConfig),
    /// To the standard output, since there is neither a sink nor a consumer.
    Default,
}

/// How the columns of a source were found out.
#[derive(Debug, Clone)]
pub struct Inference {
    /// The source, by its name in the program.
    pub source: String,
    /// Where the program names it.
    pub span: Span,
    /// What was looked at and seen.
    pub sample: FileSample,
}

/// A program that has been through all stages.
#[derive(Debug)]
pub struct CheckedProgram {
    /// Its text, with `*` for the passwords in it.
    pub source: SourceText,
    /// What it calls itself, by `-- @app: name` at its top.
    pub application: Option<String>,
    /// What is wrong with it, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// How many warnings are left out because the program allows them.
    pub allowed: usize,
    /// What was found out about sources without declared columns.
    pub inferred: Vec<Inference>,
    /// What is generated for its sources, by their names in the program.
    pub generated: Vec<(String, GeneratedDescription)>,
    /// What its joins are and keep.
    pub joins: Vec<JoinOutline>,
    /// Its statements, each behind those it reads. Those with problems are missing.
    pub statements: Vec<PlannedStatement>,
    /// The opened sources, by the names that scans use.
    pub sources: HashMap<String, Arc<dyn Source>>,
    /// How sources are reached that tables are loaded from, by the same names.
    pub connections: HashMap<String, SourceConnection>,
    /// Why sources could not be looked at, by the same names: tables that are loaded from them fail.
    pub unreachable: HashMap<String, String>,
    sinks: HashMap<String, SinkConfig>,
    /// Statements that others read.
    read: HashSet<String>,
}

impl CheckedProgram {
    /// Whether it can run.
    pub fn is_valid(&self) -> bool {
        !velo_common::has_errors(&self.diagnostics)
    }

    /// Takes out the tables that are loaded: those that other statements read or say that they depend on, before those run,
    /// and created ones whose rows go nowhere else. Each stands behind those that it reads. Sources that are tables for
    /// nobody are left out.
    ///
    /// A table that is loaded and has sinks, too, is followed by a statement that writes its rows to them once they are there.
    pub fn take_tables_read(&mut self) -> Vec<PlannedStatement> {
        let depends_on = self.statements.iter().flat_map(|statement| &statement.depends_on);
        let needed: HashSet<String> = self.read.iter().chain(depends_on).cloned().collect();
        let is_loaded = |statement: &mut PlannedStatement| match statement.kind {
            StatementKind::Table => statement.sinks.is_empty() || needed.contains(&statement.name),
            StatementKind::SourceTable => needed.contains(&statement.name),
            StatementKind::Stream | StatementKind::Query | StatementKind::Insert => false,
        };
        let tables: Vec<PlannedStatement> = self.statements.extract_if(.., is_loaded).collect();
        let written = tables.iter().filter(|table| !table.sinks.is_empty());
        self.statements.extend(written.map(rows_of_table));
        self.statements
            .retain(|statement| statement.kind != StatementKind::SourceTable);
        tables
    }

    /// Takes out all tables, each behind those that it reads.
    pub fn take_tables(&mut self) -> Vec<PlannedStatement> {
        self.statements
            .extract_if(.., |statement| statement.kind.is_table())
            .collect()
    }

    /// Whether other statements read this one.
    pub fn is_read(&self, statement: &PlannedStatement) -> bool {
        self.read.contains(&statement.name)
    }

    /// Where the rows of a statement go; nowhere when other statements read them.
    pub fn outputs(&self, statement: &PlannedStatement) -> Vec<Output> {
        let configured = |name: &String| {
            let config = self.sinks.get(&name.to_lowercase())?;
            Some(Output::Sink(name.clone(), config.clone()))
        };
        let outputs: Vec<Output> = statement.sinks.iter().filter_map(configured).collect();
        if outputs.is_empty() && !self.read.contains(&statement.name) {
            return vec![Output::Default];
        }
        outputs
    }
}

/// A statement that reads the rows of a table that is loaded, for the table's sinks.
fn rows_of_table(table: &PlannedStatement) -> PlannedStatement {
    let user = table
        .plan
        .schema()
        .user_fields()
        .iter()
        .map(|field| field.as_ref().clone());
    let scan = Scan::of_all(Relation::Table(table.name.clone()), StreamSchema::of_user_columns(user));
    PlannedStatement {
        kind: StatementKind::Stream,
        plan: LogicalPlan::Scan(scan),
        ..table.clone()
    }
}

/// Names of the statements that other statements read.
fn statements_read(statements: &[PlannedStatement]) -> HashSet<String> {
    let streams = statements.iter().flat_map(|statement| statement.plan.statements());
    let streams = streams.map(str::to_owned);
    let tables = statements.iter().flat_map(|statement| statement.plan.tables());
    streams.chain(tables.map(str::to_owned)).collect()
}

/// Takes a program through all stages: parsed, its sources opened and sampled, planned.
///
/// Problems of every stage are collected; a later stage goes on with what the earlier ones could make sense of.
///
/// Files that are not there are not waited for; see [`check_when_there`].
pub fn check(source: SourceText, options: &SessionOptions) -> CheckedProgram {
    check_when_there(source, options, &mut |wait| match wait.cause {
        WaitCause::Answer => ControlFlow::Continue(()),
        WaitCause::Files { .. } | WaitCause::Failure { .. } => ControlFlow::Break(()),
    })
}

/// As [`check`], but waits for files where the program says so, and asks sources again that failed to tell their columns;
/// `on_wait` is told of each wait, and may end it: that for an answer with all sources that have not answered.
pub fn check_when_there(source: SourceText, options: &SessionOptions, on_wait: &mut OnWait<'_>) -> CheckedProgram {
    let parsed = velo_parser::parse_script(source.text());
    let secrets = secrets(&source);
    let parser_diagnostics = parsed.diagnostics.into_iter();
    let mut diagnostics: Vec<Diagnostic> = parser_diagnostics
        .map(|diagnostic| without_quotation(diagnostic, &secrets))
        .collect();
    let defines = parsed.failed.iter().filter_map(|failed| failed.defines.as_ref());
    let unparsed: Vec<Name> = defines.map(ObjectName::name).collect();
    let config_files = ConfigDirectory::of_program(source.name(), &options.overrides);
    let outline = outline(&parsed.script, &unparsed, &options.overrides, &config_files);
    // A statement that could not be read may be the one that uses them.
    if parsed.failed.is_empty() {
        diagnostics.extend(unmet_overrides(&outline, &options.overrides, options.mode));
    }
    let sources = open_sources(&outline, options, on_wait, &mut diagnostics);
    let sinks = configure_sinks(&outline, &mut diagnostics);
    let planned = plan_program(&outline, &sources.descriptions, &sinks.descriptions);
    diagnostics.extend(conflicts(&outline, &sinks.configs, &planned.statements));
    diagnostics.extend(columns_without_form(&outline, &sinks.configs, &planned.statements));
    diagnostics.extend(money_in_double(&sources.sampled, &planned.statements));
    if options.mode == Mode::Run && !velo_common::has_errors(&diagnostics) {
        diagnostics.extend(columns_unknown(&planned.statements));
    }
    let opened = sources.opened;
    if options.mode == Mode::Validate {
        // A run tells of every record that it could not read.
        diagnostics.extend(unreadable_records(&outline, &opened, &planned.statements));
    }
    let (connections, unreachable) = (sources.connections, sources.unreachable);
    let inferred = sources.sampled.into_iter().map(|(source, sample)| Inference {
        source: source.name.clone(),
        span: source.span,
        sample,
    });
    let inferred = inferred.collect();
    let generated = sources.generated.into_iter();
    let generated = generated
        .map(|(source, description)| (source.name.clone(), description))
        .collect();
    diagnostics.extend(outline.diagnostics);
    diagnostics.extend(planned.diagnostics);
    let runs =
        |statement: &PlannedStatement| options.mode == Mode::Load || statement.kind != StatementKind::SourceTable;
    if !planned.statements.iter().any(runs) && !velo_common::has_errors(&diagnostics) {
        diagnostics.push(nothing_runs(options.mode));
    }
    tidy(&mut diagnostics);
    let allowed = leave_out_allowed(&parsed.script, &mut diagnostics);
    sort(&mut diagnostics);
    CheckedProgram {
        source: source.masked(&secrets),
        application: application(&parsed.script.head),
        diagnostics,
        allowed,
        joins: outline.joins,
        inferred,
        generated,
        read: statements_read(&planned.statements),
        statements: planned.statements,
        sources: opened,
        connections,
        unreachable,
        sinks: sinks.configs,
    }
}

/// What a program calls itself.
fn application(head: &[Annotation]) -> Option<String> {
    let mut named = head
        .iter()
        .filter(|annotation| annotation.name.eq_ignore_ascii_case("app"));
    let name = &named.next()?.value.node;
    (!name.is_empty()).then(|| name.clone())
}

/// Statements that cannot run because nobody knows the columns of what they read.
fn columns_unknown(statements: &[PlannedStatement]) -> Vec<Diagnostic> {
    let unknown = statements.iter().filter(|statement| statement.columns_unknown);
    let diagnostic = |statement: &PlannedStatement| {
        let message = format!("the columns of what `{}` reads are unknown", statement.name);
        Diagnostic::new(&code::SCHEMA_UNKNOWN, statement.span, message)
            .with_help("declare them: CREATE STREAM name (column TYPE, …)")
    };
    unknown.map(diagnostic).collect()
}

/// A run of nothing is a mistake; a file under way, or one of declarations, may be checked all the same.
fn nothing_runs(mode: Mode) -> Diagnostic {
    let mut diagnostic = Diagnostic::global(&code::NOTHING_RUNS, "the program has no statement that runs")
        .with_help("add a SELECT, or a CREATE STREAM name AS SELECT");
    if mode == Mode::Validate {
        diagnostic.severity = Severity::Warning;
    }
    diagnostic
}

/// Sorts by place, and keeps one of several that say the same of one place.
fn tidy(diagnostics: &mut Vec<Diagnostic>) {
    sort(diagnostics);
    diagnostics.dedup_by(|later, earlier| {
        let same = later.message == earlier.message || (refuses(later) && refuses(earlier));
        later.span == earlier.span && same
    });
}

fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|left, right| {
        let place = |diagnostic: &Diagnostic| (diagnostic.span.unwrap_or_default(), diagnostic.code.id);
        place(left)
            .cmp(&place(right))
            .then_with(|| left.message.cmp(&right.message))
    });
}

/// Whether the diagnostic refuses a form or a property: one such refusal of a place is enough.
fn refuses(diagnostic: &Diagnostic) -> bool {
    diagnostic.code == &code::UNSUPPORTED || diagnostic.code == &code::UNSUPPORTED_PROPERTY
}
