use std::io::{self, Write};
use std::sync::Arc;

use velo_data::SystemClock;
use velo_datasources::SinkError;
use velo_engine::{EngineError, Job, Metrics, RunOptions};
use velo_loader::{KeptTableError, KeptTables};
use velo_session::{CheckedProgram, Mode, Overrides, SessionOptions, check};

use super::{print_refusal, query_program};
use crate::args::QueryArgs;
use crate::exit::Exit;
use crate::interrupt::cancel_on_interrupt;
use crate::outputs::{self, JobOutputs};
use crate::print::errors::print_error;
use crate::print::rows::RowPrinter;
use crate::terminal::Terminal;

/// Why a query gave no rows.
#[derive(Debug, thiserror::Error)]
enum QueryError {
    #[error(transparent)]
    Tables(#[from] KeptTableError),
    #[error("cannot write rows")]
    Sink(#[from] SinkError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Reads tables that are loaded, once, and prints the rows.
pub(crate) fn query(args: &QueryArgs, terminal: Terminal) -> Exit {
    let tables = KeptTables::open(&args.state_dir);
    let known = match tables.list() {
        Ok(known) => known,
        Err(error) => {
            print_error(&error, terminal);
            return Exit::Failed;
        }
    };
    let options = SessionOptions {
        overrides: Overrides {
            tables: known,
            ..Overrides::default()
        },
        ..SessionOptions::new(Mode::Run)
    };
    let program = check(query_program(&args.sql), &options);
    if let Err(exit) = print_refusal(&program, terminal) {
        return exit;
    }
    match answer(program, &tables, args, terminal) {
        Ok(()) => Exit::Success,
        Err(error) => {
            print_error(&error, terminal);
            Exit::Failed
        }
    }
}

fn answer(
    program: CheckedProgram,
    tables: &KeptTables,
    args: &QueryArgs,
    terminal: Terminal,
) -> Result<(), QueryError> {
    let outputs = JobOutputs::of(&program);
    let printer = RowPrinter::new(outputs.row_format(args.format, terminal), outputs.has_several_streams());
    let sinks = outputs.open(&printer)?;
    let read: Vec<&str> = program
        .statements
        .iter()
        .flat_map(|statement| statement.plan.tables())
        .collect();
    let job = Job {
        tables: tables.read(read)?,
        statements: outputs::with_sinks(program.statements, sinks),
        sources: program.sources,
    };
    let options = RunOptions {
        parallelism: 1,
        follow: false,
        clock: Arc::new(SystemClock),
        cancel: cancel_on_interrupt(),
        progress: Arc::new(Metrics::default()),
    };
    velo_engine::run(job, &options)?;
    // A pipe that was closed has been told of by its sink.
    let _ = io::stdout().flush();
    Ok(())
}
