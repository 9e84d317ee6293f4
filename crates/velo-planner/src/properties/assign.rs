use std::collections::HashSet;

use velo_common::{Diagnostic, Span, code};
use velo_parser::ast::Property;

use super::location::locate;
use super::{BaseDirectory, Properties, PropertyDefinition, PropertyKey, PropertyValue, definition, nearest_key};

/// The properties of one statement, told apart by what they belong to.
#[derive(Debug, Default)]
pub(crate) struct Assignment {
    /// Properties that were given under a name, in the order of first mention.
    pub(crate) named: Vec<NamedProperties>,
    /// Properties without a name.
    pub(crate) bare: Properties,
    /// `table.missing.defaults.<column>`: the column, and its value.
    pub(crate) missing_defaults: Vec<(String, PropertyValue)>,
}

/// The properties given under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedProperties {
    pub(crate) name: String,
    pub(crate) properties: Properties,
}

impl Assignment {
    /// The properties given under `name`.
    pub(crate) fn of(&self, name: &str) -> Option<&Properties> {
        self.named
            .iter()
            .find(|named| named.name.eq_ignore_ascii_case(name))
            .map(|named| &named.properties)
    }

    /// Puts the directory in which they start before the relative paths that are given.
    pub(crate) fn locate(&mut self, base: &BaseDirectory) {
        for named in &mut self.named {
            locate(&mut named.properties, base);
        }
        locate(&mut self.bare, base);
    }

    fn named_mut(&mut self, name: &str) -> &mut Properties {
        let index = match self
            .named
            .iter()
            .position(|named| named.name.eq_ignore_ascii_case(name))
        {
            Some(index) => index,
            None => {
                self.named.push(NamedProperties {
                    name: name.to_owned(),
                    properties: Properties::new(),
                });
                self.named.len() - 1
            }
        };
        &mut self.named[index].properties
    }
}

/// Names that properties may be given under, in any case.
#[derive(Debug, Default)]
pub(crate) struct KnownNames(HashSet<String>);

impl KnownNames {
    pub(crate) fn insert(&mut self, name: &str) {
        self.0.insert(name.to_lowercase());
    }

    /// Whether properties may be given under this name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(&name.to_lowercase())
    }

    /// The longest of the names that `key` starts with, before a dot.
    fn prefix_of<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.match_indices('.')
            .map(|(dot, _)| &key[..dot])
            .rfind(|name| self.contains(name))
    }
}

/// Sorts the properties of a statement by what they belong to, and checks keys and values.
///
/// A name may hold dots, and so may a key: a key that is known as a whole has no name; else the longest known
/// name wins, else the longest known key behind a dot.
pub(crate) fn assign(
    properties: &[Property],
    known_names: &KnownNames,
    diagnostics: &mut Vec<Diagnostic>,
) -> Assignment {
    let mut assignment = Assignment::default();
    let client_names = names_of_clients(properties);
    for property in properties {
        let key = property.key.node.as_str();
        if let Some(column) = missing_default(key) {
            assignment
                .missing_defaults
                .push((column.to_owned(), value_of(property)));
            continue;
        }
        match split_key(key, known_names) {
            Some(meant) => {
                let target = match meant.name {
                    Some(name) => assignment.named_mut(name),
                    None => &mut assignment.bare,
                };
                insert(target, &meant, property, diagnostics);
            }
            None if client_names.iter().any(|name| has_prefix(key, name)) => {}
            None if is_of_family(key) => diagnostics.push(Diagnostic::new(
                &code::UNSUPPORTED_PROPERTY,
                property.key.span.to(property.value.span),
                format!("`{key}` is not supported yet"),
            )),
            None => diagnostics.push(unknown_key(key, property.key.span, known_names)),
        }
    }
    assignment
}

/// Keys that go on with a name of the user's or of a client library's, none of which is supported yet.
const FAMILIES: [&str; 2] = ["consumer_config", "producer_config"];

/// What the keys start with that give the columns of missing tables their values.
const MISSING_DEFAULTS: &str = "table.missing.defaults.";

/// The column that a key gives a value for rows whose table is missing.
fn missing_default(key: &str) -> Option<&str> {
    let (prefix, column) = key.split_at_checked(MISSING_DEFAULTS.len())?;
    (prefix.eq_ignore_ascii_case(MISSING_DEFAULTS) && !column.is_empty()).then_some(column)
}

/// Whether a key, behind the name of a source or sink or not, is one of a family.
fn is_of_family(key: &str) -> bool {
    let folded = key.to_ascii_lowercase();
    FAMILIES.iter().any(|family| {
        let mut places = folded.match_indices(family);
        places.any(|(at, _)| {
            let starts = at == 0 || folded[..at].ends_with('.');
            starts && folded[at + family.len()..].starts_with('.')
        })
    })
}

/// What a key means that may have a name before it.
pub(crate) struct SplitKey<'k> {
    pub(crate) name: Option<&'k str>,
    pub(crate) definition: &'static PropertyDefinition,
    rest: &'k str,
}

impl<'k> SplitKey<'k> {
    fn of(name: Option<&'k str>, rest: &'k str) -> Option<Self> {
        let definition = definition(rest)?;
        Some(Self { name, definition, rest })
    }

    /// The key without the name.
    pub(crate) fn canonical(&self) -> PropertyKey {
        self.definition.canonical_key(self.rest)
    }
}

/// Finds the name (if any) and the definition that a key means.
pub(crate) fn split_key<'k>(key: &'k str, known_names: &KnownNames) -> Option<SplitKey<'k>> {
    if let Some(whole) = SplitKey::of(None, key) {
        return Some(whole);
    }
    let splits = || key.match_indices('.').map(|(dot, _)| (&key[..dot], &key[dot + 1..]));
    let meant = |(name, rest)| SplitKey::of(Some(name), rest);
    splits()
        .filter(|(name, _)| known_names.contains(name))
        .filter_map(meant)
        .next_back()
        .or_else(|| splits().find_map(meant))
}

fn insert(target: &mut Properties, meant: &SplitKey<'_>, property: &Property, diagnostics: &mut Vec<Diagnostic>) {
    if let Err(reason) = meant.definition.value.check(&property.value.node) {
        let message = format!("`{}` {reason}", property.key.node);
        diagnostics.push(Diagnostic::new(
            &code::INVALID_PROPERTY_VALUE,
            property.value.span,
            message,
        ));
        return;
    }
    let span = property.key.span.to(property.value.span);
    let key = meant.canonical();
    if let Some(before) = target.insert(key.clone(), value_of(property))
        && before.text != property.value.node
    {
        let message = format!(
            "`{}` is given twice, as `{}` and as `{}`",
            key, before.text, property.value.node
        );
        diagnostics.push(Diagnostic::new(&code::CONFLICTING_PROPERTY, span, message).with_help("remove one of them"));
    }
}

fn value_of(property: &Property) -> PropertyValue {
    PropertyValue::new(&property.value.node, Some(property.key.span.to(property.value.span)))
}

/// Names whose type is a client library with properties of its own, which are that library's to check.
fn names_of_clients(properties: &[Property]) -> Vec<&str> {
    let client = |property: &Property| property.value.node.to_ascii_lowercase().starts_with("kafka");
    let typed = properties.iter().filter(|property| client(property));
    typed
        .filter_map(|property| property.key.node.strip_suffix(".type"))
        .collect()
}

fn has_prefix(key: &str, name: &str) -> bool {
    key.len() > name.len() && key.as_bytes()[name.len()] == b'.' && key[..name.len()].eq_ignore_ascii_case(name)
}

fn unknown_key(key: &str, span: Span, known_names: &KnownNames) -> Diagnostic {
    let (prefix, rest) = match known_names.prefix_of(key) {
        Some(name) => key.split_at(name.len() + 1),
        None => ("", key),
    };
    let meant = nearest_key(rest).map(|meant| format!("{prefix}{meant}"));
    // Without a known name the key may still be `name.key` with a slip in the key.
    let meant = meant.or_else(|| {
        let (name, rest) = rest.split_once('.')?;
        nearest_key(rest).map(|meant| format!("{prefix}{name}.{meant}"))
    });
    Diagnostic::new(&code::UNKNOWN_PROPERTY, span, format!("there is no property `{key}`"))
        .with_help_if(meant.map(|meant| format!("a similar property exists: `{meant}`")))
}
