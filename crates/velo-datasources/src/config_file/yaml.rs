//! The one module that knows the YAML library, which is no longer maintained and will be replaced here.

use serde_yaml::Value;

/// A YAML document as configuration needs it: all scalars are text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the file; keys are unique.
    Mapping(Vec<(String, Node)>),
}

/// Reads one document.
///
/// The error says what is wrong, with line and column.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let value: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    node(value)
}

fn node(value: Value) -> Result<Node, String> {
    Ok(match value {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Scalar(value.to_string()),
        Value::Number(value) => Node::Scalar(value.to_string()),
        Value::String(value) => Node::Scalar(value),
        Value::Sequence(items) => Node::List(items.into_iter().map(node).collect::<Result<_, _>>()?),
        Value::Mapping(entries) => {
            let entries = entries
                .into_iter()
                .map(|(key, value)| Ok((key_text(key)?, node(value)?)));
            Node::Mapping(entries.collect::<Result<_, String>>()?)
        }
        Value::Tagged(tagged) => return Err(format!("the tag {} means nothing here", tagged.tag)),
    })
}

fn key_text(key: Value) -> Result<String, String> {
    match node(key)? {
        Node::Scalar(text) => Ok(text),
        Node::Null | Node::List(_) | Node::Mapping(_) => Err("a key must be a word or a number".to_owned()),
    }
}
