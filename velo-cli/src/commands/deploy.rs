use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use velo_common::{Diagnostic, code};
use velo_data::{Clock, SystemClock};
use velo_datasources::SinkError;
use velo_engine::{Cancel, Checkpoints, EngineError, Job, Metrics, RunOptions};
use velo_job::{JobOutline, Recovery, RecoveryError};
use velo_loader::{TableChoice, TableMissing};
use velo_session::{CheckedProgram, Mode, Output, SessionOptions};
use velo_state::{CheckpointError, CheckpointStore};

use super::loading::{Loading, LoadingError, loader};
use super::{check_program, print_on_stderr, print_refusal};
use crate::args::DeployArgs;
use crate::exit::Exit;
use crate::interrupt::cancel_on_interrupt;
use crate::outputs::{self, JobOutputs};
use crate::print::errors::print_error;
use crate::print::line::text;
use crate::print::load::problems;
use crate::print::recovery;
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
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    #[error("cannot use the checkpoints")]
    Checkpoint(#[from] CheckpointError),
    #[error("{groups}; start anew with --full-refresh, or keep the state in another directory")]
    Refused { groups: String },
}

impl From<&DeployError> for Exit {
    fn from(error: &DeployError) -> Self {
        match error {
            DeployError::Loading(error) => error.into(),
            DeployError::Engine(error) => error.into(),
            DeployError::TableMissing(_)
            | DeployError::Sink(_)
            | DeployError::Recovery(_)
            | DeployError::Checkpoint(_)
            | DeployError::Refused { .. } => Self::Failed,
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
    let outputs = JobOutputs::of(&program, true);
    let store = open_checkpoints(&program, args)?;
    let recovery = recover(&program, &outputs, &store, args, terminal)?;
    if args.dry_run {
        return Ok(());
    }
    let table_policies = summary::policies_by_name(tables.iter().chain(&program.statements));
    let loading = if tables.is_empty() {
        None
    } else {
        let loading = Loading {
            program: &program,
            tables: &tables,
            choice: TableChoice::default(),
            full_refresh: args.full_refresh,
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
    let prints_rows = outputs.streams().next().is_some();
    let printer = RowPrinter::new(outputs.row_format(None, terminal), outputs.has_several_streams());
    let sinks = outputs.open(&printer, &recovery.sinks)?;
    let store = Arc::new(store);
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let options = RunOptions {
        parallelism: args.parallelism.map_or(cores, NonZeroUsize::get),
        follow: true,
        clock: Arc::new(SystemClock),
        cancel: cancel.clone(),
        progress: Arc::new(Metrics::default()),
        checkpoints: Some(checkpoints(&program, &store, recovery.last_number)),
    };
    let job = Job {
        tables,
        statements: outputs::with_sinks(program.statements, sinks),
        sources: program.sources,
        restored: recovery.restored,
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
    if !is_stopped {
        // It has come to its end: the next run is another one.
        store.forget()?;
    }
    if !terminal.quiet {
        print_on_stderr(&summary::text(&summary, &policies));
        if is_stopped {
            print_on_stderr("stopped\n");
        }
    }
    Ok(())
}

/// The checkpoints of a program. To tell what would be done with them, nobody needs to be kept from writing.
fn open_checkpoints(program: &CheckedProgram, args: &DeployArgs) -> Result<CheckpointStore, CheckpointError> {
    let stem = Path::new(program.source.name()).file_stem();
    let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
    let job = program.application.clone().or(stem).unwrap_or_default();
    let directory = &args.loading.state_dir;
    if args.dry_run {
        return Ok(CheckpointStore::open_read_only(directory, &job));
    }
    let store = CheckpointStore::open(directory, &job)?;
    if args.full_refresh {
        store.forget()?;
    }
    Ok(store)
}

/// What the streams of a program go on from. It is told before anything starts.
fn recover(
    program: &CheckedProgram,
    outputs: &JobOutputs,
    store: &CheckpointStore,
    args: &DeployArgs,
    terminal: Terminal,
) -> Result<Recovery, DeployError> {
    let outline = JobOutline {
        statements: &program.statements,
        sinks: outputs.outlines(),
    };
    let recovery = if args.full_refresh {
        Recovery::begin(&outline)
    } else {
        Recovery::plan(&outline, store)?
    };
    let told = recovery::text(&recovery, SystemClock.now_ms());
    if args.dry_run && told.is_empty() {
        print_on_stderr("all streams begin: there is no checkpoint\n");
    } else if args.dry_run || !terminal.quiet {
        print_on_stderr(&told);
    }
    let refused = recovery.refused();
    let refused =
        refused.map(|(group, reason)| format!("{} cannot go on: {reason}", recovery::listed(&group.statements)));
    let refused: Vec<String> = refused.collect();
    if refused.is_empty() {
        return Ok(recovery);
    }
    Err(DeployError::Refused {
        groups: refused.join("; "),
    })
}

/// How often checkpoints are taken unless a statement says so.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);

/// How many checkpoints are kept unless a statement says so.
const CHECKPOINTS_RETAINED: usize = 3;

fn checkpoints(program: &CheckedProgram, store: &Arc<CheckpointStore>, last_number: u64) -> Checkpoints {
    let settings = || program.statements.iter().map(|statement| &statement.settings);
    let interval = settings().filter_map(|settings| settings.checkpoint_interval).min();
    let retained = settings().filter_map(|settings| settings.checkpoints_retained).max();
    Checkpoints {
        store: Arc::clone(store),
        interval: interval.unwrap_or(CHECKPOINT_INTERVAL),
        retained: retained.map_or(CHECKPOINTS_RETAINED, NonZeroUsize::get),
        last_number,
    }
}
