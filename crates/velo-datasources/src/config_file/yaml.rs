//! The one module that knows the YAML library, which is no longer maintained and will be replaced here.

use std::path::Path;
use std::sync::Arc;

use serde_yaml::Value;

/// A YAML document as configuration needs it: all scalars are text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the file; keys are unique.
    Mapping(Vec<(String, Node)>),
}

/// A text, and the file that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) file: Arc<Path>,
    /// Variables that it needs and that are not set; their references stand in the text as written.
    pub(super) unset: Vec<String>,
}

/// Reads one document, which is the content of `file`.
///
/// The error says what is wrong, with line and column.
pub(super) fn parse(text: &str, file: &Arc<Path>) -> Result<Node, String> {
    let value: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    node(value, file)
}

fn node(value: Value, file: &Arc<Path>) -> Result<Node, String> {
    let scalar = |text| {
        let file = Arc::clone(file);
        let unset = Vec::new();
        Node::Scalar(Scalar { text, file, unset })
    };
    Ok(match value {
        Value::Null => Node::Null,
        Value::Bool(value) => scalar(value.to_string()),
        Value::Number(value) => scalar(value.to_string()),
        Value::String(value) => scalar(value),
        Value::Sequence(items) => {
            let items = items.into_iter().map(|item| node(item, file));
            Node::List(items.collect::<Result<_, _>>()?)
        }
        Value::Mapping(entries) => {
            let entries = entries
                .into_iter()
                .map(|(key, value)| Ok((key_text(key, file)?, node(value, file)?)));
            Node::Mapping(entries.collect::<Result<_, String>>()?)
        }
        Value::Tagged(_) => {
            // It may be what somebody has for a password.
            return Err("a tag means nothing here; a text that begins with `!` stands in quotes".to_owned());
        }
    })
}

fn key_text(key: Value, file: &Arc<Path>) -> Result<String, String> {
    match node(key, file)? {
        Node::Scalar(Scalar { text, .. }) => Ok(text),
        Node::Null | Node::List(_) | Node::Mapping(_) => Err("a key must be a word or a number".to_owned()),
    }
}
