//! Properties that a statement has no use for, or that this version cannot honour.

use velo_common::{Diagnostic, code};

use super::build::{Builder, Draft};
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
            if let (Some(reason), Some(at)) = (draft.and_then(|draft| idle(draft, scope)), value.span) {
                let message = format!("`{key}` has no effect here: {reason}");
                found.push(Diagnostic::new(&code::PROPERTY_WITHOUT_EFFECT, at, message));
            }
        }
        self.diagnostics.extend(found);
    }
}

/// Why a property of this scope does nothing for the statement.
fn idle(draft: &Draft<'_>, scope: Option<Scope>) -> Option<&'static str> {
    match scope? {
        Scope::Window if !crate::bind::has_window(draft.query) => Some("the query has no WINDOW"),
        Scope::Table if draft.kind != StatementKind::Table => Some("the statement creates no table"),
        Scope::Source | Scope::Time if relations(draft.query).is_empty() => Some("the query reads nothing"),
        _ => None,
    }
}
