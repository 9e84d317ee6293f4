//! What the two output streams can show.

use std::env;
use std::io::{self, IsTerminal};

use crate::args::{Cli, ColorChoice};

/// Where the command prints, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Whether a person looks at standard output.
    pub(crate) stdout_is_terminal: bool,
    /// Whether a person looks at standard error.
    pub(crate) stderr_is_terminal: bool,
    /// Whether standard output takes colors.
    pub(crate) stdout_color: bool,
    /// Whether standard error takes colors.
    pub(crate) stderr_color: bool,
    /// Whether only errors are to be told.
    pub(crate) quiet: bool,
}

impl Terminal {
    /// What the process was started with.
    pub(crate) fn detect(cli: &Cli) -> Self {
        let stdout_is_terminal = io::stdout().is_terminal();
        let stderr_is_terminal = io::stderr().is_terminal();
        Self {
            stdout_is_terminal,
            stderr_is_terminal,
            stdout_color: wants_color(cli.color, stdout_is_terminal),
            stderr_color: wants_color(cli.color, stderr_is_terminal),
            quiet: cli.quiet,
        }
    }
}

fn wants_color(choice: ColorChoice, is_terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            is_terminal && !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// Whether the variable has a value; set to nothing counts as not set, as <https://no-color.org> asks.
fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}
