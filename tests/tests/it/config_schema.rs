//! The JSON Schema of configuration files takes what the loader takes, and nothing else.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Value, json};
use velo_common::code;
use velo_planner::properties::{BaseDirectory, PropertyDefinition, Scope, config_file_schema, definitions, describe};
use velo_planner::{ConfigFiles, ConfigValue, Overrides, outline};

use crate::docs::read;

fn validator() -> Validator {
    let schema = config_file_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

/// A configuration file with the given flat content.
struct Flat(BTreeMap<String, String>);

impl ConfigFiles for Flat {
    fn load(&self, _: &str) -> Result<BTreeMap<String, ConfigValue>, String> {
        let value = |(key, text): (&String, &String)| {
            let (text, base) = (text.clone(), BaseDirectory::default());
            let unset = Vec::new();
            (key.clone(), ConfigValue { text, base, unset })
        };
        Ok(self.0.iter().map(value).collect())
    }

    fn base(&self) -> BaseDirectory {
        BaseDirectory::default()
    }
}

/// Whether the planner takes a key and its value from a configuration file.
fn loader_takes(key: &str, text: &str) -> bool {
    let script = velo_parser::parse_script("SELECT * FROM x WITH ('x.path' = 'x.csv', 'x.config_file' = 'x.yaml')");
    let files = Flat(BTreeMap::from([(key.to_owned(), text.to_owned())]));
    let outline = outline(&script.script, &[], &Overrides::default(), &files);
    let refusals = [&code::INVALID_PROPERTY_VALUE, &code::UNKNOWN_PROPERTY];
    !outline
        .diagnostics
        .iter()
        .any(|diagnostic| refusals.contains(&diagnostic.code))
}

fn of_objects() -> impl Iterator<Item = &'static PropertyDefinition> {
    definitions().iter().filter(|definition| {
        let scopes = [Scope::Object, Scope::Source, Scope::Sink, Scope::Time];
        scopes.contains(&definition.scope) && definition.key != "config_file"
    })
}

/// Texts of every kind, right for some properties and wrong for others.
const TEXTS: [&str; 42] = [
    "",
    " ",
    "true",
    "TRUE",
    "False",
    "yes",
    "0",
    "1",
    "5",
    "007",
    "-1",
    "1.5",
    "+3",
    "x",
    "xy",
    "\\t",
    "\t",
    "ä",
    ";;",
    "5m",
    "500ms",
    "1.5h",
    "1 hour 30 minutes",
    "5 minuts",
    "1h30m",
    "1.2.3s",
    "5m x",
    ".5s",
    "5.",
    "1 month",
    "mss",
    "2 msecs",
    "3uss",
    "4 SS",
    "none",
    "GZIP",
    "ascending",
    "Debezium",
    "Bounded_Out_Of_Orderness",
    "exponential",
    "expo",
    "empty",
];

#[test]
fn schema_and_loader_take_the_same_values() {
    let validator = validator();
    // What a `type` is depends on whether it is read or written, which a file does not know.
    for definition in of_objects().filter(|definition| definition.key != "type") {
        for key in std::iter::once(&definition.key).chain(definition.aliases) {
            for text in TEXTS {
                let in_schema = validator.is_valid(&json!({ *key: text }));
                assert_eq!(in_schema, loader_takes(key, text), "{key}: {text:?}");
            }
        }
    }
}

#[test]
fn schema_and_loader_know_the_same_keys() {
    let validator = validator();
    for definition in definitions() {
        let is_of_object = of_objects().any(|of_object| of_object.key == definition.key);
        // A value that every kind but a choice takes.
        let takes_key = TEXTS
            .iter()
            .chain(&["file_source", "sequence"])
            .any(|text| validator.is_valid(&json!({ definition.key: text })));
        assert_eq!(takes_key, is_of_object, "{}", definition.key);
        assert_ne!(describe(definition.key), "", "{} has no description", definition.key);
    }
}

#[test]
fn configuration_files_of_the_cases_are_valid() {
    let validator = validator();
    for file in ["people", "base", "picked"] {
        let path = format!("tests/cases/config-file/{file}.yaml");
        let errors: Vec<String> = validator
            .iter_errors(&yaml(&read(&path)))
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{path}: {errors:?}");
    }
}

#[test]
fn keys_may_be_nested_in_any_way() {
    let validator = validator();
    for text in [
        "",
        "# nothing yet",
        "event: {time: {field: at, format: epoch_millis}}",
        "event.time: {field: at}",
        "event: {time.field: at}",
        "event.time.field: at",
        "datasource: {type: file_source, path: x.csv, event: {time.field: at}}",
        "datasource.event.time: {field: at}\npath: x.csv",
        "datasink: {path: x.csv, append: true}",
        "extends: base.yaml\npath: ${DIR:.}/x.csv\nhas_headers: ${HEADERS}",
        "watermark: {max_out_of_orderness: 5s, strategy: ascending}",
        "topic: orders",
        "topic: {name: orders, wait: {timeout: 30}}",
        "schema: {fields: [{name: a, type: BIGINT}, {name: b, type: STRING, nullable: false}]}",
        "schema.fields:\n- {name: a, type: BIGINT}",
        "type: kafka_source\ntopic: t\nfetch.min.bytes: 1\nssl: {ca: {location: x}}",
        "datasource: {type: kafka_source, consumer_config: {fetch.min.bytes: 1}}",
        "type: datagen_source\nnumber.of: {rows: 10}\nfields: {id: {kind: sequence}, name: {null.rate: 0.5, length: 3}}",
        "datasource: {type: datagen_source, fields.id.kind: random, fields: {id.max: 9}}",
    ] {
        let errors: Vec<String> = validator
            .iter_errors(&yaml(text))
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{text}: {errors:?}");
    }
}

#[test]
fn wrong_files_are_not_valid() {
    let validator = validator();
    for text in [
        "pth: x.csv",
        "- path",
        "path",
        "path: [x.csv]",
        "path:",
        "has_headers: perhaps",
        "max_records: -1",
        "max_records: many",
        "event: {tiem: {field: at}}",
        "event: {time: at}",
        "error.policy: skip",
        "config_file: other.yaml",
        "type: fiel_source",
        "watermark.max_out_of_orderness: 5 fortnights",
        "watermark.strategy: rising",
        "schema: {fields: [{name: a}]}",
        "fields: {id: {knd: sequence}}",
        "fields: {id: sequence}",
        "fields.id.kind: sequense",
        "fields.kind: sequence",
        "schema: {fields: [{name: a, type: BIGINT, nulable: true}]}",
        "schema: {fields: {a: BIGINT}}",
        "extends: [a.yaml]",
        "datasource: {extends: a.yaml}",
        "datasource: {pth: x.csv}",
        "datasource.pth: x.csv",
        "path: x.csv\nfetch.min.bytes: 1",
    ] {
        assert!(!validator.is_valid(&yaml(text)), "{text}");
    }
}
