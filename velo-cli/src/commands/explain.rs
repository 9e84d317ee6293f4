use std::io::{self, Write};
use std::path::Path;

use velo_session::{CheckedProgram, Mode, SessionOptions, check};

use super::{query_program, read_and_check, refuse};
use crate::args::{ExplainArgs, PlanFormat};
use crate::exit::Exit;
use crate::print::diagnostics::Finding;
use crate::print::plans;
use crate::terminal::Terminal;

/// Prints the plan of every statement of a valid program.
pub(crate) fn explain(args: &ExplainArgs, terminal: Terminal) -> io::Result<Exit> {
    let program = match checked(args) {
        Ok(program) => program,
        Err(finding) => return refuse(&finding, terminal),
    };
    if !program.is_valid() {
        return refuse(&program.into(), terminal);
    }
    let plans = match args.format {
        PlanFormat::Text => program
            .statements
            .iter()
            .map(plans::text)
            .collect::<Vec<_>>()
            .join("\n"),
        PlanFormat::Json => plans::json(&program.statements)?,
    };
    io::stdout().write_all(plans.as_bytes())?;
    Ok(Exit::Success)
}

fn checked(args: &ExplainArgs) -> Result<CheckedProgram, Box<Finding>> {
    let options = SessionOptions {
        overrides: (&args.overrides).into(),
        ..SessionOptions::new(Mode::Validate)
    };
    match &args.query {
        Some(sql) => Ok(check(query_program(sql), &options)),
        None => read_and_check(args.program.as_deref().unwrap_or(Path::new("-")), &options),
    }
}
