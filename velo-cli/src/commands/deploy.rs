use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use velo_common::{Diagnostic, code};
use velo_data::SystemClock;
use velo_datasources::SinkError;
use velo_engine::{Cancel, EngineError, Job, Metrics, RunOptions};
use velo_loader::{TableChoice, TableMissing};
use velo_session::{CheckedProgram, Mode, Output, SessionOptions};

use super::loading::{Loading, LoadingError, loader};
use super::{check_program, print_on_stderr, print_refusal};
use crate::args::DeployArgs;
use crate::exit::Exit;
use crate::interrupt::cancel_on_interrupt;
use crate::outputs::{self, JobOutputs};
use crate::print::errors::print_error;
use crate::print::line::text;
use crate::print::load::problems;
use crate::print::rows::RowPrinter;
use crate::print::summary::{self, StatementPolicies};
use crate::progress::{LoadProgressStyle, StreamProgress, StreamProgressStyle};
use crate::terminal::Terminal;

/// Why a program does not run any more.
#[derive(Debug, thiserror::Error)]
enum DeployError {
    #[error(transparent)]
    Loading(#[from] LoadingError),
    #[error(transparent)]
    TableMissing(#[from] TableMissing),
    #[error("cannot open a sink")]
    Sink(#[from] SinkError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<&DeployError> for Exit {
    fn from(error: &DeployError) -> Self {
        match error {
            DeployError::Loading(error) => error.into(),
            DeployError::Engine(error) => error.into(),
            DeployError::TableMissing(_) | DeployError::Sink(_) => Self::Failed,
        }
    }
}

/// Loads a program's tables, then runs its streams until a signal comes or all of them end.
pub(crate) fn deploy(args: &DeployArgs, terminal: Terminal) -> Exit {
    let options = SessionOptions {
        mode: Mode::Run,
        overrides: (&args.overrides).into(),
        retries: args.loading.retries,
    };
    let cancel = cancel_on_interrupt();
    let mut program = match check_program(&args.program, &options, &cancel, terminal) {
        Ok(program) => program,
        Err(exit) => return exit,
    };
    let unwritten = without_outputs(&program);
    if !unwritten.is_empty() {
        program.diagnostics = unwritten;
        return print_refusal(&program, terminal).err().unwrap_or(Exit::Invalid);
    }
    match deploy_program(program, args, &cancel, terminal) {
        // Whoever deploys a program stops it some day.
        Ok(()) => Exit::Success,
        Err(_) if cancel.is_cancelled() => Exit::Interrupted,
        Err(error) => {
            print_error(&error, terminal);
            Exit::from(&error)
        }
    }
}

/// Streams whose rows nobody would ever see, and tables whose sinks would get none.
fn without_outputs(program: &CheckedProgram) -> Vec<Diagnostic> {
    let streams = program.statements.iter().filter(|statement| !statement.kind.is_table());
    let unwritten = streams.filter(|statement| matches!(program.outputs(statement).as_slice(), [Output::Default]));
    let diagnostic = |name: &str, span| {
        let message = format!("`{name}` has neither a sink nor a stream that reads it");
        Diagnostic::new(&code::MISSING_PROPERTY, span, message).with_help(format!(
            "add '{name}.path' = '…' (or '{name}.type' = 'stdout_sink') to WITH, or read it in another statement"
        ))
    };
    let tables = program.statements.iter().filter(|statement| statement.kind.is_table());
    let tables = tables.filter(|table| !table.sinks.is_empty()).map(|table| {
        let message = format!(
            "`{}` is a table, and `deploy` does not write the rows of tables to sinks yet",
            table.name
        );
        Diagnostic::new(&code::UNSUPPORTED, table.span, message).with_help("`run` writes them once they are loaded")
    });
    let streams = unwritten.map(|statement| diagnostic(&statement.name, statement.span));
    streams.chain(tables).collect()
}

fn deploy_program(
    mut program: CheckedProgram,
    args: &DeployArgs,
    cancel: &Cancel,
    terminal: Terminal,
) -> Result<(), DeployError> {
    let tables = program.take_tables();
    let table_policies = summary::policies_by_name(tables.iter().chain(&program.statements));
    let loading = if tables.is_empty() {
        None
    } else {
        let loading = Loading {
            program: &program,
            tables: &tables,
            choice: TableChoice::default(),
            full_refresh: false,
            style: LoadProgressStyle::of(terminal),
        };
        Some(loading.start(loader(&args.loading)?, &args.loading.state_dir, cancel, terminal)?)
    };
    let (tables, loading) = match loading {
        Some((mut loading, progress)) => {
            let joined = loading.wait_for_tables(&program.statements);
            let result = joined.is_ok().then(|| loading.finish()).transpose();
            progress.end();
            if let Some(result) = result.map_err(LoadingError::from)? {
                print_on_stderr(&text(&problems(&result), terminal.stderr.style));
            }
            if !terminal.quiet {
                print_on_stderr(&summary::rejected_text(&loading.program().reports(), &table_policies));
            }
            loading.keep_fresh();
            (joined?, Some(loading))
        }
        None => (HashMap::new(), None),
    };
    if program.statements.is_empty() || cancel.is_cancelled() {
        return Ok(());
    }
    let policies: Vec<StatementPolicies> = program.statements.iter().map(StatementPolicies::of).collect();
    let outputs = JobOutputs::of(&program, true);
    let prints_rows = outputs.streams().next().is_some();
    let printer = RowPrinter::new(outputs.row_format(None, terminal), outputs.has_several_streams());
    let sinks = outputs.open(&printer)?;
    let job = Job {
        tables,
        statements: outputs::with_sinks(program.statements, sinks),
        sources: program.sources,
    };
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let options = RunOptions {
        parallelism: args.parallelism.map_or(cores, NonZeroUsize::get),
        follow: true,
        clock: Arc::new(SystemClock),
        cancel: cancel.clone(),
        progress: Arc::new(Metrics::default()),
    };
    let style = StreamProgressStyle::of(terminal, prints_rows);
    let progress = StreamProgress::show(Arc::clone(&options.progress), style);
    let summary = velo_engine::run(job, &options);
    drop(progress);
    if let Some(loading) = loading {
        loading.stop();
    }
    let mut summary = summary?;
    // It was to run until it is stopped: that is no interruption.
    let is_stopped = std::mem::take(&mut summary.interrupted);
    if !terminal.quiet {
        print_on_stderr(&summary::text(&summary, &policies));
        if is_stopped {
            print_on_stderr("stopped\n");
        }
    }
    Ok(())
}
