//! Dotted keys as the mappings that they may be written as.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::COLUMN;
use super::PREFIXES;

/// A key and what it takes.
pub(super) struct Leaf {
    pub(super) key: String,
    pub(super) schema: Value,
}

/// All keys, and the prefixes below which some of them stand.
pub(super) struct Tree {
    leaves: Vec<Leaf>,
    prefixes: BTreeSet<String>,
}

/// What may stand at one name of a mapping: a value, a mapping of what is below it, or either.
#[derive(Default)]
struct Place<'a> {
    value: Option<&'a Value>,
    is_prefix: bool,
}

impl Tree {
    pub(super) fn new(leaves: Vec<Leaf>) -> Self {
        let dots = |key: &str| key.match_indices('.').map(|(dot, _)| dot).collect::<Vec<_>>();
        let of_leaf = |leaf: &Leaf| {
            let key = leaf.key.clone();
            dots(&key)
                .into_iter()
                .map(move |dot| key[..dot].to_owned())
                .collect::<Vec<_>>()
        };
        let prefixes = leaves.iter().flat_map(of_leaf).collect();
        Self { leaves, prefixes }
    }

    /// Defines the file as `name`, and each mapping in it as `name.prefix`. Open mappings take keys that are unknown.
    pub(super) fn define(&self, name: &str, is_open: bool, definitions: &mut Map<String, Value>) {
        let object = format!("{name}-object");
        let name_of = |prefix: &str| definition_name(name, prefix);
        let mut properties = self.properties("", name);
        definitions.insert(object.clone(), mapping(properties.clone(), is_open));
        for prefix in PREFIXES {
            for (key, schema) in self.properties("", name) {
                properties.insert(format!("{prefix}.{key}"), schema);
            }
            properties.insert(prefix.to_owned(), reference(&object));
        }
        let extends = json!({
            "description": "Another file, relative to this one, whose values hold where this one gives none.",
            "type": "string",
        });
        properties.insert("extends".to_owned(), extends);
        let mut file = mapping(properties, is_open);
        // An empty file, or one of comments alone, is a mapping without keys.
        file["type"] = json!(["object", "null"]);
        definitions.insert(name.to_owned(), file);
        for prefix in &self.prefixes {
            let below = mapping(self.properties(prefix, name), is_open);
            definitions.insert(name_of(prefix), below);
        }
    }

    /// What may stand in the mapping of a prefix.
    fn properties(&self, prefix: &str, name: &str) -> Map<String, Value> {
        let mut places: BTreeMap<&str, Place<'_>> = BTreeMap::new();
        for leaf in &self.leaves {
            let Some(rest) = below(&leaf.key, prefix) else { continue };
            places.entry(rest).or_default().value = Some(&leaf.schema);
            for (dot, _) in rest.match_indices('.') {
                places.entry(&rest[..dot]).or_default().is_prefix = true;
            }
        }
        let schema = |(key, place): (&str, Place<'_>)| {
            let path = if prefix.is_empty() {
                key.to_owned()
            } else {
                format!("{prefix}.{key}")
            };
            let below = place.is_prefix.then(|| reference(&definition_name(name, &path)));
            let schema = match (place.value.cloned(), below) {
                (Some(value), Some(below)) => json!({ "anyOf": [value, below] }),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => Value::Bool(true),
            };
            (key.to_owned(), schema)
        };
        places.into_iter().map(schema).collect()
    }
}

/// The rest of a key that stands below a prefix.
fn below<'k>(key: &'k str, prefix: &str) -> Option<&'k str> {
    if prefix.is_empty() {
        return Some(key);
    }
    key.strip_prefix(prefix)?.strip_prefix('.')
}

/// The name under which the mapping of a prefix is defined.
fn definition_name(name: &str, prefix: &str) -> String {
    // A reference is a URI, in which `<` cannot stand.
    format!("{name}.{}", prefix.replace(COLUMN, "column"))
}

/// A mapping with these names, of which some have a column in them.
fn mapping(properties: Map<String, Value>, is_open: bool) -> Value {
    let (patterns, properties): (Map<_, _>, Map<_, _>) =
        properties.into_iter().partition(|(key, _)| key.contains(COLUMN));
    let mut schema = Map::new();
    if !patterns.is_empty() {
        let patterns = patterns.into_iter().map(|(key, value)| (pattern_of(&key), value));
        schema.insert("patternProperties".to_owned(), Value::Object(patterns.collect()));
    }
    schema.insert("type".to_owned(), Value::from("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("additionalProperties".to_owned(), Value::Bool(is_open));
    Value::Object(schema)
}

/// A pattern of the keys that a key with a column in it stands for. A column with a dot in its name cannot be told from
/// further keys.
fn pattern_of(key: &str) -> String {
    format!("^{}$", key.replace('.', r"\.").replace(COLUMN, "[^.]+"))
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}
