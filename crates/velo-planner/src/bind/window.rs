use std::time::Duration;

use velo_common::{Diagnostic, Span, code};
use velo_data::SystemColumn;
use velo_parser::ast::{self, GroupByItem, Query, Select, SetExpr, Spanned, WindowKind};

use super::expr::ExprBinder;
use super::from::Input;
use super::lint;
use super::query::QueryBinder;
use super::unsupported::UnsupportedForm;
use crate::Reported;
use crate::plan::{Window, WindowAssigner};

/// The window of a SELECT: a clause, or an item of GROUP BY.
pub(super) fn windows(select: &Select) -> impl Iterator<Item = &Spanned<ast::Window>> {
    let grouped = select
        .group_by
        .iter()
        .flat_map(|items| &items.node)
        .filter_map(|item| match item {
            GroupByItem::Window(window) => Some(window),
            GroupByItem::Expr(_) => None,
        });
    select.window.iter().chain(grouped)
}

/// Whether the outermost SELECT of a query has a window.
pub(crate) fn has_window(query: &Query) -> bool {
    match &query.body {
        SetExpr::Select(select) => windows(select).next().is_some(),
        SetExpr::Query(inner) => has_window(inner),
        SetExpr::Values(_) | SetExpr::SetOperation { .. } => false,
    }
}

impl<'a> QueryBinder<'a, '_> {
    /// The window of a SELECT, if it has one.
    pub(super) fn window(&mut self, select: &'a Select, input: &mut Input) -> Result<Option<Window>, Reported> {
        let mut all = windows(select);
        let Some(window) = all.next() else { return Ok(None) };
        if let Some(second) = all.next() {
            self.report(
                Diagnostic::new(&code::DUPLICATE_CLAUSE, second.span, "the query has a window already")
                    .with_help("remove one of the two"),
            );
            return Err(Reported);
        }
        let assigner = self.checked(assigner(&window.node, window.span)).ok_or(Reported)?;
        if let Some(time_zone) = &window.node.time_zone {
            self.report(UnsupportedForm::WindowTimeZone.diagnostic(time_zone.span));
            return Err(Reported);
        }
        if let Some(retention) = &window.node.retention {
            self.report(UnsupportedForm::WindowRetention.diagnostic(retention.span));
            return Err(Reported);
        }
        self.window_time(&window.node, window.span, input).ok_or(Reported)?;
        let grace = window.node.grace_period.as_ref().map(|grace| grace.node);
        let allowed_lateness = grace.unwrap_or(self.window_defaults.allowed_lateness);
        Ok(Some(Window {
            assigner,
            allowed_lateness,
            late: self.window_defaults.late,
        }))
    }

    fn window_time(&mut self, window: &'a ast::Window, span: Span, input: &mut Input) -> Option<()> {
        if let Some(time_column) = &window.time_column {
            let mut binder = ExprBinder {
                scope: &input.scope,
                grouping: None,
                aliases: &[],
                clause: "WINDOW",
                diagnostics: self.diagnostics,
            };
            let time = binder.bind(time_column)?;
            let set = self.set_event_time(&mut input.plan, &time);
            return self.checked(set);
        }
        if input.plan.schema().system(SystemColumn::EventTime).is_some() {
            let lint = lint::record_time(&input.plan, span, self.catalog);
            self.diagnostics.extend(lint);
            return Some(());
        }
        self.report(
            Diagnostic::new(
                &code::INVALID_WINDOW,
                span,
                "the rows have no event time for the window to go by",
            )
            .with_help(
                "name the column that holds it: WINDOW TUMBLING(column, size), or 'event.time.field' = 'column'",
            ),
        );
        None
    }
}

fn assigner(window: &ast::Window, span: Span) -> Result<WindowAssigner, Diagnostic> {
    match &window.kind {
        WindowKind::Tumbling { size } => {
            let size_ms = milliseconds(size, "size")?;
            let offset_ms = match &window.offset {
                None => 0,
                Some(offset) => whole_milliseconds(offset.node, offset.span, "offset")? % size_ms,
            };
            Ok(WindowAssigner::Tumbling { size_ms, offset_ms })
        }
        WindowKind::Sliding { .. } => Err(UnsupportedForm::SlidingWindow.diagnostic(span)),
        WindowKind::Session { .. } => Err(UnsupportedForm::SessionWindow.diagnostic(span)),
        WindowKind::Cumulate { .. } => Err(UnsupportedForm::CumulateWindow.diagnostic(span)),
    }
}

fn milliseconds(duration: &Spanned<Duration>, what: &str) -> Result<i64, Diagnostic> {
    match whole_milliseconds(duration.node, duration.span, what)? {
        0 => Err(Diagnostic::new(
            &code::INVALID_WINDOW,
            duration.span,
            format!("a window's {what} must be positive"),
        )
        .with_help("write a length of time, such as 30s, 5m or 1h")),
        milliseconds => Ok(milliseconds),
    }
}

fn whole_milliseconds(duration: Duration, span: Span, what: &str) -> Result<i64, Diagnostic> {
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
        let message = format!("a window's {what} is in whole milliseconds");
        return Err(Diagnostic::new(&code::INVALID_WINDOW, span, message));
    }
    i64::try_from(duration.as_millis())
        .map_err(|_| Diagnostic::new(&code::INVALID_WINDOW, span, format!("the window's {what} is too long")))
}
