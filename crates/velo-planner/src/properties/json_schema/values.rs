//! What properties take, as JSON Schema of the YAML that stands for it.

use serde_json::{Value, json};
use velo_common::TimeUnit;

use super::super::{PropertyDefinition, ValueKind, describe};

/// Longest duration in seconds that a YAML number may give: some 500 years.
const DURATION_SECONDS_MAX: u64 = 16_000_000_000;

/// The values of this kind; texts with a variable in them are anything once it is put in.
pub(super) fn schema(kind: ValueKind) -> Value {
    let mut forms = match kind {
        ValueKind::Text | ValueKind::DataPath | ValueKind::DatabaseUrl | ValueKind::ProgramPath => {
            return json!({ "type": ["string", "number", "boolean"] });
        }
        ValueKind::Boolean => vec![json!({ "type": "boolean" }), of_words(&["true", "false"])],
        ValueKind::Integer(least) => vec![
            json!({ "type": "integer", "minimum": least }),
            pattern(if least == 0 {
                r"^\+?[0-9]+$"
            } else {
                r"^\+?0*[1-9][0-9]*$"
            }),
        ],
        ValueKind::Duration => vec![
            json!({ "type": "number", "minimum": 0, "maximum": DURATION_SECONDS_MAX }),
            pattern(&duration_pattern()),
        ],
        ValueKind::Character => vec![
            json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
            json!({ "const": "\\t" }),
            json!({ "type": "integer", "minimum": 0, "maximum": 9 }),
        ],
        ValueKind::Choice(words) => return one_of_words(words),
    };
    forms.push(variable());
    json!({ "anyOf": forms })
}

/// One of these words in any case; editors offer them as they are written here.
pub(super) fn one_of_words(words: &[&str]) -> Value {
    json!({ "anyOf": [{ "enum": words }, of_words(words), variable()] })
}

/// The schema with what the property is for.
pub(super) fn described(schema: Value, definition: &PropertyDefinition) -> Value {
    let note = if definition.supported {
        ""
    } else {
        " Not supported yet."
    };
    described_as(schema, &format!("{}{note}", describe(definition.key)))
}

/// The schema with a description.
pub(super) fn described_as(mut schema: Value, description: &str) -> Value {
    schema["description"] = Value::from(description);
    schema
}

fn pattern(text: &str) -> Value {
    json!({ "type": "string", "pattern": text })
}

/// `${VAR}` or `${VAR:default}` somewhere in the text.
fn variable() -> Value {
    pattern(r"\$\{[^}]+\}")
}

fn of_words(words: &[&str]) -> Value {
    let words: Vec<String> = words.iter().map(|word| any_case(word)).collect();
    pattern(&format!("^(?:{})$", words.join("|")))
}

/// Numbers with units, one behind the other; a number without a unit is seconds.
fn duration_pattern() -> String {
    let fixed = TimeUnit::ALL.into_iter().filter(|unit| unit.nanoseconds().is_some());
    let words = fixed.flat_map(|unit| unit.words().iter().copied());
    let spelled: Vec<String> = words
        .map(|word| {
            let plural = if word.len() > 1 { "[sS]?" } else { "" };
            format!("{}{plural}", any_case(word))
        })
        .collect();
    let unit = format!("(?:{})", spelled.join("|"));
    let number = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)";
    format!(r"^\s*(?:{number}(?:\s*{unit}\s*|\s+))*{number}\s*{unit}?\s*$")
}

/// A pattern for the word in any mixture of upper and lower case.
fn any_case(word: &str) -> String {
    let letter = |letter: char| match letter {
        letter if letter.is_ascii_alphabetic() => {
            format!("[{}{}]", letter.to_ascii_lowercase(), letter.to_ascii_uppercase())
        }
        letter => letter.to_string(),
    };
    word.chars().map(letter).collect()
}
