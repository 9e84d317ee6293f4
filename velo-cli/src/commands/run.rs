use std::collections::HashMap;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use velo_data::SystemClock;
use velo_datasources::SinkError;
use velo_engine::{Cancel, EngineError, Job, JobSummary, Metrics, RunOptions};
use velo_loader::{
    BackgroundLoad, LoadingConfigError, ParallelLoader, ParallelLoadingConfig, ProgramLoadOptions, ProgramLoader,
    TableMissing,
};
use velo_planner::plan::PlannedStatement;
use velo_session::{CheckedProgram, Mode, SessionOptions};

use super::{check_program, print_on_stderr};
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
    #[error("cannot load tables")]
    LoadingConfig(#[from] LoadingConfigError),
    #[error("cannot load tables")]
    Thread(#[from] io::Error),
}

impl From<&RunError> for Exit {
    fn from(error: &RunError) -> Self {
        match error {
            RunError::SeveralStreamsAsCsv { .. } => Self::Usage,
            RunError::Sink(_) | RunError::TableMissing(_) | RunError::LoadingConfig(_) | RunError::Thread(_) => {
                Self::Failed
            }
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
    let mut programs = Vec::with_capacity(args.programs.len());
    for path in &args.programs {
        match check_program(path, &options, &cancel, terminal) {
            Ok(program) => programs.push(program),
            Err(_) if cancel.is_cancelled() => return Exit::Interrupted,
            Err(exit) => return exit,
        }
    }
    for program in programs {
        match run_program(program, args, &cancel, terminal) {
            Ok(summary) if summary.interrupted => return Exit::Interrupted,
            Ok(_) => {}
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
) -> Result<JobSummary, RunError> {
    let tables = program.take_tables_read();
    let table_policies = summary::policies_by_name(tables.iter().chain(&program.statements));
    let policies: Vec<StatementPolicies> = program.statements.iter().map(StatementPolicies::of).collect();
    let outputs = JobOutputs::of(&program);
    let printer = RowPrinter::new(outputs.row_format(args.format, terminal), outputs.has_several_streams());
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
    let sinks = outputs.open(&printer)?;
    let loading = start_loading(&tables, &program, cancel)?;
    let tables = match &loading {
        Some(loading) => loading.wait_for_tables(&program.statements)?,
        None => HashMap::new(),
    };
    let job = Job {
        tables,
        statements: outputs::with_sinks(program.statements, sinks),
        sources: program.sources,
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
    };
    let result = velo_engine::run(job, &options);
    drop(progress);
    if let Some(loading) = loading {
        if !terminal.quiet {
            print_on_stderr(&summary::rejected_text(&loading.program().reports(), &table_policies));
        }
        loading.stop();
    }
    let summary = result?;
    if !terminal.quiet {
        print_on_stderr(&summary::text(&summary, &policies));
    }
    Ok(summary)
}

/// Starts to load the tables that the program's statements need.
fn start_loading(
    tables: &[PlannedStatement],
    program: &CheckedProgram,
    cancel: &Cancel,
) -> Result<Option<BackgroundLoad>, RunError> {
    if tables.is_empty() {
        return Ok(None);
    }
    let loader = ParallelLoader::new(ParallelLoadingConfig::default())?;
    let tables = ProgramLoader::new(program, tables, ProgramLoadOptions::default());
    Ok(Some(BackgroundLoad::start(tables, loader, None, cancel)?))
}

/// As many workers as there are cores, but none without a share that is worth its thread. One worker also puts out
/// its rows in an order that does not change from run to run, which suits those who look at small inputs.
fn workers_for(input_bytes: u64) -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let shares = usize::try_from(input_bytes / BYTES_PER_WORKER).unwrap_or(usize::MAX);
    shares.clamp(1, cores)
}
