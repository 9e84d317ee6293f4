//! Groups that put all work on one worker.

use velo_common::{Diagnostic, code};
use velo_parser::ast::Select;

use crate::plan::Aggregate;

/// A query whose rows all belong to one group, at least within a window.
///
/// Without any key that is what the query asks for, so that it is worth a word only where the input never ends.
pub(in crate::bind) fn constant_group(select: &Select, aggregate: &Aggregate, unbounded: bool) -> Option<Diagnostic> {
    let constant_keys = aggregate.keys.iter().all(|key| key.column_refs().is_empty());
    let span = match (&select.group_by, &select.window) {
        _ if !constant_keys => return None,
        (Some(clause), _) if !aggregate.keys.is_empty() => clause.span,
        (_, Some(window)) if unbounded => window.span,
        (Some(clause), None) if unbounded => clause.span,
        _ => return None,
    };
    let (message, help) = match aggregate.keys.as_slice() {
        [] => (
            "the window has no key, so that one worker does all of the work",
            "aggregate by a key first, and the results of that in a second statement",
        ),
        _ => (
            "the group is the same for all rows, so that one worker does all of the work",
            "group by a column; where one value over all rows is meant, say so: -- @allow: V0904",
        ),
    };
    Some(Diagnostic::new(&code::LINT_ONE_WORKER, span, message).with_help(help))
}
