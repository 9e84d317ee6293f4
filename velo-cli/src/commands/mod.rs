//! One module per subcommand. Each returns how the process ends; an error, if any, is one of writing its output.

mod completions;
mod explain;
mod graph;
mod run;
mod schema;
mod validate;

pub(crate) use completions::completions;
pub(crate) use explain::explain;
pub(crate) use graph::graph;
pub(crate) use run::run;
pub(crate) use schema::schema;
pub(crate) use validate::validate;

use std::io::{self, Write};
use std::path::Path;

use velo_common::{Diagnostic, SourceText, code};
use velo_session::{CheckedProgram, OnWait, ReadError, SessionOptions, check, check_when_there, read_program};

use crate::exit::Exit;
use crate::print::diagnostics::{self, Finding};
use crate::print::errors::chain;
use crate::terminal::Terminal;

/// What `--query` is called in messages.
const QUERY_NAME: &str = "<query>";

/// A program from the command line's `--query`.
fn query_program(sql: &str) -> SourceText {
    SourceText::new(QUERY_NAME, sql)
}

/// Reads and checks a program. One that cannot be read counts as invalid, which the diagnostic says.
fn read_and_check(path: &Path, options: &SessionOptions) -> Result<CheckedProgram, Box<Finding>> {
    read_program(path)
        .map(|source| check(source, options))
        .map_err(|error| Box::new(unreadable(path, &error)))
}

/// As [`read_and_check`], but waits for data files where the program says so.
fn read_and_check_when_there(
    path: &Path,
    options: &SessionOptions,
    on_wait: &mut OnWait<'_>,
) -> Result<CheckedProgram, Box<Finding>> {
    read_program(path)
        .map(|source| check_when_there(source, options, on_wait))
        .map_err(|error| Box::new(unreadable(path, &error)))
}

/// Says on standard error what keeps a program from being shown.
fn refuse(finding: &Finding, terminal: Terminal) -> io::Result<Exit> {
    io::stderr().write_all(diagnostics::text(finding, terminal.stderr.style).as_bytes())?;
    Ok(Exit::Invalid)
}

fn unreadable(path: &Path, error: &ReadError) -> Finding {
    Finding {
        source: SourceText::new(path.display().to_string(), ""),
        diagnostics: vec![Diagnostic::global(&code::FILE_NOT_FOUND, chain(error))],
        allowed: 0,
        inferred: Vec::new(),
        joins: Vec::new(),
    }
}
