//! Overrides from the command line that meet nothing in the program.

use velo_common::{Diagnostic, Severity, code, nearest};
use velo_planner::{Outline, Overrides};

use crate::check::Mode;

/// Says which `--source` and `--sink` name something that the program does not use.
///
/// A run would go on with other data than its caller thinks, so that it is refused. Many programs may be validated
/// with the same overrides, of which each uses some.
pub(crate) fn unmet_overrides(outline: &Outline<'_>, overrides: &Overrides, mode: Mode) -> Vec<Diagnostic> {
    let sources: Vec<&str> = outline.sources.iter().map(|source| source.name.as_str()).collect();
    let sinks: Vec<&str> = outline.sinks.iter().map(|sink| sink.name.as_str()).collect();
    let statements = outline.queries.iter().map(|query| query.name.as_str());
    let writable: Vec<&str> = sinks.iter().copied().chain(statements).collect();
    let unread = overrides.sources.iter().filter(|(name, _)| !is_among(name, &sources));
    let unwritten = overrides.sinks.iter().filter(|(name, _)| !is_among(name, &writable));
    let unread = unread.map(|(name, _)| (format!("--source: no statement reads `{name}`"), name, &sources));
    let unwritten = unwritten.map(|(name, _)| (format!("--sink: no statement writes `{name}`"), name, &writable));
    let diagnostic = |(message, name, known): (String, &String, &Vec<&str>)| {
        let meant = nearest(name, known.iter().copied());
        let help = meant.map(|meant| format!("did you mean `{meant}`?"));
        let mut diagnostic = Diagnostic::global(&code::UNKNOWN_TABLE, message).with_help_if(help);
        if mode == Mode::Validate {
            diagnostic.severity = Severity::Warning;
        }
        diagnostic
    };
    unread.chain(unwritten).map(diagnostic).collect()
}

fn is_among(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
