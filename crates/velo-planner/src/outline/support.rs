//! Properties that a statement has no use for, or that this version cannot honour.

use std::collections::HashMap;

use velo_common::{Diagnostic, Name, Span, code};
use velo_parser::ast::{Query, StatementKind as Syntax, TableKind};

use super::build::{Builder, Draft, is_of_statement};
use super::definitions::Definition;
use super::objects::{Role, is_sink, kind_of};
use super::{DeclaredAs, JoinRole, QueryOutline, SourceOutline};
use crate::plan::StatementKind;
use crate::properties::{Properties, PropertyValue, Scope, definition};
use crate::walk::{from_clauses, relations};

const NEVER_IDLE: &str = "a source that ends is never idle";

/// Why a table's rows wait for nothing.
const KEPT_AS_A_WHOLE: &str = "a table is kept when its load is over";

/// Why a table is not watched.
const NEVER_WATCHED: &str =
    "a table is read to the end that is there; `load.incremental.interval` says how often new rows are read";

/// What decides whether a property does something for a query.
struct QueryUses<'q> {
    name: &'q str,
    kind: StatementKind,
    query: &'q Query,
}

impl<'q> QueryUses<'q> {
    fn of(query: &'q QueryOutline<'_>) -> Self {
        Self {
            name: &query.name,
            kind: query.kind,
            query: query.query,
        }
    }
}

fn is_of_watching(key: &str) -> bool {
    ["watch", "polling.interval"].contains(&key)
}

/// Why a property of statements does nothing for a table that is loaded as its source has it.
fn idle_in_table(key: &str) -> Option<&'static str> {
    match (definition(key)?.scope, key) {
        (Scope::Window, _) => Some("a table that is loaded as it is has no WINDOW"),
        (Scope::Join, _) => Some("a table that is loaded as it is joins nothing; write it where the table is joined"),
        (Scope::Stream, _) => Some(KEPT_AS_A_WHOLE),
        (Scope::Statement, "max.groups") => Some("a table that is loaded as it is has no groups"),
        (Scope::Statement, "sinks") => Some("a table that is loaded as it is has no sinks"),
        _ => None,
    }
}

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
            let is_refused = matches!(kind_of(role, properties, span), Ok(Some(kind)) if !kind.is_supported(role));
            for (key, value) in properties {
                if is_refused && !self.is_taken(value) {
                    continue;
                }
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
            let by_kind = match draft {
                Some(draft) => self.idle(draft, scope),
                None => self.idle_in_declaration(index, key, scope),
            };
            let of_files = || {
                (*key == "watermark.idle.timeout")
                    .then(|| self.idle_timeout(value))
                    .flatten()
            };
            let reason = by_kind.or_else(of_files);
            if let (Some(reason), Some(at)) = (reason, value.span) {
                let message = format!("`{key}` has no effect here: {reason}");
                found.push(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, at, message));
            }
        }
        self.diagnostics.extend(found);
    }

    /// Whether a property belongs to a source or sink of a kind that can be used.
    fn is_taken(&self, value: &PropertyValue) -> bool {
        let has = |properties: &Properties| value.span.is_some() && properties.values().any(|other| other == value);
        let usable = |role: Role, properties: &Properties, span: Span| matches!(kind_of(role, properties, span), Ok(Some(kind)) if kind.is_supported(role));
        let mut sources = self.sources.iter().filter(|source| has(&source.properties));
        let mut sinks = self.sinks.iter().filter(|sink| has(&sink.properties));
        sources.any(|source| usable(Role::Source, &source.properties, source.span))
            || sinks.any(|sink| usable(Role::Sink, &sink.properties, sink.span))
    }

    /// Why `watermark.idle.timeout`, which stands without a name, does nothing for the sources that have it.
    fn idle_timeout(&self, value: &PropertyValue) -> Option<&'static str> {
        let has = |source: &&SourceOutline| source.properties.values().any(|other| other == value);
        let mut sources = self.sources.iter().filter(has).peekable();
        sources.peek()?;
        (!sources.any(SourceOutline::is_unbounded)).then_some(NEVER_IDLE)
    }

    /// Why a property does nothing in a declaration: of a stream, which does not run, or of a table, which is loaded as it
    /// is.
    fn idle_in_declaration(&self, index: usize, key: &str, scope: Option<Scope>) -> Option<&'static str> {
        let Syntax::Declare(declare) = &self.script.statements[index].kind else {
            return None;
        };
        let folded = declare.name.name().folded();
        let is_read = self.sources_by_name.contains_key(&folded);
        let is_written = self.sink_names.contains(&folded);
        match scope? {
            Scope::Source | Scope::Time if is_written && !is_read => {
                Some("it is about rows that are read, and this is written")
            }
            Scope::Sink if is_read && !is_written => Some("it is about rows that are written, and this is read"),
            _ if declare.kind == TableKind::Table && is_of_watching(key) => Some(NEVER_WATCHED),
            _ if !is_of_statement(key) => None,
            _ if declare.kind == TableKind::Stream || is_written => {
                Some("it says how a statement runs; write it in the WITH of those that read or write this")
            }
            _ if key == "schema.drift" && !declare.columns.is_empty() => {
                Some("its columns are declared, so that nothing else is wanted of its records")
            }
            _ => idle_in_table(key),
        }
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

    fn is_declared_table(&self, name: &str) -> bool {
        let declared = self.definitions.get(&Name::new(name));
        matches!(declared, Some((_, Definition::Declared(declare, _))) if declare.kind == TableKind::Table)
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
            if is_source && (self.is_declared_table(&folded) || self.is_joined(name)) {
                return idle_in_table(key);
            }
            return Some("it says how a statement runs; write it without a name in that statement's WITH");
        }
        if is_of_watching(key) && self.is_declared_table(&folded) && is_source {
            return Some(NEVER_WATCHED);
        }
        if definition.scope == Scope::Source && is_sink && !is_source {
            return Some("it is about rows that are read, and this is written");
        }
        if definition.scope == Scope::Sink && is_source && !is_sink {
            return Some("it is about rows that are written, and this is read");
        }
        if key == "watermark.idle.timeout" && is_source && !self.may_be_idle(&folded) {
            return Some(NEVER_IDLE);
        }
        None
    }

    /// Whether rows of a source may stay away for a while.
    fn may_be_idle(&self, folded: &str) -> bool {
        let indexes = self.sources_by_name.get(folded).into_iter().flatten();
        let mut sources = indexes.filter_map(|index| self.sources.get(*index));
        sources.any(SourceOutline::is_unbounded)
    }

    /// Says which settings of the command line do nothing in the whole program.
    pub(super) fn check_set(&mut self) {
        let mut found = Vec::new();
        let bare = self.set.bare.keys().map(|key| (None, key.as_ref()));
        let named = self.set.named.iter();
        let named = named.flat_map(|(name, keys)| keys.keys().map(move |key| (Some(name.as_str()), key.as_ref())));
        for (name, key) in bare.chain(named) {
            if let Some(reason) = self.idle_setting(name, key) {
                let key = name.map_or_else(|| key.to_owned(), |name| format!("{name}.{key}"));
                let message = format!("--set: `{key}` has no effect: {reason}");
                found.push(Diagnostic::global(&code::PROPERTY_WITHOUT_EFFECT, message));
            }
        }
        found.sort_by(|left, right| left.message.cmp(&right.message));
        self.diagnostics.extend(found);
    }

    /// Why a setting of the command line does nothing: under a name, or for every statement.
    fn idle_setting(&self, name: Option<&str>, key: &str) -> Option<&'static str> {
        let scope = definition(key)?.scope;
        let is_meant = |other: &str| name.is_none_or(|name| name.eq_ignore_ascii_case(other));
        if let Some(name) = name.filter(|_| !is_of_statement(key)) {
            let is_source = self.sources_by_name.contains_key(name);
            let is_sink = self.sink_names.contains(name);
            return match scope {
                Scope::Source if is_of_watching(key) && self.is_declared_table(name) => Some(NEVER_WATCHED),
                Scope::Source | Scope::Time if !is_source => Some("nothing reads it"),
                Scope::Sink if !is_sink => Some("nothing writes it"),
                Scope::Object if !is_source && !is_sink => Some("nothing reads or writes it"),
                _ => None,
            };
        }
        let mut reason = None;
        for query in self.queries.iter().filter(|query| is_meant(&query.name)) {
            let uses = QueryUses::of(query);
            reason = Some(self.idle_in_query(&uses, Some(scope))?);
        }
        for source in self.sources.iter().filter(|source| is_meant(&source.name)) {
            let is_table = matches!(source.declared_as, DeclaredAs::Table | DeclaredAs::KeyedTable);
            if is_of_statement(key) && (is_table || name.is_some() && self.is_joined(&source.name)) {
                reason = Some(idle_in_table(key)?);
            }
        }
        match (reason, name) {
            (Some(reason), _) => Some(reason),
            (None, Some(_)) => {
                Some("it says how a statement runs; give it without a name, or under that of a statement")
            }
            (None, None) if !self.sources.is_empty() => {
                Some("no statement takes it; give it under the name of a source")
            }
            // A program without statements is told so.
            (None, None) => None,
        }
    }

    /// Whether a source is joined as a table, and therefore loaded before.
    fn is_joined(&self, name: &str) -> bool {
        let mut joins = self.joins.iter();
        joins.any(|join| join.right.role == JoinRole::Table && join.right.name.eq_ignore_ascii_case(name))
    }

    /// Why a property of this scope does nothing for the statement.
    fn idle(&self, draft: &Draft<'_>, scope: Option<Scope>) -> Option<&'static str> {
        let uses = QueryUses {
            name: &draft.name,
            kind: draft.kind,
            query: draft.query,
        };
        self.idle_in_query(&uses, scope)
    }

    fn idle_in_query(&self, uses: &QueryUses<'_>, scope: Option<Scope>) -> Option<&'static str> {
        let references = relations(uses.query);
        let is_own = |name: &Name| self.definitions.get(name).is_some();
        let reads_undeclared = references.iter().any(|reference| !is_own(&reference.name));
        let has_own_sink = self.sink_names.contains(&uses.name.to_lowercase());
        match scope? {
            Scope::Stream if uses.kind == StatementKind::Table => Some(KEPT_AS_A_WHOLE),
            Scope::Window if !crate::bind::has_window(uses.query) => Some("the query has no WINDOW"),
            Scope::Table if uses.kind != StatementKind::Table => Some("the statement creates no table"),
            Scope::Join
                if from_clauses(uses.query)
                    .iter()
                    .all(|reference| reference.from.joins.is_empty()) =>
            {
                Some("the query joins nothing")
            }
            Scope::Source | Scope::Time if references.is_empty() => Some("the query reads nothing"),
            Scope::Source if !reads_undeclared => Some("what the query reads is configured elsewhere"),
            Scope::Sink if !has_own_sink => Some("the statement has no sink of its own"),
            Scope::Object if uses.kind == StatementKind::Query && uses.query.into.is_none() => {
                (!reads_undeclared).then_some("what the query reads is configured elsewhere")
            }
            Scope::Object if !has_own_sink => Some("the statement has no sink of its own; name a `path`"),
            _ => None,
        }
    }
}
