//! The sinks that statements write.

use std::collections::{HashMap, HashSet};

use velo_common::{Diagnostic, Name, Span, code};

use super::SinkOutline;
use super::build::{Builder, Draft, is_of_statement};
use super::definitions::{Definition, declared_columns};
use super::objects::{Role, is_sink};
use super::overrides::redirect_sink;
use crate::plan::{Relation, StatementKind};
use crate::properties::{Properties, Scope, contradictions, definition};

impl<'a> Builder<'a, '_> {
    /// Names of the statement's sinks: those it configures, inserts into, or is redirected to.
    pub(super) fn sinks(
        &mut self,
        draft: &Draft<'a>,
        statement: &Properties,
        reads: &HashMap<String, Relation>,
    ) -> Vec<String> {
        let mut names: Vec<(String, Span)> = Vec::new();
        let span = self.script.statements[draft.index].span;
        let into = draft.query.into.as_ref().map(|into| (into.node.name(), into.span));
        if let Some((target, target_span)) = draft.target.clone().or(into) {
            match self.definitions.get(&target) {
                Some((_, Definition::Statement(_) | Definition::View(_))) => {
                    let message = format!("inserting into `{target}`, which a query creates, is not supported yet");
                    self.diagnostics
                        .push(Diagnostic::new(&code::UNSUPPORTED, target_span, message));
                }
                _ => names.push((target.text, target_span)),
            }
        }
        if let Some(list) = statement.get("sinks") {
            let listed = list.text.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.extend(listed.map(|name| (name.to_owned(), list.span.unwrap_or(span))));
        }
        for named in &self.assignments[draft.index].named {
            let configures = named.properties.keys().any(|key| !is_of_statement(key));
            let own = configures && named.name.eq_ignore_ascii_case(&draft.name);
            let read = reads.contains_key(&named.name.to_lowercase());
            if !read && (own || is_sink(&named.properties)) {
                names.push((named.name.clone(), first_span(&named.properties).unwrap_or(span)));
            }
        }
        let is_created = matches!(draft.kind, StatementKind::Stream | StatementKind::Table);
        let configures_own = ["type", "path", "topic"].iter().any(|key| statement.contains_key(*key));
        if is_created && configures_own || self.is_redirected(&draft.name) {
            names.push((draft.name.clone(), span));
        }
        let mut seen = HashSet::new();
        names.retain(|(name, _)| seen.insert(name.to_lowercase()));
        for (name, span) in &names {
            self.add_sink(draft, name, statement, *span);
        }
        names.into_iter().map(|(name, _)| name).collect()
    }

    pub(super) fn is_redirected(&self, name: &str) -> bool {
        self.overrides
            .sinks
            .iter()
            .any(|(sink, _)| sink.eq_ignore_ascii_case(name))
    }

    fn add_sink(&mut self, draft: &Draft<'a>, name: &str, statement: &Properties, span: Span) {
        let declared = match self.definitions.get(&Name::new(name)) {
            Some((_, Definition::Declared(declare, at))) => Some((declare, at)),
            _ => None,
        };
        let mut properties = Properties::new();
        if let Some((_, at)) = declared {
            properties.extend(self.assignments[at].bare.clone());
        }
        if name.eq_ignore_ascii_case(&draft.name) {
            let own = statement.iter().filter(|(key, _)| {
                definition(key).is_some_and(|definition| matches!(definition.scope, Scope::Object | Scope::Sink))
            });
            properties.extend(own.map(|(key, value)| (key.clone(), value.clone())));
        }
        properties.extend(self.configured(draft.index, name, span));
        if let Some(set) = self.set.named.get(&name.to_lowercase()) {
            properties.extend(set.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        let configured = self.add_config_file(Role::Sink, &mut properties, span);
        let is_redirected = redirect_sink(&mut properties, &self.overrides.sinks, name);
        let has_gaps = !is_redirected && configured.as_ref().is_ok_and(|configured| configured.has_gaps);
        let kind = if has_gaps {
            Ok(()) // What it is may be among what is unknown.
        } else {
            self.check_kind(Role::Sink, name, &properties, span)
        };
        let is_configured = is_redirected || (configured.is_ok() && !has_gaps);
        if !self.sink_names.insert(name.to_lowercase()) {
            return;
        }
        self.diagnostics.extend(contradictions(&properties, span));
        let declared = declared
            .and_then(|(declare, _)| declared_columns(declare, &mut self.diagnostics))
            .or_else(|| configured.ok().and_then(|configured| configured.columns));
        self.sinks.push(SinkOutline {
            name: name.to_owned(),
            properties,
            declared,
            span,
            is_usable: kind.is_ok() && is_configured,
        });
    }
}

pub(super) fn first_span(properties: &Properties) -> Option<Span> {
    properties.values().filter_map(|value| value.span).min()
}
