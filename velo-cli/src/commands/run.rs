use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use velo_data::SystemClock;
use velo_datasources::SinkError;
use velo_engine::{Cancel, EngineError, Job, Metrics, RestoredJob, RunOptions};
use velo_loader::TableMissing;
use velo_session::{CheckedProgram, Mode, SessionOptions};

use super::loading::LoadingError;
use super::run_tables::RunTables;
use super::{check_program, check_text, print_on_stderr, query_program};
use crate::args::RunArgs;
use crate::exit::Exit;
use crate::interrupt::cancel_on_interrupt;
use crate::outputs::{self, JobOutputs};
use crate::print::errors::print_error;
use crate::print::rows::RowPrinter;
use crate::print::summary::{self, StatementPolicies};
use crate::progress::RunProgress;
use crate::terminal::Terminal;

/// Input below which another worker would cost more than it brings.
const BYTES_PER_WORKER: u64 = 8 << 20;

/// Why a valid program did not run to its end.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("csv has one header, and {} streams go to standard output: {}", .streams.len(), .streams.join(", "))]
    SeveralStreamsAsCsv { streams: Vec<String> },
    #[error("cannot open a sink")]
    Sink(#[from] SinkError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    TableMissing(#[from] TableMissing),
    #[error(transparent)]
    Loading(#[from] LoadingError),
}

impl From<&RunError> for Exit {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::SeveralStreamsAsCsv { .. } => Self::Usage,
            RunError::Sink(_) | RunError::TableMissing(_) => Self::Failed,
            RunError::Loading(error) => error.into(),
            RunError::Engine(error) => error.into(),
        }
    }
}

/// Checks all programs, then runs one after the other until one fails or the person has had enough.
pub(crate) fn run(args: &RunArgs, terminal: Terminal) -> Exit {
    let options = SessionOptions {
        overrides: (&args.overrides).into(),
        ..SessionOptions::new(Mode::Run)
    };
    let cancel = cancel_on_interrupt();
    let mut programs = Vec::with_capacity(args.programs.len() + 1);
    let files = args
        .programs
        .iter()
        .map(|path| check_program(path, &options, &cancel, terminal));
    let query = args
        .query
        .iter()
        .map(|sql| check_text(query_program(sql), &options, &cancel, terminal));
    for checked in files.chain(query) {
        match checked {
            Ok(program) => programs.push(program),
            Err(_) if cancel.is_cancelled() => return Exit::Interrupted,
            Err(exit) => return exit,
        }
    }
    for program in programs {
        match run_program(program, args, &cancel, terminal) {
            Ok(Exit::Success) => {}
            Ok(exit) => return exit,
            Err(error) => {
                print_error(&error, terminal);
                return Exit::from(&error);
            }
        }
    }
    Exit::Success
}

fn run_program(
    mut program: CheckedProgram,
    args: &RunArgs,
    cancel: &Cancel,
    terminal: Terminal,
) -> Result<Exit, RunError> {
    let tables = program.take_tables_read();
    let policies: Vec<StatementPolicies> = program.statements.iter().map(StatementPolicies::of).collect();
    let outputs = JobOutputs::of(&program, false);
    let printer = RowPrinter::new(outputs.row_format(args.format, terminal), outputs.has_several_streams())
        .within(terminal.stdout.style.columns);
    if printer.is_csv() && outputs.has_several_streams() {
        return Err(RunError::SeveralStreamsAsCsv {
            streams: outputs.streams().map(str::to_owned).collect(),
        });
    }
    // Rows and progress on one terminal would write over each other.
    let is_drawing = terminal.stderr.is_terminal
        && !terminal.quiet
        && !(terminal.stdout.is_terminal && outputs.streams().next().is_some());
    let input_bytes = program
        .sources
        .values()
        .filter_map(|source| source.estimated_bytes())
        .sum();
    let sinks = outputs.open(&printer, &HashMap::new())?;
    let loading = RunTables::load(&tables, &program, cancel, terminal)?;
    let joined = match loading.as_ref().map(|loading| loading.wait(&program.statements)) {
        Some(Err(_)) if cancel.is_cancelled() => {
            if !terminal.quiet {
                print_on_stderr("interrupted: tables were not loaded to their end\n");
                print_on_stderr(&summary::untouched_text(&outputs.files()));
            }
            return Ok(Exit::Interrupted);
        }
        Some(joined) => joined?,
        None => HashMap::new(),
    };
    let job = Job {
        tables: joined,
        statements: outputs::with_sinks(program.statements, sinks),
        sources: program.sources,
        restored: RestoredJob::default(),
    };
    let metrics = Arc::new(Metrics::default());
    let progress = is_drawing.then(|| RunProgress::draw(Arc::clone(&metrics)));
    let options = RunOptions {
        parallelism: args
            .parallelism
            .map_or_else(|| workers_for(input_bytes), NonZeroUsize::get),
        follow: false,
        clock: Arc::new(SystemClock),
        cancel: cancel.clone(),
        progress: metrics,
        checkpoints: None,
    };
    let result = velo_engine::run(job, &options);
    drop(progress);
    // Tables are told of before the statements that read them, also when one of those has failed.
    let is_loaded = match loading {
        Some(loading) => loading.end(result.is_ok(), cancel, terminal)?,
        None => true,
    };
    let summary = result?;
    if !terminal.quiet {
        print_on_stderr(&summary::text(&summary, &policies));
        if summary.interrupted {
            print_on_stderr(&summary::untouched_text(&outputs.files()));
        }
    }
    Ok(match (summary.interrupted || cancel.is_cancelled(), is_loaded) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Success,
        (false, false) => Exit::Failed,
    })
}

/// As many workers as there are cores, but none without a share that is worth its thread. One worker also puts out
/// its rows in an order that does not change from run to run, which suits those who look at small inputs.
fn workers_for(input_bytes: u64) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let shares = usize::try_from(input_bytes / BYTES_PER_WORKER).unwrap_or(usize::MAX);
    shares.clamp(1, cores)
}
