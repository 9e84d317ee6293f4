//! One module per subcommand. Each returns how the process ends; an error, if any, is one of writing its output.

mod completions;
mod deploy;
mod explain;
mod graph;
mod load;
mod loading;
mod query;
mod run;
mod run_tables;
mod schema;
mod validate;

pub(crate) use completions::completions;
pub(crate) use deploy::deploy;
pub(crate) use explain::explain;
pub(crate) use graph::graph;
pub(crate) use load::load;
pub(crate) use query::query;
pub(crate) use run::run;
pub(crate) use schema::schema;
pub(crate) use validate::validate;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use velo_common::{Diagnostic, SourceText, code, format_duration, render};
use velo_engine::Cancel;
use velo_session::{CheckedProgram, ReadError, SessionOptions, Wait, WaitCause, check, check_when_there, read_program};

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
        generated: Vec::new(),
        joins: Vec::new(),
    }
}

/// A program that can run; otherwise what keeps it from running has been printed.
pub(crate) fn check_program(
    path: &Path,
    options: &SessionOptions,
    cancel: &Cancel,
    terminal: Terminal,
) -> Result<CheckedProgram, Exit> {
    let source = read_program(path).map_err(|error| {
        print_finding(&unreadable(path, &error), terminal);
        Exit::Invalid
    })?;
    check_text(source, options, cancel, terminal)
}

/// As [`check_program`], of a program that has been read.
pub(crate) fn check_text(
    source: SourceText,
    options: &SessionOptions,
    cancel: &Cancel,
    terminal: Terminal,
) -> Result<CheckedProgram, Exit> {
    let mut on_wait = |wait: &Wait| {
        if let Some(text) = waiting_text(wait).filter(|_| wait.waited.is_zero() && !terminal.quiet) {
            print_on_stderr(&text);
        }
        if cancel.is_cancelled() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let program = check_when_there(source, options, &mut on_wait);
    if cancel.is_cancelled() {
        return Err(Exit::Interrupted);
    }
    print_refusal(&program, terminal).map(|()| program)
}

/// Prints what is wrong with a program that is to run, and tells how the process ends if it cannot.
fn print_refusal(program: &CheckedProgram, terminal: Terminal) -> Result<(), Exit> {
    for diagnostic in &program.diagnostics {
        if diagnostic.is_error() || !terminal.quiet {
            let text = render(diagnostic, &program.source, terminal.stderr.style);
            print_on_stderr(&format!("{text}\n\n"));
        }
    }
    if program.is_valid() {
        Ok(())
    } else {
        Err(Exit::of_refused_run(&program.diagnostics))
    }
}

/// What is said when a wait begins; nothing of one that every source takes.
fn waiting_text(wait: &Wait) -> Option<String> {
    let source = &wait.source;
    Some(match &wait.cause {
        WaitCause::Files { path, timeout } => {
            let (path, timeout) = (path.display(), format_duration(*timeout));
            format!("waiting up to {timeout} for `{path}`, which `{source}` reads\n")
        }
        WaitCause::Failure { error, delay } => {
            let delay = format_duration(*delay);
            format!("`{source}`: {error}; asked again in {delay}\n")
        }
        WaitCause::Answer => return None,
    })
}

fn print_finding(finding: &Finding, terminal: Terminal) {
    print_on_stderr(&diagnostics::text(finding, terminal.stderr.style));
}

pub(crate) fn print_on_stderr(text: &str) {
    // Standard error may be closed; nobody is left to be told.
    let _ = io::stderr().write_all(text.as_bytes());
}
