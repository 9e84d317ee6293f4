//! What the two output streams can show.

use std::env;
use std::io::{self, IsTerminal};

use velo_common::RenderStyle;

use crate::args::{Cli, ColorChoice};

/// Where the command prints, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Standard output.
    pub(crate) stdout: Stream,
    /// Standard error.
    pub(crate) stderr: Stream,
    /// Whether only errors are to be told.
    pub(crate) quiet: bool,
    /// Whether more is to be told than what is wrong.
    pub(crate) verbose: bool,
}

/// One of the two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Whether a person looks at it.
    pub(crate) is_terminal: bool,
    /// Whether what was drawn on it can be drawn over.
    pub(crate) can_draw: bool,
    /// Whether it takes colors, and how wide it is.
    pub(crate) style: RenderStyle,
}

impl Terminal {
    /// What the process was started with.
    pub(crate) fn detect(cli: &Cli) -> Self {
        let stream = |is_terminal: bool| Stream {
            is_terminal,
            can_draw: is_terminal && !is_dumb(),
            style: RenderStyle {
                color: wants_color(cli.color, is_terminal),
                columns: is_terminal.then(columns).flatten(),
            },
        };
        Self {
            stdout: stream(io::stdout().is_terminal()),
            stderr: stream(io::stderr().is_terminal()),
            quiet: cli.quiet,
            verbose: cli.verbose > 0,
        }
    }
}

/// How many columns the terminal has, if that can be found out.
fn columns() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Columns and rows of the terminal behind standard error, as they are now.
pub(crate) fn stderr_size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stderr())?;
    Some((usize::from(width.0), usize::from(height.0))).filter(|(columns, rows)| *columns > 0 && *rows > 0)
}

fn wants_color(choice: ColorChoice, is_terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && !is_set("NO_COLOR") && !is_dumb(),
    }
}

/// Whether the terminal knows no more than to print characters.
fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Whether the variable has a value; set to nothing counts as not set, as <https://no-color.org> asks.
fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}
