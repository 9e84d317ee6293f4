use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::error::ArrowError;
use velo_common::{code, nearest};
use velo_data::{StreamBatch, SystemClock};
use velo_datasources::SinkError;
use velo_engine::{EngineError, Job, JobSink, Metrics, RestoredJob, RunOptions};
use velo_loader::{KeptTable, KeptTableError, KeptTables};
use velo_parser::ast::{ShowObject, StatementKind};
use velo_session::{CheckedProgram, Mode, Overrides, SessionOptions, check};

use super::{print_on_stderr, print_refusal, query_program};
use crate::args::{QueryArgs, RowFormat};
use crate::exit::Exit;
use crate::interrupt::cancel_on_interrupt;
use crate::outputs::{self, JobOutputs};
use crate::print::errors::{print_error, print_message};
use crate::print::kept_tables::{self, Listing};
use crate::print::limited::{HasMore, LimitedSink};
use crate::print::rows::RowPrinter;
use crate::print::summary::{self, StatementPolicies};
use crate::print::words::rows;
use crate::terminal::Terminal;

/// Rows that a terminal shows unless told.
const TERMINAL_ROWS_MAX: u64 = 100;

/// Why a query gave no rows.
#[derive(Debug, thiserror::Error)]
enum QueryError {
    #[error(transparent)]
    Tables(#[from] KeptTableError),
    #[error("cannot write rows")]
    Sink(#[from] SinkError),
    #[error("cannot write rows")]
    Output(#[from] io::Error),
    #[error("cannot put rows together")]
    Rows(#[from] ArrowError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What a query asks about the tables themselves.
enum Inquiry {
    /// `SHOW TABLES [LIKE 'pattern']`
    Tables(Option<String>),
    /// `DESCRIBE table`
    Table(String),
}

/// Reads tables that are loaded, or files, once, and prints the rows.
pub(crate) fn query(args: &QueryArgs, terminal: Terminal) -> Exit {
    let result = answer(args, terminal);
    // A pipe that was closed has been told of by its sink.
    let _ = io::stdout().flush();
    result.unwrap_or_else(|error| {
        print_error(&error, terminal);
        Exit::Failed
    })
}

fn answer(args: &QueryArgs, terminal: Terminal) -> Result<Exit, QueryError> {
    let tables = KeptTables::open(&args.state_dir);
    let mut known = Vec::new();
    let mut damaged = Vec::new();
    for table in tables.list()? {
        match table {
            Ok(table) => known.push(table),
            Err(error) => damaged.push(error),
        }
    }
    match inquiry(&args.sql) {
        Some(Inquiry::Tables(pattern)) => {
            for error in &damaged {
                print_error(error, terminal);
            }
            show_tables(&known, pattern.as_deref(), args, terminal)?;
            Ok(if damaged.is_empty() {
                Exit::Success
            } else {
                Exit::Failed
            })
        }
        Some(Inquiry::Table(name)) => describe(&known, &name, args, terminal),
        None => select(&tables, &known, args, terminal),
    }
}

/// The inquiry that a text is; `None` for statements that are checked and run.
fn inquiry(sql: &str) -> Option<Inquiry> {
    let parsed = velo_parser::parse_script(sql);
    let [statement] = parsed.script.statements.as_slice() else {
        return None;
    };
    if velo_common::has_errors(&parsed.diagnostics) {
        return None;
    }
    match &statement.kind {
        StatementKind::Show(show) if show.object.node == ShowObject::Tables => {
            Some(Inquiry::Tables(show.like.as_ref().map(|pattern| pattern.node.clone())))
        }
        StatementKind::Describe(describe) => Some(Inquiry::Table(describe.name.name().text)),
        _ => None,
    }
}

fn show_tables(
    known: &[KeptTable],
    pattern: Option<&str>,
    args: &QueryArgs,
    terminal: Terminal,
) -> Result<(), QueryError> {
    if known.is_empty() {
        print_on_stderr(&format!("{}\n", no_tables(&args.state_dir)));
    }
    let is_meant = |table: &&KeptTable| pattern.is_none_or(|pattern| is_like(&table.name, pattern));
    let meant: Vec<&KeptTable> = known.iter().filter(is_meant).collect();
    print_listing(kept_tables::tables(&meant)?, args, terminal)
}

fn describe(known: &[KeptTable], name: &str, args: &QueryArgs, terminal: Terminal) -> Result<Exit, QueryError> {
    let Some(table) = known.iter().find(|table| table.name.eq_ignore_ascii_case(name)) else {
        let meant = nearest(name, known.iter().map(|table| table.name.as_str()));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        let message = if known.is_empty() {
            no_tables(&args.state_dir)
        } else {
            format!("there is no table `{name}` in `{}`{meant}", args.state_dir.display())
        };
        print_message(&message, terminal);
        return Ok(Exit::Invalid);
    };
    match format_of_listing(args, terminal) {
        RowFormat::Jsonl => io::stdout().write_all(kept_tables::json(table).map_err(io::Error::from)?.as_bytes())?,
        RowFormat::Csv => print_listing(kept_tables::columns(table)?, args, terminal)?,
        RowFormat::Table => {
            print_listing(kept_tables::columns(table)?, args, terminal)?;
            io::stdout().write_all(format!("\n{}", kept_tables::sentence(table)).as_bytes())?;
        }
    }
    Ok(Exit::Success)
}

fn no_tables(state_directory: &Path) -> String {
    format!(
        "no tables in `{}`: run `velo-cli load FILE` first",
        state_directory.display()
    )
}

fn format_of_listing(args: &QueryArgs, terminal: Terminal) -> RowFormat {
    match args.format {
        Some(format) => format,
        None if terminal.stdout.is_terminal => RowFormat::Table,
        None => RowFormat::Jsonl,
    }
}

fn print_listing(listing: Listing, args: &QueryArgs, terminal: Terminal) -> Result<(), QueryError> {
    let printer = RowPrinter::new(format_of_listing(args, terminal), false).within(terminal.stdout.style.columns);
    let mut sink = printer.sink("tables", &listing.schema);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let written = runtime.block_on(async {
        sink.write(&StreamBatch::inserts(listing.records)).await?;
        sink.finish().await
    });
    match written {
        Err(error) if !error.is_closed_pipe() => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether a name is as a pattern says, in which `%` stands for any text and `_` for any character.
fn is_like(name: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('%') => {
            let mut ends = name.char_indices().map(|(index, _)| index).chain([name.len()]);
            ends.any(|from| is_like(&name[from..], rest.as_str()))
        }
        Some(wanted) => {
            let mut left = name.chars();
            left.next().is_some_and(|found| {
                (wanted == '_' || wanted.eq_ignore_ascii_case(&found)) && is_like(left.as_str(), rest.as_str())
            })
        }
    }
}

/// Runs a query over tables and files.
fn select(tables: &KeptTables, known: &[KeptTable], args: &QueryArgs, terminal: Terminal) -> Result<Exit, QueryError> {
    let options = SessionOptions {
        overrides: Overrides {
            tables: known
                .iter()
                .map(|table| (table.name.clone(), table.schema.clone()))
                .collect(),
            reads_once: true,
            ..Overrides::default()
        },
        ..SessionOptions::new(Mode::Run)
    };
    let mut program = check(query_program(&args.sql), &options);
    if known.is_empty() {
        let unknown = program.diagnostics.iter_mut();
        for diagnostic in unknown.filter(|diagnostic| diagnostic.code == &code::UNKNOWN_TABLE) {
            diagnostic.help = Some(no_tables(&args.state_dir));
        }
    }
    if let Err(exit) = print_refusal(&program, terminal) {
        return Ok(exit);
    }
    run(program, tables, args, terminal)
}

fn run(program: CheckedProgram, tables: &KeptTables, args: &QueryArgs, terminal: Terminal) -> Result<Exit, QueryError> {
    let policies: Vec<StatementPolicies> = program.statements.iter().map(StatementPolicies::of).collect();
    let outputs = JobOutputs::of(&program, false);
    let format = outputs.row_format(args.format, terminal);
    let printer = RowPrinter::new(format, outputs.has_several_streams()).within(terminal.stdout.style.columns);
    let mut sinks = outputs.open(&printer, &HashMap::new())?;
    let is_looked_at = format == RowFormat::Table && terminal.stdout.is_terminal;
    let rows_max = args.limit.or_else(|| is_looked_at.then_some(TERMINAL_ROWS_MAX));
    let has_more = HasMore::default();
    if let Some(rows_max) = rows_max {
        let limited = |named: JobSink| JobSink {
            sink: Box::new(LimitedSink::new(named.sink, rows_max, has_more.clone())),
            ..named
        };
        sinks = sinks
            .into_iter()
            .map(|sinks| sinks.into_iter().map(limited).collect())
            .collect();
    }
    let read: Vec<&str> = program
        .statements
        .iter()
        .flat_map(|statement| statement.plan.tables())
        .collect();
    let job = Job {
        tables: tables.read(read)?,
        statements: outputs::with_sinks(program.statements, sinks),
        sources: program.sources,
        restored: RestoredJob::default(),
    };
    let options = RunOptions {
        parallelism: 1,
        follow: false,
        clock: Arc::new(SystemClock),
        cancel: cancel_on_interrupt(),
        progress: Arc::new(Metrics::default()),
        checkpoints: None,
    };
    let summary = velo_engine::run(job, &options)?;
    if !terminal.quiet {
        print_on_stderr(&summary::losses_text(&summary, &policies));
    }
    if let Some(rows_max) = rows_max.filter(|_| has_more.get() && format == RowFormat::Table && !terminal.quiet) {
        let shown = rows(rows_max);
        print_on_stderr(&format!(
            "-- more: the first {shown} are shown; `--limit N` shows others\n"
        ));
    }
    Ok(if summary.interrupted {
        Exit::Interrupted
    } else {
        Exit::Success
    })
}
