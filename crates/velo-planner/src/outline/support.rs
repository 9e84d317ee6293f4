//! Properties that a statement has no use for, or that this version cannot honour.

use std::collections::HashMap;

use velo_common::{Diagnostic, Name, Span, code};
use velo_parser::ast::{StatementKind as Syntax, TableKind};

use super::SourceOutline;
use super::build::{Builder, Draft, is_of_statement};
use super::objects::{Role, is_sink, kind_of};
use crate::plan::StatementKind;
use crate::properties::{Scope, definition};
use crate::walk::{from_clauses, relations};

impl<'a> Builder<'a, '_> {
    /// Refuses the properties of a statement that this version cannot honour, and warns of those without effect.
    pub(super) fn check_support(&mut self, index: usize, draft: Option<&Draft<'a>>) {
        let Some(statement) = self.assignments.get(index) else {
            return;
        };
        let span = self.script.statements[index].span;
        let mut found = Vec::new();
        let objects = statement.named.iter().map(|named| &named.properties);
        for (is_bare, properties) in objects.map(|named| (false, named)).chain([(true, &statement.bare)]) {
            // What cannot be used at all is refused as a whole.
            let role = if is_sink(properties) { Role::Sink } else { Role::Source };
            if matches!(kind_of(role, properties, span), Ok(Some(kind)) if !kind.is_supported(role)) {
                continue;
            }
            for (key, value) in properties {
                let scope = definition(key).map(|definition| definition.scope);
                // What has no effect is said to have none, and that is enough.
                let is_idle = is_bare && draft.is_some_and(|draft| self.idle(draft, scope).is_some());
                if !is_idle && definition(key).is_some_and(|definition| !definition.supported) {
                    let message = format!("`{key}` is not supported yet");
                    found.push(Diagnostic::new(
                        &code::UNSUPPORTED_PROPERTY,
                        value.span.unwrap_or(span),
                        message,
                    ));
                }
            }
        }
        for (key, value) in &statement.bare {
            let scope = definition(key).map(|definition| definition.scope);
            let reason = match draft {
                Some(draft) => self.idle(draft, scope),
                None if scope == Some(Scope::Table) && self.declares_table(index) => None,
                None if is_of_statement(key) => Some("it belongs to the statements that read or write this"),
                None => None,
            };
            if let (Some(reason), Some(at)) = (reason, value.span) {
                let message = format!("`{key}` has no effect here: {reason}");
                found.push(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, at, message));
            }
        }
        self.diagnostics.extend(found);
    }

    /// Whether a statement declares a table, which is loaded as it is.
    fn declares_table(&self, index: usize) -> bool {
        let statement = &self.script.statements[index].kind;
        matches!(statement, Syntax::Declare(declare) if declare.kind == TableKind::Table)
    }

    /// A metric is one thing in the whole program, so that its name stands once.
    pub(super) fn check_metric_names(&mut self) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut found = Vec::new();
        let metrics = self.queries.iter().flat_map(|query| &query.metrics);
        for metric in metrics.filter(|metric| !metric.name.is_empty()) {
            if let Some(first) = seen.insert(&metric.name, metric.name.span) {
                let message = format!("there is another metric `{}`", metric.name.node);
                found.push(
                    Diagnostic::new(&code::INVALID_ANNOTATION, metric.name.span, message)
                        .with_related(Some(first), "the other one")
                        .with_help("give one of them another name"),
                );
            }
        }
        self.diagnostics.extend(found);
    }

    /// Warns of properties under a name that means something else than they are for: event time of a sink, or how a
    /// statement runs under the name of a source.
    pub(super) fn check_owners(&mut self) {
        let mut found = Vec::new();
        for (index, assignment) in self.assignments.iter().enumerate() {
            for named in &assignment.named {
                for (key, value) in &named.properties {
                    if let (Some(reason), Some(at)) = (self.wrong_owner(index, &named.name, key), value.span) {
                        let message = format!("`{key}` has no effect on `{}`: {reason}", named.name);
                        found.push(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, at, message));
                    }
                }
            }
        }
        self.diagnostics.extend(found);
    }

    fn wrong_owner(&self, index: usize, name: &str, key: &str) -> Option<&'static str> {
        let definition = definition(key).filter(|definition| definition.supported)?;
        let folded = name.to_lowercase();
        let is_source = self.sources_by_name.contains_key(&folded);
        let is_sink = self.sink_names.contains(&folded);
        let is_this_statement = self
            .queries
            .iter()
            .any(|query| query.name.eq_ignore_ascii_case(name) && query.span == self.script.statements[index].span);
        if definition.scope == Scope::Time && is_sink && !is_source {
            return Some("it is about rows that are read, and this is written");
        }
        if is_of_statement(key) && !is_this_statement && (is_source || is_sink) {
            return Some("it says how a statement runs; write it without a name in that statement's WITH");
        }
        if key == "watermark.idle.timeout" && is_source && !self.may_be_idle(&folded) {
            return Some("a file ends, and is never idle");
        }
        None
    }

    /// Whether rows of a source may stay away for a while.
    fn may_be_idle(&self, folded: &str) -> bool {
        let indexes = self.sources_by_name.get(folded).into_iter().flatten();
        let mut sources = indexes.filter_map(|index| self.sources.get(*index));
        sources.any(SourceOutline::is_unbounded)
    }

    /// Why a property of this scope does nothing for the statement.
    fn idle(&self, draft: &Draft<'_>, scope: Option<Scope>) -> Option<&'static str> {
        let references = relations(draft.query);
        let is_own = |name: &Name| self.definitions.get(name).is_some();
        let reads_undeclared = references.iter().any(|reference| !is_own(&reference.name));
        let has_own_sink = self.sink_names.contains(&draft.name.to_lowercase());
        match scope? {
            Scope::Window if !crate::bind::has_window(draft.query) => Some("the query has no WINDOW"),
            Scope::Table if draft.kind != StatementKind::Table => Some("the statement creates no table"),
            Scope::Join
                if from_clauses(draft.query)
                    .iter()
                    .all(|reference| reference.from.joins.is_empty()) =>
            {
                Some("the query joins nothing")
            }
            Scope::Source | Scope::Time if references.is_empty() => Some("the query reads nothing"),
            Scope::Source if !reads_undeclared => Some("what the query reads is configured elsewhere"),
            Scope::Sink if !has_own_sink => Some("the statement has no sink of its own"),
            Scope::Object if draft.kind == StatementKind::Query && draft.query.into.is_none() => {
                (!reads_undeclared).then_some("what the query reads is configured elsewhere")
            }
            Scope::Object if !has_own_sink => Some("the statement has no sink of its own; name a `path`"),
            _ => None,
        }
    }
}
