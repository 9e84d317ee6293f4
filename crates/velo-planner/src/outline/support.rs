//! Properties that a statement has no use for, or that this version cannot honour.

use velo_common::{Diagnostic, Name, code};

use super::build::{Builder, Draft, is_of_statement};
use super::objects::{Role, is_sink, kind_of};
use crate::plan::StatementKind;
use crate::properties::{Scope, definition};
use crate::walk::relations;

impl<'a> Builder<'a, '_> {
    /// Refuses the properties of a statement that this version cannot honour, and warns of those without effect.
    pub(super) fn check_support(&mut self, index: usize, draft: Option<&Draft<'a>>) {
        let Some(statement) = self.assignments.get(index) else {
            return;
        };
        let span = self.script.statements[index].span;
        let mut found = Vec::new();
        let objects = statement.named.iter().map(|named| &named.properties);
        for properties in objects.chain([&statement.bare]) {
            // What cannot be used at all is refused as a whole.
            let role = if is_sink(properties) { Role::Sink } else { Role::Source };
            if matches!(kind_of(role, properties, span), Ok(Some(kind)) if !kind.is_supported()) {
                continue;
            }
            for (key, value) in properties {
                if definition(key).is_some_and(|definition| !definition.supported) {
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

    /// Why a property of this scope does nothing for the statement.
    fn idle(&self, draft: &Draft<'_>, scope: Option<Scope>) -> Option<&'static str> {
        let references = relations(draft.query);
        let is_own = |name: &Name| self.definitions.get(name).is_some();
        let reads_undeclared = references.iter().any(|reference| !is_own(&reference.name));
        let has_own_sink = self.sink_names.contains(&draft.name.to_lowercase());
        match scope? {
            Scope::Window if !crate::bind::has_window(draft.query) => Some("the query has no WINDOW"),
            Scope::Table if draft.kind != StatementKind::Table => Some("the statement creates no table"),
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
