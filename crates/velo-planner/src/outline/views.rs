//! Views: put in where they are read, and checked where they are not.

use velo_common::{Diagnostic, code};
use velo_parser::ast::{CreateView, StatementKind as Syntax};

use super::build::{Builder, Draft};
use super::{QueryOutline, TargetColumns};
use crate::plan::StatementKind;
use crate::properties::Properties;

impl Builder<'_, '_> {
    /// A view is put in where it is read, so that what says how a statement runs has no place in it.
    pub(super) fn check_view(&mut self, view: &CreateView) {
        let emit = view.query.emit.as_ref().map(|emit| ("EMIT", emit.span));
        let with = view
            .query
            .properties
            .first()
            .map(|property| ("WITH", property.key.span));
        let into = view.query.into.as_ref().map(|into| ("INTO", into.span));
        for (clause, span) in [emit, with, into].into_iter().flatten() {
            let message = format!("{clause} belongs to a statement that runs, not to a view");
            self.diagnostics.push(
                Diagnostic::new(&code::MISPLACED_CLAUSE, span, message)
                    .with_help("move it to the statement that reads the view"),
            );
        }
    }

    /// Views that no statement reads: their queries are checked, and never run.
    pub(super) fn unread_views(&mut self) {
        self.is_checking_views = true;
        for (index, statement) in self.script.statements.iter().enumerate() {
            let Syntax::CreateView(view) = &statement.kind else {
                continue;
            };
            let name = view.name.name();
            if self.read_views.contains(&name.folded()) || self.definitions.is_unused(index) {
                continue;
            }
            let diagnostics_before = self.diagnostics.len();
            let columns = match view.columns.as_slice() {
                [] => TargetColumns::Own,
                columns => TargetColumns::Named(columns),
            };
            let draft = Draft {
                index,
                name: name.text,
                kind: StatementKind::Query,
                query: &view.query,
                columns,
                target: None,
            };
            let reads = self.reads(&draft, &Properties::new());
            let broken = reads.any_unparsed || self.is_broken_since(diagnostics_before);
            self.unread_views.push(QueryOutline {
                name: draft.name,
                kind: draft.kind,
                span: statement.span,
                headline: view.name.span(),
                reads: reads.relations,
                times: reads.times,
                depends_on: Vec::new(),
                tags: Vec::new(),
                state_id: None,
                sinks: Vec::new(),
                properties: Properties::new(),
                missing_defaults: Vec::new(),
                query: draft.query,
                columns,
                metrics: Vec::new(),
                broken,
            });
        }
    }
}
