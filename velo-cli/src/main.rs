//! The command line of Velostream: arguments, printing, exit codes, and no logic of its own.
//!
//! Results go to standard output, everything else to standard error. What a command does is in the crates below;
//! `commands` holds one module per subcommand, `print` everything that a person or a program gets to read.

mod args;
mod commands;
mod exit;
mod interrupt;
mod outputs;
mod print;
mod progress;
mod terminal;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;

use args::{Cli, Command};
use exit::Exit;
use terminal::Terminal;

/// Rows move between threads in blocks that one allocates and another frees, which this allocator takes in its stride.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::detect(&cli);
    log_to_stderr(cli.verbose, terminal.stderr.style.color);
    let result = match &cli.command {
        Command::Validate(args) => commands::validate(args, terminal),
        Command::Run(args) => Ok(commands::run(args, terminal)),
        Command::Load(args) => commands::load(args, terminal),
        Command::Deploy(args) => Ok(commands::deploy(args, terminal)),
        Command::Query(args) => Ok(commands::query(args, terminal)),
        Command::Explain(args) => commands::explain(args, terminal),
        Command::Graph(args) => commands::graph(args, terminal),
        Command::Schema => commands::schema(),
        Command::Completions(args) => commands::completions(args),
    };
    let exit = result.unwrap_or_else(|error| {
        // Whoever reads the output has seen enough, as in `… | head`.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Exit::Success;
        }
        print::errors::print_message(&format!("cannot write the output: {error}"), terminal);
        Exit::Failed
    });
    exit.into()
}

/// Sends what the crates below tell about their work to standard error, from warnings on unless asked for more.
fn log_to_stderr(verbose: u8, color: bool) {
    let level = match verbose {
        0 => return, // What matters to everybody is printed, not logged.
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(color)
        .with_writer(io::stderr)
        .init();
}
