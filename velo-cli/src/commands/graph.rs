use std::io::{self, Write};

use velo_session::{CheckedProgram, Mode, SessionOptions, program_graph};

use super::{read_and_check, refuse};
use crate::args::{GraphArgs, GraphFormat};
use crate::exit::Exit;
use crate::print::errors::print_message;
use crate::print::lineage;
use crate::terminal::Terminal;

/// Draws which statements of a valid program need which others.
pub(crate) fn graph(args: &GraphArgs, terminal: Terminal) -> io::Result<Exit> {
    if args.columns && matches!(args.format, GraphFormat::Dot | GraphFormat::Mermaid) {
        print_message(
            "--columns is told as text or as JSON: add --format text or --format json",
            terminal,
        );
        return Ok(Exit::Usage);
    }
    let options = SessionOptions {
        overrides: (&args.overrides).into(),
        ..SessionOptions::new(Mode::Validate)
    };
    let program = match read_and_check(&args.program, &options) {
        Ok(program) if program.is_valid() => program,
        Ok(program) => return refuse(&program.into(), terminal),
        Err(finding) => return refuse(&finding, terminal),
    };
    io::stdout().write_all(drawing(&program, args)?.as_bytes())?;
    Ok(Exit::Success)
}

fn drawing(program: &CheckedProgram, args: &GraphArgs) -> serde_json::Result<String> {
    let graph = program_graph(program);
    let description = graph.describe();
    Ok(match args.format {
        GraphFormat::Text if args.columns => {
            description.to_text_of("statement") + "\n" + &lineage::text(&program.statements)
        }
        GraphFormat::Text => description.to_text_of("statement"),
        GraphFormat::Dot => description.to_dot(),
        GraphFormat::Mermaid => description.to_mermaid(),
        GraphFormat::Json => lineage::graph_json(&description, args.columns.then_some(&program.statements))?,
    })
}
