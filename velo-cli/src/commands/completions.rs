use std::io::{self, Write};

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::exit::Exit;

/// Prints the completions of one shell, generated from the flags.
pub(crate) fn completions(args: &CompletionsArgs) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "velo-cli", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Success)
}
