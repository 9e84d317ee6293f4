//! Errors with their causes, each said once.

use std::error::Error;
use std::io::{self, Write};

use crate::terminal::Terminal;

const BOLD_RED: &str = "\u{1b}[1;31m";
const RESET: &str = "\u{1b}[0m";

/// Prints an error and what caused it on standard error.
pub(crate) fn print_error(error: &dyn Error, terminal: Terminal) {
    print_message(&chain(error), terminal);
}

/// Prints one sentence as an error on standard error.
pub(crate) fn print_message(message: &str, terminal: Terminal) {
    let (start, end) = if terminal.stderr.style.color {
        (BOLD_RED, RESET)
    } else {
        ("", "")
    };
    // Standard error may be closed; nobody is left to be told.
    let _ = writeln!(io::stderr(), "{start}error{end}: {message}");
}

/// The messages of an error and its causes. A message that the one before ends with already is left out.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{message}")]
    struct Link {
        message: &'static str,
        source: Option<Box<Link>>,
    }

    fn link(message: &'static str, source: Option<Link>) -> Link {
        Link {
            message,
            source: source.map(Box::new),
        }
    }

    #[test]
    fn causes_follow_and_repetitions_do_not() {
        let error = link("cannot read `a.csv`", Some(link("permission denied", None)));
        assert_eq!(chain(&error), "cannot read `a.csv`: permission denied");
        let error = link("cannot read: permission denied", Some(link("permission denied", None)));
        assert_eq!(chain(&error), "cannot read: permission denied");
    }
}
