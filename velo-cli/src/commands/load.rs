use std::io::{self, Write};
use std::path::Path;

use velo_engine::Cancel;
use velo_loader::{ParallelLoadingResult, ProgramLoadOptions, ProgramLoader, TableChoice};
use velo_planner::plan::PlannedStatement;
use velo_session::{CheckedProgram, Mode, SessionOptions};
use velo_state::SnapshotStore;

use super::loading::{Loading, LoadingError, loader};
use super::{check_program, print_on_stderr};
use crate::args::{LoadArgs, LoadFormat};
use crate::exit::Exit;
use crate::interrupt::cancel_on_interrupt;
use crate::print::dry_run;
use crate::print::errors::{chain, print_error};
use crate::print::line::{Line, text};
use crate::print::load::{problems, result_json, total, waves};
use crate::print::summary;
use crate::progress::LoadProgressStyle;
use crate::terminal::Terminal;

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadCommandError {
    #[error("the program has no tables to load")]
    NoTables,
    #[error(transparent)]
    Loading(#[from] LoadingError),
    #[error("cannot write the result")]
    Output(#[source] io::Error),
}

impl From<&LoadCommandError> for Exit {
    fn from(error: &LoadCommandError) -> Self {
        match error {
            LoadCommandError::NoTables => Self::Invalid,
            LoadCommandError::Loading(error) => error.into(),
            LoadCommandError::Output(_) => Self::Failed,
        }
    }
}

/// Checks all programs, then loads the tables of one after the other.
pub(crate) fn load(args: &LoadArgs, terminal: Terminal) -> io::Result<Exit> {
    let options = SessionOptions {
        mode: Mode::Load,
        overrides: (&args.overrides).into(),
        retries: args.loading.retries,
    };
    let cancel = cancel_on_interrupt();
    let mut programs = Vec::with_capacity(args.programs.len());
    for path in &args.programs {
        match check_program(path, &options, &cancel, terminal) {
            Ok(program) => programs.push((path.as_path(), program)),
            Err(_) if cancel.is_cancelled() => return Ok(Exit::Interrupted),
            Err(exit) => return Ok(exit),
        }
    }
    let mut exit = Exit::Success;
    for (path, program) in programs {
        match load_program(path, program, args, &cancel, terminal) {
            Ok(true) => {}
            Ok(false) => exit = Exit::Failed,
            Err(LoadCommandError::Output(error)) => return Err(error),
            Err(error) => {
                print_error(&error, terminal);
                return Ok(Exit::from(&error));
            }
        }
        if cancel.is_cancelled() {
            return Ok(Exit::Interrupted);
        }
    }
    Ok(exit)
}

/// Loads the tables of a program; tells whether all of them are loaded.
fn load_program(
    path: &Path,
    mut program: CheckedProgram,
    args: &LoadArgs,
    cancel: &Cancel,
    terminal: Terminal,
) -> Result<bool, LoadCommandError> {
    let tables = program.take_tables();
    let policies = summary::policies_by_name(tables.iter().chain(&program.statements));
    if tables.is_empty() {
        return Err(LoadCommandError::NoTables);
    }
    let loader = loader(&args.loading)?;
    let choice = TableChoice {
        select: args.select.clone(),
        exclude: args.exclude.clone(),
    };
    if args.dry_run {
        return preview(path, &program, &tables, &choice, args).map(|()| true);
    }
    let style = match args.format {
        LoadFormat::Json => LoadProgressStyle::Json,
        LoadFormat::Text => LoadProgressStyle::of(terminal),
    };
    let chosen = chosen_tables(&program, &tables, &choice);
    let loading = Loading {
        program: &program,
        tables: &tables,
        choice,
        full_refresh: args.full_refresh,
        style,
    };
    let started = loading.start(loader, &args.loading.state_dir, cancel, terminal);
    if let (Err(error), LoadFormat::Json) = (&started, args.format) {
        // Who reads events waits for the last one.
        let result = ParallelLoadingResult::not_begun(chosen, &chain(error));
        print(&result_json(&result).map_err(|error| LoadCommandError::Output(error.into()))?)?;
    }
    let (mut loading, progress) = started?;
    let result = loading.finish();
    progress.end();
    let result = result.map_err(LoadingError::from)?;
    let skipped = if terminal.quiet {
        String::new()
    } else {
        summary::rejected_text(&loading.program().reports(), &policies)
    };
    match args.format {
        LoadFormat::Json => {
            let json = result_json(&result).map_err(|error| LoadCommandError::Output(error.into()))?;
            print(&json)?;
            print_on_stderr(&skipped);
        }
        LoadFormat::Text => print_on_stderr(&told(&result, style, &skipped, terminal)),
    }
    Ok(result.is_complete())
}

/// Names of the tables that a load is about; none if its choice means none.
fn chosen_tables(program: &CheckedProgram, tables: &[PlannedStatement], choice: &TableChoice) -> Vec<String> {
    let tables = ProgramLoader::new(program, tables, ProgramLoadOptions::default());
    tables.selected(choice).unwrap_or_default()
}

/// What a person is told at the end. What was drawn over and over is gone by then; lines have told of each table already.
fn told(result: &ParallelLoadingResult, style: LoadProgressStyle, skipped: &str, terminal: Terminal) -> String {
    let render = |lines: &[Line]| text(lines, terminal.stderr.style);
    let problems = render(&problems(result));
    if terminal.quiet {
        return problems;
    }
    let waves = render(&waves(result, style == LoadProgressStyle::Bars));
    format!("{waves}{skipped}{problems}{}", render(&[total(result)]))
}

/// Prints what a load would do.
fn preview(
    path: &Path,
    program: &CheckedProgram,
    tables: &[PlannedStatement],
    choice: &TableChoice,
    args: &LoadArgs,
) -> Result<(), LoadCommandError> {
    let options = ProgramLoadOptions {
        store: Some(SnapshotStore::open_read_only(&args.loading.state_dir)),
        full_refresh: args.full_refresh,
        ..ProgramLoadOptions::default()
    };
    let loader = ProgramLoader::new(program, tables, options);
    let selected = loader.selected(choice).map_err(LoadingError::from)?;
    let previews = loader.preview_blocking(&selected).map_err(LoadingError::Thread)?;
    print(&dry_run::text(path, &loader, &previews))
}

fn print(text: &str) -> Result<(), LoadCommandError> {
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(LoadCommandError::Output)
}
