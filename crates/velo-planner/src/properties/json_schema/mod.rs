//! The JSON Schema of configuration files, so that editors complete and check them.
//!
//! It is generated from the registry: what the registry takes, the schema takes. Nested keys may be written with dots
//! or as mappings, in any mixture, so that every prefix of a key is a mapping of its own in the schema.

mod tree;
mod values;

use serde_json::{Value, json};

use super::registry::{Scope, definitions};
use crate::outline::type_names;
use tree::{Leaf, Tree};

/// The prefixes that keys of a source or a sink may stand below.
pub(crate) const PREFIXES: [&str; 2] = ["datasource", "datasink"];

/// The keys by which a configuration is one of a client library, whose own keys are the library's to check.
const CLIENT_KEYS: [&str; 5] = ["topic", "topic.name", "kafka_topic", "bootstrap.servers", "brokers"];

/// The schema (JSON Schema, draft 2020-12) of the files that `config_file` names.
pub fn config_file_schema() -> Value {
    let tree = Tree::new(leaves());
    let mut definitions = serde_json::Map::new();
    tree.define("closed", false, &mut definitions);
    tree.define("open", true, &mut definitions);
    definitions.insert("client".to_owned(), client());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Velostream: configuration of a source or sink",
        "description": "What `config_file` in WITH (…) names. Nested keys may be written with dots or as mappings.",
        "if": { "$ref": "#/$defs/client" },
        "then": { "$ref": "#/$defs/open" },
        "else": { "$ref": "#/$defs/closed" },
        "$defs": definitions,
    })
}

/// Every key that a configuration file may hold, in every spelling, with what it takes.
fn leaves() -> Vec<Leaf> {
    let of_objects = definitions().iter().filter(|definition| {
        let is_of_object = matches!(
            definition.scope,
            Scope::Object | Scope::Source | Scope::Sink | Scope::Time
        );
        // A file names no further one: that is what `extends` is for.
        is_of_object && definition.key != "config_file"
    });
    let mut leaves = Vec::new();
    for definition in of_objects {
        let schema = match definition.key {
            "type" => values::one_of_words(&type_names()),
            _ => values::schema(definition.value),
        };
        let described = values::described(schema, definition);
        for key in std::iter::once(&definition.key).chain(definition.aliases) {
            leaves.push(Leaf {
                key: (*key).to_owned(),
                schema: described.clone(),
            });
        }
    }
    leaves.push(Leaf {
        key: "schema.fields".to_owned(),
        schema: columns(),
    });
    leaves
}

/// `schema.fields`: the columns, in order.
fn columns() -> Value {
    json!({
        "description": "The columns, in order; SQL that declares columns goes before.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "type"],
            "additionalProperties": false,
            "properties": {
                "name": { "description": "The column.", "type": "string" },
                "type": {
                    "description": "Its SQL type, such as BIGINT, DECIMAL(10, 2) or ARRAY<STRING>.",
                    "type": "string",
                },
                "nullable": values::described_as(values::schema(super::ValueKind::Boolean), "Whether it may be NULL; it may unless this says `false`."),
            },
        },
    })
}

/// A file that configures a client library: by its type, or by a key that only a client has.
fn client() -> Value {
    let of_type = json!({ "properties": { "type": { "pattern": "^[kK][aA][fF][kK][aA]" } }, "required": ["type"] });
    let by_key = CLIENT_KEYS.map(|key| json!({ "required": [key] }));
    let mut forms = vec![of_type];
    forms.extend(by_key);
    let bare = json!({ "anyOf": forms });
    let mut all = vec![bare.clone()];
    for prefix in PREFIXES {
        let typed = format!("{prefix}.type");
        all.push(json!({ "properties": { prefix: bare }, "required": [prefix] }));
        all.push(json!({
            "properties": { typed.as_str(): { "pattern": "^[kK][aA][fF][kK][aA]" } },
            "required": [typed],
        }));
    }
    json!({ "anyOf": all })
}
