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
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use velo_datasources::NOTICE_TARGET;

use args::{Cli, Command};
use exit::Exit;
use print::notices::Notices;
use terminal::Terminal;

/// Rows move between threads in blocks that one allocates and another frees, which this allocator takes in its stride.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::detect(&cli);
    log_to_stderr(cli.verbose, terminal);
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

/// Sends what the crates below tell about their work to standard error. Libraries do not know what is secret of what they
/// are given, and would log URLs and headers with it: they are not heard.
fn log_to_stderr(verbose: u8, terminal: Terminal) {
    let color = terminal.stderr.style.color;
    let level = match verbose {
        0 => LevelFilter::OFF, // What matters to everybody is printed, not logged.
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let is_logged = Targets::new()
        .with_target("velo", level)
        .with_target(NOTICE_TARGET, LevelFilter::OFF);
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(color)
        .with_writer(io::stderr)
        .with_filter(is_logged);
    let noticed = if terminal.quiet {
        LevelFilter::OFF
    } else {
        LevelFilter::WARN
    };
    let notices = Notices::new(color).with_filter(Targets::new().with_target(NOTICE_TARGET, noticed));
    tracing_subscriber::registry().with(log).with(notices).init();
}
