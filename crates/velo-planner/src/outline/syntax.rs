//! Where the syntax of a statement keeps its query, its properties and the names it uses.

use velo_parser::ast::{Insert, Property, Query, Script, Statement, StatementKind as Syntax};

use super::Overrides;
use super::definitions::Definitions;
use crate::properties::{KnownNames, definition};
use crate::walk::{RelationReference, relations};

pub(super) fn properties_of(statement: &Statement) -> &[Property] {
    match &statement.kind {
        Syntax::CreateAs(create) => &create.query.properties,
        Syntax::Query(query) | Syntax::Insert(Insert { query, .. }) => &query.properties,
        Syntax::Declare(declare) => &declare.properties,
        _ => &[],
    }
}

fn query_of(statement: &Statement) -> Option<&Query> {
    match &statement.kind {
        Syntax::CreateAs(create) => Some(&create.query),
        Syntax::Query(query) | Syntax::Insert(Insert { query, .. }) => Some(query),
        Syntax::CreateView(view) => Some(&view.query),
        _ => None,
    }
}

/// `FROM name WITH (…)`: properties of that relation, put under its name unless they stand under it already.
pub(super) fn relation_properties(statement: &Statement) -> Vec<Property> {
    let references = query_of(statement).map(relations).unwrap_or_default();
    let under_name = |reference: &RelationReference<'_>| {
        let name = reference.name.text.clone();
        let renamed = move |property: &Property| {
            let mut property = property.clone();
            if !is_under(&property.key.node, &name) {
                property.key.node = format!("{name}.{}", property.key.node);
            }
            property
        };
        reference.properties.iter().map(renamed).collect::<Vec<_>>()
    };
    references.iter().flat_map(under_name).collect()
}

/// Whether a key has this name before it. A source may be called `event`; `event.time.field` is a key all the same.
fn is_under(key: &str, name: &str) -> bool {
    let folded = key.to_lowercase();
    let behind = folded.strip_prefix(&name.to_lowercase());
    behind.is_some_and(|behind| behind.starts_with('.')) && definition(key).is_none()
}

/// Names that properties may be given under: those in use, and those that are given a type.
pub(super) fn known_names(script: &Script, definitions: &Definitions<'_>, overrides: &Overrides) -> KnownNames {
    let mut known = names_in_use(script, definitions, overrides);
    let properties = script.statements.iter().flat_map(properties_of);
    for name in properties.filter_map(|property| property.key.node.strip_suffix(".type")) {
        known.insert(name);
    }
    known
}

/// Names that the program defines, reads or writes.
pub(super) fn names_in_use(script: &Script, definitions: &Definitions<'_>, overrides: &Overrides) -> KnownNames {
    let mut known = KnownNames::default();
    for name in definitions.names() {
        known.insert(name);
    }
    for (name, _) in overrides.sources.iter().chain(&overrides.sinks) {
        known.insert(name);
    }
    for statement in &script.statements {
        if let Syntax::Insert(insert) = &statement.kind {
            known.insert(&insert.target.name().text);
        }
        let Some(query) = query_of(statement) else { continue };
        if let Some(into) = &query.into {
            known.insert(&into.node.name().text);
        }
        for reference in relations(query) {
            known.insert(&reference.name.text);
        }
    }
    known
}
